/** gemm_shared.wgsl against gemm.wgsl, at odd sizes that cross every tile; see variants.ts. */
import assert from "node:assert/strict";
import { type Epilogue, gemm, type Layout, type Product, tileRows } from "../../kernels/gemm.ts";
import { Program } from "../../kernels/gpu/program.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { maxTiles, route, routingLengths, type RoutingTensors } from "../../kernels/routing.ts";
import { roundUp } from "../../kernels/sizes.ts";
import { gaussians, uniforms } from "../random.ts";
import { withDevice } from "../with_device.ts";
import { floatsOf, matrixAt, placeOf, Stage } from "./stage.ts";
import {
  compareVariants,
  GPU,
  type Output,
  type Outputs,
  REPLICAS,
  rowsOf,
  sizesOf,
} from "./variants.ts";

/** A dense product in larger tensors that hold NaN between the matrices. */
async function product(
  stage: Stage,
  layout: Layout,
  epilogue: Epilogue,
  [rows, cols, k]: [number, number, number],
): Promise<Outputs> {
  const swiglu = epilogue === "swiglu", dswiglu = epilogue === "dswiglu";
  const wide = swiglu || dswiglu ? 2 * cols : cols, padded = roundUp(k, 4);
  let seed = rows + cols + k;
  const operand = (logical: number, real: number, allocated: number, width: number) => {
    const place = placeOf(REPLICAS, allocated, width), next = gaussians(seed++);
    const values = Array.from(
      { length: REPLICAS },
      () => Array.from({ length: logical }, () => Array.from({ length: real }, next)),
    );
    return { place, tensor: stage.matrices(place, values) };
  };
  const a = layout === "TN" ? operand(k, rows, padded, rows) : operand(rows, k, rows, padded);
  const b = layout === "NT" ? operand(wide, k, wide, padded) : operand(k, cols, padded, cols);
  const place = placeOf(REPLICAS, rows, wide);
  const c = stage.output("f32x4", floatsOf(place));
  const hidden = swiglu ? stage.output("f32x4", REPLICAS * rows * cols) : null;
  const like = (at: typeof place) => {
    const values = Array.from({ length: REPLICAS }, () => {
      const next = gaussians(seed++);
      return Array.from({ length: rows }, () => Array.from({ length: wide }, next));
    });
    return stage.matrices(at, values);
  };
  const gu = dswiglu ? like(place) : null, residual = { ...place, base: place.base + 8 };
  const r = epilogue === "residual" ? like(residual) : null;
  const scales = stage.input("f32", [9, 0.5, 9, -1.5]);
  await stage.run((program) =>
    gemm(program, {
      layout,
      epilogue,
      rows,
      cols,
      k,
      replicas: REPLICAS,
      a: matrixAt(a.tensor, a.place),
      b: matrixAt(b.tensor, b.place),
      c: matrixAt(c, place),
      ...(r ? { r: matrixAt(r, residual) } : {}),
      ...(gu ? { gu } : {}),
      ...(hidden
        ? {
          hidden: { tensor: hidden, stride: cols / 4, replica: rows * cols / 4 },
          up: cols * b.place.stride / 4,
        }
        : {}),
      scales,
      scaleSlot: 1,
      scaleStride: 2,
    })
  );
  const inside = (i: number) => {
    const at = (i - place.base) % place.replica;
    return i >= place.base && at < rows * place.stride && at % place.stride < wide;
  };
  return {
    c: { floats: stage.floats(c), owed: inside },
    ...(hidden ? { hidden: { floats: stage.floats(hidden), owed: () => true } } : {}),
  };
}

Deno.test("gemm_shared equals gemm in every layout, at sizes that divide no tile", async () => {
  await withDevice(GPU, async (device) => {
    for (const layout of ["NT", "NN", "TN"] as const) {
      // one tile partly filled; one over in rows, columns and k; k a whole number of tiles
      const sizes: [number, number, number][] = layout === "TN"
        ? [[16, 20, 33], [68, 132, 37], [64, 64, 32]]
        : [[33, 20, 36], [70, 132, 40], [64, 64, 32]];
      for (const size of sizes) {
        await compareVariants(
          device,
          "product",
          `${layout} ${size.join("x")}`,
          (stage) => product(stage, layout, "store", size),
        );
      }
    }
  });
});

Deno.test("gemm_shared equals gemm with every epilogue", async () => {
  await withDevice(GPU, async (device) => {
    const cases: [Layout, Epilogue][] = [
      ["NT", "residual"],
      ["NN", "residual"],
      ["NT", "swiglu"],
      ["NN", "dswiglu"],
    ];
    for (const [layout, epilogue] of cases) {
      const what = epilogue === "residual" ? "product" : "swiglu";
      for (const size of [[33, 12, 20], [70, 100, 36]] as [number, number, number][]) {
        await compareVariants(
          device,
          what,
          `${layout} ${epilogue} ${size.join("x")}`,
          (stage) => product(stage, layout, epilogue, size),
        );
      }
    }
  });
});

/** The routed branch, forward and backward: all grouped products of a step, one after the other. */
async function experts(stage: Stage, tokens: number): Promise<Outputs> {
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

Deno.test("gemm_shared equals gemm for 5 experts, one idle and one with more than a tile", async () => {
  await withDevice(GPU, async (device) => {
    for (const tokens of [33, 130]) {
      await compareVariants(
        device,
        "swiglu",
        `${tokens} tokens`,
        (stage) => experts(stage, tokens),
      );
    }
  });
});

Deno.test("gemm_shared refuses experts whose shares are no whole tiles", async () => {
  await withDevice(GPU, async (device) => {
    assert.equal(tileRows({ kernels: "software", storage: "texture" }), 8);
    assert.equal(tileRows(GPU), 64);
    const stage = new Stage(device), x = stage.input("f32x4", new Float32Array(64));
    const one = stage.input("f32", [1]), slots = stage.input("u32", new Uint32Array(16));
    const m = { tensor: x, stride: 1, replica: 16 };
    const routing = {
      experts: 1,
      active: 1,
      tileRows: 8,
      tiles: 2,
      rows: 16,
      tokens: 16,
      tileExpert: slots,
      off: slots,
      perm: slots,
      gate: one,
    };
    const sizes = { rows: 16, cols: 4, k: 4, replicas: 1, scaleSlot: 0, scaleStride: 1 };
    assert.throws(
      () =>
        gemm(new Program(device), {
          layout: "NT",
          grouped: "rows",
          routing,
          ...sizes,
          a: m,
          b: m,
          c: { ...m, tensor: stage.output("f32x4", 64) },
          scales: one,
        }),
      RangeError,
    );
    stage.destroy();
    await device.gpu.queue.onSubmittedWorkDone();
  });
});
