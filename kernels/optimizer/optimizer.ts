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
  inputs: { partial: f32("R", "chunks") },
  outputs: { scale: vec4("R") },
  dims: u32s("chunks", "clip_norm"),
};

const ADAMW: KernelSpec = {
  name: "adamw",
  source: adamwSource,
  inputs: {
    p: vec4("R", "n4"),
    m: vec4("R", "n4"),
    v: vec4("R", "n4"),
    g: vec4("R", "n4"),
    clip: vec4("R"),
    hp: vec4("R", "tensors"),
    tensor_of: u32("(n4 + 15) / 16"),
    betas: vec4("R"),
    schedule: vec4("R", "steps"),
    state: u32("R"),
  },
  outputs: { p_out: vec4("R", "n4"), m_out: vec4("R", "n4"), v_out: vec4("R", "n4") },
  dims: u32s("n4 tensors steps per_lane"),
};

/** Partial sums {@link clipNorm} needs per replica. */
export function clipScratch(n4: number): number {
  return Math.ceil(n4 / CHUNK);
}

/**
 * clip[replica] = (min(1, clipNorm / (norm + 1e-6)), norm, 0, 0); clipNorm 0 does not clip.
 *
 * @param n4 vec4 of the gradient per replica @param t g (R, n4), partial scratch, clip (R) vec4
 */
export function clipNorm(
  program: Program,
  replicas: number,
  n4: number,
  norm: number,
  t: { g: Bound; partial: Bound; clip: Bound },
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
    { partial: t.partial, scale: t.clip },
    { chunks, clip_norm: norm },
    [1, 1, replicas],
  );
}

/** Tensors of {@link adamw}; p, m, v alternate, the rest is read. */
export interface AdamwTensors {
  p: Bound;
  m: Bound;
  v: Bound;
  g: Bound;
  clip: Bound;
  hp: Bound;
  tensorOf: Bound;
  betas: Bound;
  schedule: Bound;
  state: Bound;
}

/** One AdamW step of every replica; formula and shapes in adamw.wgsl. */
export function adamw(
  program: Program,
  replicas: number,
  sizes: { n4: number; tensors: number; steps: number },
  t: AdamwTensors,
): void {
  // several vec4 per lane pay for what a lane reads once; a grid's x axis holds 65535 workgroups
  const perLane = Math.max(PER_LANE, Math.ceil(sizes.n4 / (64 * 65535)));
  program.add(
    ADAMW,
    {
      p: t.p,
      m: t.m,
      v: t.v,
      g: t.g,
      clip: t.clip,
      hp: t.hp,
      tensor_of: t.tensorOf,
      betas: t.betas,
      schedule: t.schedule,
      state: t.state,
      p_out: t.p,
      m_out: t.m,
      v_out: t.v,
    },
    { ...sizes, per_lane: perLane },
    [Math.ceil(sizes.n4 / (64 * perLane)), 1, replicas],
  );
}
