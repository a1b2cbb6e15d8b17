/**
 * Matrix products of the model: dense and grouped by expert, with fused epilogues; see gemm.wgsl
 * (software adapters) and gemm_shared.ts (GPUs).
 *
 * @module
 */
import softwareSource from "./gemm.wgsl" with { type: "text" };
import { addShared } from "./gemm_shared.ts";
import { SHARE_ROWS } from "./gemm_tiles.ts";
import type { DeviceProfile } from "../gpu/device.ts";
import type { Bound, KernelSpec, Program } from "../gpu/program.ts";
import type { Element } from "../gpu/tensor.ts";

/** Operand order: forward, input gradient, weight gradient. */
export type Layout = "NT" | "NN" | "TN";
/** What happens to the product before it is stored. */
export type Epilogue = "store" | "residual" | "swiglu" | "dswiglu";

/** Register tile of one lane and lanes per workgroup. */
export interface Tile {
  rows: number;
  cols: number;
  lanes: number;
}

/** The software adapter's tile for products by expert: short shares leave few of its rows unused. */
export const SOFTWARE_TILE: Tile = { rows: 8, cols: 16, lanes: 8 };
/** Its tile for all others: a quarter fewer reads per product. */
export const WIDE_TILE: Tile = { rows: 16, cols: 16, lanes: 8 };

/** The tile a product uses on the software adapter. */
function softwareTile(p: Product): Tile {
  return p.tile ?? (p.grouped ? SOFTWARE_TILE : WIDE_TILE);
}

/** Rows an expert's share is padded to, so that no tile has two experts. */
export function tileRows(profile: DeviceProfile): number {
  return profile.kernels === "gpu" ? SHARE_ROWS : SOFTWARE_TILE.rows;
}

/** A matrix inside a tensor; counts are vec4. */
export interface Matrix {
  tensor: Bound;
  /** first element */
  base?: number;
  /** elements from row to row */
  stride: number;
  /** elements from replica to replica */
  replica: number;
  /** elements from expert to expert */
  expert?: number;
}

/** The routing tensors a grouped product reads; see routing.ts. */
export interface Routing {
  experts: number;
  active: number;
  /** rows an expert's share is padded to */
  tileRows: number;
  /** row tiles per replica */
  tiles: number;
  /** rows per replica, tiles * tileRows */
  rows: number;
  tokens: number;
  tileExpert: Bound;
  off: Bound;
  perm: Bound;
  gate: Bound;
}

/** One product. Sizes: `rows`, `cols` and `k` in floats, padded columns counted. */
export interface Product {
  layout: Layout;
  epilogue?: Epilogue;
  rows: number;
  cols: number;
  k: number;
  replicas: number;
  a: Matrix;
  b: Matrix;
  c: Matrix;
  /** residual: same strides as c */
  r?: Matrix;
  /** swiglu: (rows, cols) hidden; its slopes by g and u go to c */
  hidden?: Matrix;
  /** dswiglu: the stored slopes, strides of c */
  gu?: Bound;
  /** elements from a gate row of B to its up row */
  up?: number;
  /** per-replica multiplier: slot in the scales tensor */
  scales: Bound;
  scaleSlot: number;
  scaleStride: number;
  grouped?: "rows" | "k";
  gatherA?: boolean;
  gatherB?: boolean;
  gated?: boolean;
  routing?: Routing;
  /** register tile of the software variant; the gpu variant's is chosen in gemm_tiles.ts */
  tile?: Tile;
}

const DIMS = [
  ..."rows cols4 k4 lane_shift scale_slot scale_stride tile_height".split(" "),
  ..."a_base a_stride a_replica b_base b_stride b_replica b_expert b_up".split(" "),
  ..."c_base c_stride c_replica c_expert r_base hidden_replica".split(" "),
  ..."experts per_token tiles tile_rows perm_replica off_replica gate_replica".split(" "),
];

/** The software variant a product needs; gemm_shared.ts makes the gpu variant of it. */
function gemmSpec(p: Product): KernelSpec {
  const tile = softwareTile(p), epilogue = p.epilogue ?? "store", nv = tile.cols / 4;
  const swiglu = epilogue === "swiglu";
  const inputs: Record<string, Element> = { a: "f32x4", b: "f32x4", scales: "f32" };
  if (epilogue === "residual") inputs.r = "f32x4";
  if (epilogue === "dswiglu") inputs.gu = "f32x4";
  if (p.grouped === "rows") inputs.tile_expert = "u32";
  if (p.grouped === "k") inputs.off = "u32";
  if (p.gatherA || p.gatherB) inputs.perm = "u32";
  if (p.gated) inputs.gate = "f32";
  return {
    name: "gemm",
    source: softwareSource,
    inputs,
    outputs: swiglu ? { c: "f32x4", hidden: "f32x4" } : { c: "f32x4" },
    dims: Object.fromEntries(DIMS.map((name) => [name, "u32" as const])),
    constants: {
      LANES: tile.lanes,
      OUT: Math.min(tile.rows, epilogue === "store" ? 8 : 4),
      TM: tile.rows,
      TN_COLS: tile.cols,
      NV: nv,
      CV: swiglu ? nv / 2 : nv,
      NT: +(p.layout === "NT"),
      TN: +(p.layout === "TN"),
      SWIGLU: +swiglu,
      DSWIGLU: +(epilogue === "dswiglu"),
      RESIDUAL: +(epilogue === "residual"),
      GROUPED_ROWS: +(p.grouped === "rows"),
      GROUPED_K: +(p.grouped === "k"),
      GATHER_A: +!!p.gatherA,
      GATHER_B: +!!p.gatherB,
      GATED: +!!p.gated,
    },
  };
}

/** Rows and columns of C one workgroup makes; 2^shift of its lanes lie side by side. */
function workgroup(p: Product): { rows: number; cols: number; shift: number } {
  const swiglu = p.epilogue === "swiglu", tile = softwareTile(p);
  const cols = swiglu ? tile.cols / 2 : tile.cols;
  let shift = 0;
  while ((1 << shift) < tile.lanes && (cols << shift) < p.cols) shift++;
  return { rows: tile.rows * (tile.lanes >> shift), cols: cols << shift, shift };
}

/**
 * Appends a product to a program: (rows, k) x (cols, k)^T and its two transposes, times a
 * per-replica scale, for every replica (and expert) at once.
 *
 * @throws {RangeError} when a padded size is not a multiple of 4, or an expert's rows not of the tile's
 * @throws {TypeError} for an epilogue the layout does not have, or a grouped product without routing
 * Error: 1e-6 relative to float64 in the Frobenius norm (tests/kernels/gemm_test.ts)
 */
export function gemm(program: Program, p: Product): void {
  if (p.cols % 4 || (p.layout !== "TN" && p.k % 4)) {
    throw new RangeError(`Cannot multiply: ${p.cols} columns, k = ${p.k}, not multiples of 4`);
  }
  const layouts = { swiglu: "NT", dswiglu: "NN" } as const;
  const epilogue = p.epilogue ?? "store";
  if (epilogue in layouts && layouts[epilogue as keyof typeof layouts] !== p.layout) {
    throw new TypeError(`Cannot multiply ${p.layout} with the epilogue ${epilogue}`);
  }
  if ((p.grouped || p.gatherA || p.gatherB || p.gated) && !p.routing) {
    throw new TypeError("Cannot multiply by expert: no routing given");
  }
  if (p.grouped && (p.grouped === "k") !== (p.layout === "TN")) {
    throw new TypeError(`Cannot group ${p.layout} by ${p.grouped}`);
  }
  const shared = program.profile.kernels === "gpu", routing = p.routing;
  const tile = softwareTile(p), spec = gemmSpec(p), group = workgroup(p);
  if (!shared && p.grouped === "rows" && routing!.tileRows % tile.rows) {
    throw new RangeError(
      `Cannot multiply by expert: shares of ${
        routing!.tileRows
      } rows are no multiple of the tile's ${tile.rows}`,
    );
  }
  const experts = routing?.experts ?? 1;
  const tensors: Record<string, Bound> = {
    a: p.a.tensor,
    b: p.b.tensor,
    c: p.c.tensor,
    scales: p.scales,
  };
  if (p.r) tensors.r = p.r.tensor;
  if (p.gu) tensors.gu = p.gu;
  if (p.hidden) tensors.hidden = p.hidden.tensor;
  if (p.grouped === "rows") tensors.tile_expert = routing!.tileExpert;
  if (p.grouped === "k") tensors.off = routing!.off;
  if (p.gatherA || p.gatherB) tensors.perm = routing!.perm;
  if (p.gated) tensors.gate = routing!.gate;
  const dims = {
    rows: p.rows,
    cols4: p.cols / 4,
    k4: Math.ceil(p.k / 4),
    lane_shift: group.shift,
    scale_slot: p.scaleSlot,
    scale_stride: p.scaleStride,
    tile_height: tile.rows,
    a_base: p.a.base ?? 0,
    a_stride: p.a.stride,
    a_replica: p.a.replica,
    b_base: p.b.base ?? 0,
    b_stride: p.b.stride,
    b_replica: p.b.replica,
    b_expert: p.b.expert ?? 0,
    b_up: p.up ?? 0,
    c_base: p.c.base ?? 0,
    c_stride: p.c.stride,
    c_replica: p.c.replica,
    c_expert: p.c.expert ?? 0,
    r_base: p.r?.base ?? 0,
    hidden_replica: p.hidden?.replica ?? 0,
    experts,
    per_token: routing?.active ?? 1,
    tiles: routing?.tiles ?? 1,
    tile_rows: routing?.tileRows ?? 1,
    perm_replica: routing?.rows ?? 0,
    off_replica: experts + 1,
    gate_replica: routing ? routing.tokens * routing.active : 1,
  };
  if (shared) return addShared(program, p, spec, tensors, dims);
  program.add(spec, tensors, dims, [
    Math.ceil(p.cols / group.cols),
    Math.ceil(p.rows / group.rows),
    p.replicas * (p.grouped === "k" ? experts : 1),
  ]);
}
