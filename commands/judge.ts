/**
 * `deno task judge`: a table of runs that anyone's trainer made.
 *
 * @module
 */
import denoConfig from "../deno.json" with { type: "json" };
import { KERNELS_VERSION } from "../kernels/version.ts";
import { hashOf } from "../lab/record/hash.ts";
import { LabError } from "../lab/record/failure.ts";
import { numberIn, type Table, TableError, textOf } from "../lab/table/cells.ts";
import { checkLimits, judgedOf, limitsOf } from "../lab/table/judge_table.ts";
import { readTable } from "../lab/table/read.ts";
import { environmentOfTable, recordOfTable } from "../lab/table/record.ts";
import { readRuns } from "../lab/table/runs.ts";
import { reportOf } from "../reports/sections/index.ts";
import { shellWord } from "../reports/words/phrases.ts";
import { writeReport } from "../reports/write.ts";
import { UsageError } from "./arguments.ts";
import { exitCodeOf } from "./exit_codes.ts";
import { printSummary } from "./terminal.ts";
import { command, HELP_FLAG } from "./command.ts";

const HELP = `deno task judge FILE [options]

Judges a table of runs that any trainer made: a sweep of the learning rate (or of any positive
value) per configuration, one run a row. One configuration was tuned, the others take its value
over: is it near-optimal there? FILE is CSV, TSV or JSON Lines. Columns are found by their usual
names (lr, learning_rate, config.lr; val_loss, val/loss; seed; width, depth, model, ...); others
are ignored. A row whose loss is NaN, infinite or empty diverged; a run that has no row is missing
and no more.

  --reference NAME     the tuned configuration: 64, width=64, or width=64,depth=4
  --scale WHAT         where targets' values are written after the rule: CONFIGURATION=FACTOR, or
                       COLUMN^POWER for (its value / the reference's)^POWER, carries them back to
                       the reference's scale; may be repeated
  --control COL=VALUE  rows of a target under a rule that should fail, at values as they are
  --knob COLUMN        the swept value         --log 2|10     it holds its logarithm
  --loss COLUMN        the loss                --unit UNIT    its unit, e.g. nats
  --seed COLUMN        the seed                --decimal-comma  numbers like 0,001 between commas
  --configuration COLUMN,...  what tells configurations apart
  --tolerance OCTAVES  largest shift that counts as kept (1)
  --min-regret LOSS    smallest limit of the regret (0.01)
  --out DIR            write the report: page, pictures, Markdown, CSV, LaTeX, JUnit, record
  --json               print the result as JSON
  --strict             also fail (exit 1) on "inconclusive" and "cannot tell at this size"
  --help               this text

Exit codes: 0 nothing failed, 1 a claim failed, 2 bad usage or a table that cannot be read.

Examples
  deno task judge fixtures/sweep.csv --reference 64 --control rule=standard
  deno task judge fixtures/sweep.csv --reference 64 --control rule=standard --json`;

const OPTIONS = {
  reference: { type: "string" },
  scale: { type: "string", multiple: true },
  control: { type: "string", multiple: true },
  knob: { type: "string" },
  loss: { type: "string" },
  seed: { type: "string" },
  configuration: { type: "string" },
  log: { type: "string" },
  unit: { type: "string" },
  tolerance: { type: "string" },
  "min-regret": { type: "string" },
  "decimal-comma": { type: "boolean", default: false },
  out: { type: "string" },
  json: { type: "boolean", default: false },
  strict: { type: "boolean", default: false },
  ...HELP_FLAG,
} as const;

/** Flags that say how and where to print, and nothing of the judgement. */
const OF_OUTPUT = ["out", "json", "strict", "help"];

type Values = Record<string, string | string[] | boolean | undefined>;

/** The flags that decide the result, as a shell takes them. */
function flagsOf(values: Values): string {
  return Object.entries(values).filter(([name]) => !OF_OUTPUT.includes(name))
    .flatMap(([name, value]) =>
      value === true
        ? [`--${name}`]
        : [value].flat().flatMap((one) =>
          typeof one === "string" ? [`--${name}`, shellWord(one)] : []
        )
    ).join(" ");
}

/** A number of a flag; undefined where it is not given. */
function numberOf(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = numberIn(text, false);
  if (value === null || value === undefined) {
    throw new UsageError(`Cannot use --${flag} ${text}: it is no number`);
  }
  return value;
}

function logOf(text: string | undefined): 2 | 10 | undefined {
  if (text === undefined) return undefined;
  if (text === "2" || text === "10") return text === "2" ? 2 : 10;
  throw new UsageError(`Cannot use --log ${text}: it is 2 or 10`);
}

/** Hash of a table, however its file spells it. */
const hashOfTable = ({ columns, rows }: Table): string =>
  hashOf({ columns: [...columns], rows: rows.map((row) => Array.from(row, textOf)) });

/** What is known of the machine without asking for permissions. */
const environment = () =>
  environmentOfTable({
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    os: `${Deno.build.os} ${Deno.build.arch}`,
    cpus: navigator.hardwareConcurrency,
    version: denoConfig.version,
    kernelsVersion: KERNELS_VERSION,
  });

/** Reads and judges. */
async function judged(file: string, values: Values) {
  const start = performance.now();
  const text = (name: string) => values[name] as string | undefined;
  const several = (name: string) => (values[name] as string[] | undefined) ?? [];
  const limits = limitsOf({
    tolerance_octaves: numberOf("tolerance", text("tolerance")),
    minRegret: numberOf("min-regret", text("min-regret")),
  });
  checkLimits(limits);
  const log = logOf(text("log"));
  const table = await readTable(file, values["decimal-comma"] === true);
  const said = { scale: several("scale"), control: several("control") };
  const read = readRuns(table, {
    ...said,
    knob: text("knob"),
    loss: text("loss"),
    seed: text("seed"),
    configuration: text("configuration")?.split(","),
    reference: text("reference"),
    log,
  });
  const decided = {
    limits,
    limitsGiven: text("tolerance") !== undefined || text("min-regret") !== undefined,
    unit: text("unit") ?? "",
    reference: read.reference,
    ...said,
  };
  return recordOfTable({
    source: { ...read.source, hash: hashOfTable(table) },
    runs: read.runs,
    decided,
    flags: flagsOf(values),
    environment: environment(),
    wall_s: () => (performance.now() - start) / 1000,
  });
}

/** Judges, prints, writes. */
async function run(file: string, values: Values): Promise<number> {
  const { record, found } = await judged(file, values).catch((error) => {
    throw error instanceof TableError ? new LabError(error.message, { cause: error }) : error;
  });
  const out = values.out as string | undefined;
  if (out !== undefined) {
    const onProblem = (problem: string) => console.error(`warning: ${problem}`);
    await writeReport(record, out, { onProblem });
    console.error(`report: ${out}/report.html`);
  }
  if (values.json === true) {
    const { source } = record.evidence as { source: { notes: string[] } };
    console.log(JSON.stringify(judgedOf(found, record, source.notes), null, 2));
  } else {
    printSummary(reportOf(record));
  }
  return exitCodeOf([record.verdict], values.strict === true);
}

/** The command; gives its exit code. */
export function judgeCommand(args: string[]): Promise<number> {
  const config = { args, options: OPTIONS, allowPositionals: true } as const;
  return command(HELP, config, ({ values, positionals }) => {
    if (positionals.length !== 1) {
      throw new UsageError(
        positionals.length === 0
          ? "Cannot judge nothing: name the table's file"
          : `Cannot judge ${positionals.length} files: name one`,
      );
    }
    return run(positionals[0], values);
  });
}
