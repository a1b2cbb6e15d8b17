/**
 * RMSNorm, its gradient, and the column sums behind gain gradients.
 *
 * @module
 */
import modulatedGain from "./modulated_gain.wgsl" with { type: "text" };
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

/** A gain in the parameters; a row of shifts, scales and gates for each sequence. */
const GAIN = vec4("(R - 1) * p_replica + gain_base + d4");
const MODULATION = vec4("R", "m_rows", "m4");
const NORM_DIMS = u32s(
  "tokens rows d4 p_replica gain_base seq m_rows m4 shift scale",
  "inv_d",
);

/** Rows a lane adds before the partial sums are added. */
export const CHUNK_ROWS = 32;

const RMS_NORM: KernelSpec = {
  name: "rms_norm",
  source: forwardSource,
  inputs: {
    x: vec4("R", "rows", "d4"),
    p: when("!MODULATED", GAIN),
    m: when("MODULATED", MODULATION),
  },
  outputs: { y: vec4("R", "rows", "d4"), rstd: f32("R", "rows") },
  dims: NORM_DIMS,
  variants: { gpu: { name: "rms_norm_tree", source: forwardTreeSource } },
};

const RMS_NORM_BACKWARD: KernelSpec = {
  name: "rms_norm_backward",
  source: backwardSource,
  includes: { modulated_gain: modulatedGain },
  inputs: {
    x: vec4("R", "rows", "d4"),
    dy: vec4("R", "rows", "d4"),
    rstd: f32("R", "rows"),
    p: when("!MODULATED", GAIN),
    m: when("MODULATED", MODULATION),
    dz_in: when("!FIRST", vec4("R", "rows", "d4")),
  },
  outputs: { dz: vec4("R", "rows", "d4") },
  dims: NORM_DIMS,
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

/** Columns of a modulation that a norm is shifted and scaled by; vec4 within a row of {@link Modulated.m}. */
export interface Modulated {
  /** (R, rows, m4) vec4, a row for each sequence */
  m: Bound;
  /** rows and vec4 columns of m, per replica */
  rows: number;
  m4: number;
  shift: number;
  scale: number;
}

/** The operand and dims of what a norm multiplies by: a gain of the parameters, or 1 + scale. */
function multiplier(by: InParameters | Modulated, { seq }: Sizes) {
  return "m" in by
    ? {
      operand: { m: by.m },
      dims: {
        p_replica: 0,
        gain_base: 0,
        seq,
        m_rows: by.rows,
        m4: by.m4,
        shift: by.shift,
        scale: by.scale,
      },
    }
    : {
      operand: { p: by.tensor },
      dims: {
        p_replica: by.replica,
        gain_base: by.base,
        seq,
        m_rows: 0,
        m4: 0,
        shift: 0,
        scale: 0,
      },
    };
}

/**
 * y = x * rstd * gain with rstd = 1/sqrt(mean(x^2) + 1e-5) over the d real columns; modulated: y = x * rstd *
 * (1 + scale) + shift.
 *
 * @param d real width; @param d4 padded vec4 count
 * @param by the gain in the parameters, or a modulation
 * @param t x, y (R, rows, d4) vec4; rstd (R, rows) f32
 */
export function rmsNorm(
  program: Program,
  sizes: Sizes,
  d: number,
  d4: number,
  by: InParameters | Modulated,
  t: { x: Bound; y: Bound; rstd: Bound },
): void {
  const { operand, dims } = multiplier(by, sizes);
  program.add(
    withRowSums(RMS_NORM, program.profile),
    { ...t, ...operand },
    { tokens: sizes.tokens, rows: sizes.rows, d4, ...dims, inv_d: 1 / d },
    {
      software: lanes(sizes.tokens, sizes.replicas),
      gpu: rowGrid(sizes.tokens, sizes.replicas),
    },
    { MODULATED: +("m" in by), ...rowConstants(d4) },
  );
}

/**
 * dz = dzIn + gradient of {@link rmsNorm} by x; the gain's is {@link gainSum}'s, a modulation's
 * {@link modulationSums}'.
 *
 * @param t dy, x, dz, dzIn (R, rows, d4); without dzIn nothing is added
 */
export function rmsNormBackward(
  program: Program,
  sizes: Sizes,
  d: number,
  d4: number,
  by: InParameters | Modulated,
  t: { x: Bound; dy: Bound; rstd: Bound; dz: Bound; dzIn?: Bound },
): void {
  const { operand, dims } = multiplier(by, sizes);
  program.add(
    withRowSums(RMS_NORM_BACKWARD, program.profile),
    { x: t.x, dy: t.dy, rstd: t.rstd, dz: t.dz, dz_in: t.dzIn, ...operand },
    { tokens: sizes.tokens, rows: sizes.rows, d4, ...dims, inv_d: 1 / d },
    {
      software: lanes(sizes.tokens, sizes.replicas),
      gpu: rowGrid(sizes.tokens, sizes.replicas),
    },
    { FIRST: +!t.dzIn, MODULATED: +("m" in by), ...rowConstants(d4) },
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
