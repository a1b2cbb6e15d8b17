/**
 * `--baseline RECORD|DIR`: the earlier records a bench is held against, and what becomes of it there.
 *
 * @module
 */
import { against, type Earlier, suspectsOf } from "../lab/judge/against.ts";
import { type Planned, unlike } from "../lab/judge/likeness.ts";
import type { Against } from "../lab/record/against.ts";
import { resolve, sep as SEPARATOR } from "node:path";
import { causeOf, LabError } from "../lab/record/failure.ts";
import { isFile, writeAtomic } from "../lab/record/files.ts";
import { lockFolder } from "../lab/train/lock.ts";
import { runsOf } from "../lab/record/evidence.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { UsageError } from "./arguments.ts";

/** Folder of a bench that was run again, in the suite's own. */
export const AGAIN = "again";

/** Earlier records by suite id. */
export type Baseline = Map<string, Earlier[]>;

/** How deep records are looked for: `DIR/RUN/SUITE/record.json`. */
const DEEPEST = 2;

/** Paths of the records in a folder, in order; those that were run again belong to another. */
function recordsIn(folder: string, depth = 0): string[] {
  const own = `${folder}/record.json`;
  if (isFile(own)) return [own];
  if (depth === DEEPEST) return [];
  const inside = [...Deno.readDirSync(folder)]
    .filter(({ isDirectory, name }) => isDirectory && name !== AGAIN && !name.startsWith("."));
  return inside.map(({ name }) => name).sort()
    .flatMap((name) => recordsIn(`${folder}/${name}`, depth + 1));
}

/**
 * Reads the earlier records.
 *
 * @param path a record, the folder of a suite, of a bench, or of several benches
 * @throws {LabError} for one that cannot be read @throws {UsageError} when there is none
 */
export async function readBaseline(path: string): Promise<Baseline> {
  let paths: string[];
  try {
    const folder = Deno.statSync(path).isDirectory;
    paths = folder ? recordsIn(path.replace(/(.)\/+$/, "$1")) : [path];
  } catch (error) {
    throw new LabError(`Cannot compare with ${path}: ${causeOf(error)}`, { cause: error });
  }
  if (paths.length === 0) {
    throw new UsageError(`Cannot compare with ${path}: no record.json lies in it`);
  }
  const all = await Promise.all(
    paths.map(async (path): Promise<Earlier> => ({ path, record: await readRecord(path) })),
  );
  return Map.groupBy(all, ({ record }) => record.suite.id);
}

/**
 * Refuses records that cannot be held against a bench, before it begins.
 *
 * @param benches what will run
 * @returns ids of the suites that the baseline lacks
 * @throws {LabError} naming the record and what is unlike
 * @throws {UsageError} when it has none of the suites: nothing would be compared
 */
export function checkBaseline(path: string, baseline: Baseline, benches: Planned[]): string[] {
  for (const bench of benches) {
    for (const { path, record } of baseline.get(bench.suite.id) ?? []) {
      const why = unlike(record, bench);
      if (why !== null) throw new LabError(`Cannot compare with ${path}: ${why}`);
    }
  }
  const missing = benches.map(({ suite }) => suite.id).filter((id) => !baseline.has(id));
  if (missing.length < benches.length) return missing;
  throw new UsageError(
    `Cannot compare with ${path}: it has no record of ${missing.join(", ")}, but of ${
      [...baseline.keys()].join(", ")
    }`,
  );
}

/** File by which a folder is known to be one that was run again. */
const MARK = ".again";

/**
 * Empties the folder of a bench that was run again, where it is one and nobody is at it.
 *
 * @throws {LabError} for a folder of anybody else
 */
function clear(folder: string): void {
  try {
    if ([...Deno.readDirSync(folder)].length > 0 && !isFile(`${folder}/${MARK}`)) {
      throw new LabError(
        `Cannot run again into ${folder}: it was not made for that; move it away, or give another --out`,
      );
    }
    {
      using _free = lockFolder(folder);
    }
    Deno.removeSync(folder, { recursive: true });
  } catch (error) {
    if (error instanceof LabError) throw error;
    if (!(error instanceof Deno.errors.NotFound)) {
      throw new LabError(`Cannot run again into ${folder}: ${causeOf(error)}`, { cause: error });
    }
  }
  Deno.mkdirSync(folder, { recursive: true });
  writeAtomic(`${folder}/${MARK}`, "run again by --baseline; removed when it runs again\n");
}

/**
 * Refuses a baseline that the bench itself would write over.
 *
 * @throws {UsageError} naming the record
 */
export function checkApart(baseline: Baseline, out: string): void {
  const own = resolve(out) + SEPARATOR;
  const inside = [...baseline.values()].flat().find(({ path }) => resolve(path).startsWith(own));
  if (inside) {
    throw new UsageError(
      `Cannot compare with ${inside.path}: it lies in ${out}, which this bench writes to; give another --out`,
    );
  }
}

/**
 * Refuses a record of which nothing was measured: its runs were found finished, so that it says nothing of this program.
 *
 * @throws {LabError} naming the folder
 */
export function refuseIdle({ suite: { id }, evidence, cost }: BenchRecord, out: string): void {
  if (runsOf(evidence).length === 0 || cost.trainedRuns > 0) return;
  throw new LabError(
    `Cannot hold ${id} against earlier records: all of its runs were found finished in ${out}, nothing was measured; give a new --out`,
  );
}

/**
 * Holds a record against earlier ones. Where something is suspected the bench is run again from
 * nothing, and what is worse there too is worse. One earlier record alone tells nothing of how times
 * vary, so that a bench that times layers is then always run again.
 *
 * @param folder the suite's
 * @param again runs the suite again into a folder that is empty; null when it was stopped
 * @returns null when that was stopped
 */
export async function holdAgainst(
  earlier: Earlier[],
  record: BenchRecord,
  folder: string,
  again: (folder: string, suspects: string[]) => Promise<BenchRecord | null>,
): Promise<Against | null> {
  const first = against(earlier, record), suspects = suspectsOf(first);
  if (suspects.length === 0 && !first.times?.assumed) return first;
  const second = `${folder}/${AGAIN}`;
  clear(second);
  const repeated = await again(second, suspects);
  return repeated && against(earlier, record, { record: repeated, folder: second });
}
