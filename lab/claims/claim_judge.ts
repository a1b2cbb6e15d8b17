/**
 * Verdicts of a suite of claims: is a quantity within its limits, and would a wrong variant have been
 * noticed?
 *
 * @module
 */
import type { ClaimJudgement } from "../record/claim_record.ts";
import type { Decision } from "../transfer/judge.ts";

const CANNOT_TELL = "cannot tell at this size";

/** What a judgement needs besides its verdict. */
export type Measurement = Omit<ClaimJudgement, "verdict" | "reason"> & {
  /** why there is no value; ignored when there is one */
  missing?: string;
};

const number = (value: number): string => {
  const text = Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
  return text.replace("-", "−");
};

/**
 * Judges a quantity by its limits: `pass` when its whole interval lies within them, `fail` when the
 * whole interval lies outside on one side, `inconclusive` otherwise and when it was not measured.
 *
 * @throws {RangeError} without any limit, which nothing could fail
 */
export function judgeClaim({ missing, ...m }: Measurement): ClaimJudgement {
  const { value, limits: { lo, hi }, unit } = m;
  if (lo === null && hi === null) {
    throw new RangeError(`Cannot judge ${m.quantity}: it has no limit that it could miss`);
  }
  if (value === null || ![value.estimate, value.lo, value.hi].every(Number.isFinite)) {
    return { ...m, value: null, verdict: "inconclusive", reason: missing ?? "it was not measured" };
  }
  const within = (lo === null || value.lo >= lo) && (hi === null || value.hi <= hi);
  const outside = (lo !== null && value.hi < lo) || (hi !== null && value.lo > hi);
  const verdict = within ? "pass" : outside ? "fail" : "inconclusive";
  const limits = lo === null
    ? `at most ${number(hi!)}`
    : hi === null
    ? `at least ${number(lo)}`
    : `${number(lo)} to ${number(hi)}`;
  const where = within ? "within" : outside ? "outside" : "not surely within";
  const reason = `${number(value.estimate)} [${number(value.lo)}, ${number(value.hi)}]${
    unit ? ` ${unit}` : ""
  }, ${where} its limits (${limits})`;
  return { ...m, verdict, reason };
}

/**
 * Judges a suite of claims. First that holds: a claim fails: `fail`; a claim is undecided:
 * `inconclusive`; every control fails: `pass`; otherwise, and where there is no control at all,
 * `cannot tell at this size`, for nothing shows that a wrong variant would have been noticed.
 */
export function judgeClaims(judgements: readonly ClaimJudgement[]): Decision {
  const claims = judgements.filter((j) => j.role === "claim");
  const controls = judgements.filter((j) => j.role === "control");
  const failed = claims.filter((j) => j.verdict === "fail");
  const open = claims.filter((j) => j.verdict !== "pass" && j.verdict !== "fail");
  const still = controls.filter((j) => j.verdict !== "fail");
  const list = (of: ClaimJudgement[]) =>
    of.slice(0, 3).map((j) => `${j.quantity} (${j.variant}): ${j.reason}`).join("; ") +
    (of.length > 3 ? `; and ${of.length - 3} more` : "");
  if (claims.length === 0) return { verdict: "inconclusive", reason: "it has no claim" };
  if (failed.length > 0) {
    return {
      verdict: "fail",
      reason: `${failed.length} of ${claims.length} claims fail: ${list(failed)}`,
    };
  }
  if (open.length > 0) {
    return {
      verdict: "inconclusive",
      reason: `${open.length} of ${claims.length} claims are undecided: ${list(open)}`,
    };
  }
  if (controls.length === 0) {
    return { verdict: CANNOT_TELL, reason: "there is no control that could have failed" };
  }
  if (still.length > 0) {
    return {
      verdict: CANNOT_TELL,
      reason: `all claims hold, but ${still.length} of ${controls.length} controls do not fail: ${
        list(still)
      }`,
    };
  }
  return {
    verdict: "pass",
    reason:
      `${claims.length} of ${claims.length} claims hold and ${controls.length} of ${controls.length} controls fail`,
  };
}
