/** gemm_shared.wgsl against gemm.wgsl, at odd sizes that cross every tile; see variants.ts. */
import assert from "node:assert/strict";
import { type Epilogue, gemm, type Layout, tileRows } from "../../../kernels/gemm/gemm.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { roundUp } from "../../../kernels/sizes.ts";
import { gaussians } from "../../random.ts";
import { withDevice } from "../../with_device.ts";
import { experts } from "./expert_products.ts";
import { floatsOf, matrixAt, placeOf, Stage } from "../stage.ts";
import { compareVariants, GPU, type Outputs, REPLICAS } from "../variants.ts";

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
    assert.equal(tileRows({ kernels: "software", storage: "texture" }), 16);
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
