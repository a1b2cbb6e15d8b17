/**
 * GPU timestamps around one compute pass.
 *
 * @module
 */
import type { Device } from "./device.ts";

/** Bytes of the two 64-bit timestamps; a resolve must begin at a multiple of 256. */
const PAIR = 16, SLOT = 256;

/**
 * Two timestamps, at the beginning and the end of a compute pass, with the query set and buffers
 * they need. Whoever opens it must destroy it.
 *
 * A query that no pass wrote must not be read (a Vulkan driver may wait for it for ever). So
 * {@link Timestamps.mark} writes both with an empty pass and keeps them; {@link Timestamps.read}
 * says null when they still stand there, that is when the work did not take the stamps.
 */
export class Timestamps {
  /** what a pass takes as `timestampWrites` */
  readonly writes: GPUComputePassTimestampWrites;
  #device: Device;
  #queries: GPUQuerySet;
  #resolved: GPUBuffer;
  #staging: GPUBuffer;

  private constructor(device: Device) {
    const { gpu } = this.#device = device;
    this.#queries = gpu.createQuerySet({ label: "timestamps", type: "timestamp", count: 2 });
    this.#resolved = gpu.createBuffer({
      label: "timestamps.resolved",
      size: SLOT + PAIR,
      usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC,
    });
    this.#staging = gpu.createBuffer({
      label: "timestamps.staging",
      size: SLOT + PAIR,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    this.writes = {
      querySet: this.#queries,
      beginningOfPassWriteIndex: 0,
      endOfPassWriteIndex: 1,
    };
  }

  /** Timestamps of a device, or null where it has none. */
  static open(device: Device): Timestamps | null {
    return device.gpu.features.has("timestamp-query") ? new Timestamps(device) : null;
  }

  /** Call before the work is submitted. */
  mark(): void {
    const encoder = this.#device.gpu.createCommandEncoder();
    encoder.beginComputePass({ timestampWrites: this.writes }).end();
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    this.#device.gpu.queue.submit([encoder.finish()]);
  }

  /**
   * Seconds between the beginning and the end of the last pass that took the stamps since
   * {@link mark}; null when none did, or when time ran backwards.
   */
  async read(): Promise<number | null> {
    const { gpu } = this.#device, encoder = gpu.createCommandEncoder();
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, SLOT);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#staging, 0, SLOT + PAIR);
    gpu.queue.submit([encoder.finish()]);
    await this.#staging.mapAsync(GPUMapMode.READ);
    const range = this.#staging.getMappedRange();
    const [marked, markedEnd] = new BigUint64Array(range, 0, 2);
    const [begin, end] = new BigUint64Array(range, SLOT, 2);
    this.#staging.unmap();
    if (begin === marked && end === markedEnd) return null;
    return end > begin ? Number(end - begin) * 1e-9 : null;
  }

  /** Frees the query set and the buffers. */
  destroy(): void {
    this.#queries.destroy();
    this.#resolved.destroy();
    this.#staging.destroy();
  }
}
