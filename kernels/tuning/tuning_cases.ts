/**
 * What the autotuner chooses on a GPU: the tile of each kind and size class of product, and how rows
 * are summed. Sizes stand for their class; operands are made up.
 *
 * @module
 */
import { gemm, type Matrix, type Product } from "../gemm/gemm.ts";
import {
  candidatesOf,
  caseName,
  CLASSES,
  DEFAULT_TILE,
  type Kind,
  KINDS,
  SHARE_ROWS,
  type SizeClass,
} from "../gemm/gemm_tiles.ts";
import { type Device, type DeviceProfile, settle } from "../gpu/device.ts";
import { Program } from "../gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  downloadFloats,
  type Element,
  type Tensor,
  upload,
} from "../gpu/tensor.ts";
import { rmsNorm } from "../norm/norm.ts";
import { ROW_CANDIDATES, ROW_CASE } from "../norm/tree.ts";
import type { TuningBench, TuningCase } from "./tuning.ts";

/** Rows, columns and k; k of TN by expert: the rows all experts share. */
type Shape = [rows: number, cols: number, k: number];

const DENSE: Record<SizeClass, Shape> = {
  few: [1024, 256, 256],
  some: [4096, 512, 512],
  many: [8192, 2048, 1024],
};
const DENSE_TN: Record<SizeClass, Shape> = {
  few: [256, 256, 4096],
  some: [1024, 1024, 4096],
  many: [2048, 2048, 8192],
};
const EXPERT: Record<SizeClass, Shape> = {
  few: [1024, 128, 128],
  some: [4096, 256, 256],
  many: [16384, 1024, 256],
};
const EXPERT_TN: Record<SizeClass, Shape> = {
  few: [128, 128, 4096],
  some: [256, 256, 8192],
  many: [512, 512, 16384],
};
const EXPERTS = 16, ACTIVE = 4;

/** The shape that stands for a kind and class. */
export function shapeOf(kind: Kind, size: SizeClass): Shape {
  const expert = kind.endsWith("by expert"), tn = kind.startsWith("TN");
  return (expert ? tn ? EXPERT_TN : EXPERT : tn ? DENSE_TN : DENSE)[size];
}

/** Numbers in −1 … 1 that repeat only after 2^32. */
function noise(length: number, seed: number): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}

/** Choices that differ from the defaults: what may change a result, so part of a run's identity. */
export function deviations(tuning: DeviceProfile["tuning"]): Record<string, string> {
  const defaults: string[] = [DEFAULT_TILE, ROW_CANDIDATES[0]];
  return Object.fromEntries(
    Object.entries(tuning ?? {}).filter(([, choice]) => !defaults.includes(choice)),
  );
}

/** A case's tensors, and its programs, one per variant. */
class Stand implements TuningBench {
  #owned: Tensor[] = [];
  #outputs: Tensor[] = [];
  #programs = new Map<string, Program>();
  #device: Device;
  #name: string;
  #build: (program: Program) => void = () => {};

  constructor(device: Device, name: string) {
    this.#device = device;
    this.#name = name;
  }

  /** How a program of the case is made, once the tensors are there. */
  set build(build: (program: Program) => void) {
    this.#build = build;
  }

  tensor(element: Element, values: Float32Array | Uint32Array): Tensor {
    const length = element === "f32x4" ? values.length / 4 : values.length;
    const tensor = createTensor(this.#device, "tuning", element, length);
    upload(this.#device, tensor, values);
    this.#owned.push(tensor);
    return tensor;
  }

  output(element: Element, floats: number): Tensor {
    const tensor = this.tensor(element, new Float32Array(floats));
    this.#outputs.push(tensor);
    return tensor;
  }

  async #results(program: Program): Promise<Float32Array> {
    for (const tensor of this.#outputs) {
      const floats = tensor.length * (tensor.element === "f32x4" ? 4 : 1);
      upload(this.#device, tensor, new Float32Array(floats).fill(NaN));
    }
    program.submit();
    const parts: Float32Array[] = [];
    for (const tensor of this.#outputs) parts.push(await downloadFloats(this.#device, tensor));
    const all = new Float32Array(parts.reduce((sum, p) => sum + p.length, 0));
    parts.reduce((at, p) => (all.set(p, at), at + p.length), 0);
    return all;
  }

  async expected(): Promise<Float32Array> {
    const { storage } = this.#device.profile;
    const program = new Program({ ...this.#device, profile: { kernels: "software", storage } });
    this.#build(program);
    const results = await this.#results(program);
    program.destroy();
    return results;
  }

  async outputs(candidate: string): Promise<Float32Array> {
    const { kernels, storage } = this.#device.profile;
    const profile: DeviceProfile = { kernels, storage, tuning: { [this.#name]: candidate } };
    const { gpu } = this.#device, scopes = ["out-of-memory", "validation"] as const;
    for (const scope of scopes) gpu.pushErrorScope(scope);
    const program = new Program({ ...this.#device, profile });
    let results: Float32Array | null = null, thrown: unknown = null;
    try {
      this.#build(program);
      results = await this.#results(program);
    } catch (error) {
      thrown = error;
    }
    // all of them, whatever was thrown: one left open would swallow later errors
    for (let i = 0; i < scopes.length; i++) {
      const caught = await gpu.popErrorScope();
      thrown ??= caught;
    }
    if (!thrown && results) {
      this.#programs.set(candidate, program);
      return results;
    }
    program.destroy();
    throw new Error((thrown as { message: string }).message);
  }

  async run(candidate: string, n: number): Promise<void> {
    this.#programs.get(candidate)!.submit(n);
    await settle(this.#device);
  }

  destroy(): void {
    for (const program of this.#programs.values()) program.destroy();
    this.#owned.forEach(destroyTensor);
  }
}

/** A product of a kind and class. */
async function openProduct(device: Device, kind: Kind, size: SizeClass): Promise<TuningBench> {
  const stand = new Stand(device, caseName(kind, size)), [rows, cols, k] = shapeOf(kind, size);
  const layout = kind.slice(0, 2) as Product["layout"], swiglu = kind.includes("swiglu");
  const expert = kind.endsWith("by expert"), tn = layout === "TN", n = expert ? EXPERTS : 1;
  const slots = tn ? k : rows, wide = swiglu ? 2 * cols : cols;
  const matrix = (count: number, width: number, seed: number): Matrix => ({
    tensor: stand.tensor("f32x4", noise(count * width, seed)),
    stride: width / 4,
    replica: count * width / 4,
  });
  /** per expert where the kind is grouped */
  const weight = (count: number, width: number): Matrix => ({
    ...matrix(n * count, width, 2),
    expert: count * width / 4,
  });
  const result = (count: number, width: number): Matrix => ({
    tensor: stand.output("f32x4", count * width),
    stride: width / 4,
    replica: count * width / 4,
  });
  const gather = expert && (swiglu || tn); // swiglu reads A by token, the weight gradient B
  const tokens = slots / ACTIVE, read = gather ? tokens : slots;
  const sizes = tn
    ? {
      a: matrix(slots, rows, 1),
      b: matrix(read, cols, 2),
      c: { ...result(n * rows, cols), expert: rows * cols / 4 },
    }
    : {
      a: matrix(read, k, 1),
      b: layout === "NT" ? weight(wide, k) : weight(k, cols),
      c: result(rows, wide),
    };
  const product: Product = {
    layout,
    rows,
    cols,
    k: expert && tn ? 0 : k,
    replicas: 1,
    ...sizes,
    ...(swiglu ? { epilogue: "swiglu", up: cols * k / 4, hidden: result(rows, cols) } : {}),
    scales: stand.tensor("f32", Float32Array.of(0.5)),
    scaleSlot: 0,
    scaleStride: 1,
  };
  if (expert) {
    const share = slots / EXPERTS, tiles = slots / SHARE_ROWS;
    const indices = (length: number, f: (i: number) => number) =>
      stand.tensor("u32", Uint32Array.from({ length }, (_, i) => f(i)));
    product.grouped = tn ? "k" : "rows";
    if (gather) product[tn ? "gatherB" : "gatherA"] = true;
    product.routing = {
      experts: EXPERTS,
      active: ACTIVE,
      tileRows: SHARE_ROWS,
      tiles,
      rows: slots,
      tokens,
      tileExpert: indices(tiles, (i) => Math.floor(i * SHARE_ROWS / share)),
      off: indices(EXPERTS + 1, (e) => e * share),
      perm: indices(slots, (i) => i * 7919 % slots), // odd times, modulo a power of two: all of them
      gate: stand.tensor("f32", noise(slots, 5)),
    };
  }
  stand.build = (program) => gemm(program, product);
  await settle(device);
  return stand;
}

/** RMSNorm of 4096 rows of 1024. */
async function openRows(device: Device): Promise<TuningBench> {
  const stand = new Stand(device, ROW_CASE), tokens = 4096, d = 1024;
  const x = stand.tensor("f32x4", noise(tokens * d, 1));
  const gain = { tensor: stand.tensor("f32x4", noise(d, 2)), base: 0, replica: d / 4 };
  const y = stand.output("f32x4", tokens * d), rstd = stand.output("f32", tokens);
  const sizes = { replicas: 1, tokens, seq: tokens, rows: tokens };
  stand.build = (program) => rmsNorm(program, sizes, d, d / 4, gain, { x, y, rstd });
  await settle(device);
  return stand;
}

/** Everything there is to choose on a device; a case with one candidate is none. */
export function tuningCases(device: Device): TuningCase[] {
  const { limits, features } = device.gpu;
  const products = KINDS.flatMap((kind) =>
    CLASSES.map((size): TuningCase => ({
      name: caseName(kind, size),
      candidates: candidatesOf(kind, size, limits),
      open: () => openProduct(device, kind, size),
    }))
  );
  const rows: TuningCase = {
    name: ROW_CASE,
    candidates: ROW_CANDIDATES.filter((name) => name === "tree" || features.has("subgroups")),
    open: () => openRows(device),
  };
  return [...products, rows].filter((c) => c.candidates.length > 1);
}
