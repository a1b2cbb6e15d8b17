/**
 * The products' gpu variant: gemm_shared.wgsl with the tile chosen for a product, and the sum of the
 * partial products where k is cut.
 *
 * @module
 */
import reduceSource from "./gemm_reduce.wgsl" with { type: "text" };
import sharedSource from "./gemm_shared.wgsl" with { type: "text" };
import type { Product } from "./gemm.ts";
import { type SharedTile, sharedTile, tileLanes } from "./gemm_tiles.ts";
import type { Bound, KernelSpec, Program } from "../gpu/program.ts";
import { lanes, u32s } from "../sizes.ts";

/** WGSL whose text decides what a tuning measured; part of its key. */
export const SHARED_SOURCES: string[] = [sharedSource, reduceSource];

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
 * @param spec the product's inputs, outputs, dims and the constants of its form; source and tile are
 * filled in here
 * @param tensors @param dims as the software variant takes them
 * @throws {RangeError} when an expert's share is not a whole number of tiles, or for a bad choice of tile
 */
export function addShared(
  program: Program,
  p: Product,
  spec: KernelSpec,
  tensors: Record<string, Bound>,
  dims: Record<string, number>,
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
    name: "gemm_shared",
    source: sharedSource,
    dims: { ...spec.dims, parts: "u32" },
    constants: { ...spec.constants, ...tileConstants(tile, swiglu) },
  };
  const grid: [number, number, number] = [
    Math.ceil(p.cols / (swiglu ? tile.cols / 2 : tile.cols)),
    Math.ceil(p.rows / tile.rows),
    each * tile.split,
  ];
  if (tile.split === 1) {
    program.add(full, tensors, { ...dims, parts: 1 }, grid);
    return;
  }
  const slab = program.scratch("f32x4", each * tile.split * p.rows * cols4);
  program.add(
    full,
    { ...tensors, c: slab },
    {
      ...dims,
      c_base: 0,
      c_stride: cols4,
      c_replica: p.rows * cols4,
      c_expert: 0,
      parts: tile.split,
    },
    grid,
  );
  const names =
    "rows cols4 parts experts scale_slot scale_stride c_base c_stride c_replica c_expert";
  const all: Record<string, number> = {
    ...dims,
    parts: tile.split,
    experts: p.grouped === "k" ? dims.experts : 1,
  };
  program.add(
    {
      name: "gemm_reduce",
      source: reduceSource,
      inputs: { slab: "f32x4", scales: "f32" },
      outputs: { c: "f32x4" },
      dims: u32s(names),
    },
    { slab, scales: tensors.scales, c: tensors.c },
    Object.fromEntries(names.split(" ").map((name) => [name, all[name]])),
    lanes(p.rows * cols4, each),
  );
}
