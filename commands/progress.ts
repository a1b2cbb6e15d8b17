/**
 * A progress line that knows a terminal from a log: redrawn in place on a terminal, a plain line
 * now and then elsewhere. Goes to stderr, so that stdout holds results alone.
 *
 * @module
 */
import { visible } from "../reports/words/lines.ts";

/** Writes progress to stderr. */
export class ProgressLine {
  #terminal = Deno.stderr.isTerminal();
  #encoder = new TextEncoder();
  #last = -Infinity;
  #drawn = false;

  /** Seconds between lines of a log. */
  constructor(readonly logEvery_s: number = 30) {}

  #write(text: string): void {
    Deno.stderr.writeSync(this.#encoder.encode(text));
  }

  /**
   * Shows the state.
   *
   * @param milestone always written, also in a log
   */
  show(text: string, milestone = false): void {
    const now = performance.now() / 1000;
    if (this.#terminal) {
      let columns = 100;
      try {
        columns = Deno.consoleSize().columns;
      } catch { /* not a sized terminal */ }
      this.#write(`\r\x1b[2K${visible(text).slice(0, columns - 1)}`);
      this.#drawn = true;
    } else if (milestone || now - this.#last >= this.logEvery_s) {
      this.#write(visible(text) + "\n");
      this.#last = now;
    }
  }

  /** A line that stays. */
  note(text: string): void {
    this.#write(`${this.#terminal && this.#drawn ? "\r\x1b[2K" : ""}${visible(text, "\n")}\n`);
    this.#drawn = false;
  }

  /** Leaves the terminal on a fresh line. */
  end(): void {
    if (this.#terminal && this.#drawn) this.#write("\r\x1b[2K");
    this.#drawn = false;
  }
}
