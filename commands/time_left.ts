/**
 * Seconds left of a whole bench: what the suite that runs says of itself, and what the later ones were
 * estimated to take, at the pace of those before.
 *
 * @module
 */

/** The time left while suites run in order. */
export class TimeLeft {
  readonly #promised: number[];
  #at = -1;
  #began_s = 0;
  /** estimated and taken seconds of finished suites */
  #done = { promised: 0, took: 0 };

  /** @param promised estimated seconds of each suite, in order; empty: not known */
  constructor(promised: number[]) {
    this.#promised = promised;
  }

  /** The next suite begins. */
  start(now_s: number): void {
    this.#at++;
    this.#began_s = now_s;
  }

  /** It has ended. */
  end(now_s: number): void {
    this.#done.promised += this.#promised[this.#at] ?? 0;
    this.#done.took += now_s - this.#began_s;
  }

  /**
   * Seconds left of all suites.
   *
   * @param left_s those of the suite that runs; null: it does not know yet
   * @returns null where nothing is known, or there is no later suite
   */
  all(left_s: number | null, now_s: number): number | null {
    const later = this.#promised.slice(this.#at + 1).reduce((sum, s) => sum + s, 0);
    if (left_s === null || later === 0) return null;
    const promised = this.#done.promised + this.#promised[this.#at];
    const took = this.#done.took + now_s - this.#began_s + left_s;
    return promised > 0 ? left_s + later * took / promised : null;
  }
}
