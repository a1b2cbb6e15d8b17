/**
 * The register tile a product runs with on a software adapter. Its lanes are numbered through the
 * tiles of all replicas and experts, so only the last workgroup and unused shares leave some idle, and what is left to
 * choose is the tile's shape: large enough to read little, and without columns or rows past the edge.
 * Bits do not depend on it: each output sums k in ascending order.
 *
 * @module
 */
import type { Product, Tile } from "./product.ts";

/** Rows an expert's share is padded to on a software adapter, so that no tile has two experts. */
export const SOFTWARE_SHARE_ROWS = 16;

/** Lanes of a workgroup: two vectors of the 8 lanes that llvmpipe runs at once. */
const LANES = 16;

/** Rows and columns a tile may have, in the order of trying; columns of SwiGLU count gate and up. */
const ROWS = [16, 12, 8, 4], COLS = [16, 12, 8, 4], GATED_COLS = [16, 24, 8];
/** Most elements of a tile: what stays in a core's first cache with the operands. */
const MOST = 256;

/**
 * Instructions of 8 lanes on llvmpipe, counted in its machine code: a vec4 read, a multiply-add of
 * four k with its accumulator, an element stored to a texture, and what a tile takes before and after.
 * Large results go to buffers, which is cheaper; 20 or 60 for it chose no faster tiles.
 */
const READ = 55, MULTIPLY = 12, STORE = 130, START = 600;

/** How the tiles of a product are numbered. */
export interface Tiles {
  /** tiles side by side in one C */
  across: number;
  /** tiles of one C */
  each: number;
  /** Cs: replicas, times experts where each has its own */
  count: number;
}

/** See {@link Tiles}. */
export function tilesOf(p: Product, tile: Pick<Tile, "rows" | "cols">): Tiles {
  const across = Math.ceil(p.cols / (p.epilogue === "swiglu" ? tile.cols / 2 : tile.cols));
  const each = across * Math.ceil(p.rows / tile.rows);
  return { across, each, count: p.replicas * (p.grouped === "k" ? p.routing!.experts : 1) };
}

/** Instructions of a product with a tile; the mean share stands for the k of an expert. */
function costOf(p: Product, { rows, cols }: Pick<Tile, "rows" | "cols">): number {
  const { each, count } = tilesOf(p, { rows, cols }), area = rows * cols;
  const k = p.grouped === "k" ? p.routing!.rows / p.routing!.experts : p.k;
  const turn = READ * (rows + cols) + MULTIPLY * area;
  return Math.ceil(each * count / 8) * (Math.ceil(k / 4) * turn + STORE * area + START);
}

/** The tile a product uses on a software adapter: the one it asks for, or the cheapest. */
export function softwareTile(p: Product): Tile {
  if (p.tile) return p.tile;
  let best = { rows: 4, cols: 8, lanes: LANES }, least = Infinity;
  for (const rows of ROWS) {
    if (p.grouped === "rows" && p.routing!.tileRows % rows) continue;
    for (const cols of p.epilogue === "swiglu" ? GATED_COLS : COLS) {
      const cost = costOf(p, { rows, cols });
      if (rows * cols > MOST || cost >= least) continue;
      [best, least] = [{ rows, cols, lanes: LANES }, cost];
    }
  }
  return best;
}
