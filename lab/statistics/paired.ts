/**
 * Means and contrasts of a few paired seeds, with 95% intervals.
 *
 * A value per seed (a gap, a slope) has Student's interval, 4.3 standard errors for three seeds, which
 * holds whatever the noise of the single configurations. Where a contrast runs over several of them, half
 * of its variance may come from the residuals of all, in the manner of lab/statistics/resample.ts:
 * s² = ½ s_own² + ½ s_pooled², at two thirds of the width.
 *
 * Error: over 20000 tables of 3 or 4 configurations and 3 seeds, Student's interval of a slope held the truth
 * in 95%, the pooled one in 96% with equal noise, 94% with noise growing threefold along the axis and 91% with
 * one end three times as noisy as the rest, at 0.60 to 0.75 of the width (tests/lab/statistics/paired_test.ts, 4000).
 *
 * @module
 */
import type { Interval } from "../record/findings.ts";
import { mean, sd, tQuantile975 } from "./resample.ts";

/** A variance of one seed's value, estimated beside the quantity itself. */
export interface Pooled {
  variance: number;
  /** degrees of freedom of the estimate */
  freedom: number;
}

/**
 * Variance of a mean over seeds, with its degrees of freedom.
 *
 * The pooled variance rests on the own values too: with f of its degrees of freedom, n−1 of them shared,
 * Satterthwaite gives 1/ν = (½ + ½(n−1)/f)²/(n−1) + ¼(f−n+1)/f².
 *
 * @param values one per seed, at least two
 * @param pooled variance of such a value, these and others; absent: that of the values alone
 */
export function meanVariance(values: readonly number[], pooled?: Pooled): Pooled {
  const n = values.length, own = n - 1;
  let variance = sd(values) ** 2, freedom = own;
  if (pooled !== undefined && pooled.freedom > own) {
    const f = pooled.freedom;
    variance = (variance + pooled.variance) / 2;
    freedom = 1 / ((0.5 + 0.5 * own / f) ** 2 / own + 0.25 * (f - own) / f ** 2);
  }
  return { variance: variance / n, freedom };
}

/** A value with its 95% Student interval. */
export function studentInterval(estimate: number, { variance, freedom }: Pooled): Interval {
  const half = tQuantile975(freedom) * Math.sqrt(variance);
  return { estimate, lo: estimate - half, hi: estimate + half };
}

/**
 * Mean over seeds with its 95% interval.
 *
 * @param values one per seed
 * @param pooled as in {@link meanVariance}
 * @returns null for fewer than two values, which have no interval
 */
export function meanInterval(values: readonly number[], pooled?: Pooled): Interval | null {
  if (values.length < 2) return null;
  return studentInterval(mean(values), meanVariance(values, pooled));
}

/**
 * Variance of one run's loss after taking out its configuration's mean and its seed's common part:
 * the residual of a randomized block, with (configurations − 1)(seeds − 1) degrees of freedom.
 *
 * @param table `[configuration][seed]`, complete
 */
export function residualVariance(table: readonly (readonly number[])[]): Pooled {
  const seeds = table[0]?.length ?? 0, freedom = (table.length - 1) * (seeds - 1);
  if (!(freedom > 0)) return { variance: 0, freedom: 0 };
  const rows = table.map(mean);
  const columns = Array.from({ length: seeds }, (_, k) => mean(table.map((row) => row[k])));
  const all = mean(rows);
  let squares = 0;
  table.forEach((row, g) =>
    row.forEach((v, k) => squares += (v - rows[g] - columns[k] + all) ** 2)
  );
  return { variance: squares / freedom, freedom };
}

/** Weights w, Σw = 0, with Σ w_g y_g the least-squares slope of y over x. */
export function slopeWeights(x: readonly number[]): number[] {
  const centre = mean(x), s2 = x.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  return x.map((v) => (v - centre) / s2);
}

/** Σ_g w_g table[g][k] of every seed k. */
export function contrastOf(
  table: readonly (readonly number[])[],
  weights: readonly number[],
): number[] {
  return (table[0] ?? []).map((_, k) => weights.reduce((sum, w, g) => sum + w * table[g][k], 0));
}

/** Variance of one seed's contrast, given that of one run; Σw = 0 takes the seed's common part out. */
export function contrastVariance(run: Pooled, weights: readonly number[]): Pooled {
  return { variance: run.variance * weights.reduce((s, w) => s + w * w, 0), freedom: run.freedom };
}

/** Variance of the sum or difference of two independent values, with Satterthwaite's degrees of freedom. */
export function sumVariance(a: Pooled, b: Pooled): Pooled {
  if (a.freedom === 0 || b.freedom === 0) return { variance: 0, freedom: 0 };
  const variance = a.variance + b.variance;
  if (variance === 0) return { variance, freedom: Math.min(a.freedom, b.freedom) };
  return {
    variance,
    freedom: variance ** 2 / (a.variance ** 2 / a.freedom + b.variance ** 2 / b.freedom),
  };
}
