/**
 * Initial weights: one stream of normal numbers per (seed, tensor), scaled by the tensor's std.
 * Seed k therefore means the same random numbers at every learning rate and under every rule.
 *
 * @module
 */
import type { Layout } from "./shape.ts";
import { pack } from "./stored.ts";
import type { TensorKind } from "../rule/rule.ts";

/** 32-bit hash of a text (FNV-1a). */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/**
 * Uniform generator in (0, 1): sfc32 (C. Doty-Humphrey, PractRand), 128 bits of state with a
 * counter, so that streams of different seeds do not run into each other (a shared 32-bit orbit
 * would: two tensors of a million-parameter model meet in 1 of 200 seeds).
 */
export function uniforms(key: string): () => number {
  let a = hash(`a/${key}`) | 0, b = hash(`b/${key}`) | 0, c = hash(`c/${key}`) | 0, counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + t) | 0;
    return ((t >>> 0) + 0.5) / 4294967296;
  };
  for (let i = 0; i < 15; i++) next();
  return next;
}

/** Standard normal numbers of one tensor (Box-Muller). */
export function normals(seed: number, name: string, count: number): Float32Array {
  const draw = uniforms(`${seed}/${name}`), out = new Float32Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(draw())), angle = 2 * Math.PI * draw();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < count) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** Init std of each tensor kind; norms start at 1 and ignore it. */
export type InitStd = Record<TensorKind, number>;

/** Stored parameters of one replica. */
export function initialParameters(layout: Layout, seed: number, std: InitStd): Float32Array {
  const stored = new Float32Array(layout.floats);
  for (const p of layout.parameters) {
    const count = p.shape.reduce((a, b) => a * b, 1);
    if (p.kind.toLowerCase().endsWith("norm")) {
      pack(p, new Float32Array(count).fill(1), stored);
    } else if (std[p.kind] !== 0) {
      pack(p, normals(seed, p.name, count).map((x) => x * std[p.kind]), stored);
    }
  }
  return stored;
}
