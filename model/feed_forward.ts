/**
 * One SwiGLU feed-forward layer alone, dense or MoE, with the kernels of the model: what the suite
 * `latency` times.
 *
 *     y = x + scale · FFN(x)        FFN(x) = Wdown (silu(Wgate x) ∘ Wup x), or Σ_picked gate · expert(x)
 *
 * The backward pass takes dy to the gradients of all weights (router and gates included) and to dx,
 * the gradient of FFN alone. Scale is 1. An MoE computes its router's logits, but experts are
 * picked by imposed ones (imposed_routing.ts), so that the load of every expert is known. As in the
 * model, the forward pass stores SwiGLU's slopes also where no backward pass follows.
 *
 * @module
 */
import { Program } from "../kernels/gpu/program.ts";
import { type Device, settle } from "../kernels/gpu/device.ts";
import { download, type Tensor, upload } from "../kernels/gpu/tensor.ts";
import { checkRouter, type Router, slotsPerToken } from "../kernels/routing/router.ts";
import { roundUp } from "../kernels/sizes.ts";
import {
  type Branch,
  denseBackward,
  denseForward,
  type Routed,
  routedBackward,
  routedForward,
  type RoutedScratch,
} from "./ffn.ts";
import { imposedLogits, type ImposedRouting, shareOfTokens } from "./imposed_routing.ts";
import { normals, uniforms } from "./init.ts";
import { type FfnShape, LayoutBuilder, storeFfn } from "./layout_builder.ts";
import { type BlockLayout, pack, type Parameter } from "./stored.ts";
import { type PlainProduct, SLOT_STRIDE, Workspace } from "./workspace.ts";

/** How a layer's router differs from the model's default; the imposed logits are what it picks by. */
export type RouterVariant = Partial<Omit<Router, "experts" | "active" | "biasRate">>;

/** A layer, its tokens, and how they pick experts. */
export interface LayerCase {
  /** d */
  width: number;
  /** tokens of one pass, per replica */
  tokens: number;
  /** layers side by side, 1 by default */
  replicas?: number;
  ffn:
    | { kind: "dense"; hidden: number }
    | { kind: "moe"; experts: number; active: number; expertWidth: number; router?: RouterVariant };
  /** of an MoE; `uniform` by default */
  routing?: ImposedRouting;
}

/** What a pass computes. */
export type Pass = "forward" | "forward+backward";

/** Hidden units a token passes: H, or a h. */
export function activeHidden({ ffn }: LayerCase): number {
  return ffn.kind === "dense" ? ffn.hidden : ffn.active * ffn.expertWidth;
}

/** Weights of one layer: 3 d H, or N (3 d h + d). */
export function parametersOf({ width: d, ffn }: LayerCase): number {
  return ffn.kind === "dense" ? 3 * d * ffn.hidden : ffn.experts * (3 * d * ffn.expertWidth + d);
}

/**
 * Operations of the layer's products: 2 · 3 d H per token forward (gate, up, down), three times that
 * with the backward pass (each product has two gradients). Router, padding and whatever is not a
 * product are not counted.
 */
export function flopsOf(c: LayerCase, pass: Pass): number {
  const forward = 2 * 3 * c.width * activeHidden(c) * c.tokens * (c.replicas ?? 1);
  return pass === "forward" ? forward : 3 * forward;
}

/** Operations of the router's own product, 2 d N per token, three times that with the backward pass. */
export function routerFlopsOf(c: LayerCase, pass: Pass): number {
  if (c.ffn.kind === "dense") return 0;
  const forward = 2 * c.width * c.ffn.experts * c.tokens * (c.replicas ?? 1);
  return pass === "forward" ? forward : 3 * forward;
}

/**
 * Compulsory traffic, bytes: what must cross the memory bus once even if nothing between is stored.
 * Forward: x and all weights in, y out, 4 (2 T d + P). With the backward pass: x, dy and the weights
 * in once more, dx and the weights' gradients out, 4 (5 T d + 3 P).
 */
export function bytesOf(c: LayerCase, pass: Pass): number {
  const stream = c.tokens * c.width, weights = parametersOf(c);
  const floats = pass === "forward" ? 2 * stream + weights : 5 * stream + 3 * weights;
  return 4 * floats * (c.replicas ?? 1);
}

/** Drawn numbers before they repeat: a prime, so that no row is like another, and soon drawn. */
const DRAWN = 65521;

/** Normal numbers of one tensor times std, repeating from {@link DRAWN} on. */
function filling(seed: number, name: string, count: number, std: number): Float32Array {
  const drawn = normals(seed, name, Math.min(count, DRAWN)).map((v) => v * std);
  const out = new Float32Array(count);
  for (let at = 0; at < count; at += DRAWN) {
    out.set(at + DRAWN <= count ? drawn : drawn.subarray(0, count - at), at);
  }
  return out;
}

function checkCase(c: LayerCase): void {
  const { ffn } = c,
    sizes = { width: c.width, tokens: c.tokens, replicas: c.replicas ?? 1, ...ffn };
  for (const [name, n] of Object.entries(sizes)) {
    if (name !== "kind" && name !== "router" && !(Number.isInteger(n) && Number(n) > 0)) {
      throw new RangeError(`Cannot build the layer: ${name} = ${n} is not a whole number >= 1`);
    }
  }
  if (ffn.kind === "moe" && ffn.active > ffn.experts) {
    throw new RangeError(
      `Cannot build the layer: ${ffn.experts}e${ffn.active}a has only ${ffn.experts} experts`,
    );
  }
  if (ffn.kind === "moe") checkRouter(routerOf(ffn));
}

function routerOf(ffn: Extract<LayerCase["ffn"], { kind: "moe" }>): Router {
  const { experts, active, router } = ffn;
  return { experts, active, groups: 1, gate: "sigmoid", ...router };
}

/** Workspace of one layer. */
class Layer extends Workspace {
  readonly layout: { width: number; experts: number; floats: number };
  readonly block: Pick<BlockLayout, "dense" | "routed">;
  readonly named: Parameter[];
  readonly parameters: Tensor;
  readonly gradient: Tensor;
  /** is shown every product */
  onProduct: (p: PlainProduct, slot?: number) => void = () => {};

  constructor(device: Device, c: LayerCase, backward: boolean) {
    const ffn: FfnShape = c.ffn.kind === "dense"
      ? c.ffn
      : { ...routerOf(c.ffn), kind: "moe", expertWidth: c.ffn.expertWidth, shared: 0 };
    const { tokens } = c, rows = roundUp(tokens, 4);
    super(
      device,
      { replicas: c.replicas ?? 1, tokens, seq: tokens, rows },
      ffn.kind === "moe" ? ffn : null,
    );
    const all = new LayoutBuilder();
    this.block = storeFfn(all, "", c.width, ffn);
    this.named = all.parameters;
    this.layout = {
      width: roundUp(c.width, 4),
      experts: ffn.kind === "moe" ? roundUp(ffn.experts, 4) : 0,
      floats: all.floats,
    };
    this.parameters = this.alloc("p", "f32x4", all.floats / 4);
    this.gradient = this.alloc("g", "f32x4", backward ? all.floats / 4 : 1);
  }

  /** Activations of `cols` floats per row. */
  act(name: string, cols: number, count = this.sizes.rows): Tensor {
    return this.alloc(name, "f32x4", count * cols / 4);
  }

  override product(program: Program, p: PlainProduct, slot?: number): void {
    super.product(program, p, slot);
    this.onProduct(p, slot);
  }
}

/** One layer on the device, ready to be run any number of times. */
export class FeedForward {
  /** the whole pass */
  readonly whole: Program;
  /** the experts' (or dense) products of it alone, on what the whole pass left */
  readonly products: Program;
  /** those products in order, padded sizes; what {@link flopsOf} counts */
  readonly productList: PlainProduct[] = [];
  /** see {@link flopsOf} */
  readonly flops: number;
  /** see {@link bytesOf} */
  readonly bytes: number;
  /** (R, rows, d) */
  readonly x: Tensor;
  /** (R, rows, d) */
  readonly y: Tensor;
  /** (R, rows, d) gradient of y; null forward alone */
  readonly dy: Tensor | null;
  /** (R, rows, d) gradient of x through FFN; null forward alone */
  readonly dx: Tensor | null;
  /** named weights, and where they lie in {@link weights} and {@link weightGradients} */
  readonly named: Parameter[];
  /** (R, rows) ids of the tokens, read by a router that picks by hash alone; null for dense */
  tokenIds: Tensor | null = null;
  #layer: Layer;
  #routed: Routed | null = null;

  /**
   * Allocates, draws normal weights (1/√fan-in), activations and gradients, and submits the pass once,
   * so that the products find their routing.
   *
   * @param options.seed of weights, activations and routing
   * @param options.submit false: nothing is submitted yet, and the first run is the first of all
   * @throws {RangeError} for impossible sizes, or more than the adapter holds
   */
  constructor(
    readonly device: Device,
    readonly c: LayerCase,
    readonly pass: Pass,
    { seed = 0, submit = true }: { seed?: number; submit?: boolean } = {},
  ) {
    checkCase(c);
    const backward = pass === "forward+backward";
    const w = this.#layer = new Layer(device, c, backward);
    try {
      const d = w.layout.width, { block } = w;
      this.flops = flopsOf(c, pass);
      this.bytes = bytesOf(c, pass);
      this.named = w.named;
      this.whole = new Program(device);
      this.products = new Program(device);
      this.x = w.act("x", d);
      this.y = w.act("y", d);
      this.dy = backward ? w.act("dy", d) : null;
      this.dx = backward ? w.act("dx", d) : null;
      w.onProduct = (p, slot) => {
        if (!block.dense && !p.grouped) return; // the router's
        Workspace.prototype.product.call(w, this.products, p, slot);
        this.productList.push(p);
      };
      if (block.dense) this.#addDense(block.dense);
      else this.#addRouted(block.routed!, seed);
      this.#fill(seed);
      if (submit) this.whole.submit(1);
    } catch (error) {
      w.destroy();
      throw error;
    }
  }

  #addDense(b: NonNullable<BlockLayout["dense"]>): void {
    const w = this.#layer, { x: u, y: after, dy: dz, dx: du } = this;
    const t: Branch = { gu: w.act("gu", 2 * b.hidden), hidden: w.act("hidden", b.hidden) };
    denseForward(w, this.whole, b, t, { u, before: u, after });
    if (!dz || !du) return;
    const dgu = w.act("dgu", 2 * b.hidden);
    denseBackward(w, this.whole, b, t, dgu, { u, dz, du, given: null });
  }

  #addRouted(b: NonNullable<BlockLayout["routed"]>, seed: number): void {
    const w = this.#layer, { x: u, y: after, dy: dz, dx: du } = this, { experts } = w.layout;
    const { width: d } = w.layout, h = b.expertWidth, { rows, replicas, tokens } = w.sizes;
    const t: Routed = this.#routed = {
      gu: w.act("gu", 2 * h, w.expertRows),
      hidden: w.act("hidden", h, w.expertRows),
      out: w.act("out", d, w.expertRows),
      logits: w.act("logits", experts),
      routing: w.routingTensors("routing"),
      bias: null,
    };
    const picked = w.act("picked", experts), { experts: n, active } = w.router!;
    const shares = shareOfTokens(this.c.routing ?? "uniform", n, active);
    const values = new Float32Array(replicas * rows * experts);
    for (let z = 0; z < replicas; z++) {
      const logits = imposedLogits(shares, active, tokens, experts, seed + z);
      values.set(logits, z * rows * experts);
    }
    upload(this.device, picked, values);
    const ids = w.alloc("tokens", "u32", w.router!.pick === "hash" ? rows : 1);
    if (w.router!.pick === "hash") {
      const draw = uniforms(`${seed}/tokens`);
      upload(this.device, ids, Uint32Array.from({ length: replicas * rows }, () => 256 * draw()));
    }
    this.tokenIds = ids;
    routedForward(w, this.whole, b, t, { u, before: u, after, picked, tokens: ids });
    if (!dz || !du) return;
    const back: RoutedScratch = {
      dgu: w.act("dgu", 2 * h, w.expertRows),
      dx: w.act("expert.dx", d, w.expertRows),
      dgate: w.alloc("dgate", "f32", rows * slotsPerToken(w.router!)),
      dlogits: w.act("dlogits", experts),
    };
    routedBackward(w, this.whole, b, t, back, {
      u,
      dz,
      du,
      spare: w.act("spare", d),
      aux: w.alloc("aux", "f32x4", rows),
      layer: 0,
      coefficients: { balance: 0, z: 0 },
      picked,
    });
  }

  /** Uploads multipliers of 1, weights, x and dy; padding stays zero. */
  #fill(seed: number): void {
    const w = this.#layer, { replicas, rows, tokens } = w.sizes, d = this.c.width;
    const { width: dp, floats } = w.layout;
    upload(this.device, w.scales, new Float32Array(replicas * SLOT_STRIDE).fill(1));
    const stored = new Float32Array(replicas * floats);
    for (let z = 0; z < replicas; z++) {
      for (const p of w.named) {
        const count = p.shape.reduce((a, b) => a * b, 1), std = 1 / Math.sqrt(p.shape.at(-1)!);
        pack(
          p,
          filling(seed + z, p.name, count, std),
          stored.subarray(z * floats, (z + 1) * floats),
        );
      }
    }
    upload(this.device, w.parameters, stored);
    for (const tensor of [this.x, this.dy]) {
      if (!tensor) continue;
      const values = new Float32Array(replicas * rows * dp);
      const drawn = filling(seed, tensor.label, replicas * tokens * d, 1);
      for (let z = 0; z < replicas; z++) {
        for (let t = 0; t < tokens; t++) {
          const from = (z * tokens + t) * d;
          values.set(drawn.subarray(from, from + d), (z * rows + t) * dp);
        }
      }
      upload(this.device, tensor, values);
    }
  }

  /** Stored weights (R, floats); {@link named} says where each lies in a replica. */
  get weights(): Tensor {
    return this.#layer.parameters;
  }

  /** Their gradients, in the same places; one unused element forward alone. */
  get weightGradients(): Tensor {
    return this.#layer.gradient;
  }

  /** The routing tensors the last pass left; null for dense. */
  get routing(): Routed["routing"] | null {
    return this.#routed?.routing ?? null;
  }

  /** The router's own logits, (R, rows, N padded to 4); null for dense. */
  get routerLogits(): Tensor | null {
    return this.#routed?.logits ?? null;
  }

  /** The imposed logits' stored floats per token, and rows per replica. */
  get stored(): { width: number; experts: number; rows: number; floats: number } {
    return { ...this.#layer.layout, rows: this.#layer.sizes.rows };
  }

  /** Device memory held, bytes. */
  get memory_bytes(): number {
    return this.#layer.bytes;
  }

  /** Submits whole passes and waits for them. */
  async run(repetitions: number, stamps?: GPUComputePassTimestampWrites): Promise<void> {
    this.whole.submit(repetitions, 0, undefined, stamps);
    await settle(this.device);
  }

  /** Tokens that picked each expert, replica after replica; null for dense. */
  async counts(): Promise<number[] | null> {
    if (!this.#routed) return null;
    return [...new Uint32Array(await download(this.device, this.#routed.routing.counts))];
  }

  /**
   * Rows of the experts' tiles that hold no token, over all rows of those tiles, read from the
   * routing tensors of the last pass; null for dense.
   */
  async paddingShare(): Promise<number | null> {
    const counts = await this.counts();
    if (!counts) return null;
    const off = new Uint32Array(await download(this.device, this.#routed!.routing.off));
    const n = this.#layer.router!.experts;
    let rows = 0, filled = 0;
    for (let z = 0; z < this.#layer.sizes.replicas; z++) rows += off[z * (n + 1) + n];
    for (const count of counts) filled += count;
    return 1 - filled / rows;
  }

  /** Frees everything. */
  destroy(): void {
    this.#layer.destroy();
    this.whole.destroy();
    this.products.destroy();
  }
}
