/**
 * Verdicts: does a target keep the reference's optimum, and would a wrong rule have been noticed?
 *
 * Source: docs/verdicts.md.
 *
 * @module
 */
import { lossAt } from "../statistics/fit.ts";
import {
  analyse,
  coverageAt,
  intervalOf,
  shiftBetween,
  sortSeeds,
  type Sweep,
} from "../statistics/optimum.ts";
import type { Interval, Judgement, Verdict } from "../record/record.ts";
import { drawSeeds } from "../statistics/resample.ts";

/** Thresholds of {@link judgeTarget}. */
export interface JudgeOptions {
  /** largest shift that counts as transferred, octaves (default 1, the grid's step) */
  tolerance?: number;
  /** smallest regret limit, nats (default 0.01) */
  minRegret?: number;
}

/** What {@link judgeTarget} measures: a {@link Judgement} without the names of what was judged. */
export type Measured = Omit<Judgement, "panel" | "label" | "rule" | "role" | "swept">;

/** A number with a sign, e.g. `+0.1` or `−0.2`. */
function signed(value: number): string {
  const text = Math.abs(value).toFixed(1);
  return Number(text) === 0 ? "0.0" : (value < 0 ? "−" : "+") + text;
}

/**
 * Judges one target (or control) against the reference.
 *
 * shift = log2 x^(target) − log2 x^(reference) and regret = target's loss at x^(reference) − its loss
 * at its own optimum, per resample, both sweeps over the same seed draws. Regret is never negative (the
 * optimum is the fit's minimum), so noise biases it upwards, which can cost a pass but never make one;
 * its lower bound stays near 0 when the shift is within noise. Its limit is
 * max(2 × standard error, minRegret) with the standard error of the target's mean loss over seeds at its
 * best point, the seeds' common part taken out, as the regret is paired.
 *
 * - `pass`: the shift's interval lies within ±tolerance, or regret's upper bound ≤ its limit
 * - `fail`: the interval lies outside ±tolerance and regret's lower bound > its limit. Where the
 *   majority of the runs at the grid points next to x^(reference) diverged, the regret has no finite
 *   value and counts as above any limit
 * - `inconclusive`: neither; or no optimum, one seed, a best point at the edge of its grid or beside
 *   diverged runs, or a sweep most of whose runs diverged
 *
 * @param reference its sweep; column k of `loss` is the same seed in both sweeps
 * @param target the target's sweep on the reference's scale of x
 * @throws {RangeError} for different numbers of seeds, ragged sweeps or a negative threshold
 */
export function judgeTarget(
  reference: Sweep,
  target: Sweep,
  { tolerance = 1, minRegret = 0.01 }: JudgeOptions = {},
): Measured {
  if (!(tolerance >= 0 && minRegret >= 0)) {
    throw new RangeError(
      `Cannot judge with tolerance ${tolerance} and regret limit ${minRegret}: both must be ≥ 0`,
    );
  }
  const [r, t] = sortSeeds([reference, target]);
  const seeds = r.loss[0]?.length ?? 0;
  const draws = drawSeeds(Math.max(1, seeds));
  const from = analyse(r, draws, 1), to = analyse(t, draws, 2);
  const standardError = to.standardError;
  const limit = standardError === null ? null : Math.max(2 * standardError, minRegret);
  const shared = { tolerance_octaves: tolerance, regretLimit: limit };
  const undecided = (
    reason: string,
    shift: Interval | null,
    regret: Interval | null,
  ): Measured => ({
    ...shared,
    shift_octaves: shift,
    regret,
    verdict: "inconclusive",
    reason,
  });
  const a = from.optimum, b = to.optimum;
  const shift = shiftBetween(from, to);
  if (a.log2x === null) return undecided(`no optimum of the reference: ${a.reason}`, null, null);
  if (b.log2x === null || shift === null) {
    return undecided(`no optimum of the target: ${b.reason}`, null, null);
  }
  const place = coverageAt(t, a.log2x.estimate);
  const regret = place === "measured" ? regretOf(from, to) : null;

  for (const [name, o] of [["reference", a], ["target", b]] as const) {
    if (o.diverged > 0.5) {
      const share = Math.round(100 * o.diverged);
      return undecided(`${share}% of the ${name}'s runs diverged`, shift, regret);
    }
    if (o.reason !== null) return undecided(`${name}: ${o.reason}`, shift, regret);
  }

  const inside = shift.lo >= -tolerance && shift.hi <= tolerance;
  const outside = shift.lo > tolerance || shift.hi < -tolerance;
  const low = regret !== null && limit !== null && regret.hi <= limit;
  const high = place === "diverged" || (regret !== null && limit !== null && regret.lo > limit);
  const verdict: Verdict = inside || low ? "pass" : outside && high ? "fail" : "inconclusive";
  const where = inside
    ? `lies within ±${tolerance}`
    : outside
    ? `lies outside ±${tolerance}`
    : `is not within ±${tolerance}`;
  const cost = regret !== null && limit !== null
    ? `regret ${regret.estimate.toFixed(3)} [${regret.lo.toFixed(3)}, ${
      regret.hi.toFixed(3)
    }] nats ` +
      (low
        ? `is within its limit ${limit.toFixed(3)}`
        : high
        ? `is above its limit ${limit.toFixed(3)}`
        : `is not within its limit ${limit.toFixed(3)}`)
    : place === "diverged"
    ? `its runs at the transferred optimum diverged`
    : `its loss at the transferred optimum was not measured`;
  const open = !from.open && !to.open ? "" : " (an optimum is not bounded by its grid)";
  const reason =
    `shift ${signed(shift.estimate)} [${signed(shift.lo)}, ${signed(shift.hi)}] octaves ` +
    `${where}${open}; ${cost}`;
  return { ...shared, shift_octaves: shift, regret: regret, verdict, reason };
}

/** Regret over the resamples; null when x^(reference) leaves the target's grid in more than 2.5%. */
function regretOf(
  from: ReturnType<typeof analyse>,
  to: ReturnType<typeof analyse>,
): Interval | null {
  const values: number[] = [];
  to.fits.forEach((fit, i) => {
    if (from.fits.length === 0) return;
    const loss = lossAt(to.log2x, to.resamples.curves[i], fit, from.fits[i].log2x);
    if (loss !== null) values.push(Math.max(0, loss - fit.loss));
  });
  return values.length > 0 && values.length >= 0.975 * to.fits.length ? intervalOf(values) : null;
}

/** Verdict on one panel or a whole suite. */
export interface Decision {
  /** what is decided */
  verdict: Verdict;
  /** one sentence with counts */
  reason: string;
}

/** What {@link judgeSuite} returns. */
export interface SuiteDecision extends Decision {
  /** the same judgements, passes that prove nothing turned into `cannot tell at this size` */
  judgements: Judgement[];
  /** every panel that has a judgement, informative ones included */
  panels: Record<string, Decision>;
}

const CANNOT_TELL = "cannot tell at this size";

/**
 * Judges a suite: would its passes have been failures under the wrong rule?
 *
 * A target's pass counts only if the control on the same panel, label and swept value did not pass;
 * otherwise it becomes `cannot tell at this size`. Per panel, first that holds:
 *
 * - no target: `inconclusive`
 * - a target fails: `fail`
 * - a control passes: `cannot tell at this size`
 * - a target is undecided: `inconclusive`
 * - the control fails on the majority of its targets: `pass`, otherwise `cannot tell at this size` (a
 *   control that is missing or merely inconclusive has not been seen to move)
 *
 * The suite is decided by its claim panels alone: `fail` if one fails, then `cannot tell`, then
 * `inconclusive`, `pass` only if all of them pass.
 *
 * @param judgements targets and controls of every panel
 * @param claimPanels the panels that carry the claim; the others are reported, not counted
 */
export function judgeSuite(
  judgements: readonly Judgement[],
  { claimPanels }: { claimPanels: readonly string[] },
): SuiteDecision {
  const same = (a: Judgement, b: Judgement) =>
    a.panel === b.panel && a.label === b.label && a.swept === b.swept;
  const controls = judgements.filter((j) => j.role === "control");
  const marked = judgements.map((j): Judgement => {
    if (j.role !== "target" || j.verdict !== "pass") return j;
    const control = controls.find((c) => same(c, j) && c.verdict === "pass");
    return control === undefined ? j : {
      ...j,
      verdict: CANNOT_TELL,
      reason: `${control.rule} passes here too; ${j.reason}`,
    };
  });
  const panels: Record<string, Decision> = {};
  for (const panel of new Set(marked.map((j) => j.panel))) {
    panels[panel] = decidePanel(marked.filter((j) => j.panel === panel));
  }
  const claims = [...new Set(claimPanels)].map((panel) => ({
    panel,
    ...panels[panel] ?? { verdict: "inconclusive" as const, reason: "it has no judgement" },
  }));
  const order: Verdict[] = ["fail", CANNOT_TELL, "inconclusive", "pass"];
  const verdict = order.find((v) => claims.some((c) => c.verdict === v)) ?? "inconclusive";
  const deciding = claims.filter((c) => c.verdict === verdict);
  const reason = claims.length === 0
    ? "no panel carries the claim"
    : deciding.map((c) => `${c.panel}: ${c.reason}`).join("; ");
  return { verdict, reason, judgements: marked, panels };
}

/** Verdict on one panel, from judgements already marked. */
function decidePanel(judgements: Judgement[]): Decision {
  const targets = judgements.filter((j) => j.role === "target");
  const controls = judgements.filter((j) => j.role === "control");
  const of = (list: Judgement[], verdict: Verdict) => list.filter((j) => j.verdict === verdict);
  const names = (list: Judgement[]) => list.map((j) => `${j.label} (${j.swept})`).join(", ");
  const failed = of(targets, "fail"), moved = of(controls, "fail"), still = of(controls, "pass");
  const undecided = of(targets, "inconclusive");
  const seen =
    `the control, run on ${controls.length} of ${targets.length} targets, fails on ${moved.length}`;
  if (targets.length === 0) return { verdict: "inconclusive", reason: "it has no target" };
  if (failed.length > 0) {
    return {
      verdict: "fail",
      reason: `${failed.length} of ${targets.length} targets fail: ${names(failed)}`,
    };
  }
  if (still.length > 0) {
    return {
      verdict: CANNOT_TELL,
      reason: `the control passes too on ${still.length} of ${controls.length}: ${names(still)}`,
    };
  }
  if (undecided.length > 0) {
    return {
      verdict: "inconclusive",
      reason: `${undecided.length} of ${targets.length} targets are undecided: ${names(undecided)}`,
    };
  }
  if (moved.length > controls.length / 2) {
    return {
      verdict: "pass",
      reason: `${targets.length} of ${targets.length} targets pass and ${seen}`,
    };
  }
  const reason = controls.length === 0
    ? "there is no control that could have failed"
    : `all targets pass, but ${seen}`;
  return { verdict: CANNOT_TELL, reason };
}
