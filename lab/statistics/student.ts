/**
 * Student's t far out in its tails, where a series in 1/ν is no use: bands over many works at once.
 *
 * @module
 */

/** Steps of the integral. */
const STEPS = 2000;

/**
 * Integral of cos^(ν−1) from θ to π/2, by Simpson's rule: with t = √ν·tan θ the density of Student's t is
 * that power of the cosine.
 */
function tail(theta: number, freedom: number): number {
  const width = (Math.PI / 2 - theta) / STEPS;
  let sum = 0;
  for (let i = 0; i <= STEPS; i++) {
    const weight = i === 0 || i === STEPS ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.max(0, Math.cos(theta + i * width)) ** (freedom - 1);
  }
  return sum * width / 3;
}

/** Points that were asked for: a band asks for the same one again and again. */
const KNOWN = new Map<string, number>();

/**
 * The point above which a share p of Student's t lies.
 *
 * Error: below 1e-5 of itself against tables down to p = 1e-5, tests/lab/statistics/student_test.ts.
 *
 * @param p above 0, at most 1/2
 * @throws {RangeError} for another p, or less than one degree of freedom
 */
export function tUpper(p: number, freedom: number): number {
  if (!(p > 0 && p <= 0.5)) throw new RangeError(`Cannot take the upper ${p} of Student's t`);
  if (!(freedom >= 1)) throw new RangeError(`Cannot use ${freedom} degrees of freedom: below 1`);
  const key = `${p} ${freedom}`, known = KNOWN.get(key);
  if (known !== undefined) return known;
  const all = 2 * tail(0, freedom);
  let low = 0, high = Math.PI / 2;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (tail(middle, freedom) / all > p) low = middle;
    else high = middle;
  }
  const point = Math.sqrt(freedom) * Math.tan(low);
  KNOWN.set(key, point);
  return point;
}
