/** Adaptive sweeps: what they train, whether their intervals hold, how often a verdict errs. */
import {
  analyse,
  bracketGrid,
  nextPoints,
  shiftBetween,
  type Sweep,
  sweepOptimum,
  widen,
} from "../../../lab/statistics/optimum.ts";
import { drawSeeds, random } from "../../../lab/statistics/resample.ts";
import { judged } from "../transfer/judged.ts";
import { assert, assertEquals } from "../assert.ts";
import {
  asymmetric,
  type Bowl,
  commonParts,
  flat,
  kinked,
  measured,
  type Noise,
  sweepOf,
  symmetric,
} from "./bowls.ts";

const TRIALS = Number(Deno.env.get("TRIALS") ?? 120);
const WIDE = Array.from({ length: 23 }, (_, i) => i - 17);
const NOISES: Noise[] = [0.003, 0.01, 0.03].flatMap((sd) => [
  { sd },
  { sd, doubling: 2.5 },
  { sd, rho: 0.5 },
]);

/** Trains the bracket around x and what it asks for, by looking it up in a sweep of everything. */
function adapt(all: Sweep, x: number, next = (sweep: Sweep) => nextPoints(sweep)): Sweep {
  for (let grid = bracketGrid(x);;) {
    const sweep = { log2x: grid, loss: grid.map((at) => all.loss[all.log2x.indexOf(at)]) };
    const more = next(sweep);
    if (more.length === 0) return sweep;
    grid = [...grid, ...more].sort((a, b) => a - b);
  }
}

/** Shares of trials: intervals that hold the truth, verdicts; and the mean number of grid points. */
function rates(
  reference: Bowl,
  target: Bowl,
  shift: number,
  noises = NOISES,
  next?: (sweep: Sweep) => number[],
) {
  const stream = random(11 + shift), draws = drawSeeds(3);
  const n = { optimum: 0, shift: 0, regret: 0, pass: 0, fail: 0, points: 0 };
  for (let trial = 0; trial < TRIALS; trial++) {
    const noise = noises[trial % noises.length], common = commonParts(3, stream);
    const a = -5.5 + stream.uniform(), b = a + shift;
    const from = sweepOf(reference, a, common, noise, stream);
    const all = sweepOf(target, b, common, noise, stream, WIDE);
    const found = analyse(from, draws, 1), x = found.optimum.log2x;
    const sweep = adapt(all, Math.round(x?.estimate ?? -5), next);
    const to = analyse(sweep, draws, 2), o = to.optimum.log2x, s = shiftBetween(found, to);
    const { verdict, regret } = judged(from, sweep);
    // no estimate is no false claim
    if (o === null || (o.lo <= b && b <= o.hi)) n.optimum++;
    if (s === null || (s.lo <= shift && shift <= s.hi)) n.shift++;
    if (regret.value === null || target(-shift) <= regret.value.hi) n.regret++;
    if (verdict === "pass") n.pass++;
    if (verdict === "fail") n.fail++;
    n.points += sweep.log2x.length;
  }
  return Object.fromEntries(
    Object.entries(n).map(([key, v]) => [key, Math.round(1000 * v / TRIALS) / 1000]),
  ) as typeof n;
}

Deno.test("a bracket is the point and its neighbours", () => {
  assertEquals(bracketGrid(-5), [-6, -5, -4]);
});

const parabola = (at: number) => (grid: number[], seeds = [0, 0.1, -0.1]): Sweep => ({
  log2x: grid,
  loss: grid.map((x) => seeds.map((s) => 2 + s + 0.01 * (x - at) ** 2)),
});

Deno.test("a bracket grows one octave at a time towards its minimum, and stops behind it", () => {
  const sweep = parabola(-7.4);
  assertEquals(widen([-6, -5, -4], sweepOptimum(sweep([-6, -5, -4])), 10, 1), [-7]);
  assertEquals(nextPoints(sweep([-6, -5, -4])), [-7]);
  assertEquals(nextPoints(sweep([-7, -6, -5, -4])), [-8]);
  assertEquals(nextPoints(sweep([-8, -7, -6, -5, -4])), []);
  assertEquals(nextPoints(parabola(-5.2)([-6, -5, -4])), []);
  assertEquals(nextPoints(sweep([-7, -6, -5, -4]), 3), [], "the span is limited");
});

Deno.test("a bracket whose noise leaves the optimum open gets two points on each side", () => {
  const noisy: Sweep = {
    log2x: [-6, -5, -4],
    loss: [[2.02, 2.0, 2.04], [2.03, 2.01, 1.99], [2.0, 2.03, 2.02]],
  };
  assertEquals(nextPoints(noisy), [-7, -3]);
  assertEquals(nextPoints(noisy, 3), []);
});

Deno.test("a bracket whose upper end diverged goes on below, and one whose runs all did stops", () => {
  const { log2x, loss } = parabola(-5.2)([-6, -5, -4]);
  const none = [null, null, null];
  assertEquals(nextPoints({ log2x, loss: [loss[0], loss[1], none] }), [-7]);
  assertEquals(nextPoints({ log2x, loss: [loss[0], none, none] }), [-7]);
  assertEquals(nextPoints({ log2x, loss: [none, none, none] }), []);
});

const SHAPES: [string, Bowl, Bowl][] = [
  ["the measured bowl", measured, measured],
  ["symmetric bowls", symmetric, symmetric],
  ["asymmetric bowls", asymmetric, asymmetric],
  ["lopsided bowls", kinked, kinked],
  ["a symmetric and a lopsided bowl", symmetric, kinked],
  ["flat bowls", flat, flat],
];
for (const [name, reference, target] of SHAPES) {
  Deno.test(`adaptive sweeps of ${name} hold the truth and pass no shift of two octaves`, () => {
    for (const shift of [0, 2, -2]) {
      const r = rates(reference, target, shift), text = `${shift}: ${JSON.stringify(r)}`;
      if (Deno.env.has("TRIALS")) console.log(name, text);
      assert(r.optimum >= 0.85 && r.shift >= 0.88 && r.points < 6.5, text);
      assert(shift === 0 ? r.fail <= 0.01 && r.regret >= 0.975 : r.pass <= 0.02, text);
    }
  });
}

Deno.test("an adaptive sweep decides as often as a grid of eight, at half the points", () => {
  const noise: Noise[] = [{ sd: 0.01 }];
  const same = rates(measured, measured, 0, noise), moved = rates(measured, measured, 2, noise);
  assert(same.pass >= 0.95 && moved.fail >= 0.95, JSON.stringify({ same, moved }));
  assert(same.points < 4 && moved.points < 5.5, JSON.stringify({ same, moved }));
});

Deno.test("these checks can fail: a bracket that never grows misses the optimum", () => {
  const r = rates(symmetric, symmetric, 2, [{ sd: 0.01 }], () => []);
  assert(r.optimum < 0.5 && r.fail < 0.05, JSON.stringify(r));
});
