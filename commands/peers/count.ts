/**
 * Counting what the device is asked to do, whoever asks: a peer that caches a result, or never
 * computes one that nobody reads, dispatches fewer kernels than it was told repetitions.
 *
 * @module
 */

/** Runs a call and returns how many kernels were dispatched meanwhile, on all devices together. */
export async function countDispatches(call: () => Promise<void>): Promise<number> {
  const prototype = GPUComputePassEncoder.prototype;
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = prototype;
  let count = 0;
  prototype.dispatchWorkgroups = function (...grid) {
    count++;
    return dispatchWorkgroups.apply(this, grid);
  };
  prototype.dispatchWorkgroupsIndirect = function (...from) {
    count++;
    return dispatchWorkgroupsIndirect.apply(this, from);
  };
  try {
    await call();
  } finally {
    Object.assign(prototype, { dispatchWorkgroups, dispatchWorkgroupsIndirect });
  }
  return count;
}
