/**
 * One machine's share of a bench.
 *
 * What a shard takes as a whole ({@link Suite.partOf}) belongs to one of them by its hash alone: the same whatever
 * suites are run, whatever is finished, on every machine. A sweep is such a part, since it grows by its own losses; the
 * reference it waits for is trained by every shard that has a sweep against it.
 *
 * @module
 */
import { planOf } from "./assemble.ts";
import type { BenchOptions } from "./bench.ts";
import { hashOf } from "./record/hash.ts";
import type { Cost, Trust } from "./record/record.ts";
import type { Shard } from "./record/shard.ts";
import type { ProfileName, Suite } from "./suite.ts";
import { checkData } from "./train/data.ts";
import type { Context, Job } from "./train/job.ts";
import { settlePlan } from "./train/plan.ts";
import { Canary } from "./train/canary.ts";
import { TrainingPool } from "./train/pool.ts";
import type { BenchProgress } from "./train/progress.ts";
import { openStore } from "./train/store.ts";
import { markUntrusted } from "./train/untrusted.ts";

/** Which of so many shards a part belongs to, from 1. */
export function ownerOf(part: string, count: number): number {
  return parseInt(hashOf(part).slice(0, 8), 16) % count + 1;
}

/** Whether a suite's runs are shared out; else one shard runs it alone. */
export const isShared = (suite: Suite): boolean => suite.partOf !== undefined;

/** Whether a shard is the one that runs a suite alone. */
export function ownsWhole(suite: Suite, { index, count }: Shard): boolean {
  return ownerOf(suite.id, count) === index;
}

/** Says of a job whether it is a shard's. */
export function shareOf(
  suite: Suite,
  profile: ProfileName,
  context: Context,
  { index, count }: Shard,
): (job: Job) => boolean {
  const partOf = suite.partOf!;
  const mine = (part: string | null) => part !== null && ownerOf(part, count) === index;
  const planned = suite.estimate(profile, context).jobs.map(({ job }) => job);
  // references are needed where a sweep of their panel is
  const panels = new Set(
    planned.filter((job) => mine(partOf(job))).map(({ cell }) => cell.panel),
  );
  return (job) => {
    const part = partOf(job);
    return part === null ? panels.has(job.cell.panel) : mine(part);
  };
}

/** What a shard did of a suite. */
export interface SharedOut {
  /** of the runs of its share */
  keys: ReadonlySet<string>;
  cost: Cost;
  trust: Trust;
  /** something was trained in its folder under another plan */
  exploratory: boolean;
  warnings: string[];
}

/**
 * Trains a shard's share of a suite, as far as it grows.
 *
 * @throws the signal's reason when aborted; {LabError} when the disk takes no more
 * @throws {DeviceError} when the GPU refused work, or cannot be trusted
 */
export async function trainShare(
  suite: Suite,
  shard: Shard,
  options: Omit<BenchOptions, "onProgress" | "inputs" | "outDir"> & {
    onProgress(progress: BenchProgress): void;
  },
): Promise<SharedOut> {
  const { device, profile, data, storeDir, signal, workers } = options;
  if (data === null) throw new TypeError(`Cannot share out ${suite.id}: it has no task`);
  const warnings = suite.plan(profile).trainings.flatMap((plan) => checkData(data, plan) ?? []);
  using store = openStore(storeDir);
  const plan = planOf(suite, profile, data.hash);
  const settled = settlePlan(storeDir, suite.id, plan, store.items.size > 0);
  const pool = new TrainingPool(device, data, store, signal, options.onProgress, workers);
  const canary = options.canary ?? new Canary(device);
  try {
    const before = await canary.before(suite.task);
    const mine = shareOf(suite, profile, pool.context, shard);
    const share = () => suite.ahead!(profile, pool).filter(mine);
    pool.expect(share);
    for (let jobs = share();;) {
      for (const job of jobs) pool.refuseUnfit(job);
      await pool.train(jobs);
      jobs = share();
      if (jobs.every((job) => pool.runOf(job) !== undefined)) break;
    }
    await pool.idle();
    const trainedAgain = await pool.trainAgain(), after = await canary.after(suite.task);
    return {
      keys: new Set(share().map(({ key }) => key)),
      cost: pool.cost(),
      trust: { canary: before === null ? null : { before, after }, trainedAgain },
      exploratory: settled.exploratory,
      warnings: [...warnings, ...store.warnings, ...pool.warnings],
    };
  } catch (error) {
    markUntrusted(storeDir, error);
    throw error;
  } finally {
    pool.close();
  }
}
