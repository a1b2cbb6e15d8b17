/** Intervals of medians cover what they claim, and trends are found where there are some. */
import assert from "node:assert/strict";
import { medianInterval, robustSd, trend } from "../../../kernels/gpu/order_statistics.ts";
import { random } from "../../../lab/statistics/resample.ts";

/** Share of samples of n whose interval holds the true median. */
function coverage(n: number, draw: () => number, truth: number, trials = 4000): number {
  let held = 0;
  for (let t = 0; t < trials; t++) {
    const { lo, hi } = medianInterval(Array.from({ length: n }, draw));
    held += +(lo <= truth && truth <= hi);
  }
  return held / trials;
}

Deno.test("the interval of a median covers it 95% of the time, for normal and for skewed samples", () => {
  const stream = random(5);
  for (const n of [6, 7, 9, 15, 25]) {
    const normal = coverage(n, stream.normal, 0);
    // a long tail to the slow side, as timings have
    const skewed = coverage(n, () => -Math.log(1 - stream.uniform()), Math.LN2);
    for (const share of [normal, skewed]) {
      assert.ok(share > 0.93 && share < 0.97, `${n} samples: ${share}`);
    }
  }
});

Deno.test("with fewer than 6 samples the interval is the range and says what it covers", () => {
  const stream = random(6);
  for (const [n, claimed] of [[1, 0], [2, 0.5], [3, 0.75], [5, 0.9375]] as const) {
    const values = Array.from({ length: n }, stream.normal), found = medianInterval(values);
    assert.equal(found.coverage, claimed);
    assert.deepEqual([found.lo, found.hi], [Math.min(...values), Math.max(...values)]);
  }
  const share = coverage(3, stream.normal, 0);
  assert.ok(Math.abs(share - 0.75) < 0.02, `${share}`);
  assert.throws(() => medianInterval([]), /Cannot take quantile 0.5 of 0 values/);
});

Deno.test("the interval lies between the order statistics whose coverages enclose 95%", () => {
  // n = 10: [x2, x9] covers 97.9%, [x3, x8] 89.1%
  const { estimate, lo, hi } = medianInterval([10, 1, 9, 2, 8, 3, 7, 4, 6, 5]);
  assert.equal(estimate, 5.5);
  assert.ok(lo > 2 && lo < 3 && hi > 8 && hi < 9);
  assert.ok(Math.abs(lo + hi - 11) < 1e-12, "not symmetric");
});

Deno.test("the robust standard deviation is that of normal samples and ignores a wild value", () => {
  const stream = random(7), values = Array.from({ length: 20001 }, stream.normal);
  assert.ok(Math.abs(robustSd(values) - 1) < 0.02);
  values[0] = 1e9;
  assert.ok(Math.abs(robustSd(values) - 1) < 0.02);
});

Deno.test("a trend is found with its size, whatever one wild value does", () => {
  const ramp = Array.from({ length: 11 }, (_, i) => 1 + i / 100);
  assert.ok(Math.abs(trend(ramp).change - 0.1 / 1.05) < 1e-12);
  assert.ok(trend(ramp).z > 2.58);
  assert.ok(trend(ramp.toReversed()).z < -2.58);
  assert.ok(trend(ramp.with(5, 9)).z > 2.58);
  assert.deepEqual(trend([1, 2]), { change: 0, z: 0 });
  // and chance alone makes one past ±2.58 in about 1% of series
  const stream = random(8);
  let found = 0;
  for (let t = 0; t < 4000; t++) {
    found += +(Math.abs(trend(Array.from({ length: 12 }, stream.normal)).z) > 2.58);
  }
  assert.ok(found / 4000 > 0.002 && found / 4000 < 0.015, `${found / 4000}`);
});
