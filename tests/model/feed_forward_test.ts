/** One feed-forward layer: against float64, with the load it was told to have, and its formulas. */
import assert from "node:assert/strict";
import { tileRows } from "../../kernels/gemm/gemm.ts";
import { download, downloadFloats, type Tensor } from "../../kernels/gpu/tensor.ts";
import {
  bytesOf,
  FeedForward,
  flopsOf,
  type LayerCase,
  parametersOf,
  routerFlopsOf,
  type RouterVariant,
} from "../../model/feed_forward.ts";
import { imposedLogits, shareOfTokens } from "../../model/imposed_routing.ts";
import { unpack } from "../../model/stored.ts";
import { assertApart, assertClose } from "../close.ts";
import { type Expert, expertBackward, expertForward, moe } from "../reference/feed_forward.ts";
import { addScaled, type Matrix, matrix, timesTransposed } from "../reference/matrix.ts";
import { tolerance } from "../tolerances.ts";
import { onEveryProfile, withDevice } from "../with_device.ts";

const ODD_FFN = { kind: "moe", experts: 5, active: 2, expertWidth: 7 } as const;
const ODD_MOE: LayerCase = {
  width: 13,
  tokens: 19,
  replicas: 2,
  ffn: ODD_FFN,
  routing: "zipf",
};
const ODD_DENSE: LayerCase = {
  width: 13,
  tokens: 19,
  replicas: 2,
  ffn: { kind: "dense", hidden: 11 },
};

/** Activations of replica z as rows without padding. */
async function rowsOf(layer: FeedForward, tensor: Tensor, z: number, cols: number, stride: number) {
  const all = await downloadFloats(layer.device, tensor), { rows } = layer.stored;
  return matrix(layer.c.tokens, cols, (t, j) => all[(z * rows + t) * stride + j]);
}

/** Named weights (or gradients) of replica z. */
async function namedOf(layer: FeedForward, tensor: Tensor, z: number) {
  const { floats } = layer.stored;
  const all = (await downloadFloats(layer.device, tensor)).subarray(z * floats, (z + 1) * floats);
  return new Map(layer.named.map((p) => [p.name, unpack(p, all)]));
}

/** Expert e (0 for dense) of named tensors. */
function expertOf(named: Map<string, Float32Array>, e: number, d: number, h: number): Expert {
  const part = (name: string, rows: number, cols: number) =>
    matrix(rows, cols, (i, j) => named.get(name)![e * rows * cols + i * cols + j]);
  return { gate: part("wgate", h, d), up: part("wup", h, d), down: part("wdown", d, h) };
}

const flat = (m: Matrix) => m.flat();

Deno.test("a dense layer and its gradients are those of the float64 reference", async () => {
  await onEveryProfile(async (device) => {
    const layer = new FeedForward(device, ODD_DENSE, "forward+backward", { seed: 3 });
    const BOUND = tolerance(device, "layer"), d = 13, h = 11, { width } = layer.stored;
    await layer.run(2);
    for (const z of [0, 1]) {
      const x = await rowsOf(layer, layer.x, z, d, width);
      const dy = await rowsOf(layer, layer.dy!, z, d, width);
      const w = expertOf(await namedOf(layer, layer.weights, z), 0, d, h);
      const got = expertOf(await namedOf(layer, layer.weightGradients, z), 0, d, h);
      const want = expertForward(x, w), back = expertBackward(x, w, dy);
      const y = await rowsOf(layer, layer.y, z, d, width);
      const dx = await rowsOf(layer, layer.dx!, z, d, width);
      assertClose("y", flat(y), flat(addScaled(x, 1, want.y)), BOUND);
      assertClose("dx", flat(dx), flat(back.dx), BOUND);
      for (const name of ["gate", "up", "down"] as const) {
        assertClose(`d${name}`, flat(got[name]), flat(back.dw[name]), BOUND);
      }
      assertApart("y without the residual", flat(y), flat(want.y), BOUND);
    }
    layer.destroy();
  });
});

/** The paper's router, then one of each other kind, and two of several kinds. */
const ROUTERS: [string, RouterVariant][] = [
  ["", {}],
  [" by softmax of all", { gate: "softmax-all" }],
  [" by raw sigmoid", { gate: "sigmoid-raw" }],
  [" with a capacity", { capacity: 1.25 }],
  [" with a capacity by softmax of all", { capacity: 0.6, gate: "softmax-all" }],
  [" by hash", { pick: "hash" }],
  [" by hash with a capacity", { pick: "hash", capacity: 1 }],
  [" whose experts choose", { pick: "expert-choice", gate: "softmax-all" }],
  [" whose experts choose by sigmoid", { pick: "expert-choice", gate: "sigmoid" }],
  [" whose experts choose by softmax", { pick: "expert-choice", gate: "softmax" }],
  [" limited to its best groups", { groups: 3, limit: 1 }],
];

for (const [name, variant] of ROUTERS) {
  Deno.test(`an MoE layer${name} and the gradients of experts, router and input are those of float64`, async () => {
    await onEveryProfile(async (device) => {
      const n = variant.groups ? 6 : 5;
      const c: LayerCase = { ...ODD_MOE, ffn: { ...ODD_FFN, experts: n, router: variant } };
      const layer = new FeedForward(device, c, "forward+backward", { seed: 5 });
      const BOUND = tolerance(device, "layer"),
        d = 13,
        h = 7,
        active = 2,
        { width, experts } = layer.stored;
      await layer.run(2);
      const counted = (await layer.counts())!;
      for (const z of [0, 1]) {
        const x = await rowsOf(layer, layer.x, z, d, width);
        const dy = await rowsOf(layer, layer.dy!, z, d, width);
        const named = await namedOf(layer, layer.weights, z);
        const router = matrix(n, d, (i, j) => named.get("wrouter")![i * d + j]);
        const shares = shareOfTokens("zipf", n, active);
        const all = imposedLogits(shares, active, 19, experts, 5 + z);
        const picked = matrix(19, n, (t, e) => all[t * experts + e]);
        const weights = Array.from({ length: n }, (_, e) => expertOf(named, e, d, h));
        const r = { experts: n, active, groups: 1, gate: "sigmoid" as const, ...variant };
        const ids = new Uint32Array(await download(device, layer.tokenIds!));
        const tokens = Array.from({ length: 19 }, (_, t) => ids[z * layer.stored.rows + t] ?? t);
        const want = moe(x, weights, router, picked, dy, r, { tokens });
        assert.deepEqual(counted.slice(z * n, (z + 1) * n), want.counts);
        const y = await rowsOf(layer, layer.y, z, d, width);
        const dx = await rowsOf(layer, layer.dx!, z, d, width);
        assertClose("y", flat(y), flat(addScaled(x, 1, want.y)), BOUND);
        assertClose("dx", flat(dx), flat(want.dx), BOUND);
        const gradients = await namedOf(layer, layer.weightGradients, z);
        for (let e = 0; e < n; e++) {
          const got = expertOf(gradients, e, d, h);
          for (const name of ["gate", "up", "down"] as const) {
            assertClose(`d${name} of expert ${e}`, flat(got[name]), flat(want.dw[e][name]), BOUND);
          }
        }
        const drouter = [...gradients.get("wrouter")!];
        if (variant.pick === "hash") assert.ok(drouter.every((v) => v === 0));
        else assertClose("drouter", drouter, flat(want.drouter), BOUND);
        const logits = await rowsOf(layer, layer.routerLogits!, z, n, experts);
        assertClose(
          "the router's own logits",
          flat(logits),
          flat(timesTransposed(x, router)),
          BOUND,
        );
        // the twin: any other router gives another output
        for (const [, other] of ROUTERS) {
          if (other === variant || n % (other.groups ?? 1)) continue;
          const twin = { experts: n, active, groups: 1, gate: "sigmoid" as const, ...other };
          const off = moe(x, weights, router, picked, dy, twin, { tokens });
          assertApart("y of another router", flat(y), flat(addScaled(x, 1, off.y)), BOUND);
        }
        assertApart("picked are not the router's", flat(logits), flat(picked), BOUND);
      }
      layer.destroy();
    });
  });
}

Deno.test("a layer of the forward pass alone gives the same output, and a repeat the same bits", async () => {
  await withDevice({}, async (device) => {
    for (const c of [ODD_DENSE, ODD_MOE]) {
      const whole = new FeedForward(device, c, "forward+backward", { seed: 1 });
      const half = new FeedForward(device, c, "forward", { seed: 1 });
      await whole.run(1);
      await half.run(1);
      const y = await downloadFloats(device, half.y);
      assert.deepEqual(y, await downloadFloats(device, whole.y));
      const dx = await downloadFloats(device, whole.dx!);
      await whole.run(3);
      assert.deepEqual(dx, await downloadFloats(device, whole.dx!));
      // the products alone repeat what they did within the pass
      whole.products.submit(2);
      assert.deepEqual(dx, await downloadFloats(device, whole.dx!));
      assert.equal(half.dx, null);
      whole.destroy();
      half.destroy();
    }
  });
});

Deno.test("shares of tokens sum to a, keep proportions and never exceed 1", () => {
  const sum = (v: number[]) => v.reduce((a, b) => a + b, 0);
  assert.deepEqual(shareOfTokens("uniform", 4, 2), [0.5, 0.5, 0.5, 0.5]);
  const hot = shareOfTokens("hot", 9, 3);
  assert.equal(hot[0], 1);
  for (const s of hot.slice(1)) assert.ok(Math.abs(s - 2 / 8) < 1e-12);
  assert.deepEqual(shareOfTokens("hot", 4, 1), [1, 0, 0, 0]);
  assert.deepEqual(shareOfTokens("hot", 1, 1), [1]);
  const one = imposedLogits([1, 0, 0, 0], 1, 64, 4, 0);
  for (let i = 0; i < one.length; i++) assert.equal(one[i] > 0, i % 4 === 0);
  const zipf = shareOfTokens("zipf", 64, 2);
  assert.ok(Math.abs(zipf[1] / zipf[3] - 2) < 1e-12);
  const clipped = shareOfTokens("zipf", 16, 8);
  assert.equal(clipped[0], 1);
  assert.ok(clipped.every((s) => s <= 1) && Math.abs(sum(clipped) - 8) < 1e-9);
  const given = shareOfTokens([0, 3, 1, 1, 1], 5, 2);
  assert.deepEqual(
    given.map((s) => Number(s.toFixed(9))),
    [0, 1, 1 / 3, 1 / 3, 1 / 3].map((s) => Number(s.toFixed(9))),
  );
  assert.throws(() => shareOfTokens([1, 2], 3, 1), /has 2 experts, want 3/);
  assert.throws(() => shareOfTokens([1, 0, 0], 3, 2), /uses only 1 experts/);
  assert.throws(() => shareOfTokens([1, -1, 3], 3, 1), /-1 is no share/);
  assert.throws(() => shareOfTokens("uniform", 2, 3), /Cannot route 2e3a/);
});

/** Largest deviation of counts from their expectation, in standard deviations. */
function deviation(counts: number[], shares: number[], tokens: number): number {
  return Math.max(...counts.map((c, e) => {
    const sd = Math.sqrt(tokens * shares[e] * (1 - shares[e]));
    return Math.abs(c - tokens * shares[e]) / Math.max(sd, 1e-6);
  }));
}

Deno.test("the imposed histograms appear in the routing tensors", async () => {
  await withDevice({}, async (device) => {
    const measured = [0.9, 0.05, 0.6, 0.1, 0.05, 0.1, 0.15, 0.05]; // sums to 2
    const tokens = 2048, seen: number[][] = [];
    for (const routing of ["uniform", "zipf", "hot", measured] as const) {
      const ffn = { kind: "moe" as const, experts: 8, active: 2, expertWidth: 8 };
      const layer = new FeedForward(device, { width: 8, tokens, ffn, routing }, "forward");
      await layer.run(1);
      const counts = (await layer.counts())!, shares = shareOfTokens(routing, 8, 2);
      assert.equal(counts.reduce((a, b) => a + b, 0), 2 * tokens);
      assert.ok(deviation(counts, shares, tokens) < 5, `${routing}: ${counts}`);
      for (const other of seen) assert.ok(deviation(other, shares, tokens) > 5, `${routing}`);
      seen.push(counts);
      const tile = tileRows(device.profile);
      const rows = counts.reduce((sum, c) => sum + Math.ceil(c / tile) * tile, 0);
      assert.ok(Math.abs((await layer.paddingShare())! - (1 - 2 * tokens / rows)) < 1e-12);
      layer.destroy();
    }
    assert.equal(seen[2][0], tokens, "every token picks the hot expert");
  });
});

Deno.test("flops, bytes and parameters are those of the products and tensors", async () => {
  await withDevice({}, (device) => {
    const tokens = 24,
      d = 16,
      cases: LayerCase[] = [
        { width: d, tokens, ffn: { kind: "dense", hidden: 20 } },
        { width: d, tokens, ffn: { kind: "moe", experts: 8, active: 3, expertWidth: 12 } },
        {
          width: d,
          tokens,
          replicas: 3,
          ffn: { kind: "moe", experts: 4, active: 2, expertWidth: 8 },
        },
      ];
    for (const c of cases) {
      for (const pass of ["forward", "forward+backward"] as const) {
        const layer = new FeedForward(device, c, pass);
        const slots = c.ffn.kind === "moe" ? tokens * c.ffn.active : tokens;
        const products = layer.productList.reduce((sum, p) => {
          const rows = p.grouped === "rows" ? slots : p.rows, k = p.grouped === "k" ? slots : p.k;
          return sum + 2 * rows * p.cols * k * (p.epilogue === "swiglu" ? 2 : 1);
        }, 0);
        assert.equal(layer.flops, products * (c.replicas ?? 1));
        assert.equal(layer.flops, flopsOf(c, pass));
        assert.equal(layer.products.dispatches.length, pass === "forward" ? 2 : 6);
        const named = layer.named.reduce((sum, p) => sum + p.shape.reduce((a, b) => a * b, 1), 0);
        assert.equal(parametersOf(c), named);
        const stream = tokens * d;
        const floats = pass === "forward" ? 2 * stream + named : 5 * stream + 3 * named;
        assert.equal(bytesOf(c, pass), 4 * floats * (c.replicas ?? 1));
        layer.destroy();
      }
    }
    assert.equal(routerFlopsOf(cases[0], "forward"), 0);
    assert.equal(routerFlopsOf(cases[1], "forward+backward"), 3 * 2 * tokens * d * 8);
    return Promise.resolve();
  });
});

Deno.test("an impossible layer is a range error that names what was found", async () => {
  await withDevice({}, (device) => {
    const make = (c: LayerCase) => () => new FeedForward(device, c, "forward");
    const moe = { kind: "moe" as const, experts: 4, active: 5, expertWidth: 8 };
    assert.throws(make({ width: 8, tokens: 8, ffn: moe }), /4e5a has only 4 experts/);
    assert.throws(make({ width: 0, tokens: 8, ffn: { kind: "dense", hidden: 4 } }), /width = 0/);
    assert.throws(
      make({ width: 8, tokens: 8, ffn: { kind: "dense", hidden: 1.5 } }),
      /hidden = 1.5/,
    );
    return Promise.resolve();
  });
});
