/**
 * Global gradient-norm clipping and AdamW over the flat parameters of every replica.
 *
 * @module
 */
import adamwSource from "./adamw.wgsl" with { type: "text" };
import clipSource from "./clip.wgsl" with { type: "text" };
import squaresSource from "./sum_squares.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4 } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, u32s } from "../sizes.ts";

/** Fewest vec4 a lane of {@link adamw} updates. */
const PER_LANE = 8;
const CHUNK = 64;

const SUM_SQUARES: KernelSpec = {
  name: "sum_squares",
  source: squaresSource,
  inputs: { g: vec4("R", "n4") },
  outputs: { partial: f32("R", "chunks") },
  dims: u32s("n4 chunk chunks"),
};

const CLIP: KernelSpec = {
  name: "clip",
  source: clipSource,
  inputs: { partial: f32("R", "chunks"), schedule: vec4("R", "steps"), state: u32("R") },
  outputs: { rates: vec4("2", "R") },
  dims: u32s("chunks replicas steps", "clip_norm"),
};

const ADAMW: KernelSpec = {
  name: "adamw",
  source: adamwSource,
  inputs: {
    p: vec4("R", "n4"),
    m: vec4("R", "n4"),
    v: vec4("R", "n4"),
    g: vec4("R", "n4"),
    rates: vec4("R * (3 + tensors) + (n4 + 63) / 64"),
  },
  outputs: { p_out: vec4("R", "n4"), m_out: vec4("R", "n4"), v_out: vec4("R", "n4") },
  dims: u32s("n4 tensors replicas per_lane"),
};

/** What {@link adamw} reads beside weights, moments and gradient, as numbers per replica. */
export interface Rates {
  /** (b1, 1-b1, b2, 1-b2) */
  betas: ArrayLike<number>;
  /** (lr, weight decay, eps, 0) of each tensor */
  hp: ArrayLike<number>;
}

/** vec4 of the rates of {@link adamw}. */
export function ratesLength(replicas: number, tensors: number, n4: number): number {
  return replicas * (3 + tensors) + Math.ceil(n4 / 64);
}

/**
 * The rates as they are uploaded; those of a step, the first 2 R vec4, are {@link clipNorm}'s to write.
 *
 * @param tensorOf which tensor each 16 vec4 of the parameters are of
 * @returns the floats of {@link ratesLength} vec4
 */
export function ratesTable(
  replicas: readonly Rates[],
  tensors: number,
  n4: number,
  tensorOf: ArrayLike<number>,
): Float32Array {
  const R = replicas.length, table = new Float32Array(4 * ratesLength(R, tensors, n4));
  replicas.forEach(({ betas, hp }, z) => {
    table.set(betas, 4 * (2 * R + z));
    table.set(hp, 4 * (3 * R + z * tensors));
  });
  table.set(tensorOf, 4 * R * (3 + tensors));
  return table;
}

/** Partial sums {@link clipNorm} needs per replica. */
export function clipScratch(n4: number): number {
  return Math.ceil(n4 / CHUNK);
}

/**
 * rates[replica] = (min(1, clipNorm / (norm + 1e-6)), norm, 0, 0); clipNorm 0 does not clip. And
 * rates[R + replica] = schedule[replica, state], for {@link adamw}.
 *
 * @param n4 vec4 of the gradient per replica @param steps length of the schedule
 * @param t g (R, n4), partial scratch, schedule (R, steps) vec4, state (R), rates vec4
 */
export function clipNorm(
  program: Program,
  replicas: number,
  { n4, steps }: { n4: number; steps: number },
  norm: number,
  t: { g: Bound; partial: Bound; schedule: Bound; state: Bound; rates: Bound },
): void {
  const chunks = clipScratch(n4);
  program.add(
    SUM_SQUARES,
    { g: t.g, partial: t.partial },
    { n4, chunk: CHUNK, chunks },
    lanes(chunks, replicas),
  );
  program.add(
    CLIP,
    { partial: t.partial, schedule: t.schedule, state: t.state, rates: t.rates },
    { chunks, replicas, steps, clip_norm: norm },
    [1, 1, replicas],
  );
}

/** Tensors of {@link adamw}; p, m, v alternate, the rest is read. */
export interface AdamwTensors {
  p: Bound;
  m: Bound;
  v: Bound;
  g: Bound;
  rates: Bound;
}

/** One AdamW step of every replica; formula and shapes in adamw.wgsl. */
export function adamw(
  program: Program,
  replicas: number,
  { n4, tensors }: { n4: number; tensors: number },
  t: AdamwTensors,
): void {
  // several vec4 per lane pay for what a lane reads once; a grid's x axis holds 65535 workgroups
  const perLane = Math.max(PER_LANE, Math.ceil(n4 / (64 * 65535)));
  program.add(
    ADAMW,
    { ...t, p_out: t.p, m_out: t.m, v_out: t.v },
    { n4, tensors, replicas, per_lane: perLane },
    [Math.ceil(n4 / (64 * perLane)), 1, replicas],
  );
}
