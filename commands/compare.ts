/**
 * `deno task compare`: latency records of several machines side by side.
 *
 * @module
 */
import { basename, dirname, resolve } from "node:path";
import { type LatencyRecord, readLatencyRecord } from "../lab/record/latency_record.ts";
import { causeOf, LabError } from "../lab/train/store.ts";
import { compareReport } from "../reports/compare/compare.ts";
import { checkComparable } from "../reports/compare/rows.ts";
import { readArguments } from "./arguments.ts";
import { reportError } from "./exit_codes.ts";

const HELP = `deno task compare [NAME=]RECORD [NAME=]RECORD… [options]

Puts records of \`deno task bench latency\` side by side: milliseconds of every layer, and each as a
share of the multiply-add rate measured on its own machine, so that a slow machine and a slow kernel
can be told apart. RECORD is a record.json or the folder it lies in; NAME is what tables call it
(default: the folder's name).

Records are compared only when they were made by the same version of the suite with the same plan
(profile, sizes, limits); otherwise the reason is printed and nothing else.

  --out DIR   also write compare.csv, compare.md, compare.html and charts there
  --help      this text

Exit codes: 0 compared, 2 bad usage, a record that cannot be read, or records that differ in kind.

Examples
  deno task compare out/laptop/latency out/h100/latency
  deno task compare here=out/latency/record.json there=h100.json --out out/compared`;

/** Name and path of an argument. */
function sourceOf(argument: string): { name: string; path: string } {
  const at = argument.indexOf("="), given = at > 0 ? argument.slice(0, at) : null;
  const text = given === null ? argument : argument.slice(at + 1);
  let path = text;
  try {
    if (Deno.statSync(text).isDirectory) path = `${text}/record.json`;
  } catch { /* reading it says why */ }
  const file = basename(path);
  const own = file === "record.json"
    ? basename(dirname(resolve(path)))
    : file.replace(/\.json$/, "");
  return { name: given ?? own, path };
}

/**
 * Refuses records whose plans differ.
 *
 * @throws {LabError} naming the two and what differs
 */
export function checkPlans(records: { name: string; record: LatencyRecord }[]): void {
  const [first, ...others] = records;
  for (const { name, record } of others) {
    const say = ({ suite, plan }: LatencyRecord) =>
      `${plan.profile} of suite ${suite.id} (plan ${plan.hash})`;
    if (record.suite.id !== first.record.suite.id || record.plan.hash !== first.record.plan.hash) {
      throw new LabError(
        `Cannot compare ${first.name} with ${name}: their plans differ, ${say(first.record)} and ${
          say(record)
        }`,
      );
    }
  }
}

/** Reads, compares and prints. */
async function run(paths: string[], out: string | undefined): Promise<void> {
  if (paths.length < 2) {
    throw new LabError(
      `Cannot compare ${paths.length} record${
        paths.length === 1 ? "" : "s"
      }: give two or more (--help)`,
    );
  }
  const records = [];
  for (const { name, path } of paths.map(sourceOf)) {
    records.push({ name, record: await readLatencyRecord(path) });
  }
  checkComparable(records); // first: records of two versions have two plans as well
  checkPlans(records);
  const width = Deno.stdout.isTerminal() ? Math.min(120, Deno.consoleSize().columns) : 100;
  const onProblem = (problem: string) => console.error(`warning: ${problem}`);
  let report;
  try {
    report = await compareReport(records, out, { width, onProblem });
  } catch (error) {
    if (!(error instanceof Error && error.name in Deno.errors)) throw error;
    throw new LabError(`Cannot write to ${out}: ${causeOf(error)}`, { cause: error });
  }
  const { text, paths: written } = report;
  console.log(text);
  if (written.length) console.error(`report: ${out}/compare.html, ${out}/compare.csv`);
}

/**
 * The command.
 *
 * @returns the process exit code: 0, or 2 for what cannot be read, written or compared
 */
export async function compareCommand(args: string[]): Promise<number> {
  try {
    const { values, positionals } = readArguments({
      args,
      allowPositionals: true,
      options: {
        out: { type: "string" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) console.log(HELP);
    else await run(positionals, values.out);
    return 0;
  } catch (error) {
    return reportError(error);
  }
}
