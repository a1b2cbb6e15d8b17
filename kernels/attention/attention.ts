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
import type { Bound, KernelSpec, Program } from "../gpu/program.ts";
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

/** Software: query rows of a lane, and lanes of a workgroup. */
const QUERY_BLOCK = 4, LANES = 8;
/** GPU: vec4 of each of the two operands in shared memory, 4 KiB. */
const TILE_VEC4S = 256;
/** GPU: vec4 of a head up to which dk and dv fit a lane's registers together. */
const NARROW_VEC4S = 8;

/** GPU: rows of a workgroup, a lane each. */
function blockRows(sizes: Sizes): number {
  return sizes.seq <= 32 ? 32 : 64;
}

/** Appends one of the three attention kernels in the variant of the profile. */
function addAttention(
  program: Program,
  sizes: Sizes,
  h: Heads,
  kernel: {
    name: string;
    /** WGSL of the two variants */
    software: string;
    gpu: string;
    inputs: KernelSpec["inputs"];
    outputs: KernelSpec["outputs"];
    /** further constants of the gpu variant */
    constants?: KernelSpec["constants"];
  },
  tensors: Record<string, Bound>,
): void {
  const { inputs, outputs } = kernel, block = program.profile.kernels === "gpu";
  const pairs = sizes.tokens / sizes.seq * h.heads, width = headVec4s(h), rows = blockRows(sizes);
  const causal = +(h.causal ?? true);
  const tile = Math.max(1, Math.min(32, Math.floor(TILE_VEC4S / width)));
  program.add(
    {
      name: block ? kernel.name.replace("attention", "attention_block") : kernel.name,
      source: block ? kernel.gpu : kernel.software,
      inputs,
      outputs,
      dims: u32s("rows seq heads hd4 pairs block", "scale"),
      constants: block
        ? { BLOCK: rows, TILE: tile, DV: width, CAUSAL: causal, ...kernel.constants }
        : { LANES, QB: QUERY_BLOCK, DV: width, CAUSAL: causal },
    },
    Object.fromEntries(Object.keys({ ...inputs, ...outputs }).map((name) => [name, tensors[name]])),
    {
      rows: sizes.rows,
      seq: sizes.seq,
      heads: h.heads,
      hd4: h.heads * width,
      pairs,
      block: QUERY_BLOCK,
      scale: 1 / Math.sqrt(h.headWidth),
    },
    block
      ? [pairs, Math.ceil(sizes.seq / rows), sizes.replicas]
      : [Math.ceil(pairs / LANES), Math.ceil(sizes.seq / QUERY_BLOCK), sizes.replicas],
  );
}

/** o = softmax(q k^T / sqrt(dh)) v, causal unless `h` says; qk, qkv, o as in attention.wgsl; lse (R, rows, heads). */
export function attention(
  program: Program,
  sizes: Sizes,
  h: Heads,
  t: { qk: Bound; qkv: Bound; o: Bound; lse: Bound },
): void {
  addAttention(program, sizes, h, {
    name: "attention",
    software: forwardSource,
    gpu: blockSource,
    inputs: { qk: "f32x4", qkv: "f32x4" },
    outputs: { o: "f32x4", lse: "f32" },
  }, t);
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
  addAttention(program, sizes, h, {
    name: "attention_backward_q",
    software: qSource,
    gpu: blockQSource,
    inputs: { qk: "f32x4", qkv: "f32x4", o: "f32x4", lse: "f32", dout: "f32x4" },
    outputs: { d: "f32", dqk: "f32x4" },
  }, t);
  const keys = { dqk: "f32x4" } as const, values = { dqkv: "f32x4" } as const;
  const together = program.profile.kernels !== "gpu" || headVec4s(h) <= NARROW_VEC4S;
  for (const outputs of together ? [{ ...keys, ...values }] : [keys, values]) {
    const dk = "dqk" in outputs;
    addAttention(program, sizes, h, {
      name: "attention_backward_kv",
      software: kvSource,
      gpu: blockKvSource,
      inputs: {
        qk: "f32x4",
        lse: "f32",
        dout: "f32x4",
        ...(dk ? { qkv: "f32x4", d: "f32" } as const : {}),
      },
      outputs,
      constants: { DK: +dk, DVALUE: +("dqkv" in outputs) },
    }, t);
  }
}
