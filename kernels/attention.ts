/**
 * Causal attention with QK-norm and rotary positions, forward and backward.
 *
 * @module
 */
import forwardSource from "./attention.wgsl" with { type: "text" };
import kvSource from "./attention_backward_kv.wgsl" with { type: "text" };
import qSource from "./attention_backward_q.wgsl" with { type: "text" };
import ropeSource from "./qk_norm_rope.wgsl" with { type: "text" };
import ropeBackwardSource from "./qk_norm_rope_backward.wgsl" with { type: "text" };
import type { Bound, KernelSpec, Program } from "./gpu/program.ts";
import { lanes, type Sizes, u32s, vec4s } from "./sizes.ts";

/** Heads of the attention; `headWidth` is even (RoPE pairs), stored padded to a multiple of 4. */
export interface Heads {
  heads: number;
  headWidth: number;
}

/** vec4 of one padded head. */
export function headVec4s(h: Heads): number {
  return vec4s(h.headWidth);
}

/**
 * The rotary table (T, 2*RV vec4) = [cos | sin] of t * base^(-2i/dh), RV = vec4s(dh/2).
 *
 * @returns floats for a tensor of T * 2 * RV vec4; computed in float64
 */
export function ropeTable(seq: number, headWidth: number, base = 10000): Float32Array {
  const half = headWidth / 2, padded = vec4s(half) * 4;
  const table = new Float32Array(seq * 2 * padded);
  for (let t = 0; t < seq; t++) {
    for (let i = 0; i < half; i++) {
      const angle = t * base ** (-2 * i / headWidth);
      table[t * 2 * padded + i] = Math.cos(angle);
      table[t * 2 * padded + padded + i] = Math.sin(angle);
    }
  }
  return table;
}

/** Where the gains of q and k lie in the parameters; vec4 offsets. */
export interface QkGains {
  tensor: Bound;
  qnorm: number;
  knorm: number;
  replica: number;
}

function ropeSpec(h: Heads, backward: boolean): KernelSpec {
  return {
    name: backward ? "qk_norm_rope_backward" : "qk_norm_rope",
    source: backward ? ropeBackwardSource : ropeSource,
    inputs: backward
      ? { qkv: "f32x4", dqk: "f32x4", p: "f32x4", rope: "f32x4" }
      : { qkv: "f32x4", p: "f32x4", rope: "f32x4" },
    outputs: backward ? { product: "f32x4", dqkv: "f32x4" } : { qk: "f32x4" },
    dims: u32s("tokens rows seq heads hd4 p_replica qnorm_base knorm_base"),
    constants: { DH: h.headWidth, DV: headVec4s(h), RV: vec4s(h.headWidth / 2) },
  };
}

function ropeDims(sizes: Sizes, h: Heads, gains: QkGains): Record<string, number> {
  return {
    tokens: sizes.tokens,
    rows: sizes.rows,
    seq: sizes.seq,
    heads: h.heads,
    hd4: h.heads * headVec4s(h),
    p_replica: gains.replica,
    qnorm_base: gains.qnorm,
    knorm_base: gains.knorm,
  };
}

/** qk = [rope(rmsNorm(q) * qnorm) | rope(rmsNorm(k) * knorm)]; see qk_norm_rope.wgsl. */
export function qkNormRope(
  program: Program,
  sizes: Sizes,
  h: Heads,
  gains: QkGains,
  t: { qkv: Bound; rope: Bound; qk: Bound },
): void {
  program.add(
    ropeSpec(h, false),
    { ...t, p: gains.tensor },
    ropeDims(sizes, h, gains),
    lanes(sizes.tokens * h.heads * 2, sizes.replicas),
  );
}

/** Gradient of {@link qkNormRope}: the q and k parts of dqkv, and product for the gains. */
export function qkNormRopeBackward(
  program: Program,
  sizes: Sizes,
  h: Heads,
  gains: QkGains,
  t: { qkv: Bound; dqk: Bound; rope: Bound; product: Bound; dqkv: Bound },
): void {
  program.add(
    ropeSpec(h, true),
    { ...t, p: gains.tensor },
    ropeDims(sizes, h, gains),
    lanes(sizes.tokens * h.heads * 2, sizes.replicas),
  );
}

const QUERY_BLOCK = 4, LANES = 8;

function attentionSpec(
  h: Heads,
  name: string,
  source: string,
  inputs: KernelSpec["inputs"],
  outputs: KernelSpec["outputs"],
): KernelSpec {
  return {
    name,
    source,
    inputs,
    outputs,
    dims: u32s("rows seq heads hd4 pairs", "scale"),
    constants: { LANES, QB: QUERY_BLOCK, DV: headVec4s(h) },
  };
}

function attentionDims(sizes: Sizes, h: Heads): Record<string, number> {
  return {
    rows: sizes.rows,
    seq: sizes.seq,
    heads: h.heads,
    hd4: h.heads * headVec4s(h),
    pairs: sizes.tokens / sizes.seq * h.heads,
    scale: 1 / Math.sqrt(h.headWidth),
  };
}

function attentionGrid(sizes: Sizes, h: Heads): [number, number, number] {
  return [
    Math.ceil(sizes.tokens / sizes.seq * h.heads / LANES),
    Math.ceil(sizes.seq / QUERY_BLOCK),
    sizes.replicas,
  ];
}

/** o = softmax(q k^T / sqrt(dh), causal) v; qk, qkv, o as in attention.wgsl; lse (R, rows, heads). */
export function attention(
  program: Program,
  sizes: Sizes,
  h: Heads,
  t: { qk: Bound; qkv: Bound; o: Bound; lse: Bound },
): void {
  program.add(
    attentionSpec(h, "attention", forwardSource, { qk: "f32x4", qkv: "f32x4" }, {
      o: "f32x4",
      lse: "f32",
    }),
    { ...t },
    attentionDims(sizes, h),
    attentionGrid(sizes, h),
  );
}

/**
 * Gradient of {@link attention}: dqk (both halves) and the v part of dqkv.
 *
 * @param t dout the gradient of o; d (R, rows, heads) is scratch
 */
export function attentionBackward(
  program: Program,
  sizes: Sizes,
  h: Heads,
  t: {
    qk: Bound;
    qkv: Bound;
    o: Bound;
    lse: Bound;
    dout: Bound;
    d: Bound;
    dqk: Bound;
    dqkv: Bound;
  },
): void {
  const { qk, qkv, o, lse, d, dqk, dqkv } = t;
  program.add(
    attentionSpec(h, "attention_backward_q", qSource, {
      qk: "f32x4",
      qkv: "f32x4",
      o: "f32x4",
      lse: "f32",
      dout: "f32x4",
    }, { d: "f32", dqk: "f32x4" }),
    { qk, qkv, o, lse, dout: t.dout, d, dqk },
    attentionDims(sizes, h),
    attentionGrid(sizes, h),
  );
  program.add(
    attentionSpec(h, "attention_backward_kv", kvSource, {
      qk: "f32x4",
      qkv: "f32x4",
      lse: "f32",
      dout: "f32x4",
      d: "f32",
    }, { dqk: "f32x4", dqkv: "f32x4" }),
    { qk, qkv, lse, dout: t.dout, d, dqk, dqkv },
    attentionDims(sizes, h),
    attentionGrid(sizes, h),
  );
}
