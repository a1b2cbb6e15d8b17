/**
 * The WebGPU device: found, named, and watched. The only file that asks for an adapter, in Deno or in a
 * browser.
 *
 * @module
 */

import { Memory } from "./memory.ts";

/** How tensors are held and which kernel variants run; see docs/performance.md. */
export interface DeviceProfile {
  /** `software`: barrier-free register tiles; `gpu`: shared-memory tiles and tree reductions */
  kernels: "software" | "gpu";
  /** `texture`: storage textures, which lavapipe reads many times faster than buffers */
  storage: "texture" | "buffer";
  /** variants the autotuner chose for this adapter, by case; absent: none, every kernel's default */
  tuning?: Readonly<Record<string, string>>;
}

/** What is known of the adapter; goes into every record. */
export interface AdapterFacts {
  description: string;
  vendor: string;
  architecture: string;
  /** model number, where WebGPU tells it */
  device?: string;
  /** a software adapter: its times say nothing about GPUs */
  software: boolean;
  /** `vulkan`, `metal`, `dx12` or `gl`; empty in a browser, which does not tell */
  backend: string;
  features: string[];
}

/** An open device with its profile. */
export interface Device {
  gpu: GPUDevice;
  adapter: AdapterFacts;
  profile: DeviceProfile;
  /** GPU errors nobody caught in a scope; a bench or test that finds any has failed */
  errors: string[];
  /** bytes alive on the device and their peak */
  memory: Memory;
  /** Releases the device. */
  close(): void;
}

/** No usable adapter: exit code 3. */
export class NoAdapterError extends Error {
  override name = "NoAdapterError";
  /** process exit code */
  readonly exitCode = 3;
}

/** An adapter that cannot hold what the kernels bind; another driver would not help it. */
export class UnfitAdapterError extends NoAdapterError {
  override name = "UnfitAdapterError";
}

/**
 * Most tensors a kernel binds (adamw, gemm): what every WebGPU adapter can bind as buffers. Browsers
 * offer 10 whatever the GPU.
 */
export const MOST_BINDINGS = 8;

/** The GPU reported an error outside any scope, or was lost. */
export class DeviceError extends Error {
  override name = "DeviceError";
  /** process exit code */
  readonly exitCode = 3;
}

/** Whether Deno runs this, and no browser. */
const IN_DENO = "Deno" in globalThis;

/** What the device computed is not what it should have been: nothing that it trained can be believed. */
export class UntrustedError extends DeviceError {
  override name = "UntrustedError";
}

/** The adapter, asked for without Deno's silent fall-back to OpenGL on Linux. */
async function findAdapter(): Promise<GPUAdapter | null> {
  if (IN_DENO && Deno.build.os === "linux") {
    if (!Deno.env.get("DENO_WEBGPU_BACKEND")) Deno.env.set("DENO_WEBGPU_BACKEND", "vulkan");
    // silences a driver message; nothing is written there
    if (!Deno.env.get("XDG_RUNTIME_DIR")) Deno.env.set("XDG_RUNTIME_DIR", "/tmp");
  }
  return await navigator.gpu?.requestAdapter({ powerPreference: "high-performance" }) ?? null;
}

/** True for adapters that run on the CPU. */
function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter === true ||
    /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(
      `${info.architecture} ${info.description}`,
    );
}

/** What an adapter is called: browsers give vendor and architecture, and seldom a description. */
function nameOf({ description, vendor, architecture }: GPUAdapterInfo): string {
  return description || [vendor, architecture].filter((x) => x !== "").join(" ") ||
    "unnamed adapter";
}

/** The backend Deno was told to use, or the platform's only one; empty in a browser. */
function backendName(): string {
  if (!IN_DENO) return "";
  const asked = Deno.env.get("DENO_WEBGPU_BACKEND");
  if (asked) return asked;
  return Deno.build.os === "darwin" ? "metal" : Deno.build.os === "windows" ? "dx12" : "vulkan";
}

/**
 * Where tensors are held: buffers on GPUs, textures on software adapters, and the other one when the
 * adapter's shaders cannot bind {@link MOST_BINDINGS} of the first.
 *
 * @param name of the adapter, for the message
 * @throws {UnfitAdapterError} when they can bind neither
 */
export function chooseStorage(
  name: string,
  software: boolean,
  limits: Pick<
    GPUSupportedLimits,
    "maxStorageBuffersPerShaderStage" | "maxStorageTexturesPerShaderStage"
  >,
): DeviceProfile["storage"] {
  const buffers = limits.maxStorageBuffersPerShaderStage;
  const textures = limits.maxStorageTexturesPerShaderStage;
  if (software && textures >= MOST_BINDINGS) return "texture";
  if (buffers >= MOST_BINDINGS) return "buffer";
  if (textures >= MOST_BINDINGS) return "texture";
  throw new UnfitAdapterError(
    `Cannot use ${name}: a kernel binds ${MOST_BINDINGS} tensors, a shader there at most ${buffers} storage buffers or ${textures} storage textures`,
  );
}

/** A device with what the kernels can make use of; subgroups only where the adapter gives them. */
async function requestDevice(adapter: GPUAdapter, kernels: DeviceProfile["kernels"]) {
  const { limits } = adapter;
  const request = (from: GPUAdapter, optional: GPUFeatureName[]) =>
    from.requestDevice({
      requiredFeatures: [
        ...from.features.has("timestamp-query") ? ["timestamp-query" as const] : [],
        ...optional,
      ],
      requiredLimits: {
        maxBufferSize: limits.maxBufferSize,
        maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
        maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
        maxStorageTexturesPerShaderStage: limits.maxStorageTexturesPerShaderStage,
        maxTextureDimension2D: limits.maxTextureDimension2D,
        maxComputeWorkgroupStorageSize: limits.maxComputeWorkgroupStorageSize,
        // other libraries on the same device (bench:peers) make larger workgroups than the kernels
        maxComputeInvocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
        maxComputeWorkgroupSizeX: limits.maxComputeWorkgroupSizeX,
      },
    });
  if (kernels === "gpu") {
    try {
      // Deno's adapters do not list this feature, also where their devices have it: asking tells
      return await request(adapter, ["subgroups"]);
    } catch { /* it has none */ }
    adapter = await findAdapter() ?? adapter; // a refused request may have used the first one up
  }
  return await request(adapter, []);
}

/**
 * Opens the best adapter.
 *
 * @param overrides profile fields to force; the rest follows from the adapter
 * @throws {NoAdapterError} when there is none, or only Deno's OpenGL fall-back
 * @throws {UnfitAdapterError} when its shaders bind too few tensors
 */
export async function openDevice(overrides: Partial<DeviceProfile> = {}): Promise<Device> {
  const adapter = await findAdapter();
  const backend = backendName();
  if (!adapter) {
    throw new NoAdapterError(
      "No WebGPU adapter: " +
        (IN_DENO ? `Deno's ${backend} backend found no driver` : "this browser gives none"),
    );
  }
  if (/(^|,)\s*(gl|opengl)\b/i.test(backend)) {
    throw new NoAdapterError(
      "No WebGPU adapter: the OpenGL backend is asked for (DENO_WEBGPU_BACKEND) and is not supported",
    );
  }
  const software = isSoftware(adapter.info);
  const kernels = overrides.kernels ?? (software ? "software" : "gpu");
  const name = nameOf(adapter.info);
  const storage = overrides.storage ?? chooseStorage(name, software, adapter.limits);
  const gpu = await requestDevice(adapter, kernels);
  const errors: string[] = [];
  let closed = false;
  gpu.addEventListener("uncapturederror", (event) => {
    errors.push((event as GPUUncapturedErrorEvent).error.message);
  });
  gpu.lost.then((info) => {
    if (!closed) errors.push(`device lost: ${info.message || info.reason}`);
  });
  return {
    gpu,
    adapter: {
      description: name,
      vendor: adapter.info.vendor,
      architecture: adapter.info.architecture,
      device: adapter.info.device,
      software,
      backend,
      features: [...new Set([...adapter.features, ...gpu.features].map(String))].sort(),
    },
    profile: { ...overrides, kernels, storage },
    errors,
    memory: new Memory(),
    close() {
      closed = true;
      gpu.destroy();
    },
  };
}

/**
 * Waits for the queue, then throws what the GPU complained about.
 *
 * @throws {DeviceError} with the first error, when there is any
 */
export async function settle(device: Device): Promise<void> {
  await device.gpu.queue.onSubmittedWorkDone();
  if (device.errors.length) {
    throw new DeviceError(`The GPU refused work: ${device.errors[0].trim().split("\n")[0]}`);
  }
}
