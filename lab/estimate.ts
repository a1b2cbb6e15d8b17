/**
 * How long a suite will take: what it would train, over the speed at which this machine trains.
 *
 * @module
 */
import { KERNELS_VERSION } from "../kernels/version.ts";
import { taskById } from "../model/tasks/registry.ts";
import { type Context, type Job, jobOf } from "./train/job.ts";
import { workOf } from "./train/size.ts";
import { parseConfiguration } from "../rule/configuration.ts";
import type { TrainingPlan } from "./train/plan.ts";
import type { Hand } from "./train/hand.ts";

/** How fast a machine trains. */
export interface Speed {
  /** work ({@link workOf}) a second; not comparable with FLOP/s */
  rate: number;
  /** seconds the kernels of a new shape take to compile */
  compile_s: number;
}

/**
 * 2 cores of an Intel Xeon (2.5 GHz), llvmpipe of Mesa 22.3.6, two workers. Work over wall time of suites'
 * quick profile, compiling and validation included, so that compiling adds nothing (tests/commands/budget_test.ts).
 */
export const REFERENCE_SPEED: Speed = { rate: 4e9, compile_s: 0 };

/**
 * The speed of that machine at a profile. Runs of smoke are over before their kernels are compiled: of its transfer suites
 * alone, 7 s each of three shapes, next to nothing is training.
 */
export const referenceSpeed = (profile: string): Speed =>
  profile === "smoke" ? { ...REFERENCE_SPEED, compile_s: 2 } : REFERENCE_SPEED;

/** What a suite would do. */
export interface Estimate {
  /** models, and what a sweep's widening is expected to multiply their work by (1: nothing) */
  jobs: { job: Job; times: number }[];
  /** seconds of probes, on the machine of {@link REFERENCE_SPEED} */
  other_s: number;
  /** seconds that are as long on any machine: samples of a set length */
  timed_s: number;
}

/** The context of runs of a plan before there is data. */
export const contextFor = (plan: TrainingPlan): Context => ({
  task: taskById(plan.task),
  dataHash: "",
  trainUnits: 0,
  adapter: "",
  kernelsVersion: KERNELS_VERSION,
});

/**
 * Seconds of estimates on a machine, one after the other; a model that several share counts for the
 * first of them.
 *
 * @param done keys of runs that are finished
 * @returns seconds of each
 */
export function secondsOf(
  estimates: Estimate[],
  { rate, compile_s }: Speed,
  done: Iterable<string> = [],
): number[] {
  const known = new Set(done), shapes = new Set<string>();
  return estimates.map(({ jobs, other_s, timed_s }) => {
    let seconds = timed_s + other_s * REFERENCE_SPEED.rate / rate;
    for (const { job, times } of jobs) {
      if (known.has(job.key)) continue;
      known.add(job.key);
      if (!shapes.has(job.group)) seconds += compile_s;
      shapes.add(job.group);
      seconds += times * workOf(job) / rate;
    }
    return seconds;
  });
}

/** Models the speed is measured on, of the quick profile's sizes, and how many side by side. */
const PACERS = [["dense:d=12,L=2,H=12,dh=12", 10], ["16e4a:d=48,L=2,h=12,dh=12", 9]] as const;

/** Steps of a pacer: those that compile and warm up, and all. A submit ends at step 8 or before (group.ts). */
const WARM = 8, ALL = 24;

/** What one hand takes for the pacers: work, seconds of it without compiling, seconds of compiling. */
async function timePacers(hand: Hand, context: Context, plan: TrainingPlan, signal: AbortSignal) {
  const cell = {
    panel: "",
    label: "",
    rule: "complete-mue",
    role: "reference",
    swept: "lr",
    log2x: -6,
  } as const;
  const sum = { work: 0, seconds: 0, compile_s: 0 };
  for (const [configuration, replicas] of PACERS) {
    const model = parseConfiguration(configuration);
    const own = { ...plan, reference: configuration, steps: ALL, evaluationBatches: 1 };
    const jobs = Array.from(
      { length: replicas },
      (_, seed) =>
        jobOf({ cell: { ...cell, configuration, seed }, from: model, to: model }, own, context),
    );
    const started = performance.now(), at: [step: number, seconds: number][] = [];
    await hand.train(
      context,
      jobs,
      (step) => at.push([step, (performance.now() - started) / 1000]),
      signal,
    );
    const [first, first_s] = at[0], [warm, warm_s] = at.findLast(([step]) => step <= WARM)!;
    const took_s = at.at(-1)![1] - warm_s;
    sum.work += jobs.reduce((total, job) => total + workOf(job), 0) * (ALL - warm) / ALL;
    sum.seconds += took_s;
    sum.compile_s += Math.max(0, first_s - first * took_s / (ALL - warm)) / PACERS.length;
  }
  return sum;
}

/**
 * Measures the speed of this machine: a few steps of a small dense model and of an MoE on every hand at
 * once, after some that compile and warm up.
 *
 * @param context of the data and the adapter
 */
export async function measureSpeed(
  hands: readonly Hand[],
  context: Context,
  plan: TrainingPlan,
  signal: AbortSignal,
): Promise<Speed> {
  const all = await Promise.all(hands.map((hand) => timePacers(hand, context, plan, signal)));
  return {
    rate: all.reduce((sum, { work, seconds }) => sum + work / seconds, 0),
    compile_s: Math.max(...all.map(({ compile_s }) => compile_s)),
  };
}
