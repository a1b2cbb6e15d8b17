/**
 * `deno task bench --shard I/N`: one machine's share of a bench.
 *
 * @module
 */
import { type BenchOptions, planOf } from "../lab/bench.ts";
import { costOf } from "../lab/merge.ts";
import type { Cost, Environment } from "../lab/record/record.ts";
import {
  readShard,
  type Shard,
  SHARD_SCHEMA,
  type ShardSuite,
  writeShard,
} from "../lab/record/shard.ts";
import { isShared, ownsWhole, trainShare } from "../lab/shard.ts";
import type { Suite } from "../lab/suite.ts";
import type { Dataset } from "../model/task.ts";
import { UsageError } from "./arguments.ts";
import { benchSuite, progressText } from "./bench_suite.ts";
import type { ProgressLine } from "./progress.ts";

/** Most machines anyone may share a bench out to. */
const MOST = 1024;

/**
 * Reads `--shard`.
 *
 * @throws {UsageError} for what is no share
 */
export function shardOf(text: string): Shard {
  const [, index, count] = text.match(/^(\d{1,4})\/(\d{1,4})$/)?.map(Number) ?? [0, 0, 0];
  if (count >= 1 && count <= MOST && index >= 1 && index <= count) return { index, count };
  throw new UsageError(
    `Cannot run shard ${text}: want I/N with I from 1 to N and N at most ${MOST}, e.g. 3/8`,
  );
}

/**
 * Refuses a folder of another shard.
 *
 * @throws {UsageError} naming it
 */
export function checkShard(out: string, { index, count }: Shard): void {
  try {
    if (!Deno.statSync(`${out}/shard.json`).isFile) return;
  } catch {
    return; // a new one
  }
  const found = readShard(out);
  if (found.index === index && found.count === count) return;
  throw new UsageError(
    `Cannot write shard ${index}/${count} to ${out}: it holds shard ${found.index}/${found.count}; ` +
      "give every shard a folder of its own",
  );
}

const NOTHING: Cost = {
  wall_s: 0,
  trainedRuns: 0,
  reusedRuns: 0,
  trainedTokens: 0,
  workers: 0,
  coresBusy: 0,
  peakDevice_bytes: 0,
  peakRss_bytes: 0,
};

/** What all suites of a shard need. */
export interface ShardOptions
  extends Omit<BenchOptions, "onProgress" | "data" | "outDir" | "later" | "warnings"> {
  environment: Environment;
  shard: Shard;
  suites: readonly Suite[];
  dataOf(suite: Suite): Dataset | null;
  warnings: string[];
}

/**
 * Does a shard's share of all suites.
 *
 * @returns exit code: 0 done, 130 stopped
 * @throws as {@link trainShare}
 */
export async function benchShard(o: ShardOptions, line: ProgressLine): Promise<0 | 130> {
  const { shard, suites, profile, storeDir, environment, dataOf } = o, { index, count } = shard;
  const shares = suites.map((suite): ShardSuite => ({
    id: suite.id,
    options: suite.options ?? null,
    plan: planOf(suite, profile, dataOf(suite)?.hash ?? null).hash,
    share: isShared(suite) ? "runs" : ownsWhole(suite, shard) ? "whole" : "none",
  }));
  let cost = NOTHING, runs = 0;
  const warnings = [...o.warnings];
  const write = (finished: boolean) =>
    writeShard(storeDir, {
      schema: SHARD_SCHEMA,
      ...shard,
      profile,
      suites: shares,
      environment,
      finished,
      cost,
      warnings: [...new Set(warnings)],
    });
  write(false);
  for (const [i, suite] of suites.entries()) {
    const name = `${suite.id}, shard ${index}/${count}`, { share } = shares[i];
    const data = dataOf(suite);
    if (share === "none") {
      line.note(`${name}: another shard runs it`);
    } else if (share === "whole") {
      line.note(`${name}: runs it alone`);
      const outDir = `${storeDir}/${suite.id}`;
      const done = await benchSuite(suite, line, { ...o, data, outDir, warnings: o.warnings });
      if (done.failure !== null) throw done.failure;
      if (done.incomplete) return 130;
    } else {
      const did = await trainShare(suite, shard, {
        ...o,
        data,
        onProgress({ groups, runsDone, runsPlanned, left_s }) {
          const label = groups.map((g) => `${g.label}: step ${g.step}/${g.steps}`).join("; ");
          const progress = { label, done: runsDone, planned: runsPlanned, unit: "runs", left_s };
          line.show(progressText(name, progress));
        },
      });
      line.end();
      line.note(`${name}: ${did.runs} runs are its share, ${did.cost.trainedRuns} trained now`);
      runs += did.runs;
      cost = { ...costOf([cost, did.cost]), wall_s: cost.wall_s + did.cost.wall_s };
      cost.workers = did.cost.workers;
      warnings.push(...did.warnings);
    }
  }
  write(true);
  console.log(
    `shard ${index}/${count} is done, ${runs} runs in ${storeDir}; when all are: ` +
      "deno task merge DIR… --out DIR",
  );
  return 0;
}
