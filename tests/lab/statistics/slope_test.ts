/** Exponents: exact where there is no noise, honest about few seeds and bent curves. */
import { arithmeticMean, exponent } from "../../../lab/statistics/slope.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

const X = [16, 32, 64, 128, 256, 512];

Deno.test("a pure power gives its exponent and no interval to speak of", () => {
  for (const p of [-1, -0.5, 0, 0.25]) {
    const e = exponent(X, X.map((x) => [3 * x ** p, 5 * x ** p]))!;
    for (const v of [e.estimate, e.lo, e.hi]) assertNear(v, p, 1e-9);
  }
});

Deno.test("two seeds that disagree have the interval of their own t", () => {
  const e = exponent([1, 2], [[1, 1], [1, 2]])!;
  assertNear(e.estimate, 0.5, 1e-12);
  assertNear(e.hi - e.lo, 2 * 12.7062 * 0.5, 1e-3);
  assertNear(arithmeticMean([0, 1]).hi, e.hi, 1e-12);
});

Deno.test("seeds that agree on a bent curve do not make its interval narrow", () => {
  const bent = [0, 0, 0, 0, 1, 3].map((y) => [2 ** y, 2 ** y, 2 ** y]), e = exponent(X, bent)!;
  assert(e.hi - e.lo > 0.5, `${e.lo} to ${e.hi}`);
});

Deno.test("a value that is zero, negative or not finite gives no exponent, nor does one seed at two sizes", () => {
  for (const bad of [0, -1, NaN, Infinity]) {
    assertEquals(exponent([1, 2], [[1, 1], [1, bad]]), null);
  }
  assertEquals(exponent([1, 2], [[1], [2]]), null);
  assertEquals(arithmeticMean([1]), { estimate: 1, lo: -Infinity, hi: Infinity });
});

Deno.test("tables that do not fit are refused", () => {
  throws(() => exponent([1, 2], [[1, 1]]), /Cannot fit a slope: 2 sizes, 1 rows/);
  throws(() => exponent([1, 2], [[1, 1], [1]]), RangeError);
  throws(() => exponent([2, 2], [[1], [1]]), /fewer than two sizes/);
});

Deno.test("the interval covers the true slope in at least 95% of sets, whatever makes seeds differ", () => {
  const kinds: [noise: number, ofSeed: number, seeds: number, points: number][] = [
    [0.1, 0, 3, 6],
    [0.1, 0, 2, 4],
    [0.02, 0.1, 3, 6],
    [0.1, 0.1, 6, 7],
  ];
  for (const [noise, ofSeed, seeds, points] of kinds) {
    const stream = random(1), sets = 2000;
    let covered = 0, excluded = 0;
    for (let i = 0; i < sets; i++) {
      const slopes = Array.from({ length: seeds }, () => 0.3 + ofSeed * stream.normal());
      const x = Array.from({ length: points }, (_, g) => 2 ** g);
      const e = exponent(
        x,
        x.map((v) => slopes.map((s) => v ** s * 2 ** (noise * stream.normal()))),
      )!;
      if (e.lo <= 0.3 && e.hi >= 0.3) covered++;
      if (e.hi < 1.8) excluded++;
    }
    assert(covered / sets > 0.94, `covers ${covered / sets} at ${[noise, ofSeed, seeds, points]}`);
    // the twin: an interval that is always infinite would cover too
    assert(excluded / sets > 0.9 || seeds === 2, `too wide at ${[noise, ofSeed, seeds, points]}`);
  }
});
