/**
 * Trains jobs side by side on the replica axis and turns them into runs.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import { downloadFloats } from "../../kernels/gpu/tensor.ts";
import { initialParameters, type InitStd } from "../../model/init.ts";
import { isMeasurable, topSingulars } from "../../model/measure/top_singular.ts";
import { type Layout, layoutOf } from "../../model/shape.ts";
import type { TaskData } from "../../model/task.ts";
import { type StepLog, Trainer } from "../../model/trainer.ts";
import type { Job } from "./job.ts";
import { type Run, signed } from "../record/run.ts";

/** Told after every submit. */
export type OnSteps = (step: number) => void;

/** Seconds of work per submit: long enough to hide the sync (10 ms), short enough for Ctrl-C. */
const SUBMIT_S = 1.5;

/** z-losses to 5 digits, more than anyone reads; a square may overflow before the loss does. */
function zLosses(log: StepLog[]): (number | null)[] {
  return log.map(({ zLoss }) => Number.isFinite(zLoss) ? Number(zLoss.toPrecision(5)) : null);
}

/**
 * The trainer of one group, at its first step; all jobs are of one {@link Job.group}.
 *
 * @throws {RangeError} for data shorter than a sequence
 */
export function groupTrainer(device: Device, data: TaskData, jobs: readonly Job[]): Trainer {
  const { shape, steps, sequences, seq, training } = jobs[0], layout = layoutOf(shape);
  return new Trainer(
    device,
    shape,
    { sequences, seq },
    jobs.map((job) => ({
      seed: job.cell.seed,
      parameters: initialParameters(
        layout,
        job.cell.seed,
        Object.fromEntries(
          Object.entries(job.rows).map(([kind, row]) => [kind, row.initStd]),
        ) as InitStd,
      ),
      hyperParameters: job.rows,
      multipliers: job.multipliers,
      beta1: job.beta1,
      beta2: job.beta2,
    })),
    { steps, ...training },
    data,
  );
}

/** The largest singular values of what every replica has become; null where they are not measured or not finite. */
async function singulars(
  device: Device,
  trainer: Trainer,
  layout: Layout,
  signal: AbortSignal,
) {
  const found: ReturnType<typeof topSingulars>[] = [], n4 = layout.floats / 4;
  for (let z = 0; z < trainer.network.sizes.replicas; z++) {
    signal.throwIfAborted();
    if (!isMeasurable(layout)) found.push(null);
    else {
      // a replica at a time: together they may be gigabytes
      const stored = await downloadFloats(device, trainer.parameters, z * n4, n4);
      found.push(topSingulars(layout, stored));
    }
  }
  return found;
}

/**
 * Trains one group; all jobs are of one {@link Job.group}.
 *
 * @param data of the jobs' task @param signal aborted: stops after the running submit and throws its reason
 * @returns one run per job, in order
 * @throws {DeviceError} when the GPU refused work
 */
export async function trainGroup(
  device: Device,
  data: TaskData,
  jobs: Job[],
  onSteps: OnSteps,
  signal: AbortSignal,
): Promise<Run[]> {
  const started = performance.now(), { shape, steps, sequences, seq } = jobs[0];
  const { evaluationBatches } = jobs[0], layout = layoutOf(shape);
  const trainer = groupTrainer(device, data, jobs);
  const { divergedAbove } = shape.task;
  const lost = (loss: number) => !Number.isFinite(loss) || loss > divergedAbove;
  try {
    for (let count = 1; trainer.step < steps;) {
      signal.throwIfAborted();
      const some = Math.min(count, steps - trainer.step), t0 = performance.now();
      await trainer.run(some);
      const seconds = (performance.now() - t0) / 1000;
      onSteps(trainer.step);
      // the first submit compiles; later ones set the pace
      count = Math.max(1, Math.min(200, Math.round(some * SUBMIT_S / seconds), count * 4));
    }
    signal.throwIfAborted();
    await trainer.verify();
    const log = await trainer.log(), validation = await trainer.evaluate(evaluationBatches);
    // what training takes; what is measured of its result is no part of it
    const wall_s = (performance.now() - started) / 1000 / jobs.length;
    const singular = await singulars(device, trainer, layout, signal);
    return jobs.map((job, z) => {
      const all = log[z].map((s) => s.loss);
      const bad = all.findIndex(lost);
      const losses = bad >= 0 ? all.slice(0, bad) : all;
      const { loss: final, router } = validation[z],
        diverged = bad >= 0 || lost(final);
      return signed({
        key: job.key,
        cell: job.cell,
        base: job.base,
        rows: job.rows,
        multipliers: job.multipliers,
        parameters: layout.count,
        steps,
        batchTokens: sequences * seq,
        trainLoss: losses,
        validationLoss: diverged ? null : final,
        divergedAtStep: diverged ? (bad >= 0 ? bad : steps) : null,
        expertLoad: diverged ? null : validation[z].load,
        router: diverged || !router || !Object.values(router).flat().every(Number.isFinite)
          ? null
          : router,
        trainZLoss: shape.ffn.kind === "dense" ? null : zLosses(log[z].slice(0, losses.length)),
        ...(diverged || singular[z] === null ? {} : { topSingular: singular[z] }),
        wall_s,
        replicas: jobs.length,
      });
    });
  } finally {
    trainer.destroy();
  }
}
