/**
 * The products' gpu variant: gemm_shared.wgsl with the tile chosen for a product, and the sum of the
 * partial products where k is cut.
 *
 * @module
 */
import reduceSource from "./gemm_reduce.wgsl" with { type: "text" };
import sharedSource from "./gemm_shared.wgsl" with { type: "text" };
import { type SharedTile, sharedTile, tileLanes } from "./gemm_tiles.ts";
import operands from "./operands.wgsl" with { type: "text" };
import type { Product } from "./product.ts";
import sharedEpilogue from "./shared_epilogue.wgsl" with { type: "text" };
import sigmoid from "./sigmoid.wgsl" with { type: "text" };
import { f32, type Kernel, type KernelSpec, vec4 } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import none from "../none.wgsl" with { type: "text" };
import { lanes, u32s } from "../sizes.ts";

const INCLUDES = { none, sigmoid, operands, shared_epilogue: sharedEpilogue };

/** WGSL whose text decides what a tuning measured; part of its key. */
export const SHARED_SOURCES: string[] = [sharedSource, ...Object.values(INCLUDES), reduceSource];

/** What the gpu variant of a product has otherwise. */
export const SHARED: Partial<Kernel> = {
  name: "gemm_shared",
  source: sharedSource,
  includes: INCLUDES,
};

/** The sum of the parts of a product whose k was cut. */
const GEMM_REDUCE: KernelSpec = {
  name: "gemm_reduce",
  source: reduceSource,
  inputs: {
    slab: vec4("R", "experts", "parts", "rows", "cols4"),
    scales: f32("(R - 1) * scale_stride + scale_slot + 1"),
  },
  outputs: {
    c: vec4(
      "c_base + (R - 1) * c_replica + (experts - 1) * c_expert + (rows - 1) * c_stride + cols4",
    ),
  },
  dims: u32s(
    "rows cols4 parts experts scale_slot scale_stride c_base c_stride c_replica c_expert",
  ),
};

/** Template constants of a tile. */
function tileConstants(t: SharedTile, swiglu: boolean): Record<string, number> {
  const count = tileLanes(t), a = t.rows * t.depth / 16, b = t.cols * t.depth / 16;
  const vc = t.laneCols / 4;
  return {
    ROWS: t.rows,
    COLS: t.cols,
    DEPTH: t.depth,
    LANES: count,
    A_BLOCKS: a,
    B_BLOCKS: b,
    FETCH: Math.ceil((a + b) / count),
    LX: t.cols / t.laneCols,
    LY: t.rows / t.laneRows,
    VR: t.laneRows / 4,
    VC: vc,
    CV: swiglu ? vc / 2 : vc,
    CUT: +(t.split > 1),
  };
}

/**
 * Appends a product in the gpu variant.
 *
 * @param spec the kernel of the product's layout @param tensors @param dims @param constants as the
 * software variant takes them, but for the tile
 * @throws {RangeError} when an expert's share is not a whole number of tiles, or for a bad choice of tile
 */
export function addShared(
  program: Program,
  p: Product,
  spec: KernelSpec,
  tensors: Record<"a" | "b" | "c" | "scales", Bound> & Record<string, Bound | undefined>,
  dims: Record<string, number>,
  constants: Record<string, number>,
): void {
  const tile = sharedTile(p, program.profile.tuning), swiglu = p.epilogue === "swiglu";
  if (p.grouped === "rows" && p.routing!.tileRows % tile.rows) {
    throw new RangeError(
      `Cannot multiply by expert: shares of ${
        p.routing!.tileRows
      } rows are no multiple of the tile's ${tile.rows}`,
    );
  }
  const each = p.replicas * (p.grouped === "k" ? p.routing!.experts : 1), cols4 = p.cols / 4;
  const full: KernelSpec = {
    ...spec,
    dims: { ...spec.dims, parts: "u32" },
  };
  const all = { ...constants, ...tileConstants(tile, swiglu) };
  const grid: [number, number, number] = [
    Math.ceil(p.cols / (swiglu ? tile.cols / 2 : tile.cols)),
    Math.ceil(p.rows / tile.rows),
    each * tile.split,
  ];
  if (tile.split === 1) {
    program.add(full, tensors, { ...dims, parts: 1 }, grid, all);
    return;
  }
  const slab = program.scratch("f32x4", each * tile.split * p.rows * cols4);
  const cut = { c_base: 0, c_stride: cols4, c_replica: p.rows * cols4, c_expert: 0 };
  program.add(
    { ...full, outputs: { c: vec4("R", "GROUPED_K ? experts : 1", "parts", "rows", "cols4") } },
    { ...tensors, c: slab },
    { ...dims, ...cut, parts: tile.split },
    grid,
    all,
  );
  program.add(
    GEMM_REDUCE,
    { slab, scales: tensors.scales, c: tensors.c },
    {
      R: p.replicas,
      rows: p.rows,
      cols4,
      parts: tile.split,
      experts: p.grouped === "k" ? dims.experts : 1,
      scale_slot: dims.scale_slot,
      scale_stride: dims.scale_stride,
      c_base: dims.c_base,
      c_stride: dims.c_stride,
      c_replica: dims.c_replica,
      c_expert: dims.c_expert,
    },
    lanes(p.rows * cols4, each),
  );
}
