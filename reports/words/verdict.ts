/**
 * How verdicts are said: the mark and the words of each, beside what the judged thing is for.
 *
 * @module
 */
import type { Judgement, Role, Verdict } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";

/** One character per verdict, for badges and terminals; only a pass has the tick. */
export const VERDICT_MARK: Record<Verdict, string> = {
  "pass": "✓",
  "fail": "✗",
  "inconclusive": "?",
  "cannot tell at this size": "≈",
};

const RIVAL_WORDS: Record<Verdict, string> = {
  "pass": "stays near-optimal",
  "fail": "misses the optimum",
  "inconclusive": "undecided",
  "cannot tell at this size": "cannot tell at this size",
};

/**
 * A verdict beside its role: a control that fails has done its duty, one that passes has not; a rival
 * is no claim, so it neither passes nor fails; an aside decides nothing.
 */
export function roleVerdict(role: Role, verdict: Verdict): string {
  if (role === "claim") return verdict;
  if (role === "rival") return RIVAL_WORDS[verdict];
  if (role === "aside") return `${verdict} (decides nothing)`;
  if (verdict === "fail") return "fail (expected of the control)";
  return verdict === "pass" ? "pass (the control should fail)" : `${verdict} (control)`;
}

/** The mark before {@link roleVerdict}: a control that does not fail and what decides nothing get no tick. */
function roleMark(role: Role, verdict: Verdict): string {
  if (role === "rival" || role === "aside") return "·";
  const shown = role === "control" && verdict === "pass" ? "cannot tell at this size" : verdict;
  return VERDICT_MARK[shown];
}

/** A verdict in its role, the mark before the words. */
export const marked = (role: Role, verdict: Verdict): string =>
  `${roleMark(role, verdict)} ${roleVerdict(role, verdict)}`;

/** What a judgement is for in its suite: a claim of a panel that decides nothing is an aside. */
export function roleIn({ findings }: BenchRecord, { panel, role }: Judgement): Role {
  const beside = findings.panels.some(({ name, decides }) => name === panel && !decides);
  return role === "claim" && beside ? "aside" : role;
}

/** The verdict with what qualifies it: `pass (incomplete, exploratory)`. */
export function verdictPhrase(
  { verdict, incomplete, plan }: {
    verdict: Verdict;
    incomplete: boolean;
    plan: { exploratory: boolean };
  },
): string {
  const notes = [
    ...(incomplete ? ["incomplete"] : []),
    ...(plan.exploratory ? ["exploratory"] : []),
  ];
  return verdict + (notes.length > 0 ? ` (${notes.join(", ")})` : "");
}
