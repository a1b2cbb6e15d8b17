/**
 * RMSNorm, its gradient, and the column sums behind gain gradients.
 *
 * @module
 */
import reduceSource from "./column_reduce.wgsl" with { type: "text" };
import sumSource from "./column_sum.wgsl" with { type: "text" };
import forwardSource from "./rms_norm.wgsl" with { type: "text" };
import backwardSource from "./rms_norm_backward.wgsl" with { type: "text" };
import backwardTreeSource from "./rms_norm_backward_tree.wgsl" with { type: "text" };
import forwardTreeSource from "./rms_norm_tree.wgsl" with { type: "text" };
import type { InParameters } from "./embedding.ts";
import type { Bound, Program } from "./gpu/program.ts";
import { lanes, rowConstants, rowGrid, type Sizes, u32s } from "./sizes.ts";
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
 * dz = dzIn + gradient of {@link rmsNorm}; product = dy * xhat for the gain.
 *
 * @param t dy, x, product, dz, dzIn (R, rows, d4); without dzIn nothing is added
 */
export function rmsNormBackward(
  program: Program,
  sizes: Sizes,
  d: number,
  d4: number,
  gain: InParameters,
  t: { x: Bound; dy: Bound; rstd: Bound; product: Bound; dz: Bound; dzIn?: Bound },
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
      outputs: { product: "f32x4", dz: "f32x4" },
      dims: u32s("tokens rows d4 p_replica gain_base", "inv_d"),
      constants: { FIRST: +!t.dzIn, ...(tree ? rowConstants(d4) : {}) },
    },
    {
      x: t.x,
      dy: t.dy,
      rstd: t.rstd,
      p: gain.tensor,
      product: t.product,
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

/** How rows lie in a tensor; counts are vec4. */
export interface RowLayout {
  base: number;
  replica: number;
  /** rows in one outer step (heads of a token), 1 for plain rows */
  inner: number;
  outerStride: number;
  innerStride: number;
}

/** vec4 a {@link columnSum} needs for its partial sums, per replica. */
export function columnSumScratch(rows: number, d4: number): number {
  return Math.ceil(rows / CHUNK_ROWS) * d4;
}

/**
 * gradient[c] = sum over rows of x[row, c], rows ascending within chunks, chunks ascending.
 *
 * @param rows rows per replica @param d4 vec4 columns
 */
export function columnSum(
  program: Program,
  replicas: number,
  rows: number,
  d4: number,
  layout: RowLayout,
  gradient: InParameters,
  t: { x: Bound; partial: Bound },
): void {
  const chunks = Math.ceil(rows / CHUNK_ROWS);
  program.add(
    {
      name: "column_sum",
      source: sumSource,
      inputs: { x: "f32x4" },
      outputs: { partial: "f32x4" },
      dims: u32s("rows chunks chunk_rows d4 x_base x_replica inner outer_stride inner_stride"),
    },
    { x: t.x, partial: t.partial },
    {
      rows,
      chunks,
      chunk_rows: CHUNK_ROWS,
      d4,
      x_base: layout.base,
      x_replica: layout.replica,
      inner: layout.inner,
      outer_stride: layout.outerStride,
      inner_stride: layout.innerStride,
    },
    lanes(chunks * d4, replicas),
  );
  program.add(
    {
      name: "column_reduce",
      source: reduceSource,
      inputs: { partial: "f32x4" },
      outputs: { g: "f32x4" },
      dims: u32s("chunks d4 g_replica g_base"),
    },
    { partial: t.partial, g: gradient.tensor },
    { chunks, d4, g_replica: gradient.replica, g_base: gradient.base },
    [Math.ceil(d4 / 8), 1, replicas],
  );
}
