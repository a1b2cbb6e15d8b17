/**
 * A table of runs as a record, so that every report a bench has is there for it too. What is not known of runs that
 * others made (machine, data, steps) is said to be unknown.
 *
 * @module
 */
import { basename } from "node:path";
import { z } from "zod";
import { decidePanels, decideSuite } from "../judge/decide.ts";
import type { Findings } from "../record/findings.ts";
import { hashOf, sealed } from "../record/hash.ts";
import { type BenchRecord, type Environment, SCHEMA, type SuiteFacts } from "../record/record.ts";
import { SWEPT_CHART } from "../record/swept.ts";
import type { TableRun, TableSource } from "../record/table.ts";
import { passesIf } from "../transfer/judge.ts";
import { type FromRuns, judgeRuns } from "./judge_table.ts";
import { PANEL, TRANSFERRED } from "./runs.ts";

/** Id of the suite in a table's record; no bench has it. */
export const TABLE = "table";

/** Raised when what is judged by which formula changes. */
const VERSION = "1";

/** All by which a table was judged. */
export interface Decided {
  limits: { tolerance_octaves: number; minRegret: number };
  /** whether the limits were given, and not those of mue-bench */
  limitsGiven: boolean;
  unit: string;
  reference: string;
  scale: string[];
  control: string[];
}

/** zod form of {@link Decided}. */
export const decidedSchema: z.ZodType<Decided> = z.object({
  limits: z.object({ tolerance_octaves: z.number(), minRegret: z.number() }),
  limitsGiven: z.boolean(),
  unit: z.string(),
  reference: z.string(),
  scale: z.array(z.string()),
  control: z.array(z.string()),
});

const list = (names: string[]) =>
  names.length <= 6
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")} and ${names.length - 5} more`;

const labelsOf = (runs: readonly TableRun[], role: TableRun["cell"]["role"]) => [
  ...new Set(runs.flatMap(({ cell }) => cell.role === role ? [cell.label] : [])),
];

const withUnit = (unit: string) => unit === "" ? "" : ` ${unit}`;

/** The words of its caption. */
function wordsOf(source: TableSource, runs: readonly TableRun[], decided: Decided): SuiteFacts {
  const { columns, knob, file } = source, { limits, control, reference, unit } = decided;
  const targets = labelsOf(runs, "target");
  return {
    id: TABLE,
    title: basename(file),
    figure: "none (runs that another trainer made)",
    claim: targets.length === 0
      ? `where ${reference} has its optimal ${knob}`
      : `the ${knob} tuned on ${reference} is near-optimal on ${list(targets)}`,
    heldFixed: "not told by the table",
    varied: `${knob} (column ${columns.knob})` +
      (columns.configuration.length > 0 ? `; ${columns.configuration.join(", ")}` : ""),
    measured: `column ${columns.loss}, mean over ` +
      (columns.seed === null ? "one seed" : `the seeds of column ${columns.seed}`),
    passesIf: passesIf(limits, unit),
    control: control.length > 0 ? `rows with ${control.join(" or ")} must fail` : "none",
    source: `${file}, ${source.rows} rows`,
  };
}

/** What the table cannot say, and what its limits rest on. */
function caveatsOf(runs: readonly TableRun[], decided: Decided): string[] {
  const { limits, limitsGiven, unit, control, scale } = decided;
  const diverged = runs.filter(({ validationLoss }) => validationLoss === null).length;
  const lines = [...Map.groupBy(runs, ({ cell }) => `${cell.label}\n${cell.rule}`).values()];
  const alone = lines.filter((own) =>
    [...Map.groupBy(own, ({ cell }) => cell.log2x).values()].every((place) => place.length < 2)
  ).map(([{ cell }]) => cell.rule === TRANSFERRED ? cell.label : `${cell.label} (${cell.rule})`);
  const said = `±${limits.tolerance_octaves} octave and ${limits.minRegret}${withUnit(unit)}`;
  return [
    ...(alone.length > 0
      ? [
        `One seed (${
          list(alone)
        }): how far another seed would put the optimum is not known, so neither ` +
        "shift nor regret can be told from chance; what is drawn is where these runs have it.",
      ]
      : []),
    ...(control.length === 0
      ? [
        "There is no control, so nothing can pass: train a target under the untransferred rule (the " +
        "reference's values as they are) and mark its rows by --control COLUMN=VALUE.",
      ]
      : []),
    limitsGiven
      ? `The limits (${said}) were given with the command; whether before the runs were looked at, whoever ` +
        "gave them knows."
      : `The limits (${said}) are those of the suites of mue-bench, chosen before this table was read.`,
    ...(unit === "nats" || limitsGiven ? [] : [
      "A regret of 0.01 was chosen for nats per token; of another loss, say by --min-regret what is small.",
    ]),
    ...(scale.length > 0
      ? [`Targets' values were put on the reference's scale by ${scale.join(", ")}.`]
      : []),
    ...(diverged > 0
      ? [
        `${diverged} of ${runs.length} runs diverged (NaN, infinite or no loss) and count as that.`,
      ]
      : []),
    "How the runs were trained, on what and on which machine is not told, and whether they are all that " +
    "were made.",
  ];
}

/**
 * What the runs of a table say.
 *
 * @returns findings and optima, with the runs to add
 */
export function findTable(
  source: TableSource,
  runs: readonly TableRun[],
  decided: Decided,
): FromRuns & { findings: Findings } {
  const { unit, limits } = decided, { swept } = runs[0].cell;
  const found = judgeRuns(runs, limits, unit), loss = source.columns.loss;
  return {
    ...found,
    findings: {
      panels: [{
        name: PANEL,
        title: `${loss} against ${source.knob}`,
        decides: true,
        chart: SWEPT_CHART[swept],
        mark: "line",
        x: { title: `${source.knob} on the reference's scale`, scale: "log2" },
        y: { title: unit === "" ? loss : `${loss} (${unit})`, scale: "linear" },
        rules: [],
      }],
      points: [],
      judgements: found.judgements,
      tables: [],
      caveats: caveatsOf(runs, decided),
    },
  };
}

/** The plan of a table: by what it is judged. */
export function planOfTable(source: TableSource, decided: Decided): BenchRecord["plan"] {
  const hash = hashOf({ suite: TABLE, version: VERSION, decided, data: source.hash });
  return { profile: TABLE, version: VERSION, decided, hash, exploratory: false };
}

/** What a table's record says beside its findings, all of which follows from the table and the flags. */
export function factsOfTable(
  source: TableSource,
  runs: readonly TableRun[],
  decided: Decided,
  flags: string,
): Pick<BenchRecord, "suite" | "task" | "data" | "incomplete" | "warnings"> {
  return {
    suite: { ...wordsOf(source, runs, decided), ...(flags !== "" && { options: flags }) },
    task: { id: TABLE, loss: { name: source.columns.loss, unit: decided.unit } },
    data: null,
    incomplete: false,
    warnings: source.notes.map((note) => `${note.charAt(0).toUpperCase()}${note.slice(1)}.`),
  };
}

/** The machine that judged; of the one that trained nothing is known. */
export function environmentOfTable(
  { deno, v8, os, cpus, version, kernelsVersion }: Pick<
    Environment,
    "deno" | "v8" | "os" | "cpus" | "version" | "kernelsVersion"
  >,
): Environment {
  return {
    adapter: "machine not told",
    vendor: "",
    architecture: "",
    software: false,
    backend: "",
    profile: "",
    tuning: "none",
    identity: "",
    driver: null,
    features: [],
    limits: {},
    deno,
    v8,
    lock: null,
    load: null,
    os,
    cpus,
    gitCommit: null,
    version,
    kernelsVersion,
  };
}

/**
 * The record, sealed.
 *
 * @param flags of the command that judges the same table again
 */
export function recordOfTable(
  { source, runs, decided, flags, environment, wall_s }: {
    source: TableSource;
    runs: TableRun[];
    decided: Decided;
    flags: string;
    environment: Environment;
    /** seconds since it was begun */
    wall_s: () => number;
  },
): { record: BenchRecord; found: FromRuns } {
  const { findings, ...found } = findTable(source, runs, decided);
  const record = sealed<Omit<BenchRecord, "checksum">>({
    schema: SCHEMA,
    createdAt: new Date().toISOString(),
    ...factsOfTable(source, runs, decided, flags),
    plan: planOfTable(source, decided),
    environment,
    evidence: { kind: "table", source, runs, optima: found.optima, add: found.add },
    findings,
    ...decideSuite(findings, false),
    decisions: decidePanels(findings, false),
    cost: {
      wall_s: wall_s(),
      trainedRuns: 0,
      reusedRuns: 0,
      trainedTokens: 0,
      workers: 0,
      coresBusy: null,
      peakDevice_bytes: null,
      peakRss_bytes: null,
    },
    trust: { canary: null, trainedAgain: 0 },
  });
  return { record, found };
}
