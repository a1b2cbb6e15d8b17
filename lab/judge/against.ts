/**
 * A bench beside earlier records of its suite: which verdicts fell, which layers got slower.
 *
 * Of several earlier records (A/A runs) the lowest verdict counts, so that one which changes by itself
 * is no alarm. What got worse must be so in a second bench too, run again from nothing.
 *
 * Losses repeat to the bit, so between equal programs verdicts that rest on them are equal and nothing
 * is suspected. Those that rest on times change by themselves: they count only where a layer, or all of
 * them together, left the band that A/A runs give (band.ts).
 *
 * @module
 */
import {
  type Against,
  AGAINST_SCHEMA,
  type Change,
  type TimeChange,
  type TimesAgainst,
  type VerdictChange,
} from "../record/against.ts";
import type { Judgement, Role, Verdict } from "../record/findings.ts";
import type { BenchRecord } from "../record/record.ts";
import { compareTimes, timedRunOf } from "./band.ts";
import { notesOf } from "./likeness.ts";

/** An earlier record and the file it was read from. */
export interface Earlier {
  path: string;
  record: BenchRecord;
}

/** How good a verdict is: a control's duty is to fail. What was not judged is undecided. */
function rankOf(verdict: Verdict | null, role: Role | null): number {
  const good = role === "control" ? "fail" : "pass", bad = role === "control" ? "pass" : "fail";
  return verdict === good ? 2 : verdict === bad ? 0 : 1;
}

function changeOf(before: number, now: number, again: number | null): Change {
  if (now >= before) return now > before ? "better" : "like";
  return again !== null && again < before ? "worse" : "suspected";
}

/** What names a judgement in every bench of its suite. */
const nameOf = ({ panel, subject, variant, role }: Judgement) =>
  `${panel}: ${subject}${variant === "" ? "" : ` (${variant})`}${
    role === "control" ? ", control" : ""
  }`;

/** Verdicts of what decides: the suite, its claims and its controls. */
function verdictsOf(record: BenchRecord): Map<string, { role: Role | null; verdict: Verdict }> {
  const deciding = record.findings.judgements.filter(({ role }) =>
    role === "claim" || role === "control"
  );
  return new Map<string, { role: Role | null; verdict: Verdict }>([
    ["verdict of the suite", { role: null, verdict: record.verdict }],
    ...deciding.map((one) => [nameOf(one), { role: one.role, verdict: one.verdict }] as const),
  ]);
}

function compareVerdicts(
  earlier: BenchRecord[],
  record: BenchRecord,
  again: BenchRecord | null,
): VerdictChange[] {
  const before = earlier.map(verdictsOf), is = verdictsOf(record);
  const second = again && verdictsOf(again);
  const names = new Set(before.flatMap((verdicts) => [...verdicts.keys()]));
  return [...names].map((name): VerdictChange => {
    const all = before.flatMap((verdicts) => verdicts.get(name) ?? []), { role } = all[0];
    const lowest = all.reduce((low, one) =>
      rankOf(one.verdict, role) < rankOf(low.verdict, role) ? one : low
    ).verdict;
    const now = is.get(name)?.verdict ?? null, then = second?.get(name)?.verdict ?? null;
    const rank = (verdict: Verdict | null) => rankOf(verdict, role);
    const change = changeOf(rank(lowest), rank(now), second ? rank(then) : null);
    return { name, role, before: lowest, now, again: then, change };
  }).filter(({ role, before, now }) => role === null || before !== now);
}

function times(earlier: BenchRecord[], passes: BenchRecord[]): TimesAgainst | null {
  const runs = (records: BenchRecord[]) =>
    records.flatMap(({ evidence }) => evidence.kind === "latency" ? [timedRunOf(evidence)] : []);
  const before = runs(earlier), is = runs(passes);
  if (before.length === 0) return null;
  const first = compareTimes(before, is.slice(0, 1)), all = compareTimes(before, is);
  return first && all && keepSuspects(first, all);
}

/** What a first look suspected stays suspected where the second, whose band both passes make, finds it like before. */
function keepSuspects(first: TimesAgainst, all: TimesAgainst): TimesAgainst {
  const had = [...first.layers, first.together].filter(({ change }) => change === "suspected");
  const names = new Set(had.map(({ name }) => name));
  const kept = (one: TimeChange): TimeChange =>
    one.change === "like" && names.has(one.name) ? { ...one, change: "suspected" } : one;
  return { ...all, layers: all.layers.map(kept), together: kept(all.together) };
}

/**
 * Compares a bench.
 *
 * @param earlier records that are like it (likeness.ts), one at least
 * @param again the same bench, run again from nothing, and its folder; null: none was
 */
export function against(
  earlier: Earlier[],
  record: BenchRecord,
  again: { record: BenchRecord; folder: string } | null = null,
): Against {
  const records = earlier.map((one) => one.record);
  const timed = times(records, again ? [record, again.record] : [record]);
  const counts = timed === null || slowerIn(timed);
  const verdicts = compareVerdicts(records, record, again?.record ?? null).map((one) =>
    one.change === "worse" && !counts ? { ...one, change: "suspected" as const } : one
  );
  const changes = [...verdicts, ...timed ? [...timed.layers, timed.together] : []];
  return {
    schema: AGAINST_SCHEMA,
    suite: record.suite.id,
    createdAt: record.createdAt,
    records: earlier.map(({ path, record: { createdAt, environment: { gitCommit } } }) => ({
      path,
      createdAt,
      gitCommit,
    })),
    worse: changes.some(({ change }) => change === "worse"),
    verdicts,
    times: timed,
    again: again?.folder ?? null,
    notes: [
      ...notesOf(records, record),
      ...(counts || verdicts.every(({ change }) => change !== "suspected")
        ? []
        : ["a verdict on times counts only where a layer left its band"]),
    ],
  };
}

/** Whether a layer, or all of them together, left the band. */
const slowerIn = ({ layers, together }: TimesAgainst) =>
  [...layers, together].some(({ change }) => change === "worse");

/** What is suspected and would count, by name; the bench is run again when there is any. */
export const suspectsOf = ({ verdicts, times }: Against): string[] =>
  (times ? [...times.layers, times.together] : verdicts)
    .filter(({ change }) => change === "suspected").map(({ name }) => name);
