/** Small language models on known data, and a worker whose process is this one: for tests of what is noticed. */
import type { Device } from "../../kernels/gpu/device.ts";
import type { FromWorker } from "../../lab/train/messages.ts";
import { type Context, contextOf, type Job, jobOf } from "../../lab/train/job.ts";
import { knownData } from "../../lab/train/known_data.ts";
import { lineOf } from "../../lab/train/messages.ts";
import type { TrainingPlan } from "../../lab/train/plan.ts";
import { serve } from "../../lab/train/serve.ts";
import type { Spawn } from "../../lab/train/worker.ts";
import type { Dataset } from "../../model/task.ts";
import { smokePlan } from "../../suites/plans.ts";
import { placed, targetCell } from "./runs.ts";

/** The data under a name of its own: a worker must not take it for the canary's. */
export const DATA: Dataset = { ...knownData("language")!, hash: "of a test" };

/** Forty steps of 33 tokens: a few submits. */
export const PLAN: TrainingPlan = {
  ...smokePlan,
  reference: "dense:d=8,L=1,H=8,dh=4",
  steps: 40,
  sequences: 3,
  seq: 11,
  evaluationBatches: 2,
};

/** A dense model of d = 8. */
export function knownJob(context: Context, log2x: number, seed = 0): Job {
  return jobOf(placed(targetCell(PLAN.reference, log2x, seed), PLAN), PLAN, context);
}

/** What its keys rest on. */
export const contextOn = (device: Device): Context => contextOf(DATA, device);

/** A worker that runs here, on a device of the test's. */
export function workerHere(device: Device): Spawn {
  return () => {
    const input = new TransformStream<Uint8Array, Uint8Array>();
    const output = new TransformStream<Uint8Array, Uint8Array>();
    const writer = output.writable.getWriter();
    const send = (message: FromWorker) => void writer.write(lineOf(message));
    const served = serve(device, () => Promise.resolve(DATA), input.readable, send)
      .finally(() => writer.close());
    const status = served.then(() => ({ success: true, code: 0, signal: null }));
    const stderr = ReadableStream.from<Uint8Array>([]);
    const child = { pid: 1, stdin: input.writable, stdout: output.readable, stderr, status };
    return child as unknown as Deno.ChildProcess;
  };
}
