/** All grouped products of a training step on one made-up routing, for tests of their variants. */
import assert from "node:assert/strict";
import { gemm, type Product } from "../../../kernels/gemm/gemm.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import {
  maxTiles,
  route,
  routingLengths,
  type RoutingTensors,
} from "../../../kernels/routing/routing.ts";
import { uniforms } from "../../random.ts";
import type { Stage } from "../stage.ts";
import { type Output, type Outputs, REPLICAS, rowsOf, sizesOf } from "../variants.ts";

/** The routed branch, forward and backward: all grouped products of a step, one after the other. */
export async function experts(stage: Stage, tokens: number): Promise<Outputs> {
  const sizes = sizesOf(REPLICAS, tokens), { rows } = sizes, tile = 64; // suits both variants
  const router = { experts: 5, active: 2, groups: 1, gate: "sigmoid" as const };
  const d = 13, h = 10, dp = 16, hp = 12, n = router.experts;
  const tiles = maxTiles(tokens, router, tile), slots = tiles * tile;
  // expert 3 is never picked, expert 1 always
  const next = uniforms(tokens);
  const logits = Float32Array.from(
    { length: REPLICAS * rows * 8 },
    (_, i) => next() + (i % 8 === 1 ? 9 : i % 8 === 3 ? -9 : 0),
  );
  const lengths = Object.entries(routingLengths(sizes, router, tile));
  const t = Object.fromEntries(
    lengths.map(([name, length]) => {
      // the mask of tokens past the last must be zero, as createTensor leaves it
      const initial = name === "mask" ? new Array(length).fill(0) : undefined;
      return [name, stage.output(name === "gate" ? "f32" : "u32", length, initial)];
    }),
  ) as Record<keyof RoutingTensors, Tensor>;
  const x = stage.input("f32x4", rowsOf(1, REPLICAS * rows, d, dp));
  const dz = stage.input("f32x4", rowsOf(2, REPLICAS * rows, d, dp));
  const wgu = stage.input("f32x4", rowsOf(3, REPLICAS * n * 2 * hp, d, dp));
  const wdown = stage.input("f32x4", rowsOf(4, REPLICAS * n * dp, h, hp));
  const scales = stage.input("f32", [0.5, -1.5]);
  const sorted = (width: number) => stage.output("f32x4", REPLICAS * slots * width);
  const gu = sorted(2 * hp), hidden = sorted(hp), out = sorted(dp), dgu = sorted(2 * hp);
  const dx = sorted(dp), dwgu = stage.output("f32x4", REPLICAS * n * 2 * hp * dp);
  const dwdown = stage.output("f32x4", REPLICAS * n * dp * hp);
  const matrix = (tensor: Tensor, count: number, cols: number) => ({
    tensor,
    stride: cols / 4,
    replica: count * cols / 4,
  });
  const weight = (tensor: Tensor, count: number, cols: number) => ({
    ...matrix(tensor, n * count, cols),
    expert: count * cols / 4,
  });
  const routing = { ...router, ...t, tileRows: tile, tiles, rows: slots, tokens: rows };
  await stage.run((program) => {
    const add = (p: Omit<Product, "replicas" | "scales" | "scaleSlot" | "scaleStride">) =>
      gemm(program, { ...p, replicas: REPLICAS, scales, scaleSlot: 0, scaleStride: 1, routing });
    route(program, sizes, router, tile, stage.input("f32x4", logits), t);
    add({
      layout: "NT",
      epilogue: "swiglu",
      grouped: "rows",
      gatherA: true,
      rows: slots,
      cols: hp,
      k: dp,
      up: hp * dp / 4,
      a: matrix(x, rows, dp),
      b: weight(wgu, 2 * hp, dp),
      c: matrix(gu, slots, 2 * hp),
      hidden: matrix(hidden, slots, hp),
    });
    add({
      layout: "NT",
      grouped: "rows",
      rows: slots,
      cols: dp,
      k: hp,
      a: matrix(hidden, slots, hp),
      b: weight(wdown, dp, hp),
      c: matrix(out, slots, dp),
    });
    add({
      layout: "NN",
      epilogue: "dswiglu",
      grouped: "rows",
      gatherA: true,
      gated: true,
      rows: slots,
      cols: hp,
      k: dp,
      gu,
      a: matrix(dz, rows, dp),
      b: weight(wdown, dp, hp),
      c: matrix(dgu, slots, 2 * hp),
    });
    add({
      layout: "TN",
      grouped: "k",
      gatherA: true,
      gated: true,
      rows: dp,
      cols: hp,
      k: 0,
      a: matrix(dz, rows, dp),
      b: matrix(hidden, slots, hp),
      c: weight(dwdown, dp, hp),
    });
    add({
      layout: "TN",
      grouped: "k",
      gatherB: true,
      rows: 2 * hp,
      cols: dp,
      k: 0,
      a: matrix(dgu, slots, 2 * hp),
      b: matrix(x, rows, dp),
      c: weight(dwgu, 2 * hp, dp),
    });
    add({
      layout: "NN",
      grouped: "rows",
      rows: slots,
      cols: dp,
      k: 2 * hp,
      a: matrix(dgu, slots, 2 * hp),
      b: weight(wgu, 2 * hp, dp),
      c: matrix(dx, slots, dp),
    });
  });
  const off = stage.integers(t.off);
  const used = (tensor: Tensor, width: number): Output => ({
    floats: stage.floats(tensor),
    owed: (i) => {
      const row = Math.floor(i / width);
      return row % slots < off[Math.floor(row / slots) * (n + 1) + n];
    },
  });
  const all = (tensor: Tensor): Output => ({ floats: stage.floats(tensor), owed: () => true });
  const empty = 3 * 2 * hp * dp, unused = stage.floats(dwgu).subarray(empty, empty + 2 * hp * dp);
  assert.ok(unused.every((g) => g === 0), "an expert without tokens has a gradient");
  return {
    gu: used(gu, 2 * hp),
    hidden: used(hidden, hp),
    out: used(out, dp),
    dgu: used(dgu, 2 * hp),
    dx: used(dx, dp),
    dwdown: all(dwdown),
    dwgu: all(dwgu),
  };
}
