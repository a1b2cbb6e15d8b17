/**
 * A progress line that knows a terminal from a log: redrawn in place on a terminal, elsewhere a plain
 * line at most every so many seconds, however much happens. Goes to stderr, so that stdout holds results alone.
 *
 * @module
 */
import { visible } from "../reports/words/lines.ts";

/** Where lines go; tests put another in its place. */
export interface LogOutput {
  terminal: boolean;
  write(text: string): void;
  now_s(): number;
}

const STDERR: LogOutput = {
  terminal: Deno.stderr.isTerminal(),
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  now_s: () => performance.now() / 1000,
};

/** Writes progress to stderr. */
export class ProgressLine {
  #last = -Infinity;
  #drawn = false;

  /** Seconds between lines of a log. */
  constructor(readonly logEvery_s: number = 30, readonly output: LogOutput = STDERR) {}

  get #terminal(): boolean {
    return this.output.terminal;
  }

  #write(text: string): void {
    this.output.write(text);
  }

  /** Shows the state; in a log only what comes late enough after the last. */
  show(text: string): void {
    const now = this.output.now_s();
    if (this.#terminal) {
      let columns = 100;
      try {
        columns = Deno.consoleSize().columns;
      } catch { /* not a sized terminal */ }
      this.#write(`\r\x1b[2K${visible(text).slice(0, columns - 1)}`);
      this.#drawn = true;
    } else if (now - this.#last >= this.logEvery_s) {
      this.#write(visible(text) + "\n");
      this.#last = now;
    }
  }

  /** A line above what is redrawn; a log, whose lines say what they are of, does without. */
  heading(text: string): void {
    if (this.#terminal) this.note(text);
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
