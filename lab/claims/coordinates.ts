/**
 * Coordinates of one model: typical sizes of what it computes, before training and by how much a few
 * steps change them. Pure functions of two looks at the same batch.
 *
 * @module
 */
import type { Activations, BlockActivations } from "../../model/check/probe.ts";

/** What is measured of every model, in words of a table. */
export const COORDINATES = {
  init: "FFN output at init, block 0",
  delta: "its change",
  laterInit: "FFN output at init, block 1",
  laterDelta: "its change",
  input: "input of block 1 at init",
  router: "router logits at init, block 0",
  routerDelta: "their change",
  entropy: "gate entropy at init over ln a, block 0",
  outputDelta: "change of the final output",
} as const;

/** One of {@link COORDINATES}. */
export type Coordinate = keyof typeof COORDINATES;
/** All of them, in the order of a table. */
export const NAMES = Object.keys(COORDINATES) as Coordinate[];

/** Root mean square; NaN for nothing. */
export function rms(values: Float32Array): number {
  let sum = 0;
  for (const v of values) sum += v * v;
  return Math.sqrt(sum / values.length);
}

/** Root mean square of a difference. */
export function rmsChange(from: Float32Array, to: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < from.length; i++) sum += (to[i] - from[i]) ** 2;
  return Math.sqrt(sum / from.length);
}

/**
 * −Σ π ln π over a token's gates (as shares of their sum, which some gates leave below 1), mean over
 * tokens, over its largest value ln a: 1 means uniform.
 *
 * @param gates (T, a), a ≥ 2
 */
export function gateEntropy(gates: Float32Array, active: number): number {
  let sum = 0;
  for (let at = 0; at < gates.length; at += active) {
    const own = gates.subarray(at, at + active), total = own.reduce((a, b) => a + b, 0);
    for (const g of own) if (g > 0) sum -= g / total * Math.log(g / total);
  }
  return sum / (gates.length / active) / Math.log(active);
}

/**
 * All coordinates of one replica.
 *
 * @param init activations at init @param later the same batch after some steps
 * @returns null where the model has no such thing: a dense one no router, one block no second
 */
export function coordinatesOf(
  init: Activations,
  later: Activations,
  active: number | null,
): Record<Coordinate, number | null> {
  const change = (l: number, what: (b: BlockActivations) => Float32Array | null) => {
    const [from, to] = [init, later].map(({ blocks }) =>
      blocks.length > l ? what(blocks[l]) : null
    );
    return from && to ? rmsChange(from, to) : null;
  };
  const [first, second] = init.blocks as [BlockActivations, BlockActivations | undefined];
  return {
    init: rms(first.ffn),
    delta: change(0, (b) => b.ffn),
    laterInit: second ? rms(second.ffn) : null,
    laterDelta: change(1, (b) => b.ffn),
    input: second ? rms(second.input) : null,
    router: first.router && rms(first.router),
    routerDelta: change(0, (b) => b.router),
    entropy: first.gates && active !== null && active > 1 ? gateEntropy(first.gates, active) : null,
    outputDelta: rmsChange(init.output, later.output),
  };
}
