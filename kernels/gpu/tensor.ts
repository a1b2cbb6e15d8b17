/**
 * Tensors on the device: linear arrays of vec4, float or u32, held in a storage texture or a
 * storage buffer. Kernels address both by one linear index, so that no kernel knows which it is.
 *
 * A texture is {@link ROW} texels wide; element i is at (i mod ROW, i div ROW). Software adapters
 * read textures fast and write them slowly (docs/performance.md): kernels read a large tensor's
 * texture and write a buffer of its own, its {@link Tensor.written}, which is copied to the texture
 * before the next kernel reads it.
 *
 * @module
 */
import type { Device } from "./device.ts";

/** What one element is: four floats, one float, or one unsigned integer. */
export type Element = "f32x4" | "f32" | "u32";

/** Texels per texture row; a power of two, so that the index needs a mask and a shift. */
export const ROW = 4096;

/** Texture format of each element. */
export const FORMATS: Record<Element, GPUTextureFormat> = {
  "f32x4": "rgba32float",
  "f32": "r32float",
  "u32": "r32uint",
};

/**
 * Fewest vec4 of a texture that is written through a buffer: for fewer, the copy and the pass it ends
 * (44 to 73 us) cost more than it saves (some 180 ns for 8 vec4), so that it pays from 2000 to 3200 on.
 */
export const LARGE = 2048;

/** Bytes of one element. */
export const BYTES: Record<Element, number> = { "f32x4": 16, "f32": 4, "u32": 4 };

/** A linear array on the device. */
export interface Tensor {
  label: string;
  element: Element;
  /** number of elements (not floats) */
  length: number;
  resource: GPUBuffer | GPUTextureView;
  texture: GPUTexture | null;
  buffer: GPUBuffer | null;
  /**
   * Of a large texture: where kernels write; null until a kernel is bound that does. From then on it is never
   * older than the texture, so uploads go to both and downloads come from it.
   */
  written: GPUBuffer | null;
  /** `written` holds what the texture does not yet */
  textureStale: boolean;
}

/** Two tensors that take turns: kernels read the one of this step and write the other. */
export interface Alternating {
  pair: [Tensor, Tensor];
}

/** Whether a binding alternates. */
export function isAlternating(tensor: Tensor | Alternating): tensor is Alternating {
  return "pair" in tensor;
}

/** More than the adapter can hold: exit code 3. */
export class AdapterLimitError extends RangeError {
  override name = "AdapterLimitError";
}

/** Bytes a tensor takes, whole texture rows, a buffer's rounding up and what kernels write counted. */
export function bytesOf(tensor: Tensor): number {
  const { texture, buffer, written } = tensor;
  if (!texture) return buffer!.size;
  return texture.width * texture.height * BYTES[tensor.element] + (written?.size ?? 0);
}

/** What strikes a tensor's bytes from its device's count. */
const strikes = new WeakMap<Tensor, (() => void)[]>();

/** A tensor, its bytes entered in the device's count. */
function counted(device: Device, tensor: Tensor): Tensor {
  strikes.set(tensor, [device.memory.enter(bytesOf(tensor))]);
  return tensor;
}

/**
 * Allocates a zero-filled tensor.
 *
 * @param length elements, at least 1
 * @throws {AdapterLimitError} when the adapter cannot hold it
 */
export function createTensor(
  device: Device,
  label: string,
  element: Element,
  length: number,
): Tensor {
  if (!Number.isInteger(length) || length < 1) {
    throw new RangeError(`Cannot allocate ${label}: ${length} elements`);
  }
  const { gpu, profile } = device;
  if (profile.storage === "texture") {
    // llvmpipe bakes into a shader whether each side is a power of two, and recompiles whenever
    // that changes between dispatches: every texture is ROW wide and never a power of two high
    let height = Math.max(3, Math.ceil(length / ROW));
    if ((height & (height - 1)) === 0) height++;
    if (height > gpu.limits.maxTextureDimension2D) {
      throw new AdapterLimitError(
        `Cannot allocate ${label}: ${length} elements exceed the adapter's textures`,
      );
    }
    const texture = gpu.createTexture({
      label,
      size: [ROW, height],
      format: FORMATS[element],
      usage: GPUTextureUsage.STORAGE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.COPY_SRC,
    });
    const resource = texture.createView();
    const rest = { texture, buffer: null, written: null, textureStale: false };
    return counted(device, { label, element, length, resource, ...rest });
  }
  const size = Math.ceil(length * BYTES[element] / 16) * 16;
  if (size > gpu.limits.maxStorageBufferBindingSize) {
    throw new AdapterLimitError(
      `Cannot allocate ${label}: ${size} bytes exceed the adapter's storage binding of ${gpu.limits.maxStorageBufferBindingSize}`,
    );
  }
  const buffer = gpu.createBuffer({
    label,
    size,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC,
  });
  const rest = { texture: null, buffer, written: null, textureStale: false };
  return counted(device, { label, element, length, resource: buffer, ...rest });
}

/** Columns and rows of a texture that hold elements; whole rows where there are several. */
function extentOf(length: number): [number, number] {
  return length < ROW ? [length, 1] : [ROW, Math.ceil(length / ROW)];
}

/** Whether kernels write a tensor as a buffer: large textures of vec4, and what is a buffer anyhow. */
export function isBuffered({ gpu }: Device, { element, length, buffer }: Tensor): boolean {
  // whole texture rows are copied: up to a row more than the elements
  const fits = length * BYTES[element] <= gpu.limits.maxStorageBufferBindingSize - ROW * 16;
  return buffer !== null || (element === "f32x4" && length >= LARGE && fits);
}

/** The buffer a {@link isBuffered} tensor is written as; a texture's begins with what that holds. */
export function writtenBuffer(device: Device, tensor: Tensor): GPUBuffer {
  const known = tensor.buffer ?? tensor.written, { gpu } = device;
  if (known) return known;
  const [cols, rows] = extentOf(tensor.length), row = cols * BYTES[tensor.element];
  const size = row * rows;
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = gpu.createBuffer({
    label: `${tensor.label}.written`,
    size,
    usage: STORAGE | COPY_SRC | COPY_DST,
  });
  const encoder = gpu.createCommandEncoder();
  const layout = { buffer, ...(rows > 1 ? { bytesPerRow: row } : {}) };
  encoder.copyTextureToBuffer({ texture: tensor.texture! }, layout, [cols, rows]);
  gpu.queue.submit([encoder.finish()]);
  tensor.written = buffer;
  strikes.get(tensor)!.push(device.memory.enter(size));
  return buffer;
}

/** Encodes the copy of what kernels wrote to where they read it. */
export function refresh(encoder: GPUCommandEncoder, tensor: Tensor): void {
  const [cols, rows] = extentOf(tensor.length), row = cols * BYTES[tensor.element];
  const layout = { buffer: tensor.written!, ...(rows > 1 ? { bytesPerRow: row } : {}) };
  encoder.copyBufferToTexture(layout, { texture: tensor.texture! }, [cols, rows]);
  tensor.textureStale = false;
}

/** Frees a tensor's memory. */
export function destroyTensor(tensor: Tensor): void {
  tensor.texture?.destroy();
  tensor.buffer?.destroy();
  tensor.written?.destroy();
  strikes.get(tensor)?.forEach((strike) => strike());
}

/**
 * Writes a whole tensor, or its first elements.
 *
 * @param values floats (4 per f32x4 element) or unsigned integers, at most the tensor's length
 * @throws {RangeError} when there are too many values
 */
export function upload(device: Device, tensor: Tensor, values: Float32Array | Uint32Array): void {
  const bytes = BYTES[tensor.element];
  if (values.byteLength > tensor.length * bytes) {
    throw new RangeError(
      `Cannot upload ${tensor.label}: ${values.byteLength} bytes into ${tensor.length * bytes}`,
    );
  }
  const data = new Uint8Array(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength);
  const direct = tensor.buffer ?? tensor.written;
  if (direct) device.gpu.queue.writeBuffer(direct, 0, data);
  if (tensor.buffer) return;
  const texture = tensor.texture!, row = texture.width * bytes;
  const write = (from: number, to: number, width: number, y: number) =>
    device.gpu.queue.writeTexture(
      { texture, origin: [0, y] },
      data.slice(from, to),
      { bytesPerRow: width * bytes, rowsPerImage: Math.ceil((to - from) / (width * bytes)) },
      [width, Math.ceil((to - from) / (width * bytes))],
    );
  const whole = Math.floor(data.byteLength / row);
  if (whole > 0) write(0, whole * row, texture.width, 0);
  const rest = data.byteLength - whole * row;
  if (rest > 0) write(whole * row, data.byteLength, rest / bytes, whole);
}

/** Reads a whole tensor back: one copy, one map; costs a queue sync (10 ms on lavapipe). */
export async function download(
  device: Device,
  tensor: Tensor,
  from = 0,
  count: number = tensor.length - from,
): Promise<ArrayBuffer> {
  const bytes = BYTES[tensor.element];
  const encoder = device.gpu.createCommandEncoder();
  const buffer = tensor.buffer ?? tensor.written, texture = buffer ? null : tensor.texture;
  const width = texture?.width ?? 0;
  const top = texture ? Math.floor(from / width) : 0;
  const rows = texture ? Math.ceil((from + count) / width) - top : 0;
  const size = texture ? width * rows * bytes : Math.ceil(count * bytes / 4) * 4;
  const staging = device.gpu.createBuffer({
    label: `${tensor.label}.readback`,
    size,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  });
  const strike = device.memory.enter(size);
  if (texture) {
    encoder.copyTextureToBuffer({ texture, origin: [0, top] }, {
      buffer: staging,
      bytesPerRow: width * bytes,
    }, [width, rows]);
  } else {
    encoder.copyBufferToBuffer(buffer!, from * bytes, staging, 0, size);
  }
  device.gpu.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const skip = texture ? (from - top * width) * bytes : 0;
  const copy = staging.getMappedRange().slice(skip, skip + count * bytes);
  staging.unmap();
  staging.destroy();
  strike();
  return copy;
}

/** Floats of a tensor (4 per f32x4 element). */
export async function downloadFloats(
  device: Device,
  tensor: Tensor,
  from = 0,
  count?: number,
): Promise<Float32Array> {
  return new Float32Array(await download(device, tensor, from, count));
}
