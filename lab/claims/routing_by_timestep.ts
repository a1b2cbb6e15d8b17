/**
 * What do the experts of a diffusion model follow: the place of a patch, the time of an image, its class? And is the
 * load more even the deeper the block?
 *
 * One model per seed is trained and looked at after the last step on held-out images. Each has images of its own, so that an
 * interval over seeds holds the draw of the images too. Beside them stand models before the first step, more of them: all
 * their blocks read one stream, for modulations start at zero and with them every branch, so that no order of depth is in
 * them but by chance.
 *
 * @module
 */
import { Probe } from "../../model/check/probe.ts";
import { diffusionFacts } from "../../model/tasks/diffusion.ts";
import { readConditions } from "../../model/tasks/diffusion_kernels.ts";
import type { Trainer } from "../../model/trainer.ts";
import { judgeOne, type Single } from "../judge/decide.ts";
import type { Findings, Judgement } from "../record/findings.ts";
import { LabError } from "../record/failure.ts";
import { meanInterval } from "../statistics/paired.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { mean } from "../statistics/resample.ts";
import {
  changeOverDepth,
  type Choice,
  choiceOf,
  type Choices,
  evenness,
  NAMES,
  over,
  type TrainedChoices,
  type Variable,
} from "./expert_choice.ts";
import { lossUnit, probed, type Workbench } from "./models.ts";
import { type ProbePlan, trainerOf, type Variant } from "./probe_models.ts";
import { blocksTable, drawChoices, PANELS, seedsTable } from "./routing_figure.ts";
import { type Method, ONE_SEED, probing } from "./suite.ts";

/** What the suite trains and looks at. */
export interface RoutingProfile extends ProbePlan {
  /** held-out batches that are looked at, a multiple of both numbers of models, of which each has as many */
  evaluationBatches: number;
  /** the model, in the command line's grammar */
  configuration: string;
  /** the rule that carries the reference's hyperparameters to it */
  rule: Variant;
  /** AdamW steps of a trained model */
  steps: number;
  /** seeds of models that are not trained */
  untrained: number[];
  /** permutations whose mean information is taken off */
  permutations: number;
  /** what is asked */
  limits: {
    /** least by which place or time tell more than the class, and most that the class tells */
    follows_bits: number;
    /** least fall of the load's variation from the first block to the deepest */
    evener_octaves: number;
  };
}

/**
 * Looks at held-out batches, each replica at its own.
 *
 * @param seeds of the replicas @param of the batches, by replica
 * @returns the choice `[replica][block]`
 */
async function lookAt(
  { network: net }: Trainer,
  probe: Probe,
  { seq, permutations }: RoutingProfile,
  seeds: readonly number[],
  of: readonly number[][],
  { signal }: Workbench,
): Promise<Choice[][]> {
  const { router, sizes } = net, { classes: count } = net.layout.shape.task.facts;
  const seen = seeds.map(() => ({
    ids: net.blocks.map((): Uint32Array[] => []),
    time: [] as number[],
    classes: [] as number[],
  }));
  for (let b = 0; b < of[0].length; b++) {
    signal.throwIfAborted();
    const picks = await probe.picks(of.map((own) => own[b]));
    const conditions = await readConditions(net);
    seen.forEach(({ ids, time, classes }, z) => {
      picks[z].forEach((own, l) => ids[l].push(own));
      time.push(...conditions[z].time);
      classes.push(...conditions[z].classes);
    });
  }
  return seen.map(({ ids, time, classes }, z) => {
    const labels = {
      time: Float32Array.from(time),
      classes: Uint32Array.from(classes),
      count: Number(count),
    };
    return ids.map((parts, l) => {
      const all = new Uint32Array(parts.length * parts[0].length);
      parts.forEach((part, b) => all.set(part, b * part.length));
      const active = parts[0].length / sizes.tokens;
      const picks = { experts: router!.experts, places: seq, active, ids: all };
      return choiceOf(picks, labels, permutations, 1000 * seeds[z] + l);
    });
  });
}

/** Steps of a submit: few enough for Ctrl-C. */
const SUBMIT = 10;

/** Models side by side, and a probe of them; both are freed. */
async function withModels<T>(
  p: RoutingProfile,
  at: Workbench,
  seeds: number[],
  body: (trainer: Trainer, probe: Probe) => Promise<T>,
): Promise<T> {
  const trainer = trainerOf(at, { ...p, seeds }, p.configuration, [p.rule], p.steps);
  try {
    const probe = new Probe(at.device, trainer, at.pool.data, p.evaluationBatches);
    try {
      return await body(trainer, probe);
    } finally {
      probe.destroy();
    }
  } finally {
    trainer.destroy();
  }
}

/** Batches of each of some models: the k-th has every `models`-th, from k. */
const shares = ({ evaluationBatches }: RoutingProfile, models: number): number[][] =>
  Array.from(
    { length: models },
    (_, k) => Array.from({ length: evaluationBatches / models }, (_, b) => k + b * models),
  );

/**
 * Trains the models and looks at them, and at those that are not trained.
 *
 * @throws {RangeError} for batches that the models cannot share evenly
 * @throws {LabError} for images of one class, or of more classes than a model sees images
 */
export async function measureChoices(p: RoutingProfile, at: Workbench): Promise<Choices> {
  const { seeds, evaluationBatches, steps, configuration: own } = p, S = seeds.length;
  for (const models of [S, p.untrained.length]) {
    if (evaluationBatches % models !== 0) {
      throw new RangeError(
        `Cannot look at ${evaluationBatches} batches: they are no multiple of ${models} models`,
      );
    }
  }
  const { classes } = diffusionFacts(at.pool.context.task);
  const images = p.sequences * evaluationBatches / Math.max(S, p.untrained.length);
  if (classes < 2 || images < classes) {
    throw new LabError(
      `Cannot set the class against the timestep: want 2 classes, and in ${images} images as many at most; there are ${classes}`,
    );
  }
  const untrained: Choice[][] = [], batches = shares(p, p.untrained.length);
  for (let from = 0; from < p.untrained.length; from += S) {
    at.progress(probed(`${own}: before training`, 0.1 * from / p.untrained.length));
    const some = p.untrained.slice(from, from + S), of = batches.slice(from, from + S);
    untrained.push(
      ...await withModels(p, at, some, (trainer, probe) => lookAt(trainer, probe, p, some, of, at)),
    );
  }
  const trained = await withModels(p, at, seeds, async (trainer, probe) => {
    while (trainer.step < steps) {
      at.signal.throwIfAborted();
      await trainer.run(Math.min(SUBMIT, steps - trainer.step));
      at.progress(
        probed(`${own}: step ${trainer.step}/${steps}`, 0.1 + 0.8 * trainer.step / steps),
      );
    }
    const logs = await trainer.log(), { divergedAbove } = trainer.network.layout.shape.task;
    const found = await lookAt(trainer, probe, p, seeds, shares(p, S), at);
    return found.map((blocks, k): TrainedChoices => {
      const losses = logs[k].map(({ loss }) => loss);
      return losses.some((loss) => !Number.isFinite(loss) || loss > divergedAbove)
        ? { blocks: null, loss: null }
        : { blocks, loss: mean(losses.slice(-Math.ceil(steps / 20))) };
    });
  });
  return { trained, untrained };
}

/** What is judged: its name, unit and limits. */
type Quantity = Pick<Single, "name" | "unit" | "limits">;

/**
 * Judges the choices.
 *
 * - claims: place and time each tell more than the class by the limit, the class less than it; the variation of the
 *   load falls with depth by its limit
 * - controls, by the same quantities and limits: places permuted within each image and times permuted among them must be
 *   seen to tell no more than the class; the time in the place of the class must be seen to tell more than the class may; the
 *   load of models that are not trained must be seen not to get evener
 */
export function judgeChoices(
  { trained, untrained }: Choices,
  { limits: { follows_bits, evener_octaves } }: Pick<RoutingProfile, "limits">,
): Judgement[] {
  const runs = trained.map(({ blocks }) => blocks);
  const one = (
    [panel, role, subject, variant]: [string, Single["role"], string, string],
    quantity: Quantity,
    of: (blocks: Choice[]) => number | null,
    models: readonly (Choice[] | null)[] = runs,
  ) => {
    const each = models.map((blocks) => blocks && of(blocks));
    const known = each.every((v) => v !== null), value = known ? meanInterval(each) : null;
    const missing = models.includes(null)
      ? "a run diverged"
      : known
      ? ONE_SEED
      : "a load is even to the last token";
    const noise = value && noiseOfInterval(value, each.length);
    return judgeOne({ panel, role, subject, variant, ...quantity, value, noise, missing });
  };
  const more = (name: string): Quantity => ({
    name: `information of the ${name} less that of the class`,
    unit: "bits",
    limits: { lo: follows_bits },
  });
  const told = (name: string): Quantity => ({
    name: `information of the ${name}`,
    unit: "bits",
    limits: { hi: follows_bits },
  });
  const evener: Quantity = {
    name: "change of the load's variation, first to deepest block",
    unit: "octaves",
    limits: { hi: -evener_octaves },
  };
  const { bits, before, load } = PANELS;
  const aboveClass = (of: (c: Choice) => number) => (blocks: Choice[]) =>
    over(blocks, (c) => of(c) - c.bits.class);
  const alone = (of: Variable) => (blocks: Choice[]) => over(blocks, (c) => c.bits[of]);
  return [
    one(
      [bits, "claim", "timestep over class", "trained"],
      more("timestep"),
      aboveClass((c) => c.bits.time),
    ),
    one(
      [bits, "claim", "position over class", "trained"],
      more("position"),
      aboveClass((c) => c.bits.place),
    ),
    one([bits, "claim", "class", "trained"], told("class"), alone("class")),
    one(
      [bits, "control", "timestep over class", "times permuted"],
      more("timestep"),
      aboveClass((c) => c.permuted.time),
    ),
    one(
      [bits, "control", "position over class", "positions permuted"],
      more("position"),
      aboveClass((c) => c.permuted.place),
    ),
    one([bits, "control", "class", "timestep in its place"], told("timestep"), alone("time")),
    one([load, "claim", "load over depth", "trained"], evener, evenness),
    one([load, "control", "load over depth", "untrained"], evener, evenness, untrained),
    one(
      [bits, "aside", "position over depth", "trained"],
      {
        name: "change of the information of the position, first to deepest block",
        unit: "bits",
        limits: { hi: 0 },
      },
      (blocks) => changeOverDepth(blocks.map((c) => c.bits.place)),
    ),
    ...(["time", "place"] as const).map((name) =>
      one(
        [before, "aside", `${NAMES[name]} over class`, "untrained"],
        more(NAMES[name]),
        aboveClass((c) => c.bits[name]),
        untrained,
      )
    ),
  ];
}

/** Measures and judges. */
export async function measureRouting(p: RoutingProfile, at: Workbench): Promise<Findings> {
  const all = await measureChoices(p, at), images = p.evaluationBatches * p.sequences;
  return {
    ...drawChoices(all, { seeds: p.seeds, limit: p.limits.follows_bits }),
    judgements: judgeChoices(all, p),
    tables: [blocksTable(all), seedsTable(all, lossUnit(at), p.seeds)],
    caveats: [
      "Position, timestep and class stand for what they bring with them: the border of an image may be empty, and a noisy patch looks noisy to a router that is told no time. What the picks of untrained models tell is all of that kind.",
      "A class may choose experts together with a position (other strokes in other patches) or at times with little noise; what it tells alone, over all of them, is measured.",
      `${images / p.seeds.length} images a trained model and ${
        images / p.untrained.length
      } an untrained one, to each its own; their times are drawn as in training, so that few lie near 0 or 1.`,
      `One model at one learning rate, ${p.steps} steps. Those of the source have 12 blocks or more, shared experts, and latents of photographs.`,
      "The balance loss of training evens the load of every block by itself.",
    ],
  };
}

/** How a suite of this kind is measured. */
export const ROUTING_BY_TIMESTEP: Method<RoutingProfile> = probing(measureRouting);
