/**
 * R replicas of one transformer on the device: parameters, activations, and how products address
 * them. The kernels are listed in forward.ts and backward.ts, those before and after the blocks in the
 * task.
 * The equations are those of fixtures/parity/README.md, in the same order.
 *
 * @module
 */
import { type Heads, headVec4s, type QkGains } from "../kernels/attention/attention.ts";
import type { Device } from "../kernels/gpu/device.ts";
import type { Program } from "../kernels/gpu/program.ts";
import { type Alternating, type Tensor, upload } from "../kernels/gpu/tensor.ts";
import { type GainSum, gainSum, planGains } from "../kernels/norm/norm.ts";
import { slotsPerToken } from "../kernels/routing/router.ts";
import { type InParameters, roundUp } from "../kernels/sizes.ts";
import type { Branch, Routed } from "./ffn.ts";
import { type Layout, layoutOf, type ModelShape } from "./shape.ts";
import type { BlockLayout, Stored } from "./stored.ts";
import type { TaskKernels, TaskNetwork } from "./task.ts";
import { SLOT_STRIDE, Workspace } from "./workspace.ts";

/** Multipliers of one replica; see the block in docs/rule.md. */
export interface Multipliers {
  residual: number;
  outputMultiplier: number;
  routeScale: number;
  /** on what the task makes of the last stream: a language model's logits */
  logits: number;
}

/** Activations one block keeps for its backward pass. */
interface BlockTensors {
  u1: Tensor;
  rstd1: Tensor;
  qkv: Tensor;
  qk: Tensor;
  o: Tensor;
  lse: Tensor;
  middle: Tensor;
  u2: Tensor;
  rstd2: Tensor;
  dense: Branch | null;
  /** `sum`: the stream with the routed part, where shared experts add theirs */
  routed: (Routed & { sum: Tensor | null }) | null;
  after: Tensor;
  /** what attention and FFN give, where the task gates it; else they go into the stream at once */
  branches: { attn: Tensor; ffn: Tensor } | null;
}

/** R replicas of one model on the device: parameters, activations, and their kernels. */
export class Network extends Workspace implements TaskNetwork {
  readonly layout: Layout;
  readonly parameters: Alternating;
  readonly gradient: Tensor;
  /** what comes before the first block and after the last */
  readonly task: TaskKernels;
  /** per-token balance and z-loss, (blocks, R, rows) vec4; null for dense */
  readonly aux: Tensor | null;
  readonly blocks: BlockTensors[];
  /** (seq, 2·RV) vec4, the task's position table */
  readonly rope: Tensor;
  /** the input of the first block */
  readonly z0: Tensor;
  #backward: ReturnType<Network["backwardTensors"]> | null = null;

  /**
   * @param sequences sequences per step @param seq tokens per sequence @param replicas runs side by side
   * @throws {RangeError} for an impossible shape or one the adapter cannot hold
   */
  constructor(device: Device, shape: ModelShape, sequences: number, seq: number, replicas: number) {
    const layout = layoutOf(shape), tokens = sequences * seq, ffn = shape.ffn;
    const sizes = { replicas, tokens, seq, rows: roundUp(tokens, 4) };
    super(device, sizes, ffn.kind === "moe" ? ffn : null);
    this.layout = layout;
    const { rows } = sizes, d4 = layout.width / 4, hd4 = layout.attention / 4;
    const n4 = layout.floats / 4;
    this.parameters = {
      pair: [this.alloc("p.even", "f32x4", n4), this.alloc("p.odd", "f32x4", n4)],
    };
    this.gradient = this.alloc("g", "f32x4", n4);
    const table = shape.task.positions(seq, layout.headWidth);
    this.rope = this.allocShared("rope", "f32x4", table.length / 4);
    upload(device, this.rope, table);
    this.aux = ffn.kind === "moe" ? this.alloc("aux", "f32x4", rows * shape.depth) : null;
    this.z0 = this.alloc("z0", "f32x4", rows * d4);
    const branch = (name: string, count: number, h: number): Branch => ({
      gu: this.alloc(`${name}.gu`, "f32x4", count * 2 * h / 4),
      hidden: this.alloc(`${name}.hidden`, "f32x4", count * h / 4),
    });
    this.blocks = layout.blocks.map((b, l) => {
      const name = `block${l}`,
        row = (n: string, w4: number) => this.alloc(`${name}.${n}`, "f32x4", rows * w4);
      const scalar = (n: string, w = 1) => this.alloc(`${name}.${n}`, "f32", rows * w);
      return {
        u1: row("u1", d4),
        rstd1: scalar("rstd1"),
        qkv: row("qkv", 3 * hd4),
        qk: row("qk", 2 * hd4),
        o: row("o", hd4),
        lse: scalar("lse", layout.heads),
        middle: row("middle", d4),
        u2: row("u2", d4),
        rstd2: scalar("rstd2"),
        dense: b.dense && branch(`${name}.dense`, rows, b.dense.hidden),
        routed: b.routed && {
          ...branch(`${name}.routed`, this.expertRows, b.routed.expertWidth),
          logits: row("router", layout.experts / 4),
          out: this.alloc(`${name}.out`, "f32x4", this.expertRows * d4),
          sum: b.dense ? row("sum", d4) : null,
          routing: this.routingTensors(name),
          bias: this.router!.biasRate === undefined ? null : {
            pair: [
              this.alloc(`${name}.bias.even`, "f32", this.router!.experts),
              this.alloc(`${name}.bias.odd`, "f32", this.router!.experts),
            ],
          },
        },
        after: row("after", d4),
        branches: shape.task.modulated ? { attn: row("attn", d4), ffn: row("ffn", d4) } : null,
      };
    });
    this.task = shape.task.open(this);
  }

  /** Writes the multipliers of each replica: res, res*A, res*A*R and the output's. */
  setMultipliers(of: Multipliers[]): void {
    const values = new Float32Array(of.length * SLOT_STRIDE);
    of.forEach((m, z) => {
      const dense = m.residual * m.outputMultiplier;
      values.set([1, m.residual, dense, dense * m.routeScale, m.logits], z * SLOT_STRIDE);
    });
    upload(this.device, this.scales, values);
  }

  /** Heads and mask of every block's attention. */
  get heads(): Heads {
    const { heads, headWidth, shape } = this.layout;
    return { heads, headWidth, causal: shape.task.causal };
  }

  /** Where a stored tensor lies in the parameters or in their gradient; vec4 offsets. */
  inParameters(s: Stored, from: "p" | "g" = "p"): InParameters {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      replica: this.layout.floats / 4,
    };
  }

  gains(b: BlockLayout): QkGains {
    return {
      tensor: this.parameters,
      qnorm: b.qNorm.offset / 4,
      knorm: b.kNorm.offset / 4,
      replica: this.layout.floats / 4,
    };
  }

  /** Tensors only the backward pass needs; made on first use, shared by all blocks. */
  get scratch(): ReturnType<Network["backwardTensors"]> {
    return this.#backward ??= this.backwardTensors();
  }

  /** What is summed for the gains: the task's, then of each block attention's, FFN's, q and k's. */
  private gainSums(): GainSum[] {
    const { layout } = this, d4 = layout.width / 4, hd4 = layout.attention / 4;
    const row = (g: Stored): GainSum => ({
      width4: d4,
      parts: [{ from: 0, d4, heads: 1, target: g.offset / 4 }],
    });
    const head = (g: Stored, from: number) => ({
      from,
      d4: headVec4s(layout),
      heads: layout.heads,
      target: g.offset / 4,
    });
    return [
      ...this.task.gains.map(row),
      ...layout.blocks.flatMap((b) => [
        ...[b.attnNorm, b.ffnNorm].flatMap((gain) => gain ? row(gain) : []),
        { width4: 2 * hd4, parts: [head(b.qNorm, 0), head(b.kNorm, hd4)] },
      ]),
    ];
  }

  /**
   * Appends the sums over tokens of dy · x · rstd for the gain of a norm over whole rows.
   *
   * @param entry of the plan: the task's gains, then those of each block
   */
  gain(program: Program, entry: number, t: { x: Tensor; dy: Tensor; rstd: Tensor }): void {
    const { gains, partial } = this.scratch;
    gainSum(program, this.sizes, this.layout.width / 4, gains, entry, { ...t, partial });
  }

  private backwardTensors() {
    const { sizes, layout, router } = this, { rows } = sizes, d4 = layout.width / 4;
    const hd4 = layout.attention / 4;
    const dense = Math.max(0, ...layout.blocks.map((b) => b.dense?.hidden ?? 0));
    const routed = Math.max(0, ...layout.blocks.map((b) => b.routed?.expertWidth ?? 0));
    const plan = planGains(this.gainSums(), sizes.tokens);
    const table = this.allocShared("back.gain_table", "u32", plan.table.length);
    upload(this.device, table, plan.table);
    const row = (name: string, w4: number) => this.alloc(`back.${name}`, "f32x4", rows * w4);
    return {
      dz: [row("dz.a", d4), row("dz.b", d4)] as [Tensor, Tensor],
      du: [row("du.a", d4), row("du.b", d4)] as [Tensor, Tensor],
      product: row("product", 2 * hd4),
      gains: plan,
      partial: this.alloc("back.partial", "f32x4", plan.partial),
      gainTable: table,
      dbranch: layout.shape.task.modulated ? row("dbranch", d4) : null,
      dout: row("dout", hd4),
      d: this.alloc("back.d", "f32", rows * layout.heads),
      dqk: row("dqk", 2 * hd4),
      dqkv: row("dqkv", 3 * hd4),
      dgu: dense ? row("dgu", 2 * dense / 4) : null,
      routed: routed && router
        ? {
          dgu: this.alloc("back.expert.dgu", "f32x4", this.expertRows * 2 * routed / 4),
          dx: this.alloc("back.expert.dx", "f32x4", this.expertRows * d4),
          dgate: this.alloc("back.dgate", "f32", rows * slotsPerToken(router)),
          dlogits: row("drouter", layout.experts / 4),
        }
        : null,
    };
  }
}
