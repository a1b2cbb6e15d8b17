/**
 * What a bench and its worker processes say to each other: one JSON object a line, on the worker's
 * standard input and output. Both are of one version, so nothing is checked here; the store checks
 * every run.
 *
 * @module
 */
import type { Task } from "../../model/task.ts";
import type { Run } from "../record/run.ts";
import type { Use } from "./cost.ts";
import type { Job } from "./job.ts";

/** A job without its task, which is code: the worker has its own. */
export type SentJob = Omit<Job, "shape"> & { shape: Omit<Job["shape"], "task"> };

/** To a worker. */
export type ToWorker =
  /** train this group, on data of this hash */
  | { train: SentJob[]; task: string; dataHash: string }
  /** stop after the running submit */
  | { stop: true };

/** From a worker. */
export type FromWorker =
  /** its device is open: the adapter's identity, see job.ts */
  | { ready: string }
  /** so many steps of the group are done */
  | { step: number }
  | { runs: Run[]; use: Use }
  /** why the group was not trained; a stop is none */
  | { failed: { kind: string; message: string }; use: Use }
  | { stopped: true; use: Use };

/** A job as it is sent. */
export function sent({ shape: { task: _, ...shape }, ...job }: Job): SentJob {
  return { ...job, shape };
}

/** A job as it was before it was sent. */
export function received({ shape, ...job }: SentJob, task: Task): Job {
  return { ...job, shape: { ...shape, task } };
}

/** The text of a stream, as it comes. */
export async function* textOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) yield decoder.decode(bytes, { stream: true });
}

/** The messages of a stream; ends with it. */
export async function* messagesOf<T>(stream: ReadableStream<Uint8Array>): AsyncGenerator<T> {
  let rest = "";
  for await (const text of textOf(stream)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}

/** A message as a line of bytes. */
export function lineOf(message: ToWorker | FromWorker): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(message) + "\n");
}
