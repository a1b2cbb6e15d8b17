import {
  drawSeeds,
  mean,
  median,
  quantile,
  random,
  resampleCurves,
  sd,
  split,
  tQuantile975,
} from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

Deno.test("mean, standard deviation, median and quantiles follow their closed forms", () => {
  assertNear(mean([1, 2, 6]), 3, 1e-15);
  assertNear(sd([1, 2, 6]), Math.sqrt(7), 1e-15);
  assert(Number.isNaN(sd([1])));
  assertNear(median([3, 1, 2]), 2, 0);
  assertNear(median([4, 1, 2, 3]), 2.5, 0);
  assertNear(quantile([0, 10, 20], 0.25), 5, 1e-12);
  assertNear(quantile([7], 0.9), 7, 0);
  throws(() => quantile([], 0.5), /Cannot take quantile 0.5 of 0 values/);
  throws(() => quantile([1], 1.5), RangeError);
});

Deno.test("the generator repeats for one seed, differs between seeds and has the right moments", () => {
  const take = (seed: number) => {
    const stream = random(seed);
    return Array.from({ length: 20_000 }, () => stream.uniform());
  };
  assertEquals(take(1), take(1));
  const a = take(1), b = take(2);
  assertNear(mean(a), 0.5, 0.01);
  assertNear(sd(a), Math.sqrt(1 / 12), 0.005);
  assert(a.every((u) => u >= 0 && u < 1));
  assertNear(mean(a.map((u, i) => (u - 0.5) * (b[i] - 0.5))), 0, 0.002);
  assertNear(mean(a.slice(1).map((u, i) => (u - 0.5) * (a[i] - 0.5))), 0, 0.002);
  const stream = random(3);
  const normals = Array.from({ length: 20_000 }, () => stream.normal());
  assertNear(mean(normals), 0, 0.02);
  assertNear(sd(normals), 1, 0.02);
  assertNear(normals.filter((z) => Math.abs(z) > 1.96).length / 20_000, 0.05, 0.006);
});

Deno.test("the t quantile agrees with the tables", () => {
  const table = [[1, 12.706], [2, 4.303], [3, 3.182], [4, 2.776], [6, 2.447], [8, 2.306]];
  for (const [freedom, t] of [...table, [30, 2.042], [1e9, 1.96]]) {
    assertNear(tQuantile975(freedom), t, 0.004);
  }
  for (let f = 1; f < 10; f += 0.1) assert(tQuantile975(f) > tQuantile975(f + 0.1));
  throws(() => tQuantile975(0.5), RangeError);
});

Deno.test("splitting an additive table leaves no residual, whatever is missing", () => {
  const curve = [3, 2, 1, 2, 4], seeds = [-0.5, 0.1, 0.4];
  const table: (number | null)[][] = curve.map((m) => seeds.map((s) => m + s));
  for (const holes of [[], [[4, 0]], [[0, 2], [4, 2]]]) {
    const loss = table.map((row) => [...row]);
    for (const [g, k] of holes) loss[g][k] = null;
    const parts = split(loss, 0, 5);
    parts.curve.forEach((m, g) => assertNear(m, curve[g], 1e-6));
    parts.residual.flat().forEach((r) => assertNear(r, 0, 1e-6));
    assertEquals(parts.freedom, 8 - holes.length);
  }
});

Deno.test("the pooled noise is unbiased and the resampled spread is the t interval's", () => {
  const stream = random(11);
  const variances: number[] = [], ratios: number[] = [];
  const draws = drawSeeds(3);
  for (let trial = 0; trial < 200; trial++) {
    const loss = Array.from({ length: 5 }, () => [0, 1, 2].map((k) => k + 0.1 * stream.normal()));
    const parts = split(loss, 0, 5);
    variances.push(parts.noise[2] ** 2);
    // any contrast will do; its standard error is 0.1·√(10/3)
    const contrasts = resampleCurves(parts, draws, stream).curves.map((c) =>
      c[3] - c[1] + 2 * (c[4] - c[0])
    );
    ratios.push(sd(contrasts) ** 2 / (0.01 * 10 / 3));
  }
  assertNear(Math.sqrt(mean(variances)), 0.1, 0.005);
  const kappa = tQuantile975(6.4) / 1.96;
  assertNear(Math.sqrt(mean(ratios)), kappa, 0.06);
});
