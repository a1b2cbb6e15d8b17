/**
 * Kernels as data, and programs as lists of them: a {@link KernelSpec} declares inputs, outputs
 * and dims; {@link Program} binds tensors to it, checks the grid, and encodes many steps at once.
 *
 * Every kernel strictly separates what it reads from what it writes: no tensor is updated in
 * place. That is what lets tensors be storage textures, and what makes a step repeatable bit by bit.
 *
 * @module
 */
import { boundsOf } from "./bounds.ts";
import type { Device, DeviceProfile } from "./device.ts";
import { type Constants, expand } from "./template.ts";
import {
  type Alternating,
  bytesOf,
  createTensor,
  destroyTensor,
  type Element,
  FORMATS,
  isAlternating,
  ROW,
  type Tensor,
} from "./tensor.ts";

/** Type of one field of the uniform `dims`. */
export type DimType = "u32" | "f32";

/** A kernel: its template, what it reads and writes, and its uniform sizes. */
export interface KernelSpec {
  /** entry point in the source, never `main` */
  name: string;
  /** WGSL template (see template.ts); reads through load_NAME(i), writes through store_NAME(i, v) */
  source: string;
  inputs: Record<string, Element>;
  outputs: Record<string, Element>;
  dims: Record<string, DimType>;
  /** template constants, part of the pipeline's identity */
  constants?: Constants;
}

/** What a dispatch binds: one tensor, or a pair that alternates with the step. */
export type Bound = Tensor | Alternating;

/** A kernel bound to tensors and sizes. */
export interface Dispatch {
  kernel: string;
  pipeline: GPUComputePipeline;
  groups: [GPUBindGroup, GPUBindGroup];
  grid: [number, number, number];
}

const UNIFORM_SLOT = 256;

/** Workgroups along x of a grid too long for one axis; the further ones go along y. */
export const FOLD = 32768;
/** Lanes of a workgroup in a grid of one lane per element. */
export const GROUP = 64;

/**
 * WGSL of the dims, the bindings and the accessors of a spec.
 *
 * Bounds are read through an index that is itself read from the uniform. A driver that specializes
 * a shader for the uniforms its loops depend on (lavapipe does, at every dispatch whose uniforms
 * differ from the last one's: 0.5 to 25 ms each) cannot see through that, and leaves it alone. The
 * other dims are read where they lie, which costs it one load for all lanes.
 */
export function preamble(
  spec: KernelSpec,
  storage: "texture" | "buffer",
  source: string = expand(spec.source, spec.constants ?? {}),
): string {
  const bounds = boundsOf(source);
  const fields = Object.entries(spec.dims), slots = Math.ceil(fields.length / 4) + 1;
  const lines = [
    "struct Dims {",
    ...fields.map(([name, type]) => `  ${name}: ${type},`),
    "}",
    "fn read_dims() -> Dims {",
    "  let at = uniforms[0].x;",
    `  return Dims(${
      fields.map(([name, type], i) => {
        const row = `${bounds.has(name) ? "at + " : ""}${1 + Math.floor(i / 4)}u`;
        const word = `uniforms[${row}][${i % 4}]`;
        return type === "f32" ? `bitcast<f32>(${word})` : word;
      }).join(", ")
    });`,
    "}",
    "// the lane's number in a grid of one lane per element, which may be folded; see sizes.ts",
    `fn lane_of(id: vec3<u32>) -> u32 { return id.y * ${FOLD * GROUP}u + id.x; }`,
  ];
  const scalar = { "f32x4": "vec4<f32>", "f32": "f32", "u32": "u32" };
  const at = `vec2<u32>(i & ${ROW - 1}u, i >> ${Math.log2(ROW)}u)`;
  let binding = 0;
  for (const [name, element] of Object.entries(spec.inputs)) {
    const type = scalar[element], part = element === "f32x4" ? "" : ".x";
    if (storage === "texture") {
      lines.push(
        `@group(0) @binding(${binding++}) var t_${name}: texture_storage_2d<${
          FORMATS[element]
        }, read>;`,
        `fn load_${name}(i: u32) -> ${type} { return textureLoad(t_${name}, ${at})${part}; }`,
      );
    } else {
      lines.push(
        `@group(0) @binding(${binding++}) var<storage, read> t_${name}: array<${type}>;`,
        `fn load_${name}(i: u32) -> ${type} { return t_${name}[i]; }`,
      );
    }
  }
  for (const [name, element] of Object.entries(spec.outputs)) {
    const type = scalar[element];
    if (storage === "texture") {
      const wide = element === "u32" ? "vec4<u32>(v, 0u, 0u, 0u)" : "vec4<f32>(v, 0.0, 0.0, 0.0)";
      lines.push(
        `@group(0) @binding(${binding++}) var t_${name}: texture_storage_2d<${
          FORMATS[element]
        }, write>;`,
        `fn store_${name}(i: u32, v: ${type}) { textureStore(t_${name}, ${at}, ${
          element === "f32x4" ? "v" : wide
        }); }`,
      );
    } else {
      lines.push(
        `@group(0) @binding(${binding++}) var<storage, read_write> t_${name}: array<${type}>;`,
        `fn store_${name}(i: u32, v: ${type}) { t_${name}[i] = v; }`,
      );
    }
  }
  lines.push(`@group(0) @binding(${binding}) var<uniform> uniforms: array<vec4<u32>, ${slots}>;`);
  return lines.join("\n");
}

/** Explicit layout of a spec: inputs, outputs, dims last. */
function layoutOf(device: Device, spec: KernelSpec): GPUBindGroupLayout {
  const texture = device.profile.storage === "texture";
  const entry = (element: Element, write: boolean): Partial<GPUBindGroupLayoutEntry> =>
    texture
      ? {
        storageTexture: {
          access: write ? "write-only" : "read-only",
          format: FORMATS[element],
        },
      }
      : { buffer: { type: write ? "storage" : "read-only-storage" } };
  const parts = [
    ...Object.values(spec.inputs).map((e) => entry(e, false)),
    ...Object.values(spec.outputs).map((e) => entry(e, true)),
    { buffer: { type: "uniform" as const } },
  ];
  return device.gpu.createBindGroupLayout({
    label: spec.name,
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
  key: string;
}

const pipelines = new WeakMap<GPUDevice, Map<string, Compiled>>();

/** The source with `let dims = read_dims();` as the first statement of its entry point. */
function withDims(source: string, entry: string): string {
  const name = source.indexOf(`fn ${entry}(`);
  if (name < 0) throw new SyntaxError(`Cannot compile ${entry}: the source has no such function`);
  let depth = 0, at = source.indexOf("(", name);
  do {
    if (source[at] === "(") depth++;
    if (source[at] === ")") depth--;
    at++;
  } while (depth > 0);
  const body = source.indexOf("{", at) + 1;
  return `${source.slice(0, body)}\n  let dims = read_dims();${source.slice(body)}`;
}

/** The text a spec gives the shader compiler. */
export function textOf(spec: KernelSpec, storage: DeviceProfile["storage"]): string {
  const source = expand(spec.source, spec.constants ?? {});
  return `${preamble(spec, storage, source)}\n${withDims(source, spec.name)}`;
}

/** Compiles a spec, once per device, code and layout. */
export function compile(device: Device, spec: KernelSpec): Compiled {
  const code = textOf(spec, device.profile.storage);
  const cache = pipelines.get(device.gpu) ?? new Map<string, Compiled>();
  pipelines.set(device.gpu, cache);
  const known = cache.get(code);
  if (known) return known;
  const layout = layoutOf(device, spec);
  const module = device.gpu.createShaderModule({ label: spec.name, code });
  const pipeline = device.gpu.createComputePipeline({
    label: spec.name,
    layout: device.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
    compute: { module, entryPoint: spec.name },
  });
  const made = { pipeline, layout, key: code };
  cache.set(code, made);
  return made;
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
   * Appends a kernel.
   *
   * @param tensors one per input and output, by name
   * @param dims one number per field
   * @param grid workgroups in x, y, z; whole, positive, at most 65535 each
   * @throws {TypeError} for a missing, superfluous or ill-typed tensor or dim
   * @throws {RangeError} for a bad grid or dim
   */
  add(
    spec: KernelSpec,
    tensors: Record<string, Bound>,
    dims: Record<string, number>,
    grid: [number, number, number],
  ): void {
    const { gpu } = this.#device;
    for (const count of grid) {
      if (!Number.isInteger(count) || count < 1 || count > 65535) {
        throw new RangeError(`Cannot dispatch ${spec.name}: grid ${grid.join(" x ")}`);
      }
    }
    const roles = { ...spec.inputs, ...spec.outputs };
    for (const name of Object.keys(tensors)) {
      if (!(name in roles)) throw new TypeError(`Cannot bind ${spec.name}.${name}: not declared`);
    }
    const compiled = compile(this.#device, spec);
    const slot = this.#uniforms(spec, dims);
    const group = (parity: 0 | 1) =>
      gpu.createBindGroup({
        label: spec.name,
        layout: compiled.layout,
        entries: [
          ...Object.entries(roles).map(([name, element], binding) => {
            const bound = tensors[name];
            if (!bound) throw new TypeError(`Cannot bind ${spec.name}.${name}: no tensor given`);
            // outputs of an alternating pair go to the other half
            const half = name in spec.outputs ? 1 - parity : parity;
            const tensor = isAlternating(bound) ? bound.pair[half] : bound;
            if (tensor.element !== element) {
              throw new TypeError(
                `Cannot bind ${spec.name}.${name}: want ${element}, found ${tensor.element}`,
              );
            }
            return {
              binding,
              resource: tensor.buffer ? { buffer: tensor.buffer } : tensor.resource,
            } as GPUBindGroupEntry;
          }),
          {
            binding: Object.keys(roles).length,
            resource: { buffer: slot.buffer, offset: slot.offset, size: slot.size },
          },
        ],
      });
    const even = group(0);
    const alternates = Object.values(tensors).some(isAlternating);
    this.dispatches.push({
      kernel: spec.name,
      pipeline: compiled.pipeline,
      groups: [even, alternates ? group(1) : even],
      grid,
    });
  }

  /** Writes dims into a slot of their own and returns where. */
  #uniforms(
    spec: KernelSpec,
    dims: Record<string, number>,
  ): { buffer: GPUBuffer; offset: number; size: number } {
    const fields = Object.entries(spec.dims);
    // one vec4 that only says where the dims begin (0), then the dims; see preamble()
    const bytes = new Uint8Array((Math.ceil(fields.length / 4) + 1) * 16);
    const view = new DataView(bytes.buffer);
    fields.forEach(([name, type], i) => {
      const value = dims[name];
      if (value === undefined) throw new TypeError(`Cannot set ${spec.name}.${name}: no value`);
      if (type === "u32") {
        if (!Number.isInteger(value) || value < 0 || value > 0xffffffff) {
          throw new RangeError(`Cannot set ${spec.name}.${name}: ${value} is not a u32`);
        }
        view.setUint32(16 + i * 4, value, true);
      } else view.setFloat32(16 + i * 4, value, true);
    });
    for (const name of Object.keys(dims)) {
      if (!(name in spec.dims)) throw new TypeError(`Cannot set ${spec.name}.${name}: no such dim`);
    }
    const buffer = this.#device.gpu.createBuffer({
      label: `${spec.name}.dims`,
      size: UNIFORM_SLOT,
      usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
    });
    this.#device.gpu.queue.writeBuffer(buffer, 0, bytes);
    this.#dims.push({ buffer, strike: this.#device.memory.enter(UNIFORM_SLOT) });
    return { buffer, offset: 0, size: bytes.byteLength };
  }

  /** Encodes the program once, for a step of the given parity, into an open pass. */
  encode(pass: GPUComputePassEncoder, parity: 0 | 1 = 0, only?: string): void {
    for (const { kernel, pipeline, groups, grid } of this.dispatches) {
      if (only !== undefined && kernel !== only) continue;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, groups[parity]);
      pass.dispatchWorkgroups(...grid);
    }
  }

  /**
   * Submits `steps` repetitions, the first with the given parity.
   *
   * @param only just the dispatches of this kernel (to time it)
   * @param stamps timestamps to take at the beginning and the end of the pass, see timestamps.ts
   */
  submit(
    steps = 1,
    parity: 0 | 1 = 0,
    only?: string,
    stamps?: GPUComputePassTimestampWrites,
  ): void {
    const encoder = this.#device.gpu.createCommandEncoder();
    const pass = encoder.beginComputePass(stamps ? { timestampWrites: stamps } : {});
    for (let i = 0; i < steps; i++) this.encode(pass, ((parity + i) & 1) as 0 | 1, only);
    pass.end();
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
