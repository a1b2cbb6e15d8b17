import fc from "fast-check";
import { fitCurve, lossAt, modelError } from "../../../lab/statistics/fit.ts";
import { coverageAt, type Sweep, sweepOptimum, widen } from "../../../lab/statistics/optimum.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";
import { asymmetric, commonParts, GRID, sweepOf, symmetric } from "./bowls.ts";

/** A noiseless parabola, three seeds. */
function parabola(optimum: number, curvature = 0.0125, grid = GRID): Sweep {
  return {
    log2x: grid,
    loss: grid.map((x) => [0, 0.1, -0.1].map((s) => 2 + s + curvature * (x - optimum) ** 2)),
  };
}

Deno.test("a noiseless parabola is found exactly, with an interval of no width", () => {
  for (const at of [-6.3, -5.5, -5]) {
    const { log2x, loss, atEdge, reason } = sweepOptimum(parabola(at));
    for (const v of [log2x!.estimate, log2x!.lo, log2x!.hi]) assertNear(v, at, 1e-6);
    assertNear(loss!.estimate, 2, 0.05);
    assert(loss!.hi - loss!.lo > 0.1, "the seeds' common part is in the loss's interval");
    assertEquals([atEdge, reason], [false, null]);
  }
});

Deno.test("the fit recovers any parabola on any grid", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 9 }),
    fc.double({ min: 0.1, max: 10, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    (points, curvature, share) => {
      const grid = points.map((x) => x / 2).sort((a, b) => a - b);
      const at = grid[0] + share * (grid[grid.length - 1] - grid[0]);
      const curve = grid.map((x) => 3 + curvature * (x - at) ** 2);
      const fit = fitCurve(grid, curve);
      assert(fit.convex);
      const clamped = Math.max(grid[fit.from], Math.min(grid[fit.to], at));
      assertNear(fit.log2x, clamped, 1e-6);
      assertNear(lossAt(grid, curve, fit, fit.log2x)!, fit.loss, 1e-9);
    },
  ));
});

Deno.test("the best point at an end of the grid is an edge, and the grid is widened there", () => {
  const low = sweepOptimum(parabola(-9.4)), high = sweepOptimum(parabola(-1.5));
  assertEquals([low.atEdge, low.edge, high.atEdge, high.edge], [true, "low", true, "high"]);
  assert(/low edge of the grid/.test(low.reason!));
  assertEquals(widen(GRID, low), [-11, -10]);
  assertEquals(widen(GRID, high), [-1, 0]);
  assertEquals(widen(GRID, sweepOptimum(parabola(-5))), []);
  assertEquals(widen(GRID, low, 8), [-10]);
  assertEquals(widen(GRID, low, 7), []);
  assertEquals(widen([-3, -3.5, -4], high), [-2.5, -2, -1.5, -1]);
});

Deno.test("a curve that is not convex has no optimum", () => {
  const hill: Sweep = { log2x: [-5, -4, -3], loss: [[1, 1.01], [2, 2.01], [1.5, 1.51]] };
  const { log2x, reason } = sweepOptimum(hill);
  assertEquals(log2x, null);
  assert(/not convex/.test(reason!));
});

Deno.test("fewer than three trained grid points have no optimum", () => {
  const loss = [[2, 2.1], [2.2, null], [null, null], [2.3, 2.2]];
  const found = sweepOptimum({ log2x: [-6, -5, -4, -3], loss });
  assertEquals(found.log2x, null);
  assertEquals(found.reason, "2 of 4 grid points trained; a fit needs 3");
  assertNear(found.diverged, 3 / 8, 1e-12);
  assertEquals(sweepOptimum({ log2x: [], loss: [] }).log2x, null);
});

Deno.test("three points are enough for a parabola, and the vertex stays in the window", () => {
  const bracket = [-6, -5, -4], { loss } = parabola(-4.8, 0.01, bracket);
  assertNear(fitCurve(bracket, loss.map((row) => row[0]!)).log2x, -4.8, 1e-9);
  const { estimate, lo, hi } = sweepOptimum({ log2x: bracket, loss }).log2x!;
  assertNear(estimate, -4.8, 0.02);
  // nothing shows whether the bowl is a parabola: a tenth of a step
  assertNear(hi - lo, 2 * 1.96 * 0.1, 0.05);
  const steep = fitCurve([0, 1, 2, 3, 4], [0, 0.0001, 2, 4, 6.5]);
  assert(steep.clamped);
  assertEquals(steep.log2x, 0);
});

Deno.test("diverged seeds are missing: their common part does not bend the curve", () => {
  const sweep = parabola(-5.4);
  const loss = sweep.loss.map((row, g) => g === 5 ? [null, row[1], row[2]] : row);
  assertNear(sweepOptimum({ log2x: sweep.log2x, loss }).log2x!.estimate, -5.4, 1e-3);
  const infinite = sweep.loss.map((row, g) => g === 7 ? [Infinity, NaN, null] : row);
  const found = sweepOptimum({ log2x: sweep.log2x, loss: infinite });
  assertNear(found.log2x!.estimate, -5.4, 1e-3);
  assertNear(found.diverged, 1 / 8, 1e-12);
});

Deno.test("a best point beside diverged runs is not bracketed, and is no edge of the grid", () => {
  const sweep = parabola(-4.2);
  const loss = sweep.loss.map((row, g) => GRID[g] > -4 ? row.map(() => null) : row);
  const found = sweepOptimum({ log2x: GRID, loss });
  assertEquals([found.atEdge, found.edge], [false, null]);
  assert(/beside diverged runs/.test(found.reason!));
  assertEquals(coverageAt({ log2x: GRID, loss }, -4.5), "measured");
  assertEquals(coverageAt({ log2x: GRID, loss }, -3.5), "unknown");
  assertEquals(coverageAt({ log2x: GRID, loss }, -2.5), "diverged");
  assertEquals(coverageAt({ log2x: GRID, loss }, -1), "outside");
});

Deno.test("one seed gives an estimate whose interval is the grid", () => {
  const sweep = parabola(-5.4);
  const found = sweepOptimum({ log2x: GRID, loss: sweep.loss.map((row) => [row[0]]) });
  assertNear(found.log2x!.estimate, -5.4, 1e-6);
  assertEquals([found.log2x!.lo, found.log2x!.hi, found.loss], [-9, -2, null]);
  assertEquals(found.reason, "one seed has no interval");
});

Deno.test("a flat noisy curve bounds nothing: its interval is the grid, or it has no optimum", () => {
  const stream = random(5);
  for (let trial = 0; trial < 20; trial++) {
    const { log2x } = sweepOptimum(
      sweepOf(() => 0, -5, commonParts(3, stream), { sd: 0.02 }, stream),
    );
    if (log2x !== null) assertEquals([log2x.lo, log2x.hi], [-9, -2]);
  }
});

Deno.test("outside the window the loss is read from the measured neighbours", () => {
  const curve = GRID.map((x) => x > -3.5 ? 9 : (x + 7) ** 2);
  const fit = fitCurve(GRID, curve);
  assertNear(lossAt(GRID, curve, fit, -2.5)!, 9, 1e-12);
  assertNear(lossAt(GRID, curve, fit, -3.5)!, 9, 1e-9);
  assertEquals(lossAt(GRID, curve, fit, -1.9), null);
  assertEquals(lossAt(GRID, curve, fit, NaN), null);
});

Deno.test("the model error bounds the bias of bowls and is capped at a quarter step", () => {
  for (let at = -5.5; at <= -4.5; at += 0.1) {
    for (const bowl of [symmetric, asymmetric]) {
      const curve = GRID.map((x) => bowl(x - at));
      const fit = fitCurve(GRID, curve), spread = modelError(GRID, curve, fit);
      assert(spread <= 0.25);
      assert(Math.abs(fit.log2x - at) <= 1.96 * spread + 0.015, `${at}: ${fit.log2x} ± ${spread}`);
    }
  }
});

Deno.test("a sweep is refused when it is ragged or repeats a grid point", () => {
  throws(() => sweepOptimum({ log2x: [1, 2, 3], loss: [[1], [2]] }), /Cannot read a sweep/);
  throws(() => sweepOptimum({ log2x: [1, 2, 3], loss: [[1], [2], [1, 2]] }), RangeError);
  throws(() => sweepOptimum({ log2x: [1, 1, 3], loss: [[1], [2], [1]] }), /distinct/);
});

Deno.test("neither the order of the seeds nor that of the grid changes the optimum", () => {
  const stream = random(8);
  const sweep = sweepOf(asymmetric, -5.3, commonParts(4, stream), { sd: 0.01 }, stream);
  const found = sweepOptimum(sweep);
  const turned = sweep.loss.map((row) => [row[2], row[0], row[3], row[1]]);
  assertEquals(sweepOptimum({ log2x: sweep.log2x, loss: turned }), found);
  assertEquals(
    sweepOptimum({ log2x: [...GRID].reverse(), loss: [...sweep.loss].reverse() }),
    found,
  );
});
