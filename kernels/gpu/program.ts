/**
 * Programs as lists of kernels: {@link Program} binds tensors to what a {@link KernelSpec} declares,
 * checks their kinds and shapes and the grid, and encodes many steps at once.
 *
 * Every kernel strictly separates what it reads from what it writes: no tensor is updated in
 * place. That is what lets tensors be storage textures, and what makes a step repeatable bit by bit.
 *
 * @module
 */
import type { Device, DeviceProfile } from "./device.ts";
import {
  checkTensor,
  type Kernel,
  kernelOf,
  type KernelSpec,
  type Operand,
  textOf,
} from "./kernel.ts";
import type { Constants } from "./template.ts";
import {
  type Alternating,
  bytesOf,
  createTensor,
  destroyTensor,
  type Element,
  FORMATS,
  isAlternating,
  isBuffered,
  refresh,
  type Tensor,
  writtenBuffer,
} from "./tensor.ts";

/** What a dispatch binds: one tensor, or a pair that alternates with the step. */
export type Bound = Tensor | Alternating;

/** Workgroups along x, y, z. */
export type Grid = readonly [number, number, number];

/** A kernel bound to tensors and sizes. */
export interface Dispatch {
  kernel: string;
  pipeline: GPUComputePipeline;
  groups: [GPUBindGroup, GPUBindGroup];
  /** what a step of either parity reads and writes */
  reads: [Tensor[], Tensor[]];
  writes: [Tensor[], Tensor[]];
  grid: [number, number, number];
}

export type { KernelSpec } from "./kernel.ts";

const UNIFORM_SLOT = 256;

/** Explicit layout of a kernel: inputs, outputs, dims last. */
function layoutOf(
  device: Device,
  kernel: Kernel,
  buffered: ReadonlySet<string>,
): GPUBindGroupLayout {
  const entry = (
    [name, { element }]: [string, Operand],
    write: boolean,
  ): Partial<GPUBindGroupLayoutEntry> =>
    device.profile.storage === "texture" && !buffered.has(name)
      ? {
        storageTexture: {
          access: write ? "write-only" : "read-only",
          format: FORMATS[element],
        },
      }
      : { buffer: { type: write ? "storage" : "read-only-storage" } };
  const parts = [
    ...Object.entries(kernel.inputs).map((x) => entry(x, false)),
    ...Object.entries(kernel.outputs).map((x) => entry(x, true)),
    { buffer: { type: "uniform" as const } },
  ];
  return device.gpu.createBindGroupLayout({
    label: kernel.name,
    entries: parts.map((part, binding) => ({
      binding,
      visibility: GPUShaderStage.COMPUTE,
      ...part,
    })),
  });
}

interface Compiled {
  pipeline: GPUComputePipeline;
  layout: GPUBindGroupLayout;
}

const pipelines = new WeakMap<GPUDevice, Map<string, Compiled>>();

/**
 * Compiles a kernel, once per device and code; the layout follows from the code.
 *
 * @param buffered outputs that are storage buffers also where tensors are textures
 */
export function compile(
  device: Device,
  kernel: Kernel,
  buffered: ReadonlySet<string> = new Set(),
): Compiled {
  const code = textOf(kernel, device.profile.storage, buffered);
  const cache = pipelines.get(device.gpu) ?? new Map<string, Compiled>();
  pipelines.set(device.gpu, cache);
  const known = cache.get(code);
  if (known) return known;
  const layout = layoutOf(device, kernel, buffered);
  const module = device.gpu.createShaderModule({ label: kernel.name, code });
  const pipeline = device.gpu.createComputePipeline({
    label: kernel.name,
    layout: device.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: kernel.name },
  });
  const made = { pipeline, layout };
  cache.set(code, made);
  return made;
}

/**
 * The dims as a kernel's uniform holds them.
 *
 * @throws {TypeError} for a missing or superfluous dim
 * @throws {RangeError} for one that is no u32 where it should be
 */
function uniformsOf(
  kernel: Kernel,
  dims: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const fields = Object.entries(kernel.dims);
  // one vec4 that only says where the dims begin (0), then the dims; see kernel.ts
  const bytes = new Uint8Array((Math.ceil(fields.length / 4) + 1) * 16);
  const view = new DataView(bytes.buffer);
  fields.forEach(([name, type], i) => {
    const value = dims[name];
    if (value === undefined) throw new TypeError(`Cannot set ${kernel.name}.${name}: no value`);
    if (type === "u32") {
      if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
        throw new RangeError(`Cannot set ${kernel.name}.${name}: ${value} is not a u32`);
      }
      view.setUint32(16 + i * 4, value, true);
    } else view.setFloat32(16 + i * 4, value, true);
  });
  for (const name of Object.keys(dims)) {
    if (!(name in kernel.dims) && name !== "R") {
      throw new TypeError(`Cannot set ${kernel.name}.${name}: no such dim`);
    }
  }
  return bytes;
}

/** The first of two timestamps alone. */
function begin(
  { querySet, beginningOfPassWriteIndex }: GPUComputePassTimestampWrites,
): GPUComputePassTimestampWrites {
  return { querySet, beginningOfPassWriteIndex };
}

/** The second of two timestamps alone. */
function end(
  { querySet, endOfPassWriteIndex }: GPUComputePassTimestampWrites,
): GPUComputePassTimestampWrites {
  return { querySet, endOfPassWriteIndex };
}

/** An ordered list of dispatches. */
export class Program {
  /** the dispatches in order */
  readonly dispatches: Dispatch[] = [];
  #device: Device;
  #dims: { buffer: GPUBuffer; strike: () => void }[] = [];
  #scratch: Tensor[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** Which kernel variants and storage the device runs. */
  get profile(): DeviceProfile {
    return this.#device.profile;
  }

  /**
   * A tensor for what one kernel writes and the very next reads; later kernels may overwrite it.
   *
   * @param length elements at least
   * @throws {RangeError} when the adapter cannot hold it
   */
  scratch(element: Element, length: number): Tensor {
    const known = this.#scratch.find((t) => t.element === element && t.length >= length);
    if (known) return known;
    const tensor = createTensor(this.#device, "scratch", element, length);
    this.#scratch.push(tensor);
    return tensor;
  }

  /**
   * Appends a kernel, in the variant of the profile.
   *
   * @param tensors one per input and output, by name; at least as long as the spec's shapes say
   * @param dims one number per field, and `R` where the replicas are not the grid's z
   * @param grid workgroups in x, y, z; whole, positive, at most 65535 each
   * @param constants over those of the spec
   * @throws {TypeError} for a missing, superfluous or ill-typed tensor or dim
   * @throws {RangeError} for a bad grid or dim, or a tensor that is too short
   */
  add(
    spec: KernelSpec,
    tensors: Readonly<Record<string, Bound | undefined>>,
    dims: Readonly<Record<string, number>>,
    grid: Grid | Readonly<Record<DeviceProfile["kernels"], Grid>>,
    constants: Constants = {},
  ): void {
    const { gpu, profile } = this.#device;
    const kernel = kernelOf(spec, profile.kernels, constants), { name } = kernel;
    const counts = "software" in grid ? grid[profile.kernels] : grid;
    for (const count of counts) {
      if (!Number.isInteger(count) || count < 1 || count > 65535) {
        throw new RangeError(`Cannot dispatch ${name}: grid ${counts.join(" x ")}`);
      }
    }
    const bytes = uniformsOf(kernel, dims);
    const roles = Object.keys({ ...kernel.inputs, ...kernel.outputs });
    for (const [role, tensor] of Object.entries(tensors)) {
      if (tensor && !roles.includes(role)) {
        throw new TypeError(`Cannot bind ${name}.${role}: not declared`);
      }
    }
    // an alternating pair is read in one half and written in the other
    const halves = ([0, 1] as const).map((parity) =>
      roles.map((role): Tensor => {
        const tensor = tensors[role];
        if (!tensor) throw new TypeError(`Cannot bind ${name}.${role}: no tensor given`);
        const half = role in kernel.outputs ? 1 - parity : parity;
        const one = isAlternating(tensor) ? tensor.pair[half] : tensor;
        checkTensor(kernel, role, one, dims, counts);
        return one;
      })
    );
    const inputs = Object.keys(kernel.inputs).length;
    const buffered = new Set(
      roles.filter((_, i) => i >= inputs && isBuffered(this.#device, halves[0][i])),
    );
    const compiled = compile(this.#device, kernel, buffered), buffer = this.#uniforms(name, bytes);
    const group = (bound: Tensor[]) =>
      gpu.createBindGroup({
        label: name,
        layout: compiled.layout,
        entries: [
          ...bound.map((tensor, binding) => ({
            binding,
            resource: tensor.buffer || buffered.has(roles[binding])
              ? { buffer: writtenBuffer(this.#device, tensor) }
              : tensor.resource as GPUTextureView,
          })),
          { binding: roles.length, resource: { buffer, offset: 0, size: bytes.byteLength } },
        ],
      });
    const even = group(halves[0]);
    const alternates = Object.values(tensors).some((t) => t && isAlternating(t));
    this.dispatches.push({
      kernel: name,
      pipeline: compiled.pipeline,
      groups: [even, alternates ? group(halves[1]) : even],
      reads: [halves[0].slice(0, inputs), halves[1].slice(0, inputs)],
      writes: [halves[0].slice(inputs), halves[1].slice(inputs)],
      grid: [...counts],
    });
  }

  /** A buffer of the dims' bytes. */
  #uniforms(kernel: string, bytes: Uint8Array<ArrayBuffer>): GPUBuffer {
    const buffer = this.#device.gpu.createBuffer({
      label: `${kernel}.dims`,
      size: UNIFORM_SLOT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#device.gpu.queue.writeBuffer(buffer, 0, bytes);
    this.#dims.push({ buffer, strike: this.#device.memory.enter(UNIFORM_SLOT) });
    return buffer;
  }

  /**
   * Submits `steps` repetitions, the first with the given parity. What a kernel wrote through a buffer
   * is copied to the texture before another reads it, which takes a pass of its own after it.
   *
   * @param only just the dispatches of this kernel (to time it)
   * @param stamps timestamps to take at the beginning and the end of it all, see timestamps.ts
   */
  submit(
    steps = 1,
    parity: 0 | 1 = 0,
    only?: string,
    stamps?: GPUComputePassTimestampWrites,
  ): void {
    const encoder = this.#device.gpu.createCommandEncoder();
    let pass = encoder.beginComputePass(stamps ? { timestampWrites: begin(stamps) } : {});
    for (let i = 0; i < steps; i++) {
      const half = ((parity + i) & 1) as 0 | 1;
      for (const { kernel, pipeline, groups, reads, writes, grid } of this.dispatches) {
        if (only !== undefined && kernel !== only) continue;
        if (reads[half].some((tensor) => tensor.textureStale)) {
          pass.end();
          for (const tensor of reads[half]) if (tensor.textureStale) refresh(encoder, tensor);
          pass = encoder.beginComputePass();
        }
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, groups[half]);
        pass.dispatchWorkgroups(...grid);
        for (const tensor of writes[half]) tensor.textureStale = tensor.written !== null;
      }
    }
    pass.end();
    if (stamps) encoder.beginComputePass({ timestampWrites: end(stamps) }).end();
    this.#device.gpu.queue.submit([encoder.finish()]);
  }

  /** Device memory of the uniforms and the scratch tensors, bytes. */
  get bytes(): number {
    return this.#scratch.reduce((sum, t) => sum + bytesOf(t), this.#dims.length * UNIFORM_SLOT);
  }

  /** Frees the uniform buffers and the scratch tensors. */
  destroy(): void {
    for (const { buffer, strike } of this.#dims) {
      buffer.destroy();
      strike();
    }
    this.#dims = [];
    this.#scratch.forEach(destroyTensor);
    this.#scratch = [];
  }
}
