/**
 * Does a target keep the reference's optimum? Shift and regret of one target against their limits.
 *
 * Source: docs/verdicts.md.
 *
 * @module
 */
import { judge, type Unjudged, type UnjudgedMeasure } from "../judge/decide.ts";
import type { Interval, Judgement } from "../record/findings.ts";
import { REGRET, SHIFT } from "../record/measure_names.ts";
import { lossAt } from "../statistics/fit.ts";
import {
  analyse,
  type Analysis,
  coverageAt,
  intervalOf,
  shiftBetween,
  type Sweep,
} from "../statistics/optimum.ts";
import { sideBySide } from "../statistics/pairing.ts";

/** What counts as kept. */
export interface TransferLimits {
  /** largest shift that counts as transferred, octaves */
  tolerance_octaves: number;
  /** smallest regret limit, in the unit of the loss */
  minRegret: number;
}

/**
 * Judges one target (control, rival) against the reference; near-optimal is one of two:
 *
 * - shift = log2 x^(target) − log2 x^(reference) within ±tolerance
 * - regret = target's loss at x^(reference) − its loss at its own optimum, at most
 *   max(2 × standard error, minRegret), the former 4 × the latter at most, with the standard error of the target's mean loss over seeds at
 *   its best point, the seeds' common part taken out, as the regret is paired. Never negative (the optimum
 *   is the fit's minimum), so noise biases it upwards, which can cost a pass but never make one; its lower
 *   bound stays near 0 when the shift is within noise. Where the majority of the runs at the grid points
 *   next to x^(reference) diverged it has no finite value and lies beyond any limit
 *
 * Both are taken per resample, both sweeps over the same seed draws, or where their numbers of seeds differ each over
 * its own. Open: no optimum, one seed, a best
 * point at the edge of its grid or beside diverged runs, or a sweep most of whose runs diverged.
 *
 * @param names what is judged
 * @param reference its sweep; column k of `loss` is the same seed in both sweeps where they have as many
 * @param target the target's sweep on the reference's scale of x
 * @param limits what counts as kept
 * @param unit of the losses, e.g. `nats`
 * @throws {RangeError} for ragged sweeps or a negative threshold
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
  const found = compared(reference, target), { from, to } = found;
  const measures = measuresOf(found, { tolerance_octaves: tolerance, minRegret }, unit);
  return judge({ ...names, measures, need: "any", open: openOf(from, to) });
}

/** Both sweeps over the same draws, and where the transferred value lies in the target's. */
export interface Compared {
  from: Analysis;
  to: Analysis;
  place: ReturnType<typeof coverageAt>;
  /** whether runs diverged in the majority at the grid point beyond each end of what trained in the target */
  walls: { low: boolean; high: boolean };
}

/**
 * Analyses a reference and a target: over the same seed draws, or where one has more seeds, or others, each over its
 * own.
 */
export function compared(reference: Sweep, target: Sweep): Compared {
  const { r, t, draws } = sideBySide(reference, target);
  const from = analyse(r, draws[0], 1), to = analyse(t, draws[1], 2);
  const place = from.optimum.log2x && to.optimum.log2x
    ? coverageAt(t, from.optimum.log2x.estimate)
    : "unknown";
  const trained = to.log2x, beside = (x: number) => coverageAt(t, x) === "unknown";
  const walls = trained.length === 0
    ? { low: false, high: false }
    : { low: beside(trained[0] - 1e-6), high: beside(trained[trained.length - 1] + 1e-6) };
  return { from, to, place, walls };
}

/** How many times the smallest limit of the regret its noise may allow: beyond it a regret that is kept would say nothing. */
const MOST_NOISE = 4;

/** When a target passes, in words. */
export function passesIf({ tolerance_octaves, minRegret }: TransferLimits, unit = ""): string {
  const regret = `${minRegret}${unit === "" ? "" : ` ${unit}`}`;
  return `the 95% interval of the shift of the optimum lies within ±${tolerance_octaves} octave, or the ` +
    `regret of the transferred value is ≤ max(2 standard errors, ${regret}), ${
      MOST_NOISE * minRegret
    } at most`;
}

/** Shift and regret with their limits. */
export function measuresOf(
  { from, to, place, walls }: Compared,
  { tolerance_octaves: tolerance, minRegret }: TransferLimits,
  unit: string,
): UnjudgedMeasure[] {
  const x = from.optimum.log2x?.estimate ?? NaN, { log2x } = to;
  const near = place === "measured" ||
    place === "unknown" && (x > log2x[log2x.length - 1] || x < log2x[0]);
  const noise = Math.min(2 * (to.standardError ?? 0), MOST_NOISE * minRegret);
  const limit = Math.max(noise, minRegret);
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
      value: near ? regretOf(from, to, walls, limit) : null,
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

/**
 * Regret over the resamples. Where x^(reference) lies beyond what trained, beside runs that diverged, it is at least what
 * it is at that end: which can say that the limit is left, but not that it is kept.
 *
 * @returns null when x^(reference) leaves the target's grid in more than 2.5%, or what is beside diverged runs would be kept
 */
function regretOf(
  from: Analysis,
  to: Analysis,
  walls: Compared["walls"],
  limit: number,
): Interval | null {
  const all = to.fits.length, { log2x } = to, low = log2x[0], high = log2x[log2x.length - 1];
  if (from.fits.length === 0) return null;
  let beyond = 0;
  const values = to.fits.flatMap((fit, i) => {
    const x = from.fits[i].log2x,
      at = x > high && walls.high ? high : x < low && walls.low ? low : x;
    const loss = lossAt(log2x, to.resamples.curves[i], fit, at);
    if (at !== x) beyond++;
    return loss === null ? [] : [Math.max(0, loss - fit.loss)];
  });
  if (values.length === 0 || values.length < 0.975 * all) return null;
  const found = intervalOf(values);
  return beyond > 0.025 * all && found.hi <= limit ? null : found;
}
