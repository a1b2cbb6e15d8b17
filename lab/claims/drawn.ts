/**
 * Trains a configuration and draws images from it, on the way and at its end.
 *
 * @module
 */
import { diffusionFacts } from "../../model/tasks/diffusion.ts";
import { bytesOfPixels, Sampler, type Sampling } from "../../model/tasks/sampler.ts";
import { type TimedLosses, timedLosses } from "../../model/tasks/timed_losses.ts";
import type { Trainer } from "../../model/trainer.ts";
import { groupTrainer } from "../train/group.ts";
import type { TrainingPlan } from "../train/plan.ts";
import type { ClassifierPlan } from "./classifier.ts";
import { jobOfWanted, probed, type Workbench } from "./models.ts";

/** Samples at one size. */
export interface SamplesProfile {
  /** of the training of each model */
  plan: TrainingPlan;
  seeds: number[];
  /** both of one active width */
  dense: string;
  moe: string;
  /** how images are drawn, with guidance */
  sampling: Sampling;
  /** of the noise they start from */
  noiseSeed: number;
  /** images of each class that are judged */
  perClass: number;
  /** images of each class that are shown */
  shown: number;
  /** steps of the training after which images are shown, before its end */
  looks: number[];
  /** intervals of t, of equal length, that the loss is averaged over */
  bins: number;
  classifier: ClassifierPlan;
  limits: {
    /** least share of the images that are read as the class asked for, percent */
    named_percent: number;
  };
}

/** What one configuration gave, replica by replica. */
export interface Drawn {
  name: string;
  /** bytes of images, (perClass · classes) of them, class i % classes */
  guided: Uint8Array[];
  /** the same noise, no class asked for; none where that was not drawn */
  withheld: Uint8Array[];
  /** of the first replica, images of each class after some steps */
  looks: { step: number; bytes: Uint8Array }[];
  timed: TimedLosses[];
  diverged: boolean[];
}

/** Longest part of the training in one submit, steps: short enough for Ctrl-C. */
const SUBMIT = 20;

/** Trains up to a step. */
async function trainTo(trainer: Trainer, step: number, at: Workbench, tell: () => void) {
  while (trainer.step < step) {
    at.signal.throwIfAborted();
    await trainer.run(Math.min(SUBMIT, step - trainer.step));
    tell();
  }
}

/** Class i % classes of each of `each` images a class. */
const asked = (classes: number, each: number): number[] =>
  Array.from({ length: classes * each }, (_, i) => i % classes);

/**
 * Trains a configuration on all seeds side by side and draws from it.
 *
 * @param withheld whether images of no class are drawn too @param from share of the suite done before, of `to` after
 */
export async function drawnOf(
  p: SamplesProfile,
  at: Workbench,
  configuration: string,
  withheld: boolean,
  [from, to]: [number, number],
): Promise<Drawn> {
  const { plan, noiseSeed: seed, sampling } = p, { device, signal } = at, { data } = at.pool;
  const jobs = p.seeds.map((seed) =>
    jobOfWanted(
      { panel: "samples", configuration, rule: "complete-mue", role: "target", seed },
      plan,
      at.pool.context,
    )
  );
  const name = jobs[0].cell.label, { classes } = diffusionFacts(at.pool.context.task);
  const trainer = groupTrainer(device, data, jobs), { steps } = trainer.options;
  const tell = (share: number, what: string) =>
    at.progress(probed(`${name}: ${what}`, from + (to - from) * share));
  const training = () => tell(0.7 * trainer.step / steps, `step ${trainer.step}/${steps}`);
  const draw = async (how: Sampling, classes: number[]) => {
    const sampler = new Sampler(device, trainer, how);
    try {
      const all = await sampler.draw({ seed, first: 0, classes }, signal);
      return all.map(bytesOfPixels);
    } finally {
      sampler.destroy();
    }
  };
  try {
    const looks: Drawn["looks"] = [];
    for (const step of p.looks) {
      await trainTo(trainer, step, at, training);
      looks.push({ step, bytes: (await draw(sampling, asked(classes, 1)))[0] });
    }
    await trainTo(trainer, steps, at, training);
    tell(0.7, "draws images");
    const guided = await draw(sampling, asked(classes, p.perClass));
    tell(0.9, "draws images of no class");
    const none = Array<number>(classes * p.perClass).fill(classes);
    const free = withheld ? await draw({ ...sampling, guidance: 1 }, none) : [];
    const timed = await timedLosses(device, trainer, data, plan.evaluationBatches, signal);
    const diverged = timed.map(({ loss }) => loss.some((v) => !Number.isFinite(v)));
    return { name, guided, withheld: free, looks, timed, diverged };
  } finally {
    trainer.destroy();
  }
}
