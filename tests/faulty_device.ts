/**
 * A device on which one thing goes wrong at a chosen moment, for the tests of what is noticed. It stands between the
 * program and WebGPU, so that no code of the program knows of it.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";

/** What goes wrong; all of it may be changed at any time. */
export interface Faults {
  /** told before every submit, with the number of submits that held a compute pass so far */
  beforeSubmit: ((count: number) => void) | null;
  /** whether the n-th dispatch of this pipeline is left out; n counts from 0 for each pipeline */
  drop: ((pipeline: string, n: number) => boolean) | null;
  /** rewrites the text of a shader before it is compiled */
  shader: ((name: string, code: string) => string) | null;
}

/** An object whose given members are replaced; the others are those of the original, called on it. */
function over<T extends object>(original: T, members: Record<string, unknown>): T {
  return new Proxy(original, {
    get(target, name) {
      if (typeof name === "string" && Object.hasOwn(members, name)) return members[name];
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** A device and what goes wrong on it. */
export interface FaultyDevice {
  device: Device;
  faults: Faults;
  /**
   * Writes a word into the youngest tensor of a label, at word `at`; of a texture of vec4 into all four of its texel.
   *
   * @throws {RangeError} where there is none
   */
  corrupt(label: string, at: number, bits: number): void;
}

/** The device with faults put in. */
export function faultyDevice(device: Device): FaultyDevice {
  const textures = new Map<string, GPUTexture>(), buffers = new Map<string, GPUBuffer>();
  const faults: Faults = { beforeSubmit: null, drop: null, shader: null };
  const { gpu } = device, counts = new Map<string, number>();
  let submits = 0, computes = false;
  const passOf = (pass: GPUComputePassEncoder): GPUComputePassEncoder => {
    let pipeline = "";
    return over(pass, {
      setPipeline(next: GPUComputePipeline) {
        pipeline = next.label;
        pass.setPipeline(next);
      },
      dispatchWorkgroups(x: number, y: number, z: number) {
        const n = counts.get(pipeline) ?? 0;
        counts.set(pipeline, n + 1);
        if (!faults.drop?.(pipeline, n)) pass.dispatchWorkgroups(x, y, z);
      },
    });
  };
  const queue = over(gpu.queue, {
    submit(buffers: GPUCommandBuffer[]) {
      if (computes) faults.beforeSubmit?.(submits++);
      computes = false;
      gpu.queue.submit(buffers);
    },
  });
  const faulty = over(gpu, {
    queue,
    createTexture(descriptor: GPUTextureDescriptor) {
      const texture = gpu.createTexture(descriptor);
      textures.set(descriptor.label ?? "", texture);
      buffers.delete(`${descriptor.label}.written`); // it is of an older texture
      return texture;
    },
    createBuffer(descriptor: GPUBufferDescriptor) {
      const buffer = gpu.createBuffer(descriptor);
      buffers.set(descriptor.label ?? "", buffer);
      return buffer;
    },
    createCommandEncoder(descriptor?: GPUCommandEncoderDescriptor) {
      const encoder = gpu.createCommandEncoder(descriptor);
      return over(encoder, {
        beginComputePass(pass?: GPUComputePassDescriptor) {
          computes = true;
          return passOf(encoder.beginComputePass(pass));
        },
      });
    },
    createShaderModule(descriptor: GPUShaderModuleDescriptor) {
      const { label = "", code } = descriptor;
      return gpu.createShaderModule({ ...descriptor, code: faults.shader?.(label, code) ?? code });
    },
  });
  const corrupt = (label: string, at: number, bits: number) => {
    const texture = textures.get(label), word = Uint32Array.of(bits);
    if (!texture && !buffers.has(label)) throw new RangeError(`Cannot corrupt ${label}: not there`);
    for (const name of [label, `${label}.written`]) {
      const buffer = buffers.get(name);
      if (buffer) gpu.queue.writeBuffer(buffer, 4 * at, word);
    }
    if (!texture) return;
    const wide = texture.format === "rgba32float" ? 4 : 1, texel = Math.floor(at / wide);
    const origin = [texel % texture.width, Math.floor(texel / texture.width)];
    const data = new Uint32Array(wide).fill(bits);
    gpu.queue.writeTexture({ texture, origin }, data, { bytesPerRow: 4 * wide }, [1, 1]);
  };
  return { device: { ...device, gpu: faulty }, faults, corrupt };
}
