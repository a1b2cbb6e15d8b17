/**
 * `deno task check`: records, and the folders of benches, against everything that follows from their runs.
 *
 * @module
 */
import { checkAlone, type Checked, checkRecord, checkTable } from "../lab/check.ts";
import { causeOf, LabError } from "../lab/record/failure.ts";
import { isFile } from "../lab/record/files.ts";
import { runsOf } from "../lab/record/evidence.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { digestOf, type Run } from "../lab/record/run.ts";
import { readStore, RUNS } from "../lab/train/store.ts";
import { contextOfRecord, suiteOfRecord } from "../suites/of_record.ts";
import { OWN_SUITE } from "../lab/record/record.ts";
import { ownSuiteOf } from "../suites/own.ts";
import { UsageError } from "./arguments.ts";
import { AGAIN } from "./baseline.ts";
import { command, HELP_FLAG } from "./command.ts";
import { DATA_FLAGS, DATA_HELP, DataOf, type Sources, sourcesOf } from "./data.ts";

const HELP = `deno task check FILE|DIR… [options]

Checks records of \`deno task bench\`: format and checksum; the digest of every run; the plan, and
the key, rows and multipliers of every run, derived again from the suite and the rule; findings
and optima derived again from the runs; verdicts derived again from the findings. No GPU is
needed, nothing is written. What it cannot know is whether the runs were ever trained: \`deno task
reproduce\` trains some of them again.

FILE is a record.json; DIR the folder of a bench, of one suite or of several, whose finished runs
(runs.jsonl) are checked too.

${DATA_HELP}
  --json         the result as JSON
  --help         this text

Exit codes: 0 everything that can be checked holds, 1 something does not, 2 bad usage, a file that
cannot be read, or a record that another version of its suite judged.

Examples
  deno task check out
  deno task check their-record.json`;

/** A record that was checked. */
export interface Result {
  path: string;
  /** suite and profile; null for finished runs */
  suite: string | null;
  checks: Checked[];
}

/** Records of a file or folder, and the finished runs beside them. */
function filesOf(path: string): { records: string[]; runs: string | null } {
  let stat: Deno.FileInfo;
  try {
    stat = Deno.statSync(path);
  } catch (error) {
    throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  if (!stat.isDirectory) return { records: [path], runs: null };
  const own = `${path}/record.json`, runs = `${path}/runs.jsonl`;
  const below = [...Deno.readDirSync(path)]
    .filter((entry) => entry.isDirectory && entry.name !== AGAIN) // run again: of another bench
    .map((entry) => `${path}/${entry.name}/record.json`).sort();
  const records = [own, ...below].filter(isFile);
  const empty = !isFile(runs) || Deno.statSync(runs).size === 0;
  if (records.length === 0 && empty) {
    throw new UsageError(`Cannot check ${path}: it holds no record.json and no runs.jsonl`);
  }
  return { records, runs: isFile(runs) ? runs : null };
}

/** What nothing but the record says of a plan of the user's own: no version has another to hold it against. */
function ownPlanChecked({ plan: { decided } }: BenchRecord): Checked {
  const what = "limits, grids, seeds and control";
  try {
    const { profiles: { quick: { limits, seeds } }, control } = ownSuiteOf(
      decided,
      "of the record",
    );
    const said = `the user's own: tolerance ±${limits.tolerance_octaves} octaves, regret's floor ` +
      `${limits.minRegret}, ${seeds.length} seeds; control: ${control}`;
    return { what, state: "open", details: [said] };
  } catch (error) {
    if (!(error instanceof LabError || error instanceof RangeError)) throw error;
    return { what: "plan", state: "wrong", details: [error.message] };
  }
}

/** Checks one record, and that the runs it shows are those in the store beside it. */
async function checkOne(
  record: BenchRecord,
  data: DataOf,
  stored: ReadonlyMap<string, Run> | null,
): Promise<Checked[]> {
  if (record.evidence.kind === "table") return checkTable({ ...record, evidence: record.evidence });
  const of = record.task === null ? null : await data.of(record.task.id);
  const own = record.suite.id === OWN_SUITE ? ownPlanChecked(record) : null;
  if (own?.state === "wrong") return [...checkAlone(record), own];
  const { suite, profile } = suiteOfRecord(record, of);
  const context = of && contextOfRecord(record, of);
  const checks = await checkRecord(record, suite, profile, context, of);
  if (own !== null) checks.push(own);
  const runs = runsOf(record.evidence);
  if (stored === null || runs.length === 0) return checks;
  const wrong = runs.filter((run) => stored.get(run.key)?.digest !== digestOf(run))
    .map((run) => `run ${run.key}: ${stored.has(run.key) ? "another there" : "not there"}`);
  const what = "its runs are those of runs.jsonl";
  return [...checks, { what, state: wrong.length ? "wrong" : "ok", details: wrong.slice(0, 8) }];
}

/** One result for a terminal. */
function textOf({ path, suite, checks }: Result): string {
  const mark = { ok: "ok      ", wrong: "WRONG   ", open: "open    ", unknown: "UNKNOWN " };
  const lines = checks.flatMap(({ what, state, details }) => [
    `  ${mark[state]}${what}`,
    ...details.map((detail) => `           ${detail}`),
  ]);
  return [`${path}${suite === null ? "" : `: ${suite}`}`, ...lines].join("\n");
}

/**
 * Checks a record, or all records and finished runs of a bench's folder.
 *
 * @throws {LabError} for what cannot be read
 */
export async function checkFolder(
  path: string,
  sources: Sources,
  data = new DataOf(sources),
): Promise<Result[]> {
  const { records, runs } = filesOf(path), results: Result[] = [];
  const stored = runs === null ? null : readStore(runs, RUNS);
  if (stored !== null) {
    const { items, warnings } = stored, what = `checksums and digests of ${items.size} runs`;
    const checks: Checked[] = [{ what, state: "ok", details: warnings }];
    if (items.size > 0) results.push({ path: runs!, suite: null, checks });
  }
  for (const file of records) {
    const record = await readRecord(file, false);
    const checks = await checkOne(record, data, stored?.items ?? null);
    const suite = `${record.suite.id}, profile ${record.plan.profile}, ${record.verdict}`;
    results.push({ path: file, suite, checks });
  }
  return results;
}

/** Checks all of them. */
async function run(paths: string[], sources: Sources, json: boolean): Promise<number> {
  if (paths.length === 0) throw new UsageError("Cannot check nothing: name a record or a folder");
  const data = new DataOf(sources), results: Result[] = [];
  for (const path of paths) results.push(...await checkFolder(path, sources, data));
  const wrong = results.filter(({ checks }) => checks.some(({ state }) => state === "wrong"));
  if (json) console.log(JSON.stringify({ holds: wrong.length === 0, results }, null, 2));
  else {
    for (const result of results) console.log(textOf(result));
    const of = (wanted: Checked["state"]) =>
      results.flatMap((r) => r.checks).filter(({ state }) => state === wanted).length;
    const open = of("open"), unknown = of("unknown");
    console.log(
      wrong.length
        ? `${wrong.length} of ${results.length} do not hold: ${wrong.map((r) => r.path).join(", ")}`
        : unknown
        ? `not checked: ${unknown} of ${results.length} were judged by another version of their suite`
        : `everything that was checked holds${open ? `; ${open} checks are open` : ""}`,
    );
  }
  const known = results.every((r) => r.checks.every(({ state }) => state !== "unknown"));
  return wrong.length ? 1 : known ? 0 : 2;
}

/** The command; gives its exit code. */
export function checkCommand(args: string[]): Promise<number> {
  const options = {
    ...DATA_FLAGS,
    json: { type: "boolean", default: false },
    ...HELP_FLAG,
  } as const;
  return command(HELP, { args, options, allowPositionals: true }, ({ values, positionals }) => {
    return run(positionals, sourcesOf(values), values.json);
  });
}
