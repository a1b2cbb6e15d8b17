/**
 * Shards of a bench as one: which belong together, and the record that follows from all of their runs.
 *
 * @module
 */
import type { Dataset } from "../model/task.ts";
import { assemble, planOf } from "./assemble.ts";
import { derive } from "./derive.ts";
import { LabError } from "./record/failure.ts";
import type { BenchRecord, Cost } from "./record/record.ts";
import type { Run } from "./record/run.ts";
import type { ShardFacts } from "./record/shard.ts";
import type { ProfileName, Suite } from "./suite.ts";
import type { Context } from "./train/job.ts";

/** A shard and the folder it lies in. */
export interface Found {
  folder: string;
  facts: ShardFacts;
}

/** Everything that must be alike, in words. */
function likeness({ profile, count, suites, environment }: ShardFacts): [string, string][] {
  const { identity, kernelsVersion, gitCommit, version } = environment;
  return [
    ["numbers of shards", `${count}`],
    ["profiles", profile],
    ["suites", suites.map(({ id, options }) => options ? `${id} ${options}` : id).join(" ")],
    ["plans or data", suites.map(({ id, plan }) => `${id} ${plan}`).join(" ")],
    ["adapters or kernel variants", identity],
    ["kernels versions", kernelsVersion],
    ["versions of mue-bench", `${version}, git ${gitCommit ?? "unknown"}`],
  ];
}

/**
 * Refuses shards that do not make one bench.
 *
 * @returns them by index
 * @throws {LabError} naming the two that differ and in what, or the shard that is missing, there twice or not finished
 */
export function oneBench(shards: readonly Found[]): Found[] {
  const [first, ...others] = shards, { count } = first.facts;
  const cannot = (why: string) => new LabError(`Cannot merge: ${why}`);
  for (const other of others) {
    const theirs = likeness(other.facts);
    for (const [i, [what, own]] of likeness(first.facts).entries()) {
      if (theirs[i][1] === own) continue;
      const named = (text: string) => text || "none";
      const shown = own.length + theirs[i][1].length < 120
        ? ` (${named(own)} and ${named(theirs[i][1])})`
        : "";
      throw cannot(`${what} of ${first.folder} and ${other.folder} differ${shown}`);
    }
  }
  const sung = shards.flatMap(({ folder, facts: { trust } }) =>
    Object.entries(trust).map(([task, { canary }]) => ({ folder, task, canary }))
  );
  for (const one of sung) {
    const known = sung.find(({ task, canary }) => task === one.task && canary !== null)!;
    if (one.canary === null || known.canary!.before === one.canary.before) continue;
    throw cannot(
      `the canaries of ${known.folder} and ${one.folder} differ (${known.canary!.before} and ` +
        `${one.canary.before}): these machines do not compute alike`,
    );
  }
  const byIndex = Map.groupBy(shards, ({ facts }) => facts.index);
  const twice = [...byIndex.values()].find((of) => of.length > 1);
  if (twice) {
    throw cannot(
      `${twice[0].folder} and ${twice[1].folder} are both shard ${twice[0].facts.index}`,
    );
  }
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((i) => !byIndex.has(i));
  if (missing.length) {
    const named = missing.slice(0, 8).map((i) => `${i}/${count}`).join(", ");
    const which = missing.length > 8 ? `${named} and ${missing.length - 8} more` : named;
    throw cannot(`shard ${which} is not there; run its --shard ${missing[0]}/${count}`);
  }
  const stopped = shards.find(({ facts }) => !facts.finished);
  if (stopped) {
    const { folder, facts: { index } } = stopped;
    throw cannot(`${folder} was stopped; run its --shard ${index}/${count} again, it goes on`);
  }
  return shards.toSorted((a, b) => a.facts.index - b.facts.index);
}

/**
 * The runs of all shards, each once.
 *
 * @param of each: folder, and its runs by key
 * @throws {LabError} for one that two shards trained with other results: they are no equal machines
 */
export function union(of: readonly { folder: string; runs: ReadonlyMap<string, Run> }[]) {
  const all = new Map<string, { run: Run; folder: string }>();
  for (const { folder, runs } of of) {
    for (const [key, run] of runs) {
      const known = all.get(key);
      if (known && known.run.digest !== run.digest) {
        throw new LabError(
          `Cannot merge: run ${key} (${run.cell.label}, ${run.cell.rule}, seed ${run.cell.seed}) has other ` +
            `losses in ${known.folder} than in ${folder}; these machines do not compute alike`,
        );
      }
      if (!known) all.set(key, { run, folder });
    }
  }
  return new Map([...all].map(([key, { run }]) => [key, run]));
}

/** What all shards cost together; their wall time is that of the longest. */
export function costOf(costs: readonly Cost[]): Cost {
  const sum = (of: (cost: Cost) => number) => costs.reduce((total, cost) => total + of(cost), 0);
  const peaks = (of: (cost: Cost) => number | null) => {
    const all = costs.map(of);
    return all.some((v) => v === null) ? null : all.reduce((a, b) => Math.max(a!, b!), 0);
  };
  const wall = sum(({ wall_s }) => wall_s);
  return {
    wall_s: costs.reduce((longest, { wall_s }) => Math.max(longest, wall_s), 0),
    trainedRuns: sum(({ trainedRuns }) => trainedRuns),
    reusedRuns: sum(({ reusedRuns }) => reusedRuns),
    trainedTokens: sum(({ trainedTokens }) => trainedTokens),
    workers: sum(({ workers }) => workers),
    coresBusy: wall === 0 || costs.some(({ coresBusy }) => coresBusy === null)
      ? null
      : sum(({ coresBusy, wall_s }) => coresBusy! * wall_s) / wall,
    peakDevice_bytes: peaks(({ peakDevice_bytes }) => peakDevice_bytes),
    peakRss_bytes: peaks(({ peakRss_bytes }) => peakRss_bytes),
  };
}

/**
 * The record of a suite whose runs were shared out: what one machine would have written, but for the times.
 *
 * @param shards of {@link oneBench} @param runs of {@link union}
 * @throws {LabError} when runs are missing all the same, or a device would be needed
 */
export async function mergedRecord(
  suite: Suite,
  profile: ProfileName,
  data: Dataset,
  context: Context,
  shards: readonly Found[],
  runs: ReadonlyMap<string, Run>,
): Promise<BenchRecord> {
  const [{ facts: { environment, count } }] = shards;
  const derived = await derive(suite, profile, runs, context, environment);
  if (derived.kind !== "whole") {
    const why = derived.kind === "partial"
      ? `${derived.missing} of its runs are in no shard`
      : "it looks into models on a device";
    throw new LabError(`Cannot merge ${suite.id}: ${why}`);
  }
  const machines = new Set(
    shards.map(({ facts: { environment: { driver, deno, lock } } }) =>
      `driver ${driver ?? "unknown"}, Deno ${deno}, packages ${lock ?? "unknown"}`
    ),
  );
  const trusts = shards.flatMap(({ facts }) => facts.trust[data.task.id] ?? []);
  const exploratory = shards.some(({ facts }) => facts.exploratory.includes(suite.id));
  return assemble(suite, {
    plan: { ...planOf(suite, profile, data.hash), exploratory },
    environment,
    data,
    measured: derived.measured,
    incomplete: false,
    cost: costOf(shards.flatMap(({ facts }) => facts.costs[suite.id] ?? [])),
    trust: {
      canary: trusts[0]?.canary ?? null, // all are equal
      trainedAgain: trusts.reduce((sum, { trainedAgain }) => sum + trainedAgain, 0),
    },
    warnings: [
      `merged from ${count} shards; the machine is the first one's, the cost all shards'`,
      ...(exploratory ? ["a shard was begun under another plan: exploratory"] : []),
      ...(machines.size > 1 ? [`the shards' machines differ: ${[...machines].join("; ")}`] : []),
      ...derived.warnings,
      ...shards.flatMap(({ facts }) => facts.warnings),
    ],
  });
}

/**
 * Refuses the record of a suite that one shard ran alone, where it is not the one its shard tells of.
 *
 * @throws {LabError} naming what differs
 */
export function checkWhole(
  record: BenchRecord,
  { folder, facts: { profile, environment, suites } }: Found,
  id: string,
): void {
  const wanted = suites.find((suite) => suite.id === id);
  const { suite, plan, environment: theirs, incomplete } = record;
  const differs = suite.id !== id
    ? `of suite ${suite.id}`
    : plan.profile !== profile || plan.hash !== wanted?.plan ||
        (suite.options ?? null) !== wanted.options
    ? `of another plan (profile ${plan.profile}, ${plan.hash})`
    : theirs.identity !== environment.identity || theirs.gitCommit !== environment.gitCommit
    ? `of another machine or commit (${theirs.adapter}, git ${theirs.gitCommit ?? "unknown"})`
    : incomplete
    ? "of a bench that was stopped"
    : null;
  if (differs !== null) {
    throw new LabError(`Cannot merge ${id}: the record in ${folder}/${id} is ${differs}`);
  }
}
