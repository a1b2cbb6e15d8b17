/** Sweeps with runs that were never made: how seeds and noise are told apart. */
import assert from "node:assert/strict";
import { splitGaps } from "../../../lab/statistics/gaps.ts";
import { analyse, nextPoints, type Sweep, sweepOptimum } from "../../../lab/statistics/optimum.ts";
import { sideBySide } from "../../../lab/statistics/pairing.ts";
import { drawSeeds, random, split } from "../../../lab/statistics/resample.ts";

const NOISE = 0.01;

/** Losses of a flat curve with parts of the seeds, some left out. */
function losses(points: number, seeds: number, missing: number, stream = random(4)) {
  const parts = Array.from({ length: seeds }, () => 0.5 * stream.normal());
  return Array.from({ length: points }, () =>
    parts.map((part) => {
      const value = part + NOISE * stream.normal();
      return stream.uniform() < missing ? null : value;
    }));
}

Deno.test("without gaps the split is that of whole sweeps", () => {
  const table = losses(5, 3, 0), whole = split(table, 0, 5), same = splitGaps(table, 0, 5);
  for (const [g, v] of whole.curve.entries()) assert.ok(Math.abs(v - same.curve[g]) < 1e-12);
  // where the whole window is pooled; beside its ends a whole sweep pools fewer, and wider
  assert.ok(Math.abs(whole.noise[2] / same.noise[2] - 1) < 1e-9);
  assert.equal(same.freedom, whole.freedom);
});

Deno.test("the noise is that of the runs, however many are missing: seeds' parts are not in it", () => {
  const stream = random(9);
  for (const missing of [0.2, 0.4]) {
    let squares = 0, count = 0;
    for (let trial = 0; trial < 400; trial++) {
      const table = losses(5, 5, missing, stream);
      if (table.some((row) => row.every((v) => v === null))) continue;
      const { noise, seedEffect } = splitGaps(table, 0, 5);
      if (seedEffect.every((v) => v === 0)) continue; // too few to tell parts
      squares += noise[2] ** 2;
      count++;
    }
    const found = Math.sqrt(squares / count) / NOISE;
    assert.ok(count > 200 && found > 0.93 && found < 1.07, `${missing}: ${found} of ${count}`);
  }
});

Deno.test("seeds in groups that share none, or one run each: parts stay in the noise, or there is none", () => {
  const n = null;
  const groups = splitGaps([[1, 2, n, n], [1.1, 2.1, n, n], [n, n, 5, 6], [n, n, 5, 6]], 0, 4);
  assert.deepEqual(groups.seedEffect, [0, 0, 0, 0]);
  assert.ok(groups.noise.every((v) => v > 0.5), `${groups.noise}`);
  assert.equal(splitGaps([[1, n, n], [n, 2, n], [n, n, 3]], 0, 3).freedom, 0);
  const alone: Sweep = { log2x: [0, 1, 2], loss: [[3, undefined], [undefined, 1], [3, undefined]] };
  assert.match(sweepOptimum(alone).reason!, /no two runs at one place/);
});

Deno.test("a gap is no divergence: the place counts by the runs that were made", () => {
  const loss = [[3, 3.01, 3.02], [2, 2.01, undefined], [1, undefined, undefined], [2, 2.01, 2.02]];
  assert.equal(sweepOptimum({ log2x: [0, 1, 2, 3], loss }).diverged, 0);
  const nulls = loss.map((row) => row.map((v) => v ?? null));
  assert.ok(sweepOptimum({ log2x: [0, 1, 2, 3], loss: nulls }).diverged > 0);
});

Deno.test("a step of more than an octave is one step further", () => {
  const grid = [1e-4, 3e-4, 1e-3].map(Math.log2), loss = [[3, 3.01], [2, 2.01], [1, 1.01]];
  const [next, ...more] = nextPoints({ log2x: grid, loss });
  assert.equal(more.length, 0);
  assert.ok(Math.abs(next - (2 * grid[2] - grid[1])) < 1e-12);
});

const named = (seeds: string[], loss: (number | undefined)[][]): Sweep => ({
  log2x: loss.map((_, g) => g),
  loss,
  seeds,
});
const rows = (...cells: (number | undefined)[]) => [cells, cells, cells];

Deno.test("sweeps are paired by the names of their seeds, in whatever order", () => {
  const a = named(["0", "1", "2"], rows(1, 2, 3)), b = named(["2", "0", "1"], rows(30, 10, 20));
  const { r, t, draws } = sideBySide(a, b);
  assert.deepEqual([r.loss[0], t.loss[0]], [[1, 2, 3], [10, 20, 30]]);
  assert.equal(draws[0], draws[1]);
});

Deno.test("paired over the seeds both have; over all of each where they share too few", () => {
  const many = named(["0", "1", "2", "3"], rows(1, 2, 3, 4));
  assert.equal(sideBySide(many, named(["3", "1", "0"], rows(40, 20, 10))).r.loss[0].length, 3);
  const others = sideBySide(many, named(["0", "7", "8", "9"], rows(1, 2, 3, 4)));
  assert.equal(others.r.loss[0].length, 4);
  assert.notDeepEqual(others.draws[0], others.draws[1]);
  // pairing would leave out what the gap has not
  const gap = named(["0", "1", "2"], [[1, 2, 3], [1, 2, undefined], [1, 2, 3]]);
  assert.equal(sideBySide(many, gap).r.loss[0].length, 4);
  // without names by column, as ever
  const plain = sideBySide({ log2x: [0], loss: [[1, 2]] }, { log2x: [0], loss: [[2, 1]] });
  assert.equal(plain.draws[0], plain.draws[1]);
});

Deno.test("the interval of a sweep with gaps is resampled by its noise", () => {
  const loss = [[3, 3.02], [2, 2.01], [1.5, undefined], [2, 2.03], [3, 3.01]];
  const { optimum, fits, source } = analyse({ log2x: [0, 1, 2, 3, 4], loss }, drawSeeds(2), 1);
  assert.ok(source!.parts.scattered);
  assert.equal(fits.length, 1000);
  assert.ok(optimum.log2x!.lo < 2 && 2 < optimum.log2x!.hi);
});
