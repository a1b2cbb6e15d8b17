/**
 * What a model and a layer alone share: tensors with an owner, per-replica multipliers, and how
 * products address activations, weights and experts.
 *
 * @module
 */
import { gemm, type Matrix, type Product, type Routing, tileRows } from "../kernels/gemm/gemm.ts";
import type { Device } from "../kernels/gpu/device.ts";
import type { Bound, Program } from "../kernels/gpu/program.ts";
import {
  bytesOf,
  createTensor,
  destroyTensor,
  type Element,
  type Tensor,
} from "../kernels/gpu/tensor.ts";
import { slotsPerToken } from "../kernels/routing/router.ts";
import {
  maxTiles,
  type Router,
  routingLengths,
  type RoutingTensors,
} from "../kernels/routing/routing.ts";
import type { Sizes } from "../kernels/sizes.ts";
import type { Stored } from "./stored.ts";

/** Slots of the per-replica multipliers; see {@link Workspace.scales}. */
export const SLOTS = { one: 0, residual: 1, dense: 2, routed: 3, output: 4 } as const;
/** Multipliers a replica has room for. */
export const SLOT_STRIDE = 8;

/** A product without what the workspace adds to every product. */
export type PlainProduct = Omit<Product, "replicas" | "scales" | "scaleSlot" | "scaleStride">;

/** Tensors of R replicas on a device, and the matrices in them. */
export abstract class Workspace {
  /** padded width and experts, stored floats of a replica's parameters */
  abstract readonly layout: { width: number; experts: number; floats: number };
  /** (R, floats) */
  abstract readonly parameters: Bound;
  /** (R, floats) */
  abstract readonly gradient: Tensor;
  /** (R, SLOT_STRIDE) multipliers of products, by {@link SLOTS} */
  readonly scales: Tensor;
  #owned: Tensor[] = [];

  /** @param router null for a dense layer or model */
  constructor(readonly device: Device, readonly sizes: Sizes, readonly router: Router | null) {
    this.scales = this.alloc("scales", "f32", SLOT_STRIDE);
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
    return this.allocShared(label, element, length * this.sizes.replicas);
  }

  /** Allocates a tensor of `length` elements in all. */
  allocShared(label: string, element: Element, length: number): Tensor {
    const tensor = createTensor(this.device, label, element, length);
    this.#owned.push(tensor);
    return tensor;
  }

  /** Allocates the routing tensors of one block. */
  routingTensors(name: string): Record<keyof RoutingTensors, Tensor> {
    const lengths = routingLengths(this.sizes, this.router!, this.tileRows);
    return Object.fromEntries(
      Object.entries(lengths).map(([key, length]) => [
        key,
        this.allocShared(`${name}.${key}`, key === "gate" ? "f32" : "u32", length),
      ]),
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

  /** A stored matrix in the parameters or in their gradient. */
  weight(s: Stored, from: "p" | "g" = "p", expert = 0): Matrix {
    return {
      tensor: from === "p" ? this.parameters : this.gradient,
      base: s.offset / 4,
      stride: s.cols / 4,
      replica: this.layout.floats / 4,
      expert: expert / 4,
    };
  }

  /** Row-major activations of `cols` floats. */
  rows(tensor: Tensor, cols: number, count = this.sizes.rows): Matrix {
    return { tensor, stride: cols / 4, replica: count * cols / 4 };
  }

  /** Where a product goes: after = before + product; before null: after = product. */
  onto(
    before: Tensor | null,
    after: Tensor,
    cols: number,
  ): Pick<PlainProduct, "epilogue" | "c" | "r"> {
    const c = this.rows(after, cols);
    return before ? { epilogue: "residual", c, r: this.rows(before, cols) } : { c };
  }

  /** Appends a product of every replica, times the multiplier in a slot. */
  product(program: Program, p: PlainProduct, slot: number = SLOTS.one): void {
    gemm(program, {
      ...p,
      replicas: this.sizes.replicas,
      scales: this.scales,
      scaleSlot: slot,
      scaleStride: SLOT_STRIDE,
    });
  }

  /** What a grouped product reads of the routing. */
  routing(t: Record<keyof RoutingTensors, Tensor>): Routing {
    return {
      experts: this.router!.experts,
      active: slotsPerToken(this.router!),
      tileRows: this.tileRows,
      tiles: maxTiles(this.sizes.tokens, this.router!, this.tileRows),
      rows: this.expertRows,
      // gates are indexed by slot; a replica holds rows*slots of them
      tokens: this.sizes.rows,
      tileExpert: t.tileExpert,
      off: t.off,
      perm: t.perm,
      gate: t.gate,
    };
  }
}
