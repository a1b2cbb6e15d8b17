/**
 * The set of a kernel test: inputs inside larger tensors whose other elements are NaN, outputs
 * full of NaN before the kernel runs, and every program run twice to the same bits.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  download,
  type Element,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import type { Matrix } from "../reference/matrix.ts";

/** What an unsigned output holds before its kernel runs. */
export const UNWRITTEN = 0xdeadbeef;

/** Where one matrix per replica lies; all counts are floats, multiples of 4. */
export interface Place {
  replicas: number;
  /** rows with room, at least the matrix's */
  rows: number;
  /** columns with room, zero past the matrix's own */
  cols: number;
  base: number;
  stride: number;
  /** floats from replica to replica */
  replica: number;
}

/** A place with gaps before, between rows and between replicas, to show a wrong offset. */
export function placeOf(replicas: number, rows: number, cols: number, gap = 4): Place {
  const stride = cols + gap;
  return { replicas, rows, cols, base: 2 * gap, stride, replica: rows * stride + 3 * gap };
}

/** Floats of a tensor that holds a place. */
export function floatsOf(p: Place): number {
  return p.base + p.replicas * p.replica;
}

/** A place as gemm wants it: counts of vec4. */
export function matrixAt(tensor: Tensor, p: Place) {
  return { tensor, base: p.base / 4, stride: p.stride / 4, replica: p.replica / 4 };
}

/** Tensors of one test on one device. */
export class Stage {
  readonly device: Device;
  #owned: Tensor[] = [];
  #outputs = new Map<Tensor, { fill: Float32Array | Uint32Array; bytes: ArrayBuffer | null }>();

  constructor(device: Device) {
    this.device = device;
  }

  /** An input of the given numbers. */
  input(element: Element, values: ArrayLike<number>): Tensor {
    const data = element === "u32" ? Uint32Array.from(values) : Float32Array.from(values);
    const tensor = this.#create(element, data.length);
    upload(this.device, tensor, data);
    return tensor;
  }

  /** An input of one matrix per replica, zero where its place has more room, NaN elsewhere. */
  matrices(p: Place, values: Matrix[]): Tensor {
    const data = new Float32Array(floatsOf(p)).fill(NaN);
    values.forEach((m, z) => {
      for (let i = 0; i < p.rows; i++) {
        const at = p.base + z * p.replica + i * p.stride;
        data.fill(0, at, at + p.cols);
        data.set(m[i] ?? [], at);
      }
    });
    return this.input("f32x4", data);
  }

  /** An output of `length` numbers that holds `initial`, or NaN (floats) or UNWRITTEN. */
  output(element: Element, length: number, initial?: ArrayLike<number>): Tensor {
    const tensor = this.#create(element, length);
    const fill = element === "u32"
      ? new Uint32Array(length).fill(UNWRITTEN)
      : new Float32Array(length).fill(NaN);
    if (initial) fill.set(Array.from(initial));
    this.#outputs.set(tensor, { fill, bytes: null });
    return tensor;
  }

  #create(element: Element, numbers: number): Tensor {
    const length = element === "f32x4" ? numbers / 4 : numbers;
    const tensor = createTensor(this.device, `stage.${element}`, element, length);
    this.#owned.push(tensor);
    return tensor;
  }

  /** Runs a program twice, each time from the same outputs, and compares the bits. */
  async run(build: (program: Program) => void, steps = 1): Promise<void> {
    const program = new Program(this.device);
    build(program);
    for (const round of [1, 2]) {
      for (const [tensor, { fill }] of this.#outputs) upload(this.device, tensor, fill);
      program.submit(steps);
      for (const [tensor, output] of this.#outputs) {
        const bytes = await download(this.device, tensor);
        if (round === 2) {
          const same = Buffer.compare(Buffer.from(bytes), Buffer.from(output.bytes!)) === 0;
          assert.ok(same, "the second run gives other bits");
        }
        output.bytes = bytes;
      }
    }
    program.destroy();
  }

  /** All floats of an output after {@link run}. */
  floats(tensor: Tensor): Float32Array {
    return new Float32Array(this.#outputs.get(tensor)!.bytes!);
  }

  /** All unsigned numbers of an output after {@link run}. */
  integers(tensor: Tensor): number[] {
    return [...new Uint32Array(this.#outputs.get(tensor)!.bytes!)];
  }

  /** The matrix of replica z of an output. */
  matrix(tensor: Tensor, p: Place, z: number, rows: number, cols: number): Matrix {
    const all = this.floats(tensor);
    return Array.from({ length: rows }, (_, i) => {
      const at = p.base + z * p.replica + i * p.stride;
      return [...all.subarray(at, at + cols)];
    });
  }

  /** Fails if anything outside the places' first `rows` rows was written. */
  assertGapsUntouched(tensor: Tensor, p: Place, rows = p.rows): void {
    this.floats(tensor).forEach((x, i) => {
      const within = (i - p.base) % p.replica, row = Math.floor(within / p.stride);
      const inside = i >= p.base && row < rows && within % p.stride < p.cols;
      assert.ok(inside || Number.isNaN(x), `element ${i}, outside the output, was written: ${x}`);
    });
  }

  /** Frees the tensors. */
  destroy(): void {
    this.#owned.forEach(destroyTensor);
  }
}
