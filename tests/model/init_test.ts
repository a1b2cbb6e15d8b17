/** Initial weights: distributed as they should be, and the same stream at every std. */
import assert from "node:assert/strict";
import { initialParameters, type InitStd, normals } from "../../model/init.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import { unpack } from "../../model/stored.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import { language } from "../../model/tasks/language.ts";

const SHAPE: ModelShape = {
  task: language(37),
  width: 20,
  depth: 2,
  headWidth: 10,
  ffn: {
    kind: "moe",
    experts: 6,
    active: 3,
    expertWidth: 9,
    shared: 1,
    groups: 3,
    gate: "sigmoid",
  },
};
const stds = (std: number, more: Partial<InitStd> = {}): InitStd => ({
  ...(Object.fromEntries(TENSOR_KINDS.map((k) => [k, std])) as InitStd),
  ...more,
});

Deno.test("normals have the moments of a standard normal within four standard errors", () => {
  const n = 100001, x = normals(7, "embed", n); // odd: the last pair is cut
  assert.equal(x.length, n);
  const moment = (p: number) => x.reduce((sum, v) => sum + v ** p, 0) / n;
  const within = (value: number, want: number, deviation: number) =>
    assert.ok(Math.abs(value - want) < 4 * deviation / Math.sqrt(n), `${value} for ${want}`);
  // deviations of x, x², x³, x⁴ under the normal: 1, √2, √15, √96
  within(moment(1), 0, 1);
  within(moment(2), 1, Math.sqrt(2));
  within(moment(3), 0, Math.sqrt(15));
  within(moment(4), 3, Math.sqrt(96));
  const near = (lag: number) =>
    x.reduce((sum, v, i) => i < n - lag ? sum + v * x[i + lag] : sum, 0) / n;
  for (const lag of [1, 2, 3, 20]) within(near(lag), 0, 1);
  const share = x.filter((v) => Math.abs(v) < 1).length / n;
  within(share, 0.6826894921, Math.sqrt(0.6827 * 0.3173));
});

Deno.test("seed and name each give a stream of their own, always the same one", () => {
  const n = 20000,
    a = normals(1, "wq", n),
    dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * y[i], 0) / n;
  assert.deepEqual(normals(1, "wq", n), a);
  for (const b of [normals(2, "wq", n), normals(1, "wk", n), normals(11, "wq", n)]) {
    assert.ok(Math.abs(dot(a, b)) < 4 / Math.sqrt(n), "streams are correlated");
  }
  // a longer stream begins with the shorter
  assert.deepEqual(normals(1, "wq", n + 2).subarray(0, n), a);
});

Deno.test("the same numbers are drawn at every std, only scaled", () => {
  const layout = layoutOf(SHAPE);
  const one = initialParameters(layout, 3, stds(1)),
    small = initialParameters(layout, 3, stds(0.02));
  for (const p of layout.parameters) {
    const a = unpack(p, one), b = unpack(p, small);
    const norm = p.kind.toLowerCase().endsWith("norm");
    assert.deepEqual(b, norm ? a : a.map((x) => x * 0.02), p.name);
    if (norm) assert.ok(a.every((x) => x === 1), `${p.name} does not start at 1`);
  }
});

Deno.test("a std of zero gives zeros and leaves every other tensor as it was", () => {
  const layout = layoutOf(SHAPE);
  const all = initialParameters(layout, 3, stds(0.02));
  const zero = initialParameters(layout, 3, stds(0.02, { unembed: 0 }));
  for (const p of layout.parameters) {
    const x = unpack(p, zero);
    if (p.name === "unembed") assert.ok(x.every((v) => v === 0));
    else assert.deepEqual(x, unpack(p, all), p.name);
  }
});

Deno.test("each kind has its own std, and padding stays zero", () => {
  const layout = layoutOf(SHAPE), kinds = TENSOR_KINDS.filter((k) => !/norm$/i.test(k));
  const std = stds(0, Object.fromEntries(kinds.map((k, i) => [k, 2 ** -i])));
  const stored = initialParameters(layout, 5, std);
  for (const p of layout.parameters) {
    if (/norm$/i.test(p.kind)) continue;
    const x = unpack(p, stored), size = Math.sqrt(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    const ratio = size / std[p.kind];
    assert.ok(Math.abs(ratio - 1) < 4 / Math.sqrt(2 * x.length), `${p.name}: ${ratio}`);
  }
  assert.equal(stored.filter((x) => x !== 0).length, layout.count);
});

Deno.test("a seed gives other weights in every matrix, and no two matrices are alike", () => {
  const layout = layoutOf(SHAPE), a = initialParameters(layout, 1, stds(1));
  const b = initialParameters(layout, 2, stds(1)), seen = new Set<number>();
  for (const p of layout.parameters) {
    if (/norm$/i.test(p.kind)) continue;
    assert.notDeepEqual(unpack(p, a), unpack(p, b), p.name);
    seen.add(unpack(p, a)[0]);
  }
  assert.equal(seen.size, layout.parameters.filter((p) => !/norm$/i.test(p.kind)).length);
});
