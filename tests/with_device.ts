/**
 * How every GPU test gets a device: with error scopes open, so that a complaint of the GPU is a
 * failed test; and no adapter is a failure too, never a skip.
 *
 * @module
 */
import { type Device, type DeviceProfile, openDevice } from "../kernels/gpu/device.ts";

const SCOPES = ["out-of-memory", "validation"] as const;

/**
 * Runs a test body on a device of its own.
 *
 * @param overrides profile fields to force
 * @param fn the body; its own error wins over the GPU's, unless the GPU's explains it
 * @throws {NoAdapterError} when there is no adapter
 * @throws {Error} listing every GPU error, caught in a scope or not
 */
export async function withDevice(
  overrides: Partial<DeviceProfile>,
  fn: (device: Device) => Promise<void>,
): Promise<void> {
  const device = await openDevice(overrides);
  try {
    for (const scope of SCOPES) device.gpu.pushErrorScope(scope);
    let thrown: { error: unknown } | null = null;
    try {
      await fn(device);
      await device.gpu.queue.onSubmittedWorkDone();
    } catch (error) {
      thrown = { error };
    }
    const found = [...device.errors];
    for (const scope of SCOPES.toReversed()) {
      const error = await device.gpu.popErrorScope();
      if (error) found.unshift(`${scope}: ${error.message}`);
    }
    if (found.length) {
      throw new Error(`The GPU complained: ${found.join("; ")}`, { cause: thrown?.error });
    }
    if (thrown) throw thrown.error;
  } finally {
    device.close();
  }
}

/** Every profile the kernels can run under. The first is lavapipe's own, the last a real GPU's. */
export const PROFILES: DeviceProfile[] = [
  { kernels: "software", storage: "texture" },
  { kernels: "software", storage: "buffer" },
  { kernels: "gpu", storage: "buffer" },
];

/** {@link withDevice} once per profile; a failure names the profile it happened under. */
export async function onEveryProfile(fn: (device: Device) => Promise<void>): Promise<void> {
  for (const profile of PROFILES) {
    try {
      await withDevice(profile, fn);
    } catch (error) {
      const { kernels, storage } = profile;
      throw new Error(`With ${kernels} kernels on ${storage}s: ${(error as Error).message}`, {
        cause: error,
      });
    }
  }
}
