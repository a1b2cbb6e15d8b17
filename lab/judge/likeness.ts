/**
 * Whether an earlier record can be held against a bench: what must be alike, and what may differ and is
 * said. Known before the bench begins.
 *
 * @module
 */
import type { BenchRecord, DataFacts, Environment, PlanFacts } from "../record/record.ts";

/** What is known of a bench before it begins. */
export interface Planned {
  suite: { id: string; options?: string };
  plan: PlanFacts;
  environment: Environment;
  data: Pick<DataFacts, "hash"> | null;
  /** layers are timed: the number of processors must be alike too */
  timed: boolean;
}

/**
 * Why a record cannot be held against a bench, in words that follow `Cannot compare with PATH: `; null
 * when it can.
 *
 * Losses repeat to the bit on one adapter and one plan, so both must be alike: then a verdict that fell
 * is the program's doing.
 */
export function unlike(before: BenchRecord, now: Planned): string | null {
  const differ = (what: string, a: string | number, b: string | number) =>
    a === b ? null : `its ${what} is ${a}, this bench's is ${b}`;
  const { plan, environment: was } = before, { environment: is } = now;
  const machine = (e: Environment) =>
    `${e.adapter} (${e.backend}${e.software ? ", software" : ""})`;
  const options = (of: { options?: string }) => of.options ?? "as declared";
  if (before.incomplete) return "it was stopped before its last measurement";
  return differ("suite", before.suite.id, now.suite.id) ??
    differ("profile", plan.profile, now.plan.profile) ??
    differ("version of the suite", plan.version, now.plan.version) ??
    differ("suite's options", options(before.suite), options(now.suite)) ??
    differ("data", before.data?.hash ?? "none", now.data?.hash ?? "none") ??
    differ("plan", plan.hash, now.plan.hash) ??
    differ("adapter", machine(was), machine(is)) ??
    differ("device profile", was.profile, is.profile) ??
    (now.timed ? differ("number of processors", was.cpus, is.cpus) : null);
}

/** What differs between records and may: it is what a bench in CI is there to try. */
export function notesOf(before: BenchRecord[], now: BenchRecord): string[] {
  const noted: [string, (record: BenchRecord) => string][] = [
    ["commit", ({ environment: { gitCommit } }) => gitCommit ?? "unknown"],
    ["version of the kernels", ({ environment }) => environment.kernelsVersion],
    ["version of Deno", ({ environment }) => environment.deno],
    ["operating system", ({ environment }) => environment.os],
    ["tuning", ({ environment }) => JSON.stringify(environment.tuning)],
    ["processors", ({ environment }) => String(environment.cpus)],
  ];
  return noted.flatMap(([what, of]) => {
    const then = [...new Set(before.map(of))].join(", "), is = of(now);
    return then === is ? [] : [`${what}: ${then} before, ${is} now`];
  });
}
