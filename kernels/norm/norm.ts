/**
 * RMSNorm, its gradient, and the column sums behind gain gradients.
 *
 * @module
 */
import reduceSource from "./column_reduce.wgsl" with { type: "text" };
import gainSource from "./gain_sum.wgsl" with { type: "text" };
import forwardSource from "./rms_norm.wgsl" with { type: "text" };
import backwardSource from "./rms_norm_backward.wgsl" with { type: "text" };
import backwardTreeSource from "./rms_norm_backward_tree.wgsl" with { type: "text" };
import forwardTreeSource from "./rms_norm_tree.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { type InParameters, lanes, rowConstants, rowGrid, type Sizes, u32s } from "../sizes.ts";
import { withRowSums } from "./tree.ts";

/** Rows a lane adds before the partial sums are added. */
export const CHUNK_ROWS = 32;

const RMS_NORM: KernelSpec = {
  name: "rms_norm",
  source: forwardSource,
  inputs: { x: vec4("R", "rows", "d4"), p: vec4("(R - 1) * p_replica + gain_base + d4") },
  outputs: { y: vec4("R", "rows", "d4"), rstd: f32("R", "rows") },
  dims: u32s("tokens rows d4 p_replica gain_base", "inv_d"),
  variants: { gpu: { name: "rms_norm_tree", source: forwardTreeSource } },
};

const RMS_NORM_BACKWARD: KernelSpec = {
  name: "rms_norm_backward",
  source: backwardSource,
  inputs: {
    x: vec4("R", "rows", "d4"),
    dy: vec4("R", "rows", "d4"),
    rstd: f32("R", "rows"),
    p: vec4("(R - 1) * p_replica + gain_base + d4"),
    dz_in: when("!FIRST", vec4("R", "rows", "d4")),
  },
  outputs: { dz: vec4("R", "rows", "d4") },
  dims: u32s("tokens rows d4 p_replica gain_base", "inv_d"),
  variants: { gpu: { name: "rms_norm_backward_tree", source: backwardTreeSource } },
};

const GAIN_SUM: KernelSpec = {
  name: "gain_sum",
  source: gainSource,
  inputs: {
    dy: when("NORM", vec4("R", "rows", "width4")),
    x: vec4("R", "rows", "width4"),
    rstd: when("NORM", f32("R", "rows")),
  },
  outputs: { partial: vec4("(R - 1) * partial_replica + partial_base + chunks * width4") },
  dims: u32s("rows chunks width4 partial_replica partial_base tokens chunk_rows"),
};

const COLUMN_REDUCE: KernelSpec = {
  name: "column_reduce",
  source: reduceSource,
  inputs: { partial: vec4("R", "partial_replica"), table: u32("columns", "5") },
  outputs: { g: vec4("R", "g_replica") },
  dims: u32s("columns partial_replica g_replica chunks"),
};

/**
 * y = x * rstd * gain with rstd = 1/sqrt(mean(x^2) + 1e-5) over the d real columns.
 *
 * @param d real width; @param d4 padded vec4 count
 * @param t x, y (R, rows, d4) vec4; rstd (R, rows) f32
 */
export function rmsNorm(
  program: Program,
  sizes: Sizes,
  d: number,
  d4: number,
  gain: InParameters,
  t: { x: Bound; y: Bound; rstd: Bound },
): void {
  program.add(
    withRowSums(RMS_NORM, program.profile),
    { x: t.x, p: gain.tensor, y: t.y, rstd: t.rstd },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      d4,
      p_replica: gain.replica,
      gain_base: gain.base,
      inv_d: 1 / d,
    },
    {
      software: lanes(sizes.tokens, sizes.replicas),
      gpu: rowGrid(sizes.tokens, sizes.replicas),
    },
    rowConstants(d4),
  );
}

/**
 * dz = dzIn + gradient of {@link rmsNorm} by x; the gain's is {@link gainSum}'s.
 *
 * @param t dy, x, dz, dzIn (R, rows, d4); without dzIn nothing is added
 */
export function rmsNormBackward(
  program: Program,
  sizes: Sizes,
  d: number,
  d4: number,
  gain: InParameters,
  t: { x: Bound; dy: Bound; rstd: Bound; dz: Bound; dzIn?: Bound },
): void {
  program.add(
    withRowSums(RMS_NORM_BACKWARD, program.profile),
    { x: t.x, dy: t.dy, rstd: t.rstd, p: gain.tensor, dz: t.dz, dz_in: t.dzIn },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      d4,
      p_replica: gain.replica,
      gain_base: gain.base,
      inv_d: 1 / d,
    },
    {
      software: lanes(sizes.tokens, sizes.replicas),
      gpu: rowGrid(sizes.tokens, sizes.replicas),
    },
    { FIRST: +!t.dzIn, ...rowConstants(d4) },
  );
}

/** A gain's columns among those that are summed together. */
export interface GainPart {
  /** first vec4 within the summed row */
  from: number;
  /** vec4 columns of the gain */
  d4: number;
  /** pieces of the row that share the gain, d4 apart: the heads of q or k; else 1 */
  heads: number;
  /** where the gradient goes, vec4 within a replica's */
  target: number;
}

/** Rows of `width4` vec4 that are summed over the tokens, for the gradients of one or two gains. */
export interface GainSum {
  width4: number;
  parts: GainPart[];
}

/** Where partial sums lie, and the table column_reduce.wgsl reads. */
export interface GainPlan {
  /** first vec4 of each sum's partial sums */
  base: number[];
  /** vec4 of all partial sums, per replica */
  partial: number;
  chunks: number;
  columns: number;
  table: Uint32Array;
}

/** Lays the partial sums of all gains one after the other. */
export function planGains(sums: GainSum[], tokens: number): GainPlan {
  const chunks = Math.ceil(tokens / CHUNK_ROWS), base: number[] = [], table: number[] = [];
  let partial = 0;
  for (const { width4, parts } of sums) {
    base.push(partial);
    for (const { from, d4, heads, target } of parts) {
      for (let c = 0; c < d4; c++) table.push(partial + from + c, width4, heads, d4, target + c);
    }
    partial += chunks * width4;
  }
  return { base, partial, chunks, columns: table.length / 5, table: Uint32Array.from(table) };
}

/**
 * Partial sums for one entry of a plan: of dy * x * rstd (a norm over whole rows), or of x alone
 * where the product was stored (the norms of q and k).
 *
 * @param t x, dy (R, rows, width4); rstd (R, rows); partial (R, plan.partial)
 */
export function gainSum(
  program: Program,
  sizes: Sizes,
  width4: number,
  plan: GainPlan,
  entry: number,
  t: { x: Bound; dy?: Bound; rstd?: Bound; partial: Bound },
): void {
  const { dy, rstd } = t, norm = dy && rstd;
  program.add(
    GAIN_SUM,
    { x: t.x, partial: t.partial, ...(norm ? { dy, rstd } : {}) },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      chunks: plan.chunks,
      chunk_rows: CHUNK_ROWS,
      width4,
      partial_replica: plan.partial,
      partial_base: plan.base[entry],
    },
    lanes(plan.chunks * width4, sizes.replicas),
    { NORM: +!!norm },
  );
}

/**
 * The gradients of all gains of a plan: heads ascending, in each chunks ascending, in each rows.
 *
 * @param replica vec4 of a replica's gradient
 */
export function gainReduce(
  program: Program,
  replicas: number,
  plan: GainPlan,
  replica: number,
  t: { partial: Bound; table: Bound; g: Bound },
): void {
  program.add(
    COLUMN_REDUCE,
    { ...t },
    {
      columns: plan.columns,
      partial_replica: plan.partial,
      g_replica: replica,
      chunks: plan.chunks,
    },
    [Math.ceil(plan.columns / 8), 1, replicas],
  );
}
