/**
 * The transformer as two lists of kernels, forward and backward, for R replicas of one shape.
 * The equations are those of fixtures/parity/README.md, in the same order.
 *
 * @module
 */
import {
  attention,
  attentionBackward,
  headVec4s,
  qkNormRope,
  qkNormRopeBackward,
  ropeTable,
} from "../kernels/attention.ts";
import { embed, embedBackward, type InParameters } from "../kernels/embedding.ts";
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
import { crossEntropy } from "../kernels/loss.ts";
import { columnSum, columnSumScratch, rmsNorm, rmsNormBackward } from "../kernels/norm.ts";
import {
  combine,
  gateBackward,
  maxTiles,
  route,
  routeBackward,
  type Router,
  routingLengths,
  type RoutingTensors,
} from "../kernels/routing.ts";
import { roundUp, type Sizes } from "../kernels/sizes.ts";
import { type BlockLayout, type Layout, layoutOf, type ModelShape, type Stored } from "./shape.ts";

/** Slots of the per-replica multipliers; see {@link setMultipliers}. */
export const SLOTS = { one: 0, residual: 1, dense: 2, routed: 3, logits: 4 } as const;
const SLOT_STRIDE = 8;

/** Multipliers of one replica; see the block in design of the rule (docs/rule.md). */
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
  #rope: Tensor;
  #z0: Tensor;
  #final: { u: Tensor; rstd: Tensor };
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
    this.#rope = createTensor(device, "rope", "f32x4", table.length / 4);
    upload(device, this.#rope, table);
    this.#owned.push(this.#rope);
    const ffn = shape.ffn;
    this.router = ffn.kind === "moe" ? ffn : null;
    this.aux = ffn.kind === "moe" ? this.alloc("aux", "f32x4", rows * shape.depth) : null;
    this.#z0 = this.alloc("z0", "f32x4", rows * d4);
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
    this.#final = { u: this.alloc("u", "f32x4", rows * d4), rstd: this.alloc("rstd", "f32", rows) };
  }

  /** Rows of the expert-sorted activations per replica. */
  get expertRows(): number {
    return this.router
      ? maxTiles(this.sizes.tokens, this.router, this.tileRows) * this.tileRows
      : 0;
  }

  /** Rows an expert's share is padded to: those of the kernels' tile. */
  private get tileRows(): number {
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

  private weight(s: Stored, from: "p" | "g" = "p", expert = 0): Matrix {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      stride: s.cols / 4,
      replica: this.layout.floats / 4,
      expert: expert / 4,
    };
  }

  private inParameters(s: Stored, from: "p" | "g" = "p"): InParameters {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      replica: this.layout.floats / 4,
    };
  }

  /** Row-major activations of `cols` floats. */
  private rows(tensor: Tensor, cols: number, count = this.sizes.rows): Matrix {
    return { tensor, stride: cols / 4, replica: count * cols / 4 };
  }

  private product(
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

  private routing(t: Record<keyof RoutingTensors, Tensor>): Routing {
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

  private gains(b: BlockLayout) {
    return {
      tensor: this.parameters,
      qnorm: b.qNorm.offset / 4,
      knorm: b.kNorm.offset / 4,
      replica: this.layout.floats / 4,
    };
  }

  /** Appends tokens → logits and loss; with `gradient`, also the logits' gradient. */
  forward(program: Program, gradient: boolean): void {
    const { sizes, layout } = this, { width: d, shape } = layout, d4 = d / 4;
    const heads = { heads: layout.heads, headWidth: layout.headWidth };
    embed(program, sizes, d4, this.inParameters(layout.embed), {
      tokens: this.tokens,
      x: this.#z0,
    });
    let z = this.#z0;
    layout.blocks.forEach((b, l) => {
      const t = this.blocks[l];
      rmsNorm(program, sizes, shape.width, d4, this.inParameters(b.attnNorm), {
        x: z,
        y: t.u1,
        rstd: t.rstd1,
      });
      this.product(program, {
        layout: "NT",
        rows: sizes.tokens,
        cols: 3 * layout.attention,
        k: d,
        a: this.rows(t.u1, d),
        b: this.weight(b.wqkv),
        c: this.rows(t.qkv, 3 * layout.attention),
      });
      qkNormRope(program, sizes, heads, this.gains(b), { qkv: t.qkv, rope: this.#rope, qk: t.qk });
      attention(program, sizes, heads, { qk: t.qk, qkv: t.qkv, o: t.o, lse: t.lse });
      this.product(program, {
        layout: "NT",
        epilogue: "residual",
        rows: sizes.tokens,
        cols: d,
        k: layout.attention,
        a: this.rows(t.o, layout.attention),
        b: this.weight(b.wo),
        c: this.rows(t.middle, d),
        r: this.rows(z, d),
      }, SLOTS.residual);
      rmsNorm(program, sizes, shape.width, d4, this.inParameters(b.ffnNorm), {
        x: t.middle,
        y: t.u2,
        rstd: t.rstd2,
      });
      let before = t.middle;
      if (b.routed && t.routed) {
        const r = t.routed, h = b.routed.expertWidth, routing = this.routing(r.routing);
        this.product(program, {
          layout: "NT",
          rows: sizes.tokens,
          cols: layout.experts,
          k: d,
          a: this.rows(t.u2, d),
          b: this.weight(b.routed.wrouter),
          c: this.rows(r.logits, layout.experts),
        });
        route(program, sizes, this.router!, this.tileRows, r.logits, r.routing);
        this.product(program, {
          layout: "NT",
          epilogue: "swiglu",
          grouped: "rows",
          gatherA: true,
          routing,
          rows: this.expertRows,
          cols: h,
          k: d,
          up: h * d4,
          a: this.rows(t.u2, d),
          b: this.weight(b.routed.wgu, "p", b.routed.expertGu),
          c: this.rows(r.gu, 2 * h, this.expertRows),
          hidden: this.rows(r.hidden, h, this.expertRows),
        });
        this.product(program, {
          layout: "NT",
          grouped: "rows",
          routing,
          rows: this.expertRows,
          cols: d,
          k: h,
          a: this.rows(r.hidden, h, this.expertRows),
          b: this.weight(b.routed.wdown, "p", b.routed.expertDown),
          c: this.rows(r.out, d, this.expertRows),
        });
        const after = r.sum ?? t.after;
        combine(program, sizes, this.router!.active, d4, this.expertRows, {
          x: r.out,
          place: r.routing.place,
          y: after,
        }, {
          gate: r.routing.gate,
          r: before,
          scales: this.scales,
          slot: SLOTS.routed,
          stride: SLOT_STRIDE,
        });
        before = after;
      }
      if (b.dense && t.dense) {
        const h = b.dense.hidden;
        this.product(program, {
          layout: "NT",
          epilogue: "swiglu",
          rows: sizes.tokens,
          cols: h,
          k: d,
          up: h * d4,
          a: this.rows(t.u2, d),
          b: this.weight(b.dense.wgu),
          c: this.rows(t.dense.gu, 2 * h),
          hidden: this.rows(t.dense.hidden, h),
        });
        this.product(program, {
          layout: "NT",
          epilogue: "residual",
          rows: sizes.tokens,
          cols: d,
          k: h,
          a: this.rows(t.dense.hidden, h),
          b: this.weight(b.dense.wdown),
          c: this.rows(t.after, d),
          r: this.rows(before, d),
        }, SLOTS.dense);
      }
      z = t.after;
    });
    rmsNorm(program, sizes, shape.width, d4, this.inParameters(layout.norm), {
      x: z,
      y: this.#final.u,
      rstd: this.#final.rstd,
    });
    this.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: layout.vocab,
      k: d,
      a: this.rows(this.#final.u, d),
      b: this.weight(layout.unembed),
      c: this.rows(this.logits, layout.vocab),
    }, SLOTS.logits);
    crossEntropy(program, sizes, shape.vocab, { slot: SLOTS.logits, stride: SLOT_STRIDE }, {
      logits: this.logits,
      targets: this.targets,
      scales: this.scales,
      loss: this.loss,
      ...(gradient ? { dlogits: this.scratch.dlogits } : {}),
    });
  }

  private get scratch() {
    return this.#backward ??= this.backwardTensors();
  }

  /** Tensors only the backward pass needs; shared by all blocks. */
  private backwardTensors() {
    const { sizes, layout, router } = this, { rows } = sizes, d4 = layout.width / 4;
    const hd4 = layout.attention / 4;
    const dense = Math.max(0, ...layout.blocks.map((b) => b.dense?.hidden ?? 0));
    const routed = Math.max(0, ...layout.blocks.map((b) => b.routed?.expertWidth ?? 0));
    const row = (name: string, w4: number) => this.alloc(`back.${name}`, "f32x4", rows * w4);
    return {
      dlogits: row("dlogits", layout.vocab / 4),
      dz: [row("dz.a", d4), row("dz.b", d4)] as [Tensor, Tensor],
      du: [row("du.a", d4), row("du.b", d4)] as [Tensor, Tensor],
      product: row("product", Math.max(d4, 2 * hd4)),
      partial: this.alloc(
        "back.partial",
        "f32x4",
        Math.max(
          columnSumScratch(sizes.tokens, d4),
          columnSumScratch(sizes.tokens * layout.heads, headVec4s(layout)),
        ),
      ),
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

  /** Appends the logits' gradient → the gradient of every parameter. */
  backward(program: Program, coefficients: { balance: number; z: number }): void {
    const { sizes, layout } = this, { width: d, shape } = layout, d4 = d / 4, hd = layout.attention;
    const heads = { heads: layout.heads, headWidth: layout.headWidth }, s = this.scratch;
    const n4 = layout.floats / 4, scale = { slot: SLOTS.routed, stride: SLOT_STRIDE };
    const gain = (g: Stored) =>
      columnSum(
        program,
        sizes.replicas,
        sizes.tokens,
        d4,
        {
          base: 0,
          replica: sizes.rows * d4,
          inner: 1,
          outerStride: d4,
          innerStride: 0,
        },
        this.inParameters(g, "g"),
        { x: s.product, partial: s.partial },
      );
    this.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: d,
      k: layout.vocab,
      a: this.rows(s.dlogits, layout.vocab),
      b: this.weight(layout.unembed),
      c: this.rows(s.du[0], d),
    });
    this.product(program, {
      layout: "TN",
      rows: layout.vocab,
      cols: d,
      k: sizes.tokens,
      a: this.rows(s.dlogits, layout.vocab),
      b: this.rows(this.#final.u, d),
      c: this.weight(layout.unembed, "g"),
    });
    let [dz, other] = s.dz;
    const last = this.blocks.at(-1)!.after;
    rmsNormBackward(program, sizes, shape.width, d4, this.inParameters(layout.norm), {
      x: last,
      dy: s.du[0],
      rstd: this.#final.rstd,
      product: s.product,
      dz,
    });
    gain(layout.norm);
    for (let l = shape.depth - 1; l >= 0; l--) {
      const b = layout.blocks[l], t = this.blocks[l];
      const before = l === 0 ? this.#z0 : this.blocks[l - 1].after;
      let [du, spare] = s.du, given = false; // whether du holds a part already
      if (b.routed && t.routed && s.routed) {
        const r = t.routed,
          h = b.routed.expertWidth,
          routing = this.routing(r.routing),
          back = s.routed;
        const expert = (x: Tensor, cols: number) => this.rows(x, cols, this.expertRows);
        gateBackward(program, sizes, this.router!.active, d4, this.expertRows, scale, {
          x: r.out,
          dz,
          place: r.routing.place,
          scales: this.scales,
          dgate: back.dgate,
        });
        routeBackward(program, sizes, this.router!, coefficients, l, {
          logits: r.logits,
          ids: r.routing.ids,
          gate: r.routing.gate,
          dgate: back.dgate,
          counts: r.routing.counts,
          dlogits: back.dlogits,
          aux: this.aux!,
        });
        this.product(program, {
          layout: "NN",
          epilogue: "dswiglu",
          grouped: "rows",
          gatherA: true,
          gated: true,
          routing,
          rows: this.expertRows,
          cols: h,
          k: d,
          gu: r.gu,
          a: this.rows(dz, d),
          b: this.weight(b.routed.wdown, "p", b.routed.expertDown),
          c: expert(back.dgu, 2 * h),
        }, SLOTS.routed);
        this.product(program, {
          layout: "TN",
          grouped: "k",
          gatherA: true,
          gated: true,
          routing,
          rows: d,
          cols: h,
          k: 0,
          a: this.rows(dz, d),
          b: expert(r.hidden, h),
          c: this.weight(b.routed.wdown, "g", b.routed.expertDown),
        }, SLOTS.routed);
        this.product(program, {
          layout: "TN",
          grouped: "k",
          gatherB: true,
          routing,
          rows: 2 * h,
          cols: d,
          k: 0,
          a: expert(back.dgu, 2 * h),
          b: this.rows(t.u2, d),
          c: this.weight(b.routed.wgu, "g", b.routed.expertGu),
        });
        this.product(program, {
          layout: "NN",
          grouped: "rows",
          routing,
          rows: this.expertRows,
          cols: d,
          k: 2 * h,
          a: expert(back.dgu, 2 * h),
          b: this.weight(b.routed.wgu, "p", b.routed.expertGu),
          c: expert(back.dx, d),
        });
        combine(program, sizes, this.router!.active, d4, this.expertRows, {
          x: back.dx,
          place: r.routing.place,
          y: spare,
        });
        this.product(program, {
          layout: "TN",
          rows: layout.experts,
          cols: d,
          k: sizes.tokens,
          a: this.rows(back.dlogits, layout.experts),
          b: this.rows(t.u2, d),
          c: this.weight(b.routed.wrouter, "g"),
        });
        this.product(program, {
          layout: "NN",
          epilogue: "residual",
          rows: sizes.tokens,
          cols: d,
          k: layout.experts,
          a: this.rows(back.dlogits, layout.experts),
          b: this.weight(b.routed.wrouter),
          c: this.rows(du, d),
          r: this.rows(spare, d),
        });
        given = true;
      }
      if (b.dense && t.dense) {
        const h = b.dense.hidden, dgu = s.dgu!;
        this.product(program, {
          layout: "NN",
          epilogue: "dswiglu",
          rows: sizes.tokens,
          cols: h,
          k: d,
          gu: t.dense.gu,
          a: this.rows(dz, d),
          b: this.weight(b.dense.wdown),
          c: this.rows(dgu, 2 * h),
        }, SLOTS.dense);
        this.product(program, {
          layout: "TN",
          rows: d,
          cols: h,
          k: sizes.tokens,
          a: this.rows(dz, d),
          b: this.rows(t.dense.hidden, h),
          c: this.weight(b.dense.wdown, "g"),
        }, SLOTS.dense);
        this.product(program, {
          layout: "TN",
          rows: 2 * h,
          cols: d,
          k: sizes.tokens,
          a: this.rows(dgu, 2 * h),
          b: this.rows(t.u2, d),
          c: this.weight(b.dense.wgu, "g"),
        });
        if (given) [du, spare] = [spare, du];
        this.product(program, {
          layout: "NN",
          epilogue: given ? "residual" : "store",
          rows: sizes.tokens,
          cols: d,
          k: 2 * h,
          a: this.rows(dgu, 2 * h),
          b: this.weight(b.dense.wgu),
          c: this.rows(du, d),
          ...(given ? { r: this.rows(spare, d) } : {}),
        });
      }
      rmsNormBackward(program, sizes, shape.width, d4, this.inParameters(b.ffnNorm), {
        x: t.middle,
        dy: du,
        rstd: t.rstd2,
        product: s.product,
        dz: other,
        dzIn: dz,
      });
      [dz, other] = [other, dz];
      gain(b.ffnNorm);
      this.product(program, {
        layout: "NN",
        rows: sizes.tokens,
        cols: hd,
        k: d,
        a: this.rows(dz, d),
        b: this.weight(b.wo),
        c: this.rows(s.dout, hd),
      }, SLOTS.residual);
      this.product(program, {
        layout: "TN",
        rows: d,
        cols: hd,
        k: sizes.tokens,
        a: this.rows(dz, d),
        b: this.rows(t.o, hd),
        c: this.weight(b.wo, "g"),
      }, SLOTS.residual);
      attentionBackward(program, sizes, heads, {
        qk: t.qk,
        qkv: t.qkv,
        o: t.o,
        lse: t.lse,
        dout: s.dout,
        d: s.d,
        dqk: s.dqk,
        dqkv: s.dqkv,
      });
      qkNormRopeBackward(program, sizes, heads, this.gains(b), {
        qkv: t.qkv,
        dqk: s.dqk,
        rope: this.#rope,
        product: s.product,
        dqkv: s.dqkv,
      });
      [b.qNorm, b.kNorm].forEach((norm, part) =>
        columnSum(
          program,
          sizes.replicas,
          sizes.tokens * layout.heads,
          headVec4s(layout),
          {
            base: part * hd / 4,
            replica: sizes.rows * 2 * hd / 4,
            inner: layout.heads,
            outerStride: 2 * hd / 4,
            innerStride: headVec4s(layout),
          },
          this.inParameters(norm, "g"),
          { x: s.product, partial: s.partial },
        )
      );
      this.product(program, {
        layout: "TN",
        rows: 3 * hd,
        cols: d,
        k: sizes.tokens,
        a: this.rows(s.dqkv, 3 * hd),
        b: this.rows(t.u1, d),
        c: this.weight(b.wqkv, "g"),
      });
      this.product(program, {
        layout: "NN",
        rows: sizes.tokens,
        cols: d,
        k: 3 * hd,
        a: this.rows(s.dqkv, 3 * hd),
        b: this.weight(b.wqkv),
        c: this.rows(du, d),
      });
      rmsNormBackward(program, sizes, shape.width, d4, this.inParameters(b.attnNorm), {
        x: before,
        dy: du,
        rstd: t.rstd1,
        product: s.product,
        dz: other,
        dzIn: dz,
      });
      [dz, other] = [other, dz];
      gain(b.attnNorm);
    }
    embedBackward(program, sizes, d4, shape.vocab, {
      tensor: this.gradient,
      base: layout.embed.offset / 4,
      replica: n4,
    }, { tokens: this.tokens, first: s.first, order: s.order, dx: dz });
  }
}
