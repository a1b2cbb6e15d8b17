/**
 * How many grid points around the best one a quadratic is fitted to.
 *
 * @module
 */
import type { Fit } from "./fit.ts";
import type { Split } from "./resample.ts";

/** How many times the spread of the runs beside the minimum makes a wall: in 1 of 60 sweeps of alike ones (3 seeds). */
const WALL_SPREAD = 5;

/**
 * How many points a sweep is fitted to: five, but three where the five are no quadratic.
 *
 * A quadratic passes through its points, and its best grid point lies within half a step of its minimum, so
 * at most a 24th of the window's range above it; bowls with up to twice the curvature on one side are missed by a 13th at most
 * (tests/lab/statistics/bowls.ts). A fit that misses the best point by more than an eighth, or whose
 * minimum lies further below it (two standard errors of its mean to spare), is bent by a point far from the
 * minimum, mostly by a rate so high that the loss jumps. Such a wall says that the rate is too high, and
 * nothing of where the minimum lies. Its runs also differ far more from each other: where they do, the limit is
 * the 24th. Three points pass through theirs whatever they are.
 *
 * @param near the sweep split at the three, whose noise is theirs alone
 */
export function widthOf(
  { curve }: Split,
  { noise, counts, residual }: Split,
  fit: Fit,
  log2x: readonly number[],
): 3 | 5 {
  const window = curve.slice(fit.from, fit.to + 1), lowest = curve[fit.best];
  const error = Number.isFinite(noise[fit.best])
    ? 2 * noise[fit.best] / Math.sqrt(counts[fit.best])
    : 0;
  const [c0, c1, c2] = fit.coefficients, u = log2x[fit.best] - fit.centre;
  const miss = Math.max(lowest - fit.loss, Math.abs(c0 + c1 * u + c2 * u * u - lowest));
  const wall = residual.slice(fit.from, fit.to + 1).some((row, g) => {
    const squares = row.reduce((sum, r) => sum + r * r, 0) / (counts[fit.from + g] - 1);
    return Math.sqrt(squares) > WALL_SPREAD * noise[fit.best];
  });
  return miss > (Math.max(...window) - lowest) / (wall ? 24 : 8) + error ? 3 : 5;
}
