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
import type { InParameters } from "../text/embedding.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, rowConstants, rowGrid, type Sizes, u32s } from "../sizes.ts";
import { rowSource } from "./tree.ts";

/** Rows a lane adds before the partial sums are added. */
export const CHUNK_ROWS = 32;

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
  const tree = program.profile.kernels === "gpu";
  program.add(
    {
      name: tree ? "rms_norm_tree" : "rms_norm",
      source: tree ? rowSource(program.profile) + forwardTreeSource : forwardSource,
      inputs: { x: "f32x4", p: "f32x4" },
      outputs: { y: "f32x4", rstd: "f32" },
      dims: u32s("tokens rows d4 p_replica gain_base", "inv_d"),
      constants: tree ? rowConstants(d4) : {},
    },
    { x: t.x, p: gain.tensor, y: t.y, rstd: t.rstd },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      d4,
      p_replica: gain.replica,
      gain_base: gain.base,
      inv_d: 1 / d,
    },
    (tree ? rowGrid : lanes)(sizes.tokens, sizes.replicas),
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
  const tree = program.profile.kernels === "gpu";
  program.add(
    {
      name: tree ? "rms_norm_backward_tree" : "rms_norm_backward",
      source: tree ? rowSource(program.profile) + backwardTreeSource : backwardSource,
      inputs: {
        x: "f32x4",
        dy: "f32x4",
        rstd: "f32",
        p: "f32x4",
        ...(t.dzIn ? { dz_in: "f32x4" as const } : {}),
      },
      outputs: { dz: "f32x4" },
      dims: u32s("tokens rows d4 p_replica gain_base", "inv_d"),
      constants: { FIRST: +!t.dzIn, ...(tree ? rowConstants(d4) : {}) },
    },
    {
      x: t.x,
      dy: t.dy,
      rstd: t.rstd,
      p: gain.tensor,
      dz: t.dz,
      ...(t.dzIn ? { dz_in: t.dzIn } : {}),
    },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      d4,
      p_replica: gain.replica,
      gain_base: gain.base,
      inv_d: 1 / d,
    },
    (tree ? rowGrid : lanes)(sizes.tokens, sizes.replicas),
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
    {
      name: "gain_sum",
      source: gainSource,
      inputs: norm ? { dy: "f32x4", x: "f32x4", rstd: "f32" } : { x: "f32x4" },
      outputs: { partial: "f32x4" },
      dims: u32s("rows chunks width4 partial_replica partial_base tokens chunk_rows"),
      constants: { NORM: +!!norm },
    },
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
    {
      name: "column_reduce",
      source: reduceSource,
      inputs: { partial: "f32x4", table: "u32" },
      outputs: { g: "f32x4" },
      dims: u32s("columns partial_replica g_replica chunks"),
    },
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
