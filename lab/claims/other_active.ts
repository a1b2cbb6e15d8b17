/**
 * A trained MoE evaluated with other numbers of active experts than it was trained with, and with routers whose rows
 * stand by other experts. Nothing is trained anew: no parameter depends on the number of active experts.
 *
 * R stays the trained model's, and the gates of the picked experts are normalized over them as ever: a token's routed
 * sum is R times a mean over whatever number of experts it picked.
 *
 * @module
 */
import { downloadFloats } from "../../kernels/gpu/tensor.ts";
import { type Layout, layoutOf } from "../../model/shape.ts";
import { pack, unpack } from "../../model/stored.ts";
import { Trainer } from "../../model/trainer.ts";
import { permutation } from "../statistics/information.ts";
import { random } from "../statistics/resample.ts";
import { groupTrainer } from "../train/group.ts";
import type { Job } from "../train/job.ts";
import type { Workbench } from "./models.ts";

/** Longest part of the training in one submit, steps: short enough for Ctrl-C. */
const SUBMIT = 20;

/** What jobs of one group gave, job by job. */
export interface Weights {
  /** stored parameters after the last step */
  parameters: Float32Array[];
  /** loss on the plan's held-out windows, by the network that was trained; null: the run diverged */
  loss: (number | null)[];
}

/**
 * Trains jobs of one group side by side.
 *
 * @param told of every submit, how many steps are done
 */
export async function trainedWeights(
  at: Workbench,
  jobs: readonly Job[],
  told: (step: number) => void,
): Promise<Weights> {
  const { steps, evaluationBatches, shape } = jobs[0];
  const lost = (loss: number) => !Number.isFinite(loss) || loss > shape.task.divergedAbove;
  const trainer = groupTrainer(at.device, at.pool.data, jobs);
  try {
    while (trainer.step < steps) {
      at.signal.throwIfAborted();
      await trainer.run(Math.min(SUBMIT, steps - trainer.step));
      told(trainer.step);
    }
    await trainer.verify();
    const log = await trainer.log(), found = await trainer.evaluate(evaluationBatches);
    const all = await downloadFloats(at.device, trainer.parameters);
    const each = all.length / jobs.length;
    return {
      parameters: jobs.map((_, z) => all.slice(z * each, (z + 1) * each)),
      loss: found.map(({ loss }, z) =>
        lost(loss) || log[z].some((step) => lost(step.loss)) ? null : loss
      ),
    };
  } finally {
    trainer.destroy();
  }
}

/**
 * The same parameters with the rows of every router given to other experts: one cycle through all of them, drawn by
 * block, so that no expert keeps its own. Picks stay as uneven and gates as sure as they were.
 */
export function shuffledRouters(
  { parameters }: Pick<Layout, "parameters">,
  stored: Float32Array,
  seed: number,
): Float32Array {
  const out = stored.slice(), draw = random(seed);
  for (const router of parameters.filter(({ kind }) => kind === "wrouter")) {
    const [experts, width] = router.shape, own = unpack(router, stored);
    const moved = new Float32Array(own.length), order = permutation(experts, draw);
    order.forEach((from, i) => {
      const to = order[(i + 1) % experts];
      moved.set(own.subarray(from * width, (from + 1) * width), to * width);
    });
    pack(router, moved, out);
  }
  return out;
}

/** Seed of the cycles, so that they are not the draws of the training. */
const SHUFFLED = 7919;

/**
 * Loss of trained weights on the plan's held-out windows with another number of active experts.
 *
 * @param jobs the weights are of @param parameters of each @param active picks of a token
 * @param routers `own`, or `shuffled` as {@link shuffledRouters} does
 * @returns one per job, in the unit of the task's loss
 * @throws {RangeError} for a dense model, and for more active experts than there are
 */
export async function lossWith(
  at: Pick<Workbench, "device" | "pool">,
  jobs: readonly Job[],
  parameters: readonly Float32Array[],
  active: number,
  routers: "own" | "shuffled",
): Promise<number[]> {
  const { shape, sequences, seq, training, evaluationBatches } = jobs[0], { ffn } = shape;
  if (ffn.kind === "dense") {
    throw new RangeError("Cannot evaluate with other active experts: the model is dense");
  }
  const layout = layoutOf(shape);
  const replicas = jobs.map((job, z) => ({
    seed: job.cell.seed,
    parameters: routers === "own"
      ? parameters[z]
      : shuffledRouters(layout, parameters[z], SHUFFLED + job.cell.seed),
    hyperParameters: job.rows,
    multipliers: job.multipliers,
    beta1: job.beta1,
    beta2: job.beta2,
  }));
  const trainer = new Trainer(
    at.device,
    { ...shape, ffn: { ...ffn, active } },
    { sequences, seq },
    replicas,
    { steps: 1, ...training },
    at.pool.data,
  );
  try {
    return (await trainer.evaluate(evaluationBatches)).map(({ loss }) => loss);
  } finally {
    trainer.destroy();
  }
}
