/**
 * Does a target keep the reference's optimum? Shift and regret of one target against their limits.
 *
 * Source: docs/verdicts.md.
 *
 * @module
 */
import { judge, type Unjudged, type UnjudgedMeasure } from "../judge/decide.ts";
import { type Interval, type Judgement, REGRET, SHIFT } from "../record/findings.ts";
import { lossAt } from "../statistics/fit.ts";
import {
  analyse,
  type Analysis,
  coverageAt,
  intervalOf,
  shiftBetween,
  sortSeeds,
  type Sweep,
} from "../statistics/optimum.ts";
import { drawSeeds } from "../statistics/resample.ts";
import type { TransferLimits } from "./declaration.ts";

/**
 * Judges one target (control, rival) against the reference; near-optimal is one of two:
 *
 * - shift = log2 x^(target) − log2 x^(reference) within ±tolerance
 * - regret = target's loss at x^(reference) − its loss at its own optimum, at most
 *   max(2 × standard error, minRegret), with the standard error of the target's mean loss over seeds at
 *   its best point, the seeds' common part taken out, as the regret is paired. Never negative (the optimum
 *   is the fit's minimum), so noise biases it upwards, which can cost a pass but never make one; its lower
 *   bound stays near 0 when the shift is within noise. Where the majority of the runs at the grid points
 *   next to x^(reference) diverged it has no finite value and lies beyond any limit
 *
 * Both are taken per resample, both sweeps over the same seed draws. Open: no optimum, one seed, a best
 * point at the edge of its grid or beside diverged runs, or a sweep most of whose runs diverged.
 *
 * @param names what is judged
 * @param reference its sweep; column k of `loss` is the same seed in both sweeps
 * @param target the target's sweep on the reference's scale of x
 * @param limits what counts as kept
 * @param unit of the losses, e.g. `nats`
 * @throws {RangeError} for different numbers of seeds, ragged sweeps or a negative threshold
 */
export function judgeTarget(
  names: Pick<Unjudged, "panel" | "subject" | "variant" | "role">,
  reference: Sweep,
  target: Sweep,
  { tolerance_octaves: tolerance, minRegret }: TransferLimits,
  unit: string,
): Judgement {
  if (!(tolerance >= 0 && minRegret >= 0)) {
    throw new RangeError(
      `Cannot judge with tolerance ${tolerance} and regret limit ${minRegret}: both must be ≥ 0`,
    );
  }
  const { from, to, place } = compared(reference, target);
  const measures = measuresOf(from, to, place, { tolerance_octaves: tolerance, minRegret }, unit);
  return judge({ ...names, measures, need: "any", open: openOf(from, to) });
}

/** Both sweeps over the same draws, and where the transferred value lies in the target's. */
export interface Compared {
  from: Analysis;
  to: Analysis;
  place: ReturnType<typeof coverageAt>;
}

/** Analyses a reference and a target over the same seed draws. */
export function compared(reference: Sweep, target: Sweep): Compared {
  const [r, t] = sortSeeds([reference, target]);
  const draws = drawSeeds(Math.max(1, r.loss[0]?.length ?? 0));
  const from = analyse(r, draws, 1), to = analyse(t, draws, 2);
  const place = from.optimum.log2x && to.optimum.log2x
    ? coverageAt(t, from.optimum.log2x.estimate)
    : "unknown";
  return { from, to, place };
}

/** Shift and regret with their limits. */
export function measuresOf(
  from: Analysis,
  to: Analysis,
  place: Compared["place"],
  { tolerance_octaves: tolerance, minRegret }: TransferLimits,
  unit: string,
): UnjudgedMeasure[] {
  const limit = to.standardError === null ? minRegret : Math.max(2 * to.standardError, minRegret);
  return [
    {
      name: SHIFT,
      unit: "octaves",
      value: shiftBetween(from, to),
      limits: { lo: -tolerance, hi: tolerance },
      missing: "there is no optimum to compare",
    },
    {
      name: REGRET,
      unit,
      value: place === "measured" ? regretOf(from, to) : null,
      limits: { hi: limit },
      missing: place === "diverged"
        ? "beyond"
        : "the loss at the transferred optimum was not measured",
    },
  ];
}

/** Why nothing can be decided, or null. */
function openOf(from: Analysis, to: Analysis): string | null {
  const both = [["the reference", from.optimum], ["the target", to.optimum]] as const;
  for (const [whose, { log2x, reason }] of both) {
    if (log2x === null) return `no optimum of ${whose}: ${reason}`;
  }
  for (const [whose, { diverged, reason }] of both) {
    if (diverged > 0.5) return `${Math.round(100 * diverged)}% of the runs of ${whose} diverged`;
    if (reason !== null) return `${whose}: ${reason}`;
  }
  return null;
}

/** Regret over the resamples; null when x^(reference) leaves the target's grid in more than 2.5%. */
function regretOf(from: Analysis, to: Analysis): Interval | null {
  if (from.fits.length === 0) return null;
  const values = to.fits.flatMap((fit, i) => {
    const loss = lossAt(to.log2x, to.resamples.curves[i], fit, from.fits[i].log2x);
    return loss === null ? [] : [Math.max(0, loss - fit.loss)];
  });
  return values.length > 0 && values.length >= 0.975 * to.fits.length ? intervalOf(values) : null;
}
