import {
  contrastOf,
  contrastVariance,
  meanInterval,
  pooledVariance,
  residualVariance,
  slopeWeights,
} from "../../lab/paired.ts";
import { random } from "../../lab/statistics.ts";
import { assert, assertEquals, assertNear } from "./assert.ts";

Deno.test("alone, the interval of a mean is Student's", () => {
  const { estimate, lo, hi } = meanInterval([1, 2, 3])!;
  assertNear(estimate, 2, 1e-12);
  assertNear(hi - estimate, 4.3026527 / Math.sqrt(3), 1e-6);
  assertNear(estimate - lo, hi - estimate, 1e-12);
  assertEquals(meanInterval([1]), null);
});

Deno.test("a contrast of a straight line is its slope, and what a seed adds to all cancels", () => {
  const x = [1, 2, 4, 5], table = x.map((v) => [10, -3, 0].map((seed) => seed - 0.2 * v));
  for (const slope of contrastOf(table, slopeWeights(x))) assertNear(slope, -0.2, 1e-12);
  const { variance, freedom } = residualVariance(table);
  assertNear(variance, 0, 1e-24);
  assertEquals(freedom, 6);
  assertEquals(residualVariance([[1, 2, 3]]).freedom, 0);
});

Deno.test("variances are pooled by their degrees of freedom", () => {
  const { variance, freedom } = pooledVariance([[1, 3], [0, 0, 3], [7]]);
  assertNear(variance, (2 + 6) / 3, 1e-12);
  assertEquals(freedom, 3);
});

/** Share of 3-seed tables whose intervals hold the true mean of row 0 and the true slope. */
function coverage(spread: number[], trials = 2000) {
  const stream = random(31), x = [0, 1, 2, 3], weights = slopeWeights(x);
  let means = 0, slopes = 0, naive = 0;
  for (let trial = 0; trial < trials; trial++) {
    const common = [0, 1, 2].map(() => 0.02 * stream.normal());
    const table = x.map((v) => common.map((c) => c - 0.01 * v + spread[v] * stream.normal()));
    const slope = contrastOf(table, weights);
    const interval = meanInterval(slope, contrastVariance(residualVariance(table), weights))!;
    if (interval.lo <= -0.01 && -0.01 <= interval.hi) slopes++;
    const gaps = x.map((v) => common.map(() => spread[v] * stream.normal()));
    const gap = meanInterval(gaps[0], pooledVariance(gaps))!;
    if (gap.lo <= 0 && 0 <= gap.hi) means++;
    // what this project does not do: 1.96 standard errors of three seeds
    const own = meanInterval(gaps[0])!;
    if (Math.abs(own.estimate) <= (own.hi - own.estimate) * 1.96 / 4.3026527) naive++;
  }
  return { means: means / trials, slopes: slopes / trials, naive: naive / trials };
}

Deno.test("with 3 seeds the intervals hold the truth in 95%, and in 92% where noise is unequal", () => {
  const equal = coverage([0.01, 0.01, 0.01, 0.01]);
  assert(equal.means >= 0.95 && equal.slopes >= 0.95, JSON.stringify(equal));
  const loudest = coverage([0.03, 0.01, 0.01, 0.01]), quiet = coverage([0.01, 0.03, 0.03, 0.03]);
  assert(loudest.means >= 0.92 && loudest.slopes >= 0.92, JSON.stringify(loudest));
  assert(quiet.means >= 0.95 && quiet.slopes >= 0.92, JSON.stringify(quiet));
});

Deno.test("this check can fail: 1.96 standard errors of three seeds hold far less", () => {
  assert(coverage([0.01, 0.01, 0.01, 0.01]).naive < 0.85);
});
