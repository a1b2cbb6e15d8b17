/**
 * Matrix products of the model: dense and grouped by expert, with fused epilogues; see gemm.wgsl
 * (software adapters) and gemm_shared.ts (GPUs).
 *
 * @module
 */
import epilogue from "./epilogue.wgsl" with { type: "text" };
import softwareSource from "./gemm.wgsl" with { type: "text" };
import product from "./product.wgsl" with { type: "text" };
import sigmoid from "./sigmoid.wgsl" with { type: "text" };
import transposed from "./transposed.wgsl" with { type: "text" };
import none from "../none.wgsl" with { type: "text" };
import { addShared, SHARED } from "./gemm_shared.ts";
import { SHARE_ROWS } from "./gemm_tiles.ts";
import type { Layout, Product, Tile } from "./product.ts";
import { SOFTWARE_SHARE_ROWS, softwareTile, tilesOf } from "./software_tiles.ts";
import type { DeviceProfile } from "../gpu/device.ts";
import { f32, FOLD, type KernelSpec, type Operand, u32, vec4, when } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import { u32s } from "../sizes.ts";

export type { Epilogue, Layout, Matrix, Product, Routing, Tile } from "./product.ts";

/** Rows an expert's share is padded to, so that no tile has two experts. */
export function tileRows(profile: DeviceProfile): number {
  return profile.kernels === "gpu" ? SHARE_ROWS : SOFTWARE_SHARE_ROWS;
}

/**
 * A tensor of matrices: a base, a stride from replica to replica, and in the last one all rows but
 * the last a stride long.
 *
 * @param says the matrix as messages name it @param more what comes before the last expert's rows
 */
function matrix(name: string, says: string, rows: string, width: string, more = ""): Operand {
  const reach = `${name}_base + (R - 1) * ${name}_replica + (${rows} - 1) * ${name}_stride`;
  return { ...vec4(`${reach} + ${width}${more}`), says: `[R, ${says}] in its strides` };
}

/** Rows of an operand whose rows are k: tokens, the rows of all experts, or k padded to 4. */
const K_ROWS = (gathered: string) =>
  `(${gathered} ? gate_replica / per_token : GROUPED_K ? perm_replica : k4 * 4)`;
const A_ROWS = "(GATHER_A ? gate_replica / per_token : rows)";
const EXPERT_B = " + (GROUPED_ROWS || GROUPED_K ? (experts - 1) * b_expert : 0)";
const UP_B = " + (SWIGLU ? b_up : 0)";

/** What the three layouts read. */
const OPERANDS: Record<Layout, { a: Operand; b: Operand }> = {
  NT: {
    a: matrix("a", "rows, k4", A_ROWS, "k4"),
    b: matrix("b", "cols, k4", "cols4 * 4", "k4", EXPERT_B + UP_B),
  },
  NN: {
    a: matrix("a", "rows, k4", A_ROWS, "k4"),
    b: matrix("b", "k, cols4", "k4 * 4", "cols4", EXPERT_B),
  },
  TN: {
    a: matrix("a", "k, rows / 4", K_ROWS("GATHER_A"), "(rows + 3) / 4"),
    b: matrix("b", "k, cols4", K_ROWS("GATHER_B"), "cols4", EXPERT_B),
  },
};

const C = matrix(
  "c",
  "rows, cols4",
  "rows",
  "cols4 * (SWIGLU || DSWIGLU ? 2 : 1)",
  " + (GROUPED_K ? (experts - 1) * c_expert : 0)",
);

const DIMS = u32s(
  "rows cols4 k4 across each count scale_slot scale_stride tile_height " +
    "a_base a_stride a_replica b_base b_stride b_replica b_expert b_up " +
    "c_base c_stride c_replica c_expert r_base hidden_replica " +
    "experts per_token tiles tile_rows perm_replica off_replica gate_replica",
);

/** The kernel of a layout; constants say which of its forms. */
function gemmSpec(layout: Layout): KernelSpec {
  return {
    name: "gemm",
    source: softwareSource,
    includes: { none, sigmoid, product, transposed, epilogue },
    inputs: {
      ...OPERANDS[layout],
      scales: f32("(R - 1) * scale_stride + scale_slot + 1"),
      r: when("RESIDUAL", vec4("r_base + (R - 1) * c_replica + (rows - 1) * c_stride + cols4")),
      gu: when("DSWIGLU", C),
      tile_expert: when("GROUPED_ROWS", u32("R", "tiles")),
      off: when("GROUPED_K", u32("R", "off_replica")),
      perm: when("GATHER_A || GATHER_B", u32("R", "perm_replica")),
      gate: when("GATED", f32("R", "gate_replica")),
    },
    outputs: {
      c: C,
      hidden: when("SWIGLU", vec4("(R - 1) * hidden_replica + rows * cols4")),
    },
    dims: DIMS,
    variants: { gpu: SHARED },
  };
}

/** Template constants of a product's form, the same for every adapter. */
function formConstants(p: Product): Record<string, number> {
  return {
    NT: +(p.layout === "NT"),
    TN: +(p.layout === "TN"),
    SWIGLU: +(p.epilogue === "swiglu"),
    DSWIGLU: +(p.epilogue === "dswiglu"),
    RESIDUAL: +(p.epilogue === "residual"),
    GROUPED_ROWS: +(p.grouped === "rows"),
    GROUPED_K: +(p.grouped === "k"),
    GATHER_A: +!!p.gatherA,
    GATHER_B: +!!p.gatherB,
    GATED: +!!p.gated,
  };
}

/** Template constants of the software variant's tile; OUT, the rows that leave together, divides TILE_ROWS. */
function tileConstants(p: Product, tile: Tile): Record<string, number> {
  const nv = tile.cols / 4;
  return {
    LANES: tile.lanes,
    FOLD,
    OUT: tile.rows % 8 === 0 && (p.epilogue ?? "store") === "store" ? 8 : 4,
    TILE_ROWS: tile.rows,
    TILE_COLS: tile.cols,
    NV: nv,
    CV: p.epilogue === "swiglu" ? nv / 2 : nv,
  };
}

/**
 * Appends a product to a program: (rows, k) x (cols, k)^T and its two transposes, times a
 * per-replica scale, for every replica (and expert) at once.
 *
 * @throws {RangeError} when a padded size is not a multiple of 4, or an expert's rows not of the tile's
 * @throws {TypeError} for an epilogue the layout does not have, or a grouped product without routing
 * Error: 1e-6 relative to float64 in the Frobenius norm (tests/kernels/gemm/gemm_test.ts)
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
  const onGpu = program.profile.kernels === "gpu", routing = p.routing;
  const spec = gemmSpec(p.layout), tile = softwareTile(p);
  const { across, each, count } = tilesOf(p, tile);
  if (!onGpu && p.grouped === "rows" && routing!.tileRows % tile.rows) {
    throw new RangeError(
      `Cannot multiply by expert: shares of ${
        routing!.tileRows
      } rows are no multiple of the tile's ${tile.rows}`,
    );
  }
  const experts = routing?.experts ?? 1;
  const tensors = {
    a: p.a.tensor,
    b: p.b.tensor,
    c: p.c.tensor,
    scales: p.scales,
    r: p.r?.tensor,
    gu: p.gu,
    hidden: p.hidden?.tensor,
    tile_expert: p.grouped === "rows" ? routing!.tileExpert : undefined,
    off: p.grouped === "k" ? routing!.off : undefined,
    perm: p.gatherA || p.gatherB ? routing!.perm : undefined,
    gate: p.gated ? routing!.gate : undefined,
  };
  const dims = {
    R: p.replicas,
    rows: p.rows,
    cols4: p.cols / 4,
    k4: Math.ceil(p.k / 4),
    across,
    each,
    count,
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
  const constants = formConstants(p);
  if (onGpu) return addShared(program, p, spec, tensors, dims, constants);
  const groups = Math.ceil(each * count / tile.lanes);
  const grid = [Math.min(groups, FOLD), Math.ceil(groups / FOLD), 1] as const;
  program.add(spec, tensors, dims, grid, { ...constants, ...tileConstants(p, tile) });
}
