/**
 * The tiles a product may run with on a GPU: candidates, the classes of products they are chosen for,
 * and how a choice is read. Which one is fastest depends on the adapter; tuning.ts measures it.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/device.ts";
import type { Product } from "./product.ts";

/** How one workgroup of gemm_shared.wgsl divides its share of C. */
export interface SharedTile {
  /** rows and columns of C one workgroup makes */
  rows: number;
  cols: number;
  /** rows and columns one lane makes, multiples of 4 */
  laneRows: number;
  laneCols: number;
  /** k fetched at a time, a multiple of 4 */
  depth: number;
  /** parts k is cut into, summed afterwards in ascending order; 1: none */
  split: number;
}

/** `64x64/4x8/16`, and `/split4` when k is cut. */
export function tileName(t: SharedTile): string {
  const split = t.split > 1 ? `/split${t.split}` : "";
  return `${t.rows}x${t.cols}/${t.laneRows}x${t.laneCols}/${t.depth}${split}`;
}

/** The tile with this name, or null where it names none that can be. */
export function tileOf(name: string): SharedTile | null {
  const found = name.match(/^(\d+)x(\d+)\/(\d+)x(\d+)\/(\d+)(?:\/split(\d+))?$/);
  if (!found) return null;
  const [rows, cols, laneRows, laneCols, depth] = found.slice(1, 6).map(Number);
  const whole = laneRows > 0 && laneCols > 0 && depth > 0 && rows % laneRows === 0 &&
    cols % laneCols === 0 && [laneRows, laneCols, depth].every((n) => n % 4 === 0);
  if (!whole) return null;
  return { rows, cols, laneRows, laneCols, depth, split: Number(found[6] ?? 1) };
}

/** Lanes of a workgroup. */
export function tileLanes(t: SharedTile): number {
  return t.rows * t.cols / (t.laneRows * t.laneCols);
}

/** Bytes of workgroup memory: one vec4 of padding per k and operand. */
export function tileBytes(t: SharedTile): number {
  return 16 * t.depth * (t.rows / 4 + t.cols / 4 + 2);
}

/** Rows of an expert's share on a GPU: a multiple of the rows of every tile that has one expert. */
export const SHARE_ROWS = 64;

/** What runs untuned, and what a challenger has to beat. */
export const DEFAULT_TILE = "64x64/4x8/16";

/**
 * Kinds of products that are tuned apart: each compiles other code. Residual and slope epilogues are
 * tuned with the plain product.
 */
export const KINDS = [
  "NT",
  "NT swiglu",
  "NN",
  "TN",
  "NT by expert",
  "NT swiglu by expert",
  "NN by expert",
  "TN by expert",
] as const;
/** One of {@link KINDS}. */
export type Kind = typeof KINDS[number];

/** How many tiles of 64 x 64 a product has: at most 64, at most 512, more. */
export const CLASSES = ["few", "some", "many"] as const;
/** One of {@link CLASSES}. */
export type SizeClass = typeof CLASSES[number];

/** The kind of a product. */
export function kindOf(p: Pick<Product, "layout" | "epilogue" | "grouped">): Kind {
  const swiglu = p.epilogue === "swiglu" ? " swiglu" : "", expert = p.grouped ? " by expert" : "";
  return `${p.layout}${swiglu}${expert}` as Kind;
}

/** The size class of a product. */
export function classOf(
  p: Pick<Product, "rows" | "cols" | "replicas" | "grouped" | "routing">,
): SizeClass {
  const each = p.replicas * (p.grouped === "k" ? p.routing!.experts : 1);
  const tiles = Math.ceil(p.rows / 64) * Math.ceil(p.cols / 64) * each;
  return tiles <= 64 ? "few" : tiles <= 512 ? "some" : "many";
}

/** Names a choice in a tuning: `NT swiglu, few`. */
export function caseName(kind: Kind, size: SizeClass): string {
  return `${kind}, ${size}`;
}

/** Candidates by size class; the first stays unless another is clearly faster. */
const PLAIN: Record<SizeClass, string[]> = {
  few: [DEFAULT_TILE, "32x32/4x4/16", "32x64/4x8/16"],
  some: [DEFAULT_TILE, "32x64/4x8/16", "64x128/8x8/16", "128x64/8x8/16"],
  many: [DEFAULT_TILE, "64x128/8x8/16", "128x64/8x8/16", "128x128/8x8/8"],
};
/** Weight gradients: k is the tokens, so few outputs leave a GPU idle unless k is cut. */
const SPLIT: Record<SizeClass, string[]> = {
  few: [
    DEFAULT_TILE,
    "32x32/4x4/16",
    "64x64/4x8/16/split4",
    "64x64/4x8/16/split16",
    "32x32/4x4/16/split4",
    "32x32/4x4/16/split16",
  ],
  some: [
    DEFAULT_TILE,
    "32x64/4x8/16",
    "64x128/8x8/16",
    "128x64/8x8/16",
    "64x64/4x8/16/split4",
    "128x64/8x8/16/split4",
  ],
  many: PLAIN.many,
};

/** Whether a kind of product can run with a tile on an adapter of these limits. */
export function fits(
  kind: Kind,
  tile: SharedTile,
  limits: Pick<
    GPUSupportedLimits,
    "maxComputeWorkgroupStorageSize" | "maxComputeInvocationsPerWorkgroup"
  >,
): boolean {
  // gate and up of a hidden unit meet in one lane; a tile has one expert
  if (kind.includes("swiglu") && tile.laneCols !== 8) return false;
  if (kind.endsWith("by expert") && !kind.startsWith("TN") && SHARE_ROWS % tile.rows) return false;
  if (tile.split > 1 && !kind.startsWith("TN")) return false;
  return tileBytes(tile) <= limits.maxComputeWorkgroupStorageSize &&
    tileLanes(tile) <= limits.maxComputeInvocationsPerWorkgroup;
}

/** Names of the tiles worth timing for a kind and class, the default first; at most six. */
export function candidatesOf(
  kind: Kind,
  size: SizeClass,
  limits: Parameters<typeof fits>[2],
): string[] {
  return (kind.startsWith("TN") ? SPLIT : PLAIN)[size]
    .filter((name) => fits(kind, tileOf(name)!, limits));
}

/** Bytes the partial products of a cut k may take; a larger product is not cut. */
export const SLAB_BYTES = 64 << 20;

/**
 * The tile a product runs with: the tuning's choice for its kind and class, else the default. k is
 * only cut for plain products whose partial products stay under {@link SLAB_BYTES}.
 *
 * @throws {RangeError} for a choice that is no tile, or none this kind can have
 */
export function sharedTile(p: Product, tuning: DeviceProfile["tuning"]): SharedTile {
  const kind = kindOf(p), name = tuning?.[caseName(kind, classOf(p))] ?? DEFAULT_TILE;
  const tile = tileOf(name), unlimited = Number.MAX_SAFE_INTEGER;
  const limits = {
    maxComputeWorkgroupStorageSize: unlimited,
    maxComputeInvocationsPerWorkgroup: unlimited,
  };
  if (!tile || !fits(kind, tile, limits)) {
    throw new RangeError(`Cannot multiply ${kind} with the tile ${name}`);
  }
  const each = p.replicas * (p.grouped === "k" ? p.routing!.experts : 1);
  const slab = tile.split * each * p.rows * p.cols * 4;
  const cut = (p.epilogue ?? "store") === "store" && slab <= SLAB_BYTES;
  return cut ? tile : { ...tile, split: 1 };
}
