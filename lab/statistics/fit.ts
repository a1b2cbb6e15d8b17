/**
 * The quadratic around the best point of one loss curve.
 *
 * @module
 */

/** A quadratic fitted around the best point of one curve. */
export interface Fit {
  /** where it has its minimum, log2 x, clamped to the window; the best grid point if not convex */
  log2x: number;
  /** its value there, unit of the loss */
  loss: number;
  /** index of the best grid point */
  best: number;
  /** first index of the fit window */
  from: number;
  /** last index of the fit window */
  to: number;
  /** whether c₂ > 0 */
  convex: boolean;
  /** whether the vertex lay outside the window */
  clamped: boolean;
  /** c₀, c₁, c₂ in u = log2 x − centre */
  coefficients: readonly [number, number, number];
  /** mean log2 x of the window */
  centre: number;
}

/** First index of the window of up to `width` points around `best`. */
export function windowStart(best: number, points: number, width: number): number {
  return Math.max(0, Math.min(best - (width - 1) / 2, points - width));
}

/** Index of the lowest point of a curve, the first of equals. */
export function indexOfLeast(curve: readonly number[]): number {
  let best = 0;
  for (let g = 1; g < curve.length; g++) if (curve[g] < curve[best]) best = g;
  return best;
}

/**
 * Fits the quadratic to the (up to) five points around the lowest one.
 *
 * @param log2x ascending, at least 3
 * @param curve loss per grid point, unit of the loss
 * @param width points in the window, 5 or 3
 */
export function fitCurve(
  log2x: readonly number[],
  curve: readonly number[],
  width: 3 | 5 = 5,
): Fit {
  const best = indexOfLeast(curve);
  const from = windowStart(best, log2x.length, width);
  const to = Math.min(log2x.length, from + width) - 1;
  const n = to - from + 1;
  let centre = 0, level = 0;
  for (let g = from; g <= to; g++) {
    centre += log2x[g] / n;
    level += curve[g] / n;
  }
  let s2 = 0, s3 = 0, s4 = 0, p1 = 0, p2 = 0;
  for (let g = from; g <= to; g++) {
    const u = log2x[g] - centre, v = curve[g] - level;
    s2 += u * u;
    s3 += u * u * u;
    s4 += u * u * u * u;
    p1 += u * v;
    p2 += u * u * v;
  }
  // normal equations of v on u and u² − s2/n, with Σu = Σv = 0
  const q4 = s4 - s2 * s2 / n;
  const determinant = s2 * q4 - s3 * s3;
  const c1 = (p1 * q4 - p2 * s3) / determinant;
  const c2 = (p2 * s2 - p1 * s3) / determinant;
  const c0 = level - c2 * s2 / n;
  const shared = { best, from, to, coefficients: [c0, c1, c2] as const, centre };
  if (!(c2 > 0)) {
    return { ...shared, log2x: log2x[best], loss: curve[best], convex: false, clamped: false };
  }
  const vertex = centre - c1 / (2 * c2);
  const at = Math.max(log2x[from], Math.min(log2x[to], vertex));
  const u = at - centre;
  return {
    ...shared,
    log2x: at,
    loss: c0 + c1 * u + c2 * u * u,
    convex: true,
    clamped: at !== vertex,
  };
}

/** Largest standard deviation of the model error, in grid steps. */
const MODEL_ERROR_CAP = 0.25;
/** Model error per distance between the two vertices: 1.96 · 1.5 is above the ratios measured, ≤ 2.2. */
const MODEL_ERROR_RATIO = 1.5;

/** Model error of a window with fewer than five points, in grid steps: 1.96 · 0.1 is above the largest bias, 0.19. */
const MODEL_ERROR_SHORT = 0.1;

/**
 * How far the quadratic's vertex may lie from the minimum because the bowl is no quadratic, from
 * its distance to the vertex of the parabola through the best point and its two neighbours (which has
 * half of the bias or less, and over twice the noise): 1.5 times that, at most a quarter of the
 * grid's step (reached where noise rather than shape decides). Three points have nothing to be compared
 * with and four little: there it is at least a tenth of the step, from the bias of the parabola through
 * three points, 0.02 to 0.19 octaves on the bowls of tests/lab/statistics/bowls.ts.
 *
 * @returns standard deviation of the model error, octaves
 */
export function modelError(log2x: readonly number[], curve: readonly number[], fit: Fit): number {
  const points = fit.to - fit.from + 1, step = (log2x[fit.to] - log2x[fit.from]) / (points - 1);
  const cap = MODEL_ERROR_CAP * step, floor = points < 5 ? MODEL_ERROR_SHORT * step : 0;
  const near = fitCurve(log2x, curve, 3);
  if (!near.convex) return cap;
  return Math.min(cap, Math.max(floor, MODEL_ERROR_RATIO * Math.abs(near.log2x - fit.log2x)));
}

/**
 * Loss of a curve at any log2 x, unit of the loss: inside the fit window the fit itself (so that the loss at the
 * optimum and the loss beside it carry the same error, which then cancels in the regret), outside
 * it, where a quadratic says nothing, a straight line between the two measured neighbours.
 *
 * @returns null outside the grid
 */
export function lossAt(
  log2x: readonly number[],
  curve: readonly number[],
  fit: Fit,
  at: number,
): number | null {
  const last = log2x.length - 1;
  if (!(at >= log2x[0] && at <= log2x[last])) return null;
  if (fit.convex && at >= log2x[fit.from] && at <= log2x[fit.to]) {
    const [c0, c1, c2] = fit.coefficients, u = at - fit.centre;
    return c0 + c1 * u + c2 * u * u;
  }
  let g = 0;
  while (g < last - 1 && log2x[g + 1] < at) g++;
  const share = (at - log2x[g]) / (log2x[g + 1] - log2x[g]);
  return curve[g] + share * (curve[g + 1] - curve[g]);
}
