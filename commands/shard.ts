/**
 * `deno task bench --shard I/N`: one machine's share of a bench.
 *
 * @module
 */
import type { BenchOptions } from "../lab/bench.ts";
import { planOf } from "../lab/assemble.ts";
import type { Environment } from "../lab/record/record.ts";
import {
  MOST_SHARDS,
  readShard,
  type Shard,
  SHARD_SCHEMA,
  type ShardFacts,
  type ShardSuite,
  writeShard,
} from "../lab/record/shard.ts";
import { isShared, ownsWhole, trainShare } from "../lab/shard.ts";
import type { Suite } from "../lab/suite.ts";
import type { Dataset } from "../model/task.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { UsageError } from "./arguments.ts";
import { progressText } from "../reports/words/progress.ts";
import { benchSuite } from "./bench_suite.ts";
import type { ProgressLine } from "./progress.ts";

/**
 * Reads `--shard`.
 *
 * @throws {UsageError} for what is no share
 */
export function shardOf(text: string): Shard {
  const [, index, count] = text.match(/^(\d{1,4})\/(\d{1,4})$/)?.map(Number) ?? [0, 0, 0];
  if (count >= 1 && count <= MOST_SHARDS && index >= 1 && index <= count) return { index, count };
  throw new UsageError(
    `Cannot run shard ${text}: want I/N with I from 1 to N and N at most ${MOST_SHARDS}, e.g. 3/8`,
  );
}

/**
 * Refuses a folder of another shard.
 *
 * @throws {UsageError} naming it
 */
export async function checkShard(out: string, shard: Shard | null): Promise<void> {
  try {
    if (!Deno.statSync(`${out}/shard.json`).isFile) return;
  } catch {
    return; // a new one
  }
  const found = await readShard(out);
  if (shard === null) {
    throw new UsageError(
      `Cannot write to ${out}: it holds shard ${found.index}/${found.count} of a bench; give another --out`,
    );
  }
  const { index, count } = shard;
  if (found.index === index && found.count === count) return;
  throw new UsageError(
    `Cannot write shard ${index}/${count} to ${out}: it holds shard ${found.index}/${found.count}; ` +
      "give every shard a folder of its own",
  );
}

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
  const shares = suites.map((suite): ShardSuite => {
    const { hash, decided } = planOf(suite, profile, dataOf(suite)?.hash ?? null);
    return {
      id: suite.id,
      options: suite.options ?? null,
      plan: hash,
      share: isShared(suite) ? "runs" : ownsWhole(suite, shard) ? "whole" : "none",
      ...(suite.id === OWN_SUITE ? { decided } : {}),
    };
  });
  const costs: ShardFacts["costs"] = {}, keys = new Set<string>();
  const warnings = [...o.warnings], exploratory: string[] = [], trust: ShardFacts["trust"] = {};
  const write = (finished: boolean) =>
    writeShard(storeDir, {
      schema: SHARD_SCHEMA,
      ...shard,
      profile,
      suites: shares,
      environment,
      finished,
      costs,
      exploratory,
      trust,
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
      const now = did.cost.trainedRuns;
      line.note(
        `${name}: ${did.keys.size} runs of this shard, ${
          now === did.keys.size ? "all" : now === 0 ? "none" : now
        } trained now`,
      );
      for (const key of did.keys) keys.add(key);
      costs[suite.id] = did.cost;
      warnings.push(...did.warnings);
      if (did.exploratory) exploratory.push(suite.id);
      const { task } = suite, before = trust[task!]?.trainedAgain ?? 0;
      trust[task!] = { ...did.trust, trainedAgain: before + did.trust.trainedAgain };
    }
  }
  write(true);
  console.log(
    `shard ${index}/${count} is done, ${keys.size} runs in ${storeDir}; when all are: ` +
      `deno task merge ${storeDir} OTHER… --out DIR`,
  );
  return 0;
}
