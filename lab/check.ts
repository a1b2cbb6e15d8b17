/**
 * Checks a record: whether it is as it was written, and whether everything in it follows from its runs. What was
 * measured is taken as measured; only training again can check that (`deno task reproduce`).
 *
 * @module
 */
import type { Dataset } from "../model/task.ts";
import { planOf } from "./assemble.ts";
import { factsBeside, missingWarnings, oddities } from "./check_facts.ts";
import { decidedFrom, derive } from "./derive.ts";
import { judge } from "./judge/decide.ts";
import { isSealed } from "./record/hash.ts";
import { runsOf, type TableEvidence } from "./record/evidence.ts";
import type { BenchRecord } from "./record/record.ts";
import { digestOf, type Run } from "./record/run.ts";
import type { ProfileName, Suite } from "./suite.ts";
import { decidedSchema, factsOfTable, findTable, planOfTable } from "./table/record.ts";
import type { Context, Job } from "./train/job.ts";
import { FinishedModels } from "./train/models.ts";

/** One thing that was looked at. */
export interface Checked {
  /** what, in a few words */
  what: string;
  /**
   * `ok`: it holds; `wrong`: it does not; `open`: a record alone cannot tell; `unknown`: this version cannot, another
   * one made it
   */
  state: "ok" | "wrong" | "open" | "unknown";
  /** what was found, one per line */
  details: string[];
}

/** Most differences that are named one by one. */
const MOST = 8;

/** Numbers that differ by less than this are equal: another version of V8 may round a logarithm otherwise. */
const ROUNDING = 1e-9;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

/**
 * Where two JSON values differ.
 *
 * @param found what a record holds @param derived what follows
 * @returns one line per place, `path: X, and Y follows`
 */
export function differences(found: unknown, derived: unknown, path = ""): string[] {
  if (found === derived) return [];
  if (typeof found === "number" && typeof derived === "number") {
    if (Math.abs(found - derived) <= ROUNDING * Math.max(Math.abs(found), Math.abs(derived))) {
      return [];
    }
  }
  if (isObject(found) && isObject(derived) && Array.isArray(found) === Array.isArray(derived)) {
    const keys = new Set([...Object.keys(found), ...Object.keys(derived)]);
    const at = (key: string) =>
      Array.isArray(found) ? `${path}[${key}]` : path === "" ? key : `${path}.${key}`;
    return [...keys].flatMap((key) => differences(found[key], derived[key], at(key)));
  }
  const text = (value: unknown) => {
    const json = value === undefined ? "nothing" : JSON.stringify(value);
    return json.length > 60 ? `${json.slice(0, 57)}…` : json;
  };
  return [`${path}: ${text(found)} in the record, ${text(derived)} follows`];
}

const capped = (lines: string[]) =>
  lines.length > MOST ? [...lines.slice(0, MOST), `and ${lines.length - MOST} more`] : lines;

const checked = (what: string, wrong: string[]): Checked => ({
  what,
  state: wrong.length ? "wrong" : "ok",
  details: capped(wrong),
});

/** The lines of `of`; what cannot be judged at all, e.g. an estimate outside its interval, is one. */
function orRefused(of: () => string[], path: string): string[] {
  try {
    return of();
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return [`${path}: ${error.message}`];
  }
}

/** What needs neither the suite nor its data: checksum, digests, and verdicts by their own measures and limits. */
export function checkAlone(record: BenchRecord): Checked[] {
  const { evidence, findings, incomplete } = record;
  const runs = runsOf(evidence);
  const bad = runs.filter((run) => run.digest !== digestOf(run)).map((run) =>
    `run ${run.key} (${run.cell.label}, ${run.cell.rule}, log2 ${run.cell.swept} ${run.cell.log2x}, ` +
    `seed ${run.cell.seed}): its digest is of other numbers`
  );
  const judged = findings.judgements.flatMap((one, i) => {
    const { measures, verdict, open, ...names } = one;
    const path = `findings.judgements[${i}] (${one.subject}, ${one.variant})`;
    return orRefused(() => {
      const again = judge({ ...names, open, measures: measures.map((m) => ({ ...m })) });
      return differences(
        { verdict, measures: measures.map((m) => m.verdict) },
        { verdict: again.verdict, measures: again.measures.map((m) => m.verdict) },
        path,
      );
    }, path);
  });
  const { verdict, reason, decisions } = record;
  return [
    checked("checksum", isSealed(record) ? [] : ["it was changed after it was written"]),
    ...(runs.length ? [checked(`digests of ${runs.length} runs`, bad)] : []),
    checked(`verdicts of ${findings.judgements.length} judgements by their limits`, judged),
    checked(
      `verdict of the suite and of ${Object.keys(decisions).length} panels`,
      orRefused(
        () => differences({ verdict, reason, decisions }, decidedFrom({ findings }, incomplete)),
        "verdict",
      ),
    ),
  ];
}

/** Everything of {@link checkAlone} for a table that was judged, and whether plan and findings follow from its runs. */
export function checkTable(record: BenchRecord & { evidence: TableEvidence }): Checked[] {
  const { evidence, findings, plan } = record, alone = checkAlone(record);
  const decided = decidedSchema.safeParse(plan.decided), { source, runs, optima, add } = evidence;
  if (!decided.success || runs.length === 0) {
    return [...alone, checked("plan", ["it does not say by what the table was judged"])];
  }
  const own = planOfTable(source, decided.data), what = "findings from the runs of the table";
  const planned = checked("plan", differences(plan, JSON.parse(JSON.stringify(own)), "plan"));
  if (planned.state === "wrong") {
    const why = "they are of another plan";
    return [...alone, planned, { what, state: "open", details: [why] }];
  }
  const { suite, task, data, incomplete, warnings } = record;
  const facts = factsOfTable(source, runs, decided.data, suite.options ?? "");
  const words = checked(
    "words",
    differences({ suite, task, data, incomplete, warnings }, JSON.parse(JSON.stringify(facts))),
  );
  const differ = orRefused(() => {
    const { optima: o, add: a, findings: f } = findTable(source, runs, decided.data);
    const follows = JSON.parse(JSON.stringify({ optima: o, add: a, findings: f }));
    return differences({ optima, add, findings }, follows);
  }, "findings");
  return [...alone, planned, words, checked(what, differ)];
}

/** Jobs of the plan that have a run in the record, by their keys. */
export function jobsOfRecord(
  suite: Suite,
  profile: ProfileName,
  runs: readonly Run[],
  context: Context,
): Map<string, Job> {
  const byKey = new Map(runs.map((run) => [run.key, run]));
  const jobs = suite.ahead?.(profile, new FinishedModels(byKey, context)) ?? [];
  return new Map(jobs.filter((job) => byKey.has(job.key)).map((job) => [job.key, job]));
}

/** What a run must say of itself by the plan and the rule. */
function givenBy({ base, rows, multipliers, steps, sequences, seq }: Job) {
  return { base, rows, multipliers, steps, batchTokens: sequences * seq };
}

/**
 * Everything of {@link checkAlone}, and whether plan, keys and findings follow from the suite, the rule and the runs.
 *
 * @param suite the record's, of this version @param context of the record; null for a suite without a task
 * @param data what it was trained on; null likewise
 */
export async function checkRecord(
  record: BenchRecord,
  suite: Suite,
  profile: ProfileName,
  context: Context | null,
  data: Dataset | null,
): Promise<Checked[]> {
  const { evidence, plan, findings, incomplete } = record;
  const { said, follows: facts } = factsBeside(record, suite, data);
  const open = (what: string, why: string): Checked => ({ what, state: "open", details: [why] });
  const own = planOf(suite, profile, context?.dataHash ?? null);
  if (own.version !== plan.version) {
    const why = `judged by version ${plan.version} of the suite, this is version ${own.version}`;
    const what = "words, plan, keys and findings";
    return [...checkAlone(record), { what, state: "unknown", details: [why] }];
  }
  const alone = [
    ...checkAlone(record),
    checked("words, task, data and machine", differences(said, JSON.parse(JSON.stringify(facts)))),
  ];
  const planned = checked("plan", [
    ...differences(plan.decided, JSON.parse(JSON.stringify(own.decided)), "plan.decided"),
    ...differences(plan.hash, own.hash, "plan.hash"),
  ]);
  if (planned.state === "wrong") {
    return [...alone, planned, open("keys and findings", "they are of another plan")];
  }
  if (evidence.kind === "latency" || evidence.kind === "table" || context === null) {
    const found = suite.refind?.(profile, evidence);
    const what = "findings from the times";
    return [
      ...alone,
      planned,
      found === undefined || evidence.kind !== "latency"
        ? open(what, "they rest on models that were looked into, not on runs alone")
        : checked(what, differences(findings, JSON.parse(JSON.stringify(found)), "findings")),
    ];
  }
  const { runs } = evidence, jobs = jobsOfRecord(suite, profile, runs, context);
  const strays = runs.flatMap((run) => {
    const job = jobs.get(run.key), { key, cell, base, rows, multipliers, steps, batchTokens } = run;
    if (job === undefined) {
      return [
        `run ${key} (${cell.label}, ${cell.rule}, log2 ${cell.swept} ${cell.log2x}, seed ` +
        `${cell.seed}): no run of the plan has this key`,
      ];
    }
    const said = { base, rows, multipliers, steps, batchTokens };
    return differences(said, JSON.parse(JSON.stringify(givenBy(job))), `run ${key}`);
  });
  const keys = runs.length ? [checked(`${runs.length} runs by the plan and the rule`, strays)] : [];
  const odd = runs.flatMap((run) => jobs.has(run.key) ? oddities(run, jobs.get(run.key)!) : []);
  if (runs.length) keys.push(checked("the parts of every run go together", odd));
  const byKey = new Map(runs.map((run) => [run.key, run]));
  const derived = await derive(suite, profile, byKey, context, record.environment);
  const what = "findings from the runs";
  if (derived.kind === "needs device") {
    const why = "they rest on models that were looked into, not on runs alone";
    return [...alone, planned, ...keys, open(what, why)];
  }
  if (derived.kind === "partial" && !incomplete) {
    return [
      ...alone,
      planned,
      ...keys,
      checked(what, [`${derived.missing} runs are missing of a record that is called complete`]),
    ];
  }
  if (derived.measured === null) {
    return [...alone, planned, ...keys, open(what, "nothing follows from a part of the runs")];
  }
  const found: unknown = { evidence, findings };
  const follows: unknown = JSON.parse(JSON.stringify({
    evidence: derived.measured.evidence,
    findings: derived.measured.findings,
  }));
  const warned = derived.kind === "whole" ? derived.warnings : [];
  const silent = missingWarnings(record, warned, data?.task.causal ?? true);
  return [
    ...alone,
    planned,
    ...keys,
    checked(what, differences(found, follows)),
    checked("warnings", silent),
  ];
}
