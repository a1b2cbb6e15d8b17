/**
 * What a model is told of each image: features of its time, and SiLU with or without a class table.
 *
 * @module
 */
import featuresSource from "./time_features.wgsl" with { type: "text" };
import siluSource from "./silu.wgsl" with { type: "text" };
import siluBackwardSource from "./silu_backward.wgsl" with { type: "text" };
import turn from "./turn.wgsl" with { type: "text" };
import sigmoid from "../gemm/sigmoid.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { type InParameters, lanes, u32s } from "../sizes.ts";
import type { Images } from "./images.ts";

const TIME_FEATURES: KernelSpec = {
  name: "time_features",
  source: featuresSource,
  includes: { turn },
  inputs: { time: f32("R", "image_rows"), turns: vec4("half4", "2") },
  outputs: { features: vec4("R", "image_rows", "2 * half4") },
  dims: u32s("images image_rows half4"),
};

const ROWS = vec4("R", "image_rows", "d4");
const TABLE = {
  classes: when("CLASS", u32("R", "image_rows")),
  p: when("CLASS", vec4("R", "p_replica")),
};
const SILU_DIMS = u32s("images image_rows d4 p_replica table_base");

const SILU: KernelSpec = {
  name: "silu",
  source: siluSource,
  includes: { sigmoid },
  inputs: { x: ROWS, ...TABLE },
  outputs: { y: ROWS },
  dims: SILU_DIMS,
};

const SILU_BACKWARD: KernelSpec = {
  name: "silu_backward",
  source: siluBackwardSource,
  includes: { sigmoid },
  inputs: { x: ROWS, dy: ROWS, ...TABLE },
  outputs: { dx: ROWS },
  dims: SILU_DIMS,
};

/**
 * Whole turns per unit of time of each pair of features, for {@link timeFeatures}: 1000 · 10000^(−k/(F/2)) / 2π.
 *
 * @param count F, a multiple of 8
 * @returns floats for a tensor of (F/8, 2) vec4: the first 12 bits of four numbers, then what is left of them
 */
export function turnTable(count: number): Float32Array {
  const half = count / 2, table = new Float32Array(count);
  for (let k = 0; k < half; k++) {
    const turns = 1000 * 10000 ** (-k / half) / (2 * Math.PI);
    const unit = 2 ** (Math.floor(Math.log2(turns)) - 11), hi = Math.floor(turns / unit) * unit;
    const at = Math.floor(k / 4) * 8 + k % 4;
    table[at] = hi;
    table[at + 4] = turns - hi;
  }
  return table;
}

/**
 * features = cos, then sin, of 1000 t · 10000^(−k/(F/2)).
 *
 * @param count F, a multiple of 8
 * @param t time (R, rows) f32 in [0, 1], turns as {@link turnTable} gives; features (R, rows, F/4) vec4
 * Error: 2e-6 absolute against float64 (tests/kernels/image/condition_test.ts)
 */
export function timeFeatures(
  program: Program,
  { replicas, images, rows }: Images,
  count: number,
  t: { time: Bound; turns: Bound; features: Bound },
): void {
  const half4 = count / 8;
  program.add(
    TIME_FEATURES,
    { ...t },
    { images, image_rows: rows, half4 },
    lanes(images * half4, replicas),
  );
}

/** A table of classes in the parameters, and the class of each image, (R, rows) u32. */
export interface ClassTable {
  classes: Bound;
  table: InParameters;
}

function siluCall({ images, rows }: Images, d4: number, by: ClassTable | null) {
  return {
    operands: by ? { classes: by.classes, p: by.table.tensor } : {},
    dims: {
      images,
      image_rows: rows,
      d4,
      p_replica: by?.table.replica ?? 0,
      table_base: by?.table.base ?? 0,
    },
    constants: { CLASS: +(by !== null) },
  };
}

/**
 * y = silu(x), or silu(x + table[class]).
 *
 * @param t x, y (R, rows, d4) vec4
 */
export function silu(
  program: Program,
  of: Images,
  d4: number,
  by: ClassTable | null,
  t: { x: Bound; y: Bound },
): void {
  const { operands, dims, constants } = siluCall(of, d4, by);
  program.add(SILU, { ...t, ...operands }, dims, lanes(of.images * d4, of.replicas), constants);
}

/**
 * The gradient of {@link silu} by x, which is the table entry's too.
 *
 * @param t x, dy, dx (R, rows, d4) vec4
 */
export function siluBackward(
  program: Program,
  of: Images,
  d4: number,
  by: ClassTable | null,
  t: { x: Bound; dy: Bound; dx: Bound },
): void {
  const { operands, dims, constants } = siluCall(of, d4, by);
  program.add(
    SILU_BACKWARD,
    { ...t, ...operands },
    dims,
    lanes(of.images * d4, of.replicas),
    constants,
  );
}
