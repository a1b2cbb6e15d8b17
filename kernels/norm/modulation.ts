/**
 * What a row per sequence does to the tokens of that sequence beside its part in the norm (norm.ts): the
 * gated residual sum, and the gradients of shift, scale and gate.
 *
 * Source: adaLN-zero, arXiv 2212.09748.
 *
 * @module
 */
import addSource from "./gated_add.wgsl" with { type: "text" };
import addBackwardSource from "./gated_add_backward.wgsl" with { type: "text" };
import sumsSource from "./modulation_sums.wgsl" with { type: "text" };
import { f32, type KernelSpec, vec4 } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, type Sizes, u32s } from "../sizes.ts";
import type { Modulated } from "./norm.ts";

const ROWS = vec4("R", "rows", "d4"), MODULATION = vec4("R", "m_rows", "m4");
const GATE_DIMS = u32s("tokens rows seq d4 m_rows m4 gate");

const GATED_ADD: KernelSpec = {
  name: "gated_add",
  source: addSource,
  inputs: { r: ROWS, y: ROWS, m: MODULATION },
  outputs: { z: ROWS },
  dims: GATE_DIMS,
};

const GATED_ADD_BACKWARD: KernelSpec = {
  name: "gated_add_backward",
  source: addBackwardSource,
  inputs: { y: ROWS, dz: ROWS, m: MODULATION },
  outputs: { dy: ROWS, dm: MODULATION },
  dims: GATE_DIMS,
};

const MODULATION_SUMS: KernelSpec = {
  name: "modulation_sums",
  source: sumsSource,
  inputs: { x: ROWS, dy: ROWS, rstd: f32("R", "rows") },
  outputs: { dm: MODULATION },
  dims: u32s("tokens rows seq d4 m_rows m4 shift scale"),
};

/** Columns of a modulation that a branch is gated by; see {@link Modulated}. */
export interface Gate extends Pick<Modulated, "m" | "rows" | "m4"> {
  gate: number;
}

function gateDims(sizes: Sizes, d4: number, { rows, m4, gate }: Gate) {
  return { tokens: sizes.tokens, rows: sizes.rows, seq: sizes.seq, d4, m_rows: rows, m4, gate };
}

/**
 * z = r + gate * y, the gate a row per sequence.
 *
 * @param t r, y, z (R, rows, d4) vec4
 */
export function gatedAdd(
  program: Program,
  sizes: Sizes,
  d4: number,
  by: Gate,
  t: { r: Bound; y: Bound; z: Bound },
): void {
  program.add(
    GATED_ADD,
    { ...t, m: by.m },
    gateDims(sizes, d4, by),
    lanes(sizes.tokens * d4, sizes.replicas),
  );
}

/**
 * dy = gate * dz and the gate's gradient, in the gate's columns of dm; r's gradient is dz.
 *
 * @param t y, dz, dy (R, rows, d4) vec4; dm as m
 */
export function gatedAddBackward(
  program: Program,
  sizes: Sizes,
  d4: number,
  by: Gate,
  t: { y: Bound; dz: Bound; dy: Bound; dm: Bound },
): void {
  program.add(
    GATED_ADD_BACKWARD,
    { ...t, m: by.m },
    gateDims(sizes, d4, by),
    lanes(sizes.tokens / sizes.seq * d4, sizes.replicas),
  );
}

/**
 * The gradients of shift and scale of a modulated norm, in their columns of dm.
 *
 * @param t x, dy (R, rows, d4) vec4; rstd (R, rows); dm as m
 */
export function modulationSums(
  program: Program,
  sizes: Sizes,
  d4: number,
  { rows, m4, shift, scale }: Omit<Modulated, "m">,
  t: { x: Bound; dy: Bound; rstd: Bound; dm: Bound },
): void {
  const { tokens, seq } = sizes;
  program.add(
    MODULATION_SUMS,
    { ...t },
    { tokens, rows: sizes.rows, seq, d4, m_rows: rows, m4, shift, scale },
    lanes(tokens / seq * d4, sizes.replicas),
  );
}
