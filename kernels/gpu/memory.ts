/**
 * Count of what lives on a device: every tensor, uniform and read-back buffer is entered when it is
 * made and struck when it is destroyed. What the driver adds (padding, pipelines, command buffers) is
 * not seen.
 *
 * @module
 */

/** Bytes alive on one device. */
export class Memory {
  #alive = 0;
  #peak = 0;

  /** bytes made and not yet destroyed */
  get alive_bytes(): number {
    return this.#alive;
  }

  /** most bytes alive at one time since the device was opened or {@link resetPeak} was called */
  get peak_bytes(): number {
    return this.#peak;
  }

  /**
   * Enters an allocation.
   *
   * @returns strikes it again; to call it twice does nothing
   */
  enter(bytes: number): () => void {
    this.#alive += bytes;
    this.#peak = Math.max(this.#peak, this.#alive);
    let entered = true;
    return () => {
      if (entered) this.#alive -= bytes;
      entered = false;
    };
  }

  /** Begins a new peak at what is alive now. */
  resetPeak(): void {
    this.#peak = this.#alive;
  }
}
