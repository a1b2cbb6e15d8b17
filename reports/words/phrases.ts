/**
 * Phrases about a bench that several places say: its machine, its cost, its figure, how to repeat it.
 *
 * @module
 */
import {
  runsOf as runsIn,
  type TableEvidence,
  type TransferEvidence,
} from "../../lab/record/evidence.ts";
import { type BenchRecord, type Environment, OWN_SUITE } from "../../lab/record/record.ts";
import type { Run } from "../../lab/record/run.ts";
import { type AnySwept, SWEPT_NAME } from "../../lab/record/swept.ts";
import { byteCount, count, duration, range } from "./format.ts";

/** `transfer` as a title writes it: `Transfer`. */
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `3 claims`, `1 control`. */
export const many = (number: number, what: string): string =>
  `${number} ${what}${number === 1 ? "" : "s"}`;

/** A text that ends with a full stop. */
export const sentence = (text: string): string => text.trim().replace(/\.?$/, ".");

/** The runs a record rests on; none where no model was trained, or others trained them. */
export function runsOf({ evidence }: BenchRecord): Run[] {
  return runsIn(evidence);
}

/** A record of a table of runs that were made elsewhere. */
export type TableRecord = BenchRecord & { evidence: TableEvidence };

/** The record as one of a table; null where it is of a bench. */
export function asTable(record: BenchRecord): TableRecord | null {
  const { evidence } = record;
  return evidence.kind === "table" ? { ...record, evidence } : null;
}

/** The record as one of sweeps whose models were trained here; null where it is none. */
export function asTrained(
  record: BenchRecord,
): BenchRecord & { evidence: TransferEvidence } | null {
  const { evidence } = record;
  return evidence.kind === "transfer" ? { ...record, evidence } : null;
}

/** What a sweep of a record is of, in words: of a table its column, where it is none of the usual. */
export const sweptName = ({ evidence }: BenchRecord, swept: AnySwept): string =>
  evidence.kind === "table" ? evidence.source.knob : SWEPT_NAME[swept];

/** What the losses of a record are called where they are drawn. */
export const lossName = ({ evidence }: BenchRecord): string =>
  evidence.kind === "table" ? evidence.source.columns.loss : "validation loss";

/** `loss there, nats`; without a unit where there is none. */
export const inUnit = (text: string, unit: string): string =>
  unit === "" ? text : `${text}, ${unit}`;

/** The distinct values in order of first appearance. */
export function distinct<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}

/** The unit of a record's losses, e.g. `nats`; empty where no model was trained. */
export const lossUnit = ({ task }: Pick<BenchRecord, "task">): string => task?.loss.unit ?? "";

/** What a record's losses are, for an axis: `cross-entropy, nats`; empty where no model was trained. */
export const lossWords = ({ task, evidence }: BenchRecord): string =>
  evidence.kind === "table"
    ? lossUnit({ task })
    : task === null
    ? ""
    : [task.loss.name, task.loss.unit].filter((text) => text !== "").join(", ");

/** The adapter by name; a software adapter is called one. */
export function adapterName(environment: Environment): string {
  return environment.adapter + (environment.software ? " (software adapter)" : "");
}

/** A commit in 12 digits, and whether files differed from it. */
export function commitName(commit: string | null): string {
  if (commit === null) return "unknown";
  return commit.slice(0, 12) + (commit.endsWith("-dirty") ? "-dirty" : "");
}

/** What ran the kernels: `Deno 2.9.6`, or a browser by its own name for itself. */
export const runtimeName = ({ browser, deno }: Environment): string => browser ?? `Deno ${deno}`;

/** Whether the machine computed alike throughout, as one phrase. */
export function trustPhrase({ trust: { canary, trainedAgain } }: BenchRecord): string {
  const sung = canary === null
    ? "no canary for this task"
    : canary.after === null
    ? `canary ${canary.before} before, none after`
    : `canary ${canary.before} before and after`;
  return trainedAgain > 0
    ? `${sung}; ${many(trainedAgain, "run")} trained twice, equal to the bit`
    : sung;
}

/** What the bench cost, as one phrase: what was trained or measured, then the time. */
export function costPhrase(record: BenchRecord): string {
  const { cost, evidence, findings } = record, time = duration(cost.wall_s);
  if (evidence.kind === "latency") return `${evidence.points.length} points timed, ${time}`;
  if (evidence.kind === "table") {
    return `${many(evidence.runs.length, "run")} made elsewhere, judged in ${time}`;
  }
  if (evidence.runs.length === 0) return `${findings.points.length} points measured, ${time}`;
  const reused = cost.reusedRuns > 0 ? ` (${cost.reusedRuns} more reused)` : "";
  const runs = many(cost.trainedRuns, "run");
  // what was found finished cost nothing
  const busy = cost.trainedRuns > 0 && cost.workers > 1 && cost.coresBusy !== null
    ? ` in ${cost.workers} processes, cores ${Math.round(100 * cost.coresBusy)}% busy`
    : "";
  return `${runs} trained${reused}, ${count(cost.trainedTokens)} tokens, ${time}${busy}`;
}

/** The most device memory that was held, as a phrase to follow the cost; empty where not measured. */
export function memoryPhrase({ cost }: BenchRecord): string {
  return cost.peakDevice_bytes === null
    ? ""
    : `, at most ${byteCount(cost.peakDevice_bytes)} on the device`;
}

/**
 * How long models were trained: `600 steps of 512 tokens`. Of a suite that varies it, what its reference
 * was trained for; empty where no model was.
 */
export function trainingPhrase(record: BenchRecord): string {
  const all = runsOf(record), references = all.filter(({ cell }) => cell.role === "reference");
  const runs = references.length > 0 ? references : all;
  if (runs.length === 0) return "";
  const said = (of: readonly Run[]) =>
    `${range(of.map((run) => run.steps))} steps of ${
      range(of.map((run) => run.batchTokens))
    } tokens`;
  const whole = said(all);
  return whole === said(runs) ? whole : `${said(runs)} (all models: ${whole})`;
}

/** Whether a suite is after a figure of the paper; one that is after none says `none (WHY)`. */
export const afterPaper = (figure: string): boolean => !/^none\b/.test(figure);

/**
 * What a suite is after, as the start of a line: `After the paper's Fig. 3`.
 */
export function afterFigure(figure: string): string {
  if (afterPaper(figure)) return `After the paper's ${figure}`;
  return `Not a figure of the paper ${figure.replace(/^none\b[\s:,]*/, "")}`.trimEnd();
}

/** A word that a POSIX shell takes as it stands, quoted where it would not. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that repeats a bench, every word quoted as a POSIX shell needs it. */
export function reproduceCommand(
  { suite, plan, data, task, environment, evidence }: BenchRecord,
): string {
  if (evidence.kind === "table") {
    const { options = "" } = suite;
    return `deno task judge ${shellWord(evidence.source.file)} ${options}`.trimEnd();
  }
  if (environment.browser !== undefined) {
    return `deno task page # and there, in a browser: ${suite.title}, ${plan.profile}`;
  }
  // the plan of a user's own suite is in the record, and nowhere else
  const mine = suite.id === OWN_SUITE ? ["--plan", "DIR/record.json"] : null;
  const own = data?.file ? [task?.id === "diffusion" ? "--data" : "--text", data.file] : [];
  // the path may have spaces: it is put behind the others
  const others = own.length > 0 ? suite.options?.replace(own.join(" "), "") : suite.options;
  const options = others?.split(/\s+/).filter((word) => word !== "") ?? [];
  const sized = mine ?? [suite.id, "--profile", plan.profile];
  return ["deno", "task", "bench", ...sized, ...options, ...own].map(shellWord).join(" ");
}
