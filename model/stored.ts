/**
 * Tensors in a replica's flat parameters: their kinds, where one lies, which a block has, and the way
 * between a stored tensor and the one a user names.
 *
 * @module
 */

import type { TensorKind } from "../rule/rule.ts";

/** One tensor as a user names it (PyTorch-style, see fixtures/parity) and where its rows lie. */
export interface Parameter {
  name: string;
  kind: TensorKind;
  shape: number[];
  /** [first logical float, first stored float, count] of each contiguous run */
  runs: [number, number, number][];
}

/** A stored matrix or vector: float offset in a replica's flat parameters, and its stored sizes. */
export interface Stored {
  offset: number;
  rows: number;
  cols: number;
  /** index into the table of hyperparameters */
  tensor: number;
  kind: TensorKind;
}

/** Stored tensors of one block. */
export interface BlockLayout {
  /** null where the task modulates the norms of the blocks */
  attnNorm: Stored | null;
  wqkv: Stored;
  wo: Stored;
  qNorm: Stored;
  kNorm: Stored;
  ffnNorm: Stored | null;
  /** dense FFN, or the shared experts side by side */
  dense: { hidden: number; wgu: Stored; wdown: Stored } | null;
  /** routed experts; offsets of expert 0, one expert after the other */
  routed: {
    expertWidth: number;
    wrouter: Stored;
    wgu: Stored;
    wdown: Stored;
    expertGu: number;
    expertDown: number;
  } | null;
}

/** Copies a logical tensor into stored parameters. */
export function pack(parameter: Parameter, logical: Float32Array, stored: Float32Array): void {
  for (const [from, to, n] of parameter.runs) stored.set(logical.subarray(from, from + n), to);
}

/** Copies a logical tensor out of stored parameters. */
export function unpack(parameter: Parameter, stored: Float32Array): Float32Array {
  const out = new Float32Array(parameter.shape.reduce((a, b) => a * b, 1));
  for (const [to, from, n] of parameter.runs) out.set(stored.subarray(from, from + n), to);
  return out;
}
