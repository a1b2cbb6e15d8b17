/**
 * What every row kernel shares: its sizes, the grids that follow from them, and where a weight lies.
 *
 * @module
 */
import { FOLD, GROUP } from "./gpu/kernel.ts";
import type { Bound } from "./gpu/program.ts";

/** Independent runs side by side, and the tokens of one step of each. */
export interface Sizes {
  /** independent runs, the z axis of every grid */
  replicas: number;
  /** tokens of a step of one replica, B*T */
  tokens: number;
  /** allocated rows per replica: tokens rounded up to 4; the surplus stays zero */
  rows: number;
  /** tokens of one sequence */
  seq: number;
}

/** A weight inside the flat parameter tensor: vec4 offsets. */
export interface InParameters {
  /** the parameters (forward) or the gradient (backward) */
  tensor: Bound;
  base: number;
  /** vec4 per replica */
  replica: number;
}

/** n rounded up to a multiple of m. */
export function roundUp(n: number, m: number): number {
  return Math.ceil(n / m) * m;
}

/** vec4 count of n floats. */
export function vec4s(n: number): number {
  return Math.ceil(n / 4);
}

/** Workgroups an axis of a grid holds. */
const AXIS = 65535;

/**
 * Grid of one lane per element in groups of 64, for each replica. Past 4,194,240 elements it needs two
 * axes; kernels ask `lane_of(id)` for their element and return when it is past the last.
 */
export function lanes(count: number, replicas: number): [number, number, number] {
  const groups = Math.ceil(count / GROUP);
  return groups <= AXIS ? [groups, 1, replicas] : [FOLD, Math.ceil(groups / FOLD), replicas];
}

/** Constants of a kernel with one workgroup per row of `width4` vec4; see tree.wgsl. */
export function rowConstants(width4: number): { LANES: number; FOLD: number } {
  return { LANES: width4 <= 32 ? 32 : 64, FOLD };
}

/** Grid of one workgroup per row, for each replica: past 65535 rows it needs two axes. */
export function rowGrid(rows: number, replicas: number): [number, number, number] {
  return [Math.min(rows, FOLD), Math.ceil(rows / FOLD), replicas];
}

/** A spec's dims, all u32 but those named. */
export function u32s(names: string, floats = ""): Record<string, "u32" | "f32"> {
  return Object.fromEntries([
    ...names.split(" ").map((n) => [n, "u32" as const]),
    ...floats.split(" ").filter(Boolean).map((n) => [n, "f32" as const]),
  ]);
}
