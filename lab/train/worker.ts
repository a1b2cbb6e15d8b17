/**
 * Worker processes: on llvmpipe one per core, each with a device of one thread. Nothing waits for
 * threads to join between dispatches then, and runs train faster (docs/performance.md).
 *
 * @module
 */
import { DeviceError, UntrustedError } from "../../kernels/gpu/device.ts";
import { AdapterLimitError } from "../../kernels/gpu/tensor.ts";
import { LabError } from "../record/failure.ts";
import type { Run } from "../record/run.ts";
import type { Use } from "./cost.ts";
import type { OnSteps } from "./group.ts";
import { type Hand, HandLost } from "./hand.ts";
import type { Context, Job } from "./job.ts";
import { type FromWorker, lineOf, messagesOf, sent, textOf, type ToWorker } from "./messages.ts";

/** Starts a worker process: piped input, output and error. */
export type Spawn = () => Deno.ChildProcess;

/** A running process. */
interface Process {
  child: Deno.ChildProcess;
  writer: WritableStreamDefaultWriter<Uint8Array>;
  messages: AsyncGenerator<FromWorker>;
  /** the end of what it wrote to its standard error */
  said: { text: string };
}

/** The end of an error stream, as it comes. */
async function listen(stream: ReadableStream<Uint8Array>, said: { text: string }): Promise<void> {
  for await (const text of textOf(stream)) {
    said.text = (said.text + text).slice(-2000);
  }
}

/** The error a worker met, as this process would have thrown it. */
function errorOf({ kind, message }: { kind: string; message: string }): Error {
  // by exit code (commands/exit_codes.ts): input or disk, the adapter, a defect
  if (kind === "LabError" || kind === "UsageError") return new LabError(message);
  if (kind === "AdapterLimitError") return new AdapterLimitError(message);
  if (kind === "UntrustedError") return new UntrustedError(message);
  const ofDevice = ["DeviceError", "OperationError", "AbortError"].includes(kind);
  return ofDevice ? new DeviceError(message) : new Error(`a worker failed: ${message}`);
}

/** A worker process, started when it is first needed and again after it ended. */
export class WorkerHand implements Hand {
  readonly own = false;
  #process: Process | null = null;
  /** of the processes that ended */
  #past: Use | null = null;
  #now: Use | null = null;

  constructor(readonly spawn: Spawn) {}

  get pid(): number | null {
    return this.#process?.child.pid ?? null;
  }

  get use(): Use | null {
    const past = this.#past, now = this.#now;
    if (!past || !now) return now ?? past;
    const rss = [past.peakRss_bytes, now.peakRss_bytes];
    return {
      cpu_s: past.cpu_s + now.cpu_s,
      peakDevice_bytes: Math.max(past.peakDevice_bytes, now.peakDevice_bytes),
      peakRss_bytes: rss.some((r) => r === null) ? null : Math.max(rss[0]!, rss[1]!),
    };
  }

  /** Starts the process and waits for its device. */
  async #open(adapter: string): Promise<Process> {
    if (this.#process) return this.#process;
    let child: Deno.ChildProcess;
    try {
      child = this.spawn();
    } catch (error) {
      throw new LabError(
        `Cannot start a worker process: ${(error as Error).message}; --workers 1 does without`,
      );
    }
    const said = { text: "" };
    listen(child.stderr, said).catch(() => {});
    const opened = this.#process = {
      child,
      said,
      writer: child.stdin.getWriter(),
      messages: messagesOf<FromWorker>(child.stdout),
    };
    opened.writer.closed.catch(() => {}); // the end of its messages says that it is gone
    const first = await this.#next(opened);
    if (!("ready" in first) || first.ready !== adapter) {
      await this.close();
      throw new DeviceError(
        `Cannot train in worker processes: theirs is ${
          "ready" in first ? first.ready : "no device"
        }, this one ${adapter}; --workers 1 does without`,
      );
    }
    return opened;
  }

  /**
   * The next message.
   *
   * @throws {HandLost} when there is none
   */
  async #next(process: Process): Promise<FromWorker> {
    const { child, messages, said } = process;
    let found: IteratorResult<FromWorker>;
    try {
      found = await messages.next();
    } catch {
      found = { done: true, value: undefined }; // a torn line of a process that was killed
    }
    if (!found.done) return found.value;
    const { code, signal } = await child.status;
    this.#process = null;
    this.#past = this.use;
    this.#now = null;
    const last = said.text.trim().split("\n").at(-1);
    throw new HandLost(`it ended with ${signal ?? `exit code ${code}`}${last ? `: ${last}` : ""}`);
  }

  async train(
    { task, dataHash, adapter }: Context,
    jobs: Job[],
    onSteps: OnSteps,
    signal: AbortSignal,
  ): Promise<Run[]> {
    signal.throwIfAborted();
    const process = await this.#open(adapter);
    const tell = (message: ToWorker) => process.writer.write(lineOf(message)).catch(() => {});
    const stop = () => void tell({ stop: true });
    tell({ train: jobs.map(sent), task: task.id, dataHash });
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    try {
      for (;;) {
        const message = await this.#next(process);
        if ("step" in message) onSteps(message.step);
        else if ("use" in message) {
          this.#now = message.use;
          if ("runs" in message) return message.runs;
          if ("failed" in message) throw errorOf(message.failed);
          throw signal.reason;
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  async close(): Promise<void> {
    const process = this.#process;
    if (!process) return;
    this.#process = null;
    await process.writer.close().catch(() => {});
    for await (const message of process.messages) if ("use" in message) this.#now = message.use;
    await process.child.status;
  }
}
