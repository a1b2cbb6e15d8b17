/**
 * How fast a sweep trains: the first round of `activated-experts`' main panel (quick), each run cut to
 * some steps, by all workers, through the pool of a bench.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Hand } from "../lab/train/hand.ts";
import { type Job, jobOf } from "../lab/train/job.ts";
import { memoryStore } from "../lab/train/memory_store.ts";
import { TrainingPool } from "../lab/train/pool.ts";
import { cellsOf, linesOf } from "../lab/transfer/cells.ts";
import type { ModelShape } from "../model/shape.ts";
import { activatedExperts } from "../suites/activated_experts.ts";
import { BUILT_IN, dataOf } from "./data.ts";
import { workersFor } from "./workers.ts";

/** What a sweep took. */
export interface SweepTime {
  /** processes that trained side by side */
  workers: number;
  /** tokens of all steps over wall time, median of the rounds */
  tokensPerSecond: number;
  /** each round's */
  rounds: number[];
  /** CPU time of all processes over wall time and cores, of all rounds */
  coresBusy: number;
  /** what was trained: docs/torch_timing.py trains the same */
  runs: { configuration: string; shape: Omit<ModelShape, "task">; count: number }[];
  steps: number;
  sequences: number;
  seq: number;
  /** held-out batches each run is validated on */
  evaluationBatches: number;
}

/** The runs, cut to so many steps; a sixteenth of the steps has a sixteenth of the validation. */
function jobsOf(pool: TrainingPool, steps: number): Job[] {
  const profile = activatedExperts.profiles.quick;
  const evaluationBatches = Math.max(
    1,
    Math.round(profile.plan.evaluationBatches * steps / profile.plan.steps),
  );
  const plan = { ...profile.plan, steps, evaluationBatches };
  const control = { rule: "standard", on: "" };
  // the sweep that docs/performance.md has timed: without the seeds that only a control's verdict needs
  const { moreSeeds: _, ...panel } = profile.panels[0];
  const lines = linesOf({ control }, { ...profile, plan, panels: [panel] });
  return lines.flatMap((line) =>
    cellsOf(line).map((cell) => jobOf({ ...line, cell }, line.plan, pool.context))
  );
}

/**
 * Times the sweep.
 *
 * @param count worker processes; null: as many as a bench takes
 * @param steps of each run @param rounds how often all are trained anew, after a shorter round that
 * starts the workers and compiles
 */
export async function timeSweep(
  device: Device,
  count: number | null,
  steps: number,
  rounds: number,
): Promise<SweepTime> {
  const workers: Hand[] = workersFor(device, count, BUILT_IN), data = await dataOf(null);
  const round = async (steps: number) => {
    const { signal } = new AbortController();
    const pool = new TrainingPool(device, data, memoryStore(), signal, () => {}, workers);
    try {
      const jobs = jobsOf(pool, steps);
      await pool.train(jobs);
      return { jobs, cost: pool.cost() };
    } finally {
      pool.close();
    }
  };
  try {
    await round(2);
    const all = [];
    for (let i = 0; i < rounds; i++) all.push(await round(steps));
    const rates = all.map(({ cost }) => cost.trainedTokens / cost.wall_s);
    const wall_s = all.reduce((sum, { cost }) => sum + cost.wall_s, 0);
    const [{ jobs: [job], jobs, cost }] = all;
    return {
      workers: cost.workers,
      tokensPerSecond: rates.toSorted((a, b) => a - b)[rates.length >> 1],
      rounds: rates,
      coresBusy: all.reduce((sum, { cost }) => sum + cost.coresBusy * cost.wall_s, 0) / wall_s,
      runs: [...Map.groupBy(jobs, (j) => j.cell.configuration)]
        .map(([configuration, of]) => {
          const { task: _, ...shape } = of[0].shape;
          return { configuration, shape, count: of.length };
        }),
      steps: job.steps,
      sequences: job.sequences,
      seq: job.seq,
      evaluationBatches: job.evaluationBatches,
    };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
  }
}
