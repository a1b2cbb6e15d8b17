/**
 * R replicas of one transformer on the device: parameters, activations, and how products address
 * them. The kernels are listed in forward.ts and backward.ts.
 * The equations are those of fixtures/parity/README.md, in the same order.
 *
 * @module
 */
import { headVec4s, type QkGains, ropeTable } from "../kernels/attention.ts";
import type { InParameters } from "../kernels/embedding.ts";
import { gemm, type Matrix, type Product, type Routing, tileRows } from "../kernels/gemm.ts";
import type { Device } from "../kernels/gpu/device.ts";
import type { Program } from "../kernels/gpu/program.ts";
import {
  type Alternating,
  bytesOf,
  createTensor,
  destroyTensor,
  type Element,
  type Tensor,
  upload,
} from "../kernels/gpu/tensor.ts";
import { type GainSum, planGains } from "../kernels/norm.ts";
import { maxTiles, type Router, routingLengths, type RoutingTensors } from "../kernels/routing.ts";
import { roundUp, type Sizes } from "../kernels/sizes.ts";
import { type BlockLayout, type Layout, layoutOf, type ModelShape, type Stored } from "./shape.ts";

/** Slots of the per-replica multipliers; see {@link Network.setMultipliers}. */
export const SLOTS = { one: 0, residual: 1, dense: 2, routed: 3, logits: 4 } as const;
/** Multipliers a replica has room for. */
export const SLOT_STRIDE = 8;

/** Multipliers of one replica; see the block in docs/rule.md. */
export interface Multipliers {
  residual: number;
  outputMultiplier: number;
  routeScale: number;
  logits: number;
}

/** Activations of one gated feed-forward branch. */
interface Branch {
  gu: Tensor;
  hidden: Tensor;
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
  routed:
    | (Branch & {
      logits: Tensor;
      out: Tensor;
      sum: Tensor | null;
      routing: Record<keyof RoutingTensors, Tensor>;
    })
    | null;
  after: Tensor;
}

/** R replicas of one model on the device: parameters, activations, and their kernels. */
export class Network {
  readonly device: Device;
  readonly layout: Layout;
  readonly sizes: Sizes;
  readonly parameters: Alternating;
  readonly gradient: Tensor;
  readonly tokens: Tensor;
  readonly targets: Tensor;
  readonly logits: Tensor;
  readonly loss: Tensor;
  readonly scales: Tensor;
  /** per-token balance and z-loss, (blocks, R, rows) vec4; null for dense */
  readonly aux: Tensor | null;
  readonly blocks: BlockTensors[];
  readonly router: Router | null;
  #owned: Tensor[] = [];
  readonly rope: Tensor;
  /** embedded tokens, the input of the first block */
  readonly z0: Tensor;
  /** the last norm's output and factor */
  readonly final: { u: Tensor; rstd: Tensor };
  #backward: ReturnType<Network["backwardTensors"]> | null = null;

  /**
   * @param sequences sequences per step @param seq tokens per sequence @param replicas runs side by side
   * @throws {RangeError} for an impossible shape or one the adapter cannot hold
   */
  constructor(device: Device, shape: ModelShape, sequences: number, seq: number, replicas: number) {
    this.device = device;
    const layout = this.layout = layoutOf(shape);
    const tokens = sequences * seq;
    const sizes = this.sizes = { replicas, tokens, seq, rows: roundUp(tokens, 4) };
    const { rows } = sizes, d4 = layout.width / 4, hd4 = layout.attention / 4;
    const n4 = layout.floats / 4;
    this.parameters = {
      pair: [this.alloc("p.even", "f32x4", n4), this.alloc("p.odd", "f32x4", n4)],
    };
    this.gradient = this.alloc("g", "f32x4", n4);
    this.tokens = this.alloc("tokens", "u32", rows);
    this.targets = this.alloc("targets", "u32", rows);
    this.scales = this.alloc("scales", "f32", SLOT_STRIDE);
    this.logits = this.alloc("logits", "f32x4", rows * layout.vocab / 4);
    this.loss = this.alloc("loss", "f32", rows);
    const table = ropeTable(seq, layout.headWidth);
    this.rope = createTensor(device, "rope", "f32x4", table.length / 4);
    upload(device, this.rope, table);
    this.#owned.push(this.rope);
    const ffn = shape.ffn;
    this.router = ffn.kind === "moe" ? ffn : null;
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
        },
        after: row("after", d4),
      };
    });
    this.final = { u: this.alloc("u", "f32x4", rows * d4), rstd: this.alloc("rstd", "f32", rows) };
  }

  /** Rows of the expert-sorted activations per replica. */
  get expertRows(): number {
    return this.router
      ? maxTiles(this.sizes.tokens, this.router, this.tileRows) * this.tileRows
      : 0;
  }

  /** Rows an expert's share is padded to: those of the kernels' tile. */
  get tileRows(): number {
    return tileRows(this.device.profile);
  }

  /** Allocates a tensor of `length` elements per replica. */
  alloc(label: string, element: Element, length: number): Tensor {
    const tensor = createTensor(this.device, label, element, length * this.sizes.replicas);
    this.#owned.push(tensor);
    return tensor;
  }

  private routingTensors(name: string): Record<keyof RoutingTensors, Tensor> {
    const lengths = routingLengths(this.sizes, this.router!, this.tileRows);
    return Object.fromEntries(
      Object.entries(lengths).map(([key, length]) => {
        const tensor = createTensor(
          this.device,
          `${name}.${key}`,
          key === "gate" ? "f32" : "u32",
          length,
        );
        this.#owned.push(tensor);
        return [key, tensor];
      }),
    ) as Record<keyof RoutingTensors, Tensor>;
  }

  /** Device memory held, bytes. */
  get bytes(): number {
    return this.#owned.reduce((sum, t) => sum + bytesOf(t), 0);
  }

  /** Frees every tensor. */
  destroy(): void {
    for (const tensor of this.#owned) destroyTensor(tensor);
  }

  /** Writes the multipliers of each replica: res, res*A, res*A*R and the logits'. */
  setMultipliers(of: Multipliers[]): void {
    const values = new Float32Array(of.length * SLOT_STRIDE);
    of.forEach((m, z) => {
      const dense = m.residual * m.outputMultiplier;
      values.set([1, m.residual, dense, dense * m.routeScale, m.logits], z * SLOT_STRIDE);
    });
    upload(this.device, this.scales, values);
  }

  weight(s: Stored, from: "p" | "g" = "p", expert = 0): Matrix {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      stride: s.cols / 4,
      replica: this.layout.floats / 4,
      expert: expert / 4,
    };
  }

  inParameters(s: Stored, from: "p" | "g" = "p"): InParameters {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      replica: this.layout.floats / 4,
    };
  }

  /** Row-major activations of `cols` floats. */
  rows(tensor: Tensor, cols: number, count = this.sizes.rows): Matrix {
    return { tensor, stride: cols / 4, replica: count * cols / 4 };
  }

  product(
    program: Program,
    p: Omit<Product, "replicas" | "scales" | "scaleSlot" | "scaleStride">,
    slot: number = SLOTS.one,
  ): void {
    gemm(program, {
      ...p,
      replicas: this.sizes.replicas,
      scales: this.scales,
      scaleSlot: slot,
      scaleStride: SLOT_STRIDE,
    });
  }

  routing(t: Record<keyof RoutingTensors, Tensor>): Routing {
    return {
      experts: this.router!.experts,
      active: this.router!.active,
      tileRows: this.tileRows,
      tiles: maxTiles(this.sizes.tokens, this.router!, this.tileRows),
      rows: this.expertRows,
      // gates are indexed by slot; a replica holds rows*active of them
      tokens: this.sizes.rows,
      tileExpert: t.tileExpert,
      off: t.off,
      perm: t.perm,
      gate: t.gate,
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

  /** What is summed for the gains: the last norm, then of each block attention's, FFN's, q and k's. */
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
      row(layout.norm),
      ...layout.blocks.flatMap((b) => [
        row(b.attnNorm),
        row(b.ffnNorm),
        { width4: 2 * hd4, parts: [head(b.qNorm, 0), head(b.kNorm, hd4)] },
      ]),
    ];
  }

  private backwardTensors() {
    const { sizes, layout, router } = this, { rows } = sizes, d4 = layout.width / 4;
    const hd4 = layout.attention / 4;
    const dense = Math.max(0, ...layout.blocks.map((b) => b.dense?.hidden ?? 0));
    const routed = Math.max(0, ...layout.blocks.map((b) => b.routed?.expertWidth ?? 0));
    const plan = planGains(this.gainSums(), sizes.tokens);
    const table = createTensor(this.device, "back.gain_table", "u32", plan.table.length);
    this.#owned.push(table);
    upload(this.device, table, plan.table);
    const row = (name: string, w4: number) => this.alloc(`back.${name}`, "f32x4", rows * w4);
    return {
      dlogits: row("dlogits", layout.vocab / 4),
      dz: [row("dz.a", d4), row("dz.b", d4)] as [Tensor, Tensor],
      du: [row("du.a", d4), row("du.b", d4)] as [Tensor, Tensor],
      product: row("product", 2 * hd4),
      gains: plan,
      partial: this.alloc("back.partial", "f32x4", plan.partial),
      gainTable: table,
      dout: row("dout", hd4),
      d: this.alloc("back.d", "f32", rows * layout.heads),
      dqk: row("dqk", 2 * hd4),
      dqkv: row("dqkv", 3 * hd4),
      dgu: dense ? row("dgu", 2 * dense / 4) : null,
      routed: routed && router
        ? {
          dgu: this.alloc("back.expert.dgu", "f32x4", this.expertRows * 2 * routed / 4),
          dx: this.alloc("back.expert.dx", "f32x4", this.expertRows * d4),
          dgate: this.alloc("back.dgate", "f32", rows * router.active),
          dlogits: row("drouter", layout.experts / 4),
        }
        : null,
      first: this.alloc("back.first", "u32", layout.shape.vocab + 1),
      order: this.alloc("back.order", "u32", rows),
    };
  }
}
