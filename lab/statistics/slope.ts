/**
 * Exponents: the slope of log2 y over log2 x with an interval for few points and few seeds.
 *
 * Each seed's points are fitted by least squares; the estimate is the mean slope over the seeds, which
 * is the slope of the mean curve. The interval is the wider of two 95% t intervals:
 *
 * - over seeds: mean ± t_{S−1} · sd(slope of a seed)/√S. It knows whatever makes seeds differ, also
 *   what is common to all points of a seed
 * - over points: the mean curve's residuals around its line, slope ± t_{n−2} · √(Σ r²/(n−2)/Σ(x−x̄)²).
 *   It knows a curve that is no line, which all seeds share and their spread would not show
 *
 * Neither is built from S·n values as if they were independent. With one seed the second stands
 * alone, with two points the first.
 *
 * Error: covers a true slope in at least 95% of synthetic sets (tests/lab/statistics/slope_test.ts).
 *
 * @module
 */
import type { Interval } from "../record/findings.ts";
import { exp2 } from "./interval.ts";
import { noiseOfInterval, type SeedNoise } from "./power.ts";
import { mean, sd, tQuantile975 } from "./resample.ts";

/** Mean with its t interval over seeds; the ends are infinite for one value. */
export function arithmeticMean(values: readonly number[]): Interval {
  const estimate = mean(values);
  const half = values.length < 2
    ? Infinity
    : tQuantile975(values.length - 1) * sd(values) / Math.sqrt(values.length);
  return { estimate, lo: estimate - half, hi: estimate + half };
}

/** Geometric mean with the interval that belongs to it; the ends are infinite or 0 for one value. */
export const geometricMean = (values: readonly number[]): Interval =>
  exp2(arithmeticMean(values.map(Math.log2)));

/** Least-squares slope, and the standard error its residuals give; NaN for two points. */
function fit(x: readonly number[], y: readonly number[]): { slope: number; error: number } {
  const mx = mean(x), my = mean(y);
  let sxx = 0, sxy = 0, rest = 0;
  x.forEach((v, i) => {
    sxx += (v - mx) ** 2;
    sxy += (v - mx) * (y[i] - my);
  });
  const slope = sxy / sxx;
  x.forEach((v, i) => rest += (y[i] - my - slope * (v - mx)) ** 2);
  return { slope, error: Math.sqrt(rest / (x.length - 2) / sxx) };
}

/** An exponent and the noise of its interval; null with one seed, whose noise is not known. */
export interface Exponent {
  value: Interval;
  /** its `rest` is the interval over points: what all seeds share, and what is left of their noise */
  noise: SeedNoise | null;
}

/**
 * The exponent p of y ∝ x^p, with the noise behind its interval.
 *
 * @param x sizes, positive, at least two different
 * @param y `[point][seed]`, every seed at every point
 * @returns null when a value is not positive and finite, or one seed at two points leaves no interval
 * @throws {RangeError} for a table whose sizes do not fit, or fewer than two different sizes
 */
export function noisyExponent(
  x: readonly number[],
  y: readonly (readonly number[])[],
): Exponent | null {
  const seeds = y[0]?.length ?? 0;
  if (x.length !== y.length || seeds === 0 || y.some((row) => row.length !== seeds)) {
    throw new RangeError(
      `Cannot fit a slope: ${x.length} sizes, ${y.length} rows of ${
        y.map((row) => row.length).join(", ")
      } values`,
    );
  }
  if (new Set(x).size < 2) throw new RangeError("Cannot fit a slope: fewer than two sizes");
  if (![...x, ...y.flat()].every((v) => v > 0 && Number.isFinite(v))) return null;
  const lx = x.map(Math.log2), ly = y.map((row) => row.map(Math.log2));
  const slopes = Array.from({ length: seeds }, (_, k) => fit(lx, ly.map((row) => row[k])).slope);
  const bySeed = arithmeticMean(slopes), half: number[] = [];
  const overPoints = x.length > 2
    ? tQuantile975(x.length - 2) * fit(lx, ly.map(mean)).error
    : undefined;
  if (seeds > 1) half.push(bySeed.hi - bySeed.estimate);
  if (overPoints !== undefined) half.push(overPoints);
  if (half.length === 0) return null;
  const { estimate } = bySeed, widest = Math.max(...half);
  return {
    value: { estimate, lo: estimate - widest, hi: estimate + widest },
    noise: seeds > 1 ? noiseOfInterval(bySeed, seeds, seeds - 1, overPoints) : null,
  };
}

/** The exponent p of y ∝ x^p, as {@link noisyExponent} has it. */
export const exponent = (
  x: readonly number[],
  y: readonly (readonly number[])[],
): Interval | null => noisyExponent(x, y)?.value ?? null;
