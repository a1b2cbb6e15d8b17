/**
 * The exponent of the duration in the optimal learning rate, measured: eta_opt ∝ D^−p at a fixed batch.
 *
 * A rule transfers with an assumed p: a target trained for rho_D times the tokens gets eta · rho_D^−p. Where
 * its sweep has its optimum shifted by s octaves on the reference's scale, the true optimum went as
 * rho_D^−p · 2^s. So the estimate is p minus the least-squares slope of the optima over log2 rho_D, the
 * reference's own optimum at rho_D = 1 included. Each resample of lab/statistics/optimum.ts goes through all
 * of it, the same seed draws in every sweep, so the interval is that of the shifts.
 *
 * The paper's rule assumes p = 1/2; 0.3, 0.28 and 0.32 were measured elsewhere (docs/rule.md).
 *
 * Error: over 500 trials a case (3 seeds, noise 0.003-0.03 nats; rho_D of 2 and 4, 4, or 1/2 and 2; exponents 0.3
 * and 0.5; four shapes of bowl) the interval held the exponent in 99.8-100%, wide by the model error: 0.55 on the
 * bowl measured at width 64, 1 to 1.8 on flatter ones. There 0.3 was told from 1/2 in 42-48% and in 6-26%
 * (tests/lab/transfer/duration_exponent_test.ts, which runs 150).
 *
 * @module
 */
import { analyse, intervalOf, SHIFT_SHARE, sortSeeds, type Sweep } from "../statistics/optimum.ts";
import { slopeWeights } from "../statistics/paired.ts";
import type { Interval } from "../record/findings.ts";
import { drawSeeds } from "../statistics/resample.ts";

/** A target that trains for another duration. */
export interface DurationTarget {
  /** D / D*, above 0, not 1 */
  rhoD: number;
  /** its sweep on the reference's scale; column k is the same seed as in the reference's */
  sweep: Sweep;
}

/** What the sweeps say of the exponent. */
export interface DurationExponent {
  /** estimate with its 95% interval; null when a sweep has no optimum */
  exponent: Interval | null;
  /** why it is missing or doubtful, or null */
  reason: string | null;
}

/**
 * Estimates the exponent p of eta_opt ∝ D^−p.
 *
 * @param assumed the exponent the targets were transferred with
 * @throws {RangeError} without a target, for a duration ratio of 1 or none, or sweeps that cannot be
 * paired by seed
 */
export function durationExponent(
  reference: Sweep,
  targets: readonly DurationTarget[],
  assumed: number,
): DurationExponent {
  if (targets.length === 0) throw new RangeError("Cannot measure an exponent: there is no target");
  for (const { rhoD } of targets) {
    if (!(rhoD > 0 && Number.isFinite(rhoD)) || rhoD === 1) {
      throw new RangeError(
        `Cannot measure an exponent from rho_D = ${rhoD}: it must differ from 1`,
      );
    }
  }
  const sweeps = sortSeeds([reference, ...targets.map((t) => t.sweep)]);
  const seeds = sweeps[0].loss[0]?.length ?? 0, draws = drawSeeds(Math.max(1, seeds));
  const found = sweeps.map((sweep, i) => analyse(sweep, draws, i + 1));
  const names = ["the reference", ...targets.map((t) => `rho_D = ${t.rhoD}`)];
  const missing = found.findIndex((f) => f.optimum.log2x === null);
  if (missing >= 0) {
    return {
      exponent: null,
      reason: `no optimum at ${names[missing]}: ${found[missing].optimum.reason}`,
    };
  }
  const weights = slopeWeights([0, ...targets.map((t) => Math.log2(t.rhoD))]);
  const optima = found.map((f) => f.optimum.log2x!);
  const doubtful = found.findIndex((f) => f.optimum.reason !== null);
  const reason = doubtful < 0 ? null : `${names[doubtful]}: ${found[doubtful].optimum.reason}`;
  const open = found.findIndex((f) => f.open);
  if (open >= 0) {
    // what the grids leave possible
    const end = (low: boolean) =>
      weights.reduce((sum, w, i) => sum + w * (w > 0 === low ? optima[i].lo : optima[i].hi), 0);
    return {
      exponent: {
        estimate: assumed - weights.reduce((sum, w, i) => sum + w * optima[i].estimate, 0),
        lo: assumed - end(false),
        hi: assumed - end(true),
      },
      reason: reason ?? `the optimum at ${names[open]} is not bounded by its grid`,
    };
  }
  const slopes = found[0].fits.map((_, b) =>
    weights.reduce(
      (sum, w, i) => sum + w * (found[i].fits[b].log2x + SHIFT_SHARE * found[i].modelErrors[b]),
      0,
    )
  );
  return { exponent: intervalOf(slopes.map((s) => assumed - s)), reason };
}
