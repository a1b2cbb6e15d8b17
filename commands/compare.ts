/**
 * `deno task compare`: latency records of several machines side by side.
 *
 * @module
 */
import { basename, resolve } from "node:path";
import { decideSuite } from "../lab/judge/decide.ts";
import type { Decision } from "../lab/record/decision.ts";
import { LabError } from "../lab/record/failure.ts";
import { readRecord } from "../lab/record/read.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { compareReport } from "../reports/compare/compare.ts";
import type { LatencyRecord } from "../reports/sections/latency.ts";
import { command, HELP_FLAG } from "./command.ts";
import { columns } from "./terminal.ts";

const HELP = `deno task compare [NAME=]RECORD [NAME=]RECORD… [options]

Puts records of \`deno task bench latency\` side by side: milliseconds of every layer, and each as a
share of the multiply-add rate measured on its own machine, so that a slow machine and a slow kernel
can be told apart. RECORD is a record.json or the folder it lies in; NAME is what tables call it
(default: the part of its path in which it differs from the others).

Records are compared only when they were made by the same version of the suite with the same plan
(profile, sizes, limits); otherwise the reason is printed and nothing else.

  --out DIR   also write compare.csv, compare.md, compare.html and charts there
  --help      this text

Exit codes: 0 compared, 2 bad usage, a record that cannot be read, or records that differ in kind.

Examples
  deno task compare out/laptop/latency out/h100/latency
  deno task compare here=out/latency/record.json there=h100.json --out out/compared`;

/**
 * Names for records by their paths: the last parts of each that tell all of them apart, without the
 * parts that all of them begin or end with. `out/laptop/latency` and `out/h100/latency` are `laptop` and
 * `h100`.
 *
 * @param paths distinct files or folders; `record.json` itself and the ending of another file say nothing
 * @returns a name per path, no two alike
 */
export function namesOf(paths: string[]): string[] {
  const whole = paths.map((path) => resolve(path).split(/[\\/]/).filter((part) => part !== ""));
  const bare = whole.map((parts) => {
    const [file, before] = [parts.at(-1)!, parts.slice(0, -1)];
    return file === "record.json" && before.length > 0
      ? before
      : [...before, file.replace(/(.)\.json$/, "$1")];
  });
  const apart = (names: string[][]) =>
    new Set(names.map((parts) => parts.join("/"))).size === names.length;
  const parts = apart(bare) ? bare : whole; // x.json beside x/record.json
  const longest = Math.max(...parts.map((own) => own.length));
  let names = parts;
  for (let last = longest; last >= 1; last--) {
    const shorter = parts.map((own) => own.slice(-last));
    if (apart(shorter)) names = shorter;
  }
  for (const [at, rest] of [[-1, [0, -1]], [0, [1, undefined]]] as const) {
    const common = () => names.every((own) => own.length > 1 && own.at(at) === names[0].at(at));
    while (names.length > 1 && common()) names = names.map((own) => own.slice(...rest));
  }
  return names.map((own) => own.join("/"));
}

/** Name and file of each argument. */
function sourcesOf(args: string[]): { name: string; path: string }[] {
  const sources = args.map((argument) => {
    const at = argument.indexOf("="), text = argument.slice(Math.max(0, at + (at > 0 ? 1 : 0)));
    let path = text;
    try {
      if (Deno.statSync(text).isDirectory) path = `${text}/record.json`;
    } catch { /* reading it says why */ }
    return { given: at > 0 ? argument.slice(0, at) : null, path };
  });
  const files = sources.flatMap(({ given, path }) => given === null ? resolve(path) : []);
  const distinct = [...new Set(files)], names = namesOf(distinct);
  return sources.map(({ given, path }) => ({
    name: given ?? names[distinct.indexOf(resolve(path))],
    path,
  }));
}

/** What the judgements of a record say. */
function decided(path: string, { findings, incomplete }: BenchRecord): Decision {
  try {
    return decideSuite(findings, incomplete);
  } catch (error) {
    throw new LabError(
      `Cannot read ${path}: it does not hold together: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * Reads a record of timed layers.
 *
 * @throws {LabError} when it cannot be read, does not hold together, or is of a suite that times no layers
 */
async function readLatency(path: string): Promise<LatencyRecord> {
  const record = await readRecord(path), { evidence } = record;
  const { verdict } = decided(path, record);
  if (verdict !== record.verdict) {
    throw new LabError(
      `Cannot read ${path}: it says ${record.verdict}, its judgements say ${verdict}; it was changed by hand`,
    );
  }
  if (evidence.kind === "latency") return { ...record, evidence };
  throw new LabError(
    `Cannot compare ${basename(path) === path ? path : resolve(path)}: it is of suite ` +
      `${record.suite.id}, which times no layers`,
  );
}

/** Reads, compares and prints. */
async function run(args: string[], out: string | undefined): Promise<void> {
  const records = [];
  for (const { name, path } of sourcesOf(args)) {
    records.push({ name, record: await readLatency(path) });
  }
  const onProblem = (problem: string) => console.error(`warning: ${problem}`);
  const { text, paths } = await compareReport(records, out, { width: columns(), onProblem });
  console.log(text);
  if (paths.length) console.error(`report: ${out}/compare.html, ${out}/compare.csv`);
}

/** The command; gives its exit code. */
export function compareCommand(args: string[]): Promise<number> {
  const options = { out: { type: "string" }, ...HELP_FLAG } as const;
  return command(
    HELP,
    { args, options, allowPositionals: true },
    ({ values, positionals }) => {
      return run(positionals, values.out);
    },
  );
}
