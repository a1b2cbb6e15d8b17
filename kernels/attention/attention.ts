/**
 * Attention, causal or not, with QK-norm and rotary positions, forward and backward. The attention itself
 * has two variants: attention*.wgsl (software adapters) and attention_block*.wgsl (GPUs).
 *
 * @module
 */
import forwardSource from "./attention.wgsl" with { type: "text" };
import blockSource from "./attention_block.wgsl" with { type: "text" };
import blockKvSource from "./attention_block_backward_kv.wgsl" with { type: "text" };
import blockQSource from "./attention_block_backward_q.wgsl" with { type: "text" };
import kvSource from "./attention_backward_kv.wgsl" with { type: "text" };
import qSource from "./attention_backward_q.wgsl" with { type: "text" };
import ropeSource from "./qk_norm_rope.wgsl" with { type: "text" };
import ropeBackwardSource from "./qk_norm_rope_backward.wgsl" with { type: "text" };
import { f32, type KernelSpec, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, type Sizes, u32s, vec4s } from "../sizes.ts";

/** Heads of the attention; `headWidth` is even (RoPE pairs), stored padded to a multiple of 4. */
export interface Heads {
  heads: number;
  headWidth: number;
  /** whether a token sees only those before it in its sequence; true where it is not said */
  causal?: boolean;
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

const ROPE_DIMS = u32s("tokens rows seq heads hd4 p_replica qnorm_base knorm_base");
/** Parameters: the later gain's end. */
const GAINS = vec4(
  "(R - 1) * p_replica + (knorm_base > qnorm_base ? knorm_base : qnorm_base) + DV",
);
const TABLE = vec4("seq", "2 * RV");
/** Rows of heads, as many side by side as the name says. */
const HEADS = vec4("R", "rows", "hd4"), PAIRS = vec4("R", "rows", "2 * hd4");
const TRIPLES = vec4("R", "rows", "3 * hd4"), PER_HEAD = f32("R", "rows", "heads");

const QK_NORM_ROPE: KernelSpec = {
  name: "qk_norm_rope",
  source: ropeSource,
  inputs: { qkv: TRIPLES, p: GAINS, rope: TABLE },
  outputs: { qk: PAIRS },
  dims: ROPE_DIMS,
};

const QK_NORM_ROPE_BACKWARD: KernelSpec = {
  name: "qk_norm_rope_backward",
  source: ropeBackwardSource,
  inputs: { qkv: TRIPLES, dqk: PAIRS, p: GAINS, rope: TABLE },
  outputs: { product: PAIRS, dqkv: TRIPLES },
  dims: ROPE_DIMS,
};

function ropeConstants(h: Heads): Record<string, number> {
  return { DH: h.headWidth, DV: headVec4s(h), RV: vec4s(h.headWidth / 2) };
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
    QK_NORM_ROPE,
    { ...t, p: gains.tensor },
    ropeDims(sizes, h, gains),
    lanes(sizes.tokens * h.heads * 2, sizes.replicas),
    ropeConstants(h),
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
    QK_NORM_ROPE_BACKWARD,
    { ...t, p: gains.tensor },
    ropeDims(sizes, h, gains),
    lanes(sizes.tokens * h.heads * 2, sizes.replicas),
    ropeConstants(h),
  );
}

/** Software: query rows of a lane, and lanes of a workgroup. */
const QUERY_BLOCK = 4, LANES = 8;
/** GPU: vec4 of each of the two operands in shared memory, 4 KiB. */
const TILE_VEC4S = 256;
/** GPU: vec4 of a head up to which dk and dv fit a lane's registers together. */
const NARROW_VEC4S = 8;

const DIMS = u32s("rows seq heads hd4 pairs block", "scale");
/** Constants of the software variants. */
const SOFTWARE = { constants: { LANES, QB: QUERY_BLOCK } };

const ATTENTION: KernelSpec = {
  name: "attention",
  source: forwardSource,
  inputs: { qk: PAIRS, qkv: TRIPLES },
  outputs: { o: HEADS, lse: PER_HEAD },
  dims: DIMS,
  variants: { software: SOFTWARE, gpu: { name: "attention_block", source: blockSource } },
};

const ATTENTION_BACKWARD_Q: KernelSpec = {
  name: "attention_backward_q",
  source: qSource,
  inputs: { qk: PAIRS, qkv: TRIPLES, o: HEADS, lse: PER_HEAD, dout: HEADS },
  outputs: { d: PER_HEAD, dqk: PAIRS },
  dims: DIMS,
  variants: {
    software: SOFTWARE,
    gpu: { name: "attention_block_backward_q", source: blockQSource },
  },
};

/** DK: the keys' gradient is made; DVALUE: the values'. */
const ATTENTION_BACKWARD_KV: KernelSpec = {
  name: "attention_backward_kv",
  source: kvSource,
  inputs: {
    qk: PAIRS,
    lse: PER_HEAD,
    dout: HEADS,
    qkv: when("DK", TRIPLES),
    d: when("DK", PER_HEAD),
  },
  outputs: { dqk: when("DK", PAIRS), dqkv: when("DVALUE", TRIPLES) },
  dims: DIMS,
  variants: {
    software: SOFTWARE,
    gpu: { name: "attention_block_backward_kv", source: blockKvSource },
  },
};

/** GPU: rows of a workgroup, a lane each. */
function blockRows(sizes: Sizes): number {
  return sizes.seq <= 32 ? 32 : 64;
}

/** Appends one of the three attention kernels in the variant of the profile. */
function addAttention(
  program: Program,
  sizes: Sizes,
  h: Heads,
  spec: KernelSpec,
  tensors: Record<string, Bound | undefined>,
  constants: Record<string, number> = {},
): void {
  const { seq, replicas } = sizes, width = headVec4s(h), rows = blockRows(sizes);
  const pairs = sizes.tokens / seq * h.heads;
  const tile = Math.max(1, Math.min(32, Math.floor(TILE_VEC4S / width)));
  program.add(
    spec,
    tensors,
    {
      rows: sizes.rows,
      seq,
      heads: h.heads,
      hd4: h.heads * width,
      pairs,
      block: QUERY_BLOCK,
      scale: 1 / Math.sqrt(h.headWidth),
    },
    {
      software: [Math.ceil(pairs / LANES), Math.ceil(seq / QUERY_BLOCK), replicas],
      gpu: [pairs, Math.ceil(seq / rows), replicas],
    },
    { DV: width, BLOCK: rows, TILE: tile, CAUSAL: +(h.causal ?? true), ...constants },
  );
}

/** o = softmax(q k^T / sqrt(dh)) v, causal unless `h` says; qk, qkv, o as in attention.wgsl; lse (R, rows, heads). */
export function attention(
  program: Program,
  sizes: Sizes,
  h: Heads,
  t: { qk: Bound; qkv: Bound; o: Bound; lse: Bound },
): void {
  addAttention(program, sizes, h, ATTENTION, t);
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
  const { qk, qkv, o, lse, dout, d, dqk, dqkv } = t;
  addAttention(program, sizes, h, ATTENTION_BACKWARD_Q, { qk, qkv, o, lse, dout, d, dqk });
  const keys = { qkv, d, dqk }, values = { dqkv }, read = { qk, lse, dout };
  const together = program.profile.kernels !== "gpu" || headVec4s(h) <= NARROW_VEC4S;
  for (const part of together ? [{ ...keys, ...values }] : [keys, values]) {
    const made = { DK: +("dqk" in part), DVALUE: +("dqkv" in part) };
    addAttention(program, sizes, h, ATTENTION_BACKWARD_KV, { ...read, ...part }, made);
  }
}
