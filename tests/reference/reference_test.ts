/** The references themselves: closed forms, and gradients against central differences. */
import assert from "node:assert/strict";
import { GATES } from "../../kernels/routing/routing.ts";
import { assertApart, assertClose } from "../close.ts";
import { gaussians, uniforms } from "../random.ts";
import { attention, attentionBackward, normRope, normRopeBackward, rope } from "./attention.ts";
import { centralDifferences } from "./differences.ts";
import { pcg3d } from "./draw.ts";
import { crossEntropy, crossEntropyBackward, logSumExp } from "./loss.ts";
import { dot, type Matrix, matrix, times, timesTransposed, transposedTimes } from "./matrix.ts";
import { rmsNorm, rmsNormBackward } from "./norm.ts";
import { adamw, clip } from "./optimizer.ts";
import { moe } from "./feed_forward.ts";
import {
  balanceLoss,
  counts,
  gates,
  routerBackward,
  routerObjective,
  type RouterShape,
  select,
} from "./routing.ts";
import { swiglu, swigluBackward } from "./swiglu.ts";

/** Central differences with h = 1e-5 are good to about 1e-10; a wrong term shows at 1e-2. */
const BOUND = 1e-8;
const draw = gaussians(3);
const numbers = (count: number) => Array.from({ length: count }, draw);

Deno.test("the three matrix products agree with a product done by hand", () => {
  const a = [[1, 2, 3], [4, 5, 6]], b = [[1, 0, -1], [2, 1, 0]], c = [[1, 2], [3, 4], [5, 6]];
  assert.deepEqual(timesTransposed(a, b), [[-2, 4], [-2, 13]]);
  assert.deepEqual(times(a, c), [[22, 28], [49, 64]]);
  assert.deepEqual(transposedTimes(a, b), [[9, 4, -1], [12, 5, -2], [15, 6, -3]]);
});

Deno.test("the gradient of SwiGLU is that of finite differences", () => {
  for (let i = 0; i < 10; i++) {
    const [g, u, dh] = numbers(3), { dg, du } = swigluBackward(g, u, dh);
    assertClose(
      "swiglu",
      [dg, du],
      centralDifferences(([x, y]) => dh * swiglu(x, y), [g, u]),
      BOUND,
    );
  }
});

Deno.test("the gradient of RMSNorm is that of finite differences", () => {
  const x = numbers(13), gain = numbers(13), dy = numbers(13);
  const { dx, dgain } = rmsNormBackward(x, gain, dy);
  assertClose("dx", dx, centralDifferences((v) => dot(rmsNorm(v, gain), dy), x), BOUND);
  assertClose("dgain", dgain, centralDifferences((v) => dot(rmsNorm(x, v), dy), gain), BOUND);
  assertApart("without the pull to the mean", dx.map((_, j) => dy[j] * gain[j]), dx, BOUND);
});

Deno.test("the rotation keeps lengths, turns back, and knows only distances", () => {
  const q = numbers(10), k = numbers(10);
  assertClose("back", rope(rope(q, 7), 7, -1), q, 1e-14);
  assertClose("length", [dot(rope(q, 5), rope(q, 5))], [dot(q, q)], 1e-14);
  assertClose("distance", [dot(rope(q, 9), rope(k, 4))], [dot(rope(q, 5), k)], 1e-12);
  assert.deepEqual(rope([1, 0], 1), [Math.cos(1), Math.sin(1)]);
});

Deno.test("the gradient of QK-norm and rotation is that of finite differences", () => {
  const x = numbers(10), gain = numbers(10), dy = numbers(10);
  const { dx, dgain } = normRopeBackward(x, gain, 6, dy);
  assertClose("dx", dx, centralDifferences((v) => dot(normRope(v, gain, 6), dy), x), BOUND);
  assertClose("dgain", dgain, centralDifferences((v) => dot(normRope(x, v, 6), dy), gain), BOUND);
});

for (const causal of [true, false]) {
  Deno.test(`the gradient of ${causal ? "causal" : "bidirectional"} attention is that of finite differences`, () => {
    const T = 5, dh = 6, m = () => matrix(T, dh, draw);
    const q = m(), k = m(), v = m(), dout = m();
    const fold = (flat: number[]) => matrix(T, dh, (i, c) => flat[i * dh + c]);
    const value = (a: number[], b: number[], c: number[]) =>
      dot(attention(fold(a), fold(b), fold(c), causal).o.flat(), dout.flat());
    const { dq, dk, dv } = attentionBackward(q, k, v, dout, causal),
      [a, b, c] = [q, k, v].map((x) => x.flat());
    assertClose("dq", dq.flat(), centralDifferences((x) => value(x, b, c), a), BOUND);
    assertClose("dk", dk.flat(), centralDifferences((x) => value(a, x, c), b), BOUND);
    assertClose("dv", dv.flat(), centralDifferences((x) => value(a, b, x), c), BOUND);
  });
}

Deno.test("attention sees no later position", () => {
  const q = matrix(4, 2, draw), k = matrix(4, 2, draw), v = matrix(4, 2, draw);
  const spoiled = v.map((row, i) => i === 3 ? [1e9, 1e9] : row);
  assert.deepEqual(attention(q, k, spoiled).o.slice(0, 3), attention(q, k, v).o.slice(0, 3));
  assertClose("the first position sees itself", attention(q, k, v).o[0], v[0], 1e-15);
  // without the mask it does
  assert.notDeepEqual(attention(q, k, spoiled, false).o[0], attention(q, k, v, false).o[0]);
});

Deno.test("cross-entropy of equal logits is ln V, and its gradient that of finite differences", () => {
  assertClose("ln V", [crossEntropy([2, 2, 2, 2, 2], 3)], [Math.log(5)], 1e-15);
  const logits = numbers(9);
  assertClose(
    "gradient",
    crossEntropyBackward(logits, 4),
    centralDifferences((x) => crossEntropy(x, 4), logits),
    BOUND,
  );
  assert.ok(Number.isFinite(logSumExp([1e4, -1e4])));
});

Deno.test("ties go to the lower index, and groups pick each among their own", () => {
  const one = { experts: 6, active: 2, groups: 1, gate: "sigmoid" as const };
  assert.deepEqual(select([1, 3, 3, 0, 3, 3], one), [1, 2]);
  assert.deepEqual(select([0, 0, 0, 0, 0, 0], one), [0, 1]);
  assert.deepEqual(select([9, 8, 7, 1, 2, 2], { ...one, groups: 2 }), [0, 4]);
  assert.deepEqual(counts([[1, 2], [2, 0], [2, 1]], 4), [1, 2, 3, 0]);
});

Deno.test("gates sum to one; equal load and equal shares give a balance loss of one", () => {
  const logits = numbers(6);
  for (const gate of ["sigmoid", "softmax"] as const) {
    assertClose("sum", [gates(logits, [1, 4, 5], gate).reduce((a, b) => a + b)], [1], 1e-15);
    // Σ load (N/a) share = Σ (a/N) (N/a) (1/N) = 1
    const r = { experts: 6, active: 3, groups: 1, gate };
    const even = balanceLoss([[0, 0, 0, 0, 0, 0]], Array(6).fill(0.5), r);
    assertClose("balance", [even], [1], 1e-15);
  }
});

Deno.test("gates of all logits and raw sigmoids keep what the selected leave", () => {
  const logits = numbers(6), ids = [1, 4, 5], sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
  assert.ok(sum(gates(logits, ids, "softmax-all")) < 1);
  assertClose("all selected", [sum(gates(logits, [0, 1, 2, 3, 4, 5], "softmax-all"))], [1], 1e-15);
  assertClose("raw", gates([0, Math.log(3)], [1, 0], "sigmoid-raw"), [0.75, 0.5], 1e-15);
});

Deno.test("the gradient of the router's objective is that of finite differences", () => {
  for (const gate of GATES) {
    for (const [experts, active, groups] of [[5, 2, 1], [9, 6, 3]]) {
      const r = { experts, active, groups, gate }, coefficients = { balance: 0.3, z: 0.07 };
      const tokens = 4,
        logits = matrix(tokens, experts, draw),
        dgate = matrix(tokens, active, draw);
      const load = counts(logits.map((row) => select(row, r)), experts).map((n) => n / tokens);
      const analytic = logits.map((row, t) =>
        routerBackward(row, dgate[t], load, tokens, r, coefficients)
      );
      const numeric = centralDifferences((x) => {
        const moved = matrix(tokens, experts, (t, e) => x[t * experts + e]);
        return routerObjective(moved, dgate, load, r, coefficients);
      }, logits.flat());
      assertClose(`${experts}e${active}a ${gate}`, analytic.flat(), numeric, BOUND);
    }
  }
});

/** Every kind of router; picks stay where they are when a logit moves by 1e-5. */
const KINDS: Partial<RouterShape>[] = [
  ...GATES.map((gate) => ({ gate })),
  ...GATES.map((gate) => ({ gate, pick: "expert-choice" as const })),
  { capacity: 0.7 },
  { capacity: 0.7, gate: "softmax-all" },
  { groups: 3, limit: 1 },
  { pick: "hash", capacity: 0.7 },
];

Deno.test("under every router the layer's gradients of logits and input are those of finite differences", () => {
  const d = 4, h = 3, n = 6, tokens = 7;
  const weights = Array.from({ length: n }, () => ({
    gate: matrix(h, d, draw),
    up: matrix(h, d, draw),
    down: matrix(d, h, draw),
  }));
  const x = matrix(tokens, d, draw), dy = matrix(tokens, d, draw), logits = matrix(tokens, n, draw);
  const none = matrix(n, d, () => 0), by = { tokens: [0, 1, 2, 3, 4, 5, 6] };
  for (const kind of KINDS) {
    const r: RouterShape = { experts: n, active: 2, groups: 1, gate: "sigmoid", ...kind };
    const loss = (x: Matrix, l: Matrix) =>
      dot(moe(x, weights, none, l, dy, r, by).y.flat(), dy.flat());
    const got = moe(x, weights, none, logits, dy, r, by), name = JSON.stringify(kind);
    const back = (values: number[], cols: number) =>
      matrix(tokens, cols, (t, j) => values[t * cols + j]);
    const slopes = centralDifferences((v) => loss(x, back(v, n)), logits.flat());
    if (kind.pick === "hash") assert.ok(slopes.every((s) => s === 0));
    else assertClose(name, got.dlogits.flat(), slopes, BOUND);
    assert.ok(kind.pick !== "hash" || got.dlogits.flat().every((s) => s === 0));
    const input = centralDifferences((v) => loss(back(v, d), logits), x.flat());
    assertClose(`input, ${name}`, got.dx.flat(), input, BOUND);
  }
});

Deno.test("the first AdamW step moves a weight by the learning rate, against the gradient", () => {
  const o = { lr: 0.01, weightDecay: 0, eps: 0, beta1: 0.9, beta2: 0.95 };
  assertClose("up", [adamw(1, 0, 0, -3, 1, o).w], [1.01], 1e-14);
  assertClose("down", [adamw(1, 0, 0, 1e-5, 1, o).w], [0.99], 1e-14);
  assertClose(
    "decay",
    [adamw(2, 0, 0, 0, 1, { ...o, eps: 1, weightDecay: 0.1 }).w],
    [1.998],
    1e-14,
  );
});

Deno.test("a gradient is clipped to the limit, never stretched", () => {
  assert.deepEqual(clip([3, 4], 10), { norm: 5, scale: 1 });
  assertClose("clipped", [clip([3, 4], 1).scale], [0.2], 1e-6);
  assert.equal(clip([3, 4], 0).scale, 1);
});

Deno.test("the generator's three outputs are spread over 32 bits and differ by counter", () => {
  const seen = new Set<number>();
  let sum = 0;
  for (let step = 0; step < 100; step++) {
    for (let row = 0; row < 10; row++) {
      const [x] = pcg3d(7, step, row);
      assert.ok(Number.isInteger(x) && x >= 0 && x < 2 ** 32);
      seen.add(x);
      sum += x / 2 ** 32;
    }
  }
  assert.ok(seen.size > 995);
  assert.ok(Math.abs(sum / 1000 - 0.5) < 0.04, `mean ${sum / 1000}`); // 4 standard errors
});

Deno.test("the test data are spread like a normal distribution and exact in float32", () => {
  const x = Array.from({ length: 20000 }, gaussians(5)),
    mean = x.reduce((a, b) => a + b) / x.length;
  assert.ok(Math.abs(mean) < 0.03);
  assert.ok(Math.abs(dot(x, x) / x.length - 1) < 0.05);
  assert.ok(x.every((v) => v === Math.fround(v)));
  const u = uniforms(2);
  assert.notEqual(u(), u());
});
