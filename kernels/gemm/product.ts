/**
 * What a product is asked for: sizes, operands, epilogue, and how its rows belong to experts. gemm.ts
 * appends it, gemm_tiles.ts chooses its tile on a GPU.
 *
 * @module
 */
import type { Bound } from "../gpu/program.ts";

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
  /** rows an expert's share is padded to: a multiple of the rows of every register tile it is made with */
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
