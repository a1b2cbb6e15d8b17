/**
 * The worker's side of worker.ts: trains the groups it is told to, one after the other, until its
 * input ends. A bench that was killed ends the input too, so that no worker outlives it.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Dataset, TaskData } from "../../model/task.ts";
import { LabError } from "../record/failure.ts";
import { processUse } from "./cost.ts";
import { trainGroup } from "./group.ts";
import { adapterIdentity } from "./job.ts";
import { knownData } from "./known_data.ts";
import { type FromWorker, messagesOf, received, type ToWorker } from "./messages.ts";

/**
 * Serves a bench.
 *
 * @param datasetOf the data of a task, by its id
 * @param send takes messages to the bench
 */
export async function serve(
  device: Device,
  datasetOf: (task: string) => Promise<Dataset>,
  input: ReadableStream<Uint8Array>,
  send: (message: FromWorker) => void,
): Promise<void> {
  const stop = { controller: new AbortController() };
  const known = new Map<string, { dataset: Dataset; data: TaskData }>();
  const dataOf = async (task: string, hash: string) => {
    const canary = knownData(task), name = canary?.hash === hash ? hash : task;
    const found = known.get(name);
    if (found) return found;
    const dataset = name === task ? await datasetOf(task) : canary!;
    const made = { dataset, data: dataset.upload(device) };
    known.set(name, made);
    return made;
  };
  const train = async (message: Extract<ToWorker, { train: unknown }>) => {
    const { signal } = stop.controller;
    device.memory.resetPeak(); // each group's peak is its own
    try {
      const { dataset, data } = await dataOf(message.task, message.dataHash);
      if (dataset.hash !== message.dataHash) {
        throw new LabError(`Cannot train on ${dataset.name}: it changed since the bench began`);
      }
      const jobs = message.train.map((job) => received(job, dataset.task));
      const runs = await trainGroup(device, data, jobs, (step) => send({ step }), signal);
      send({ runs, use: processUse(device) });
    } catch (error) {
      const use = processUse(device);
      if (signal.aborted) return send({ stopped: true, use });
      const failed = error instanceof Error
        ? { kind: error.name, message: error.message }
        : { kind: "", message: `${error}` };
      send({ failed, use });
    }
  };
  send({ ready: adapterIdentity(device) });
  let running = Promise.resolve();
  for await (const message of messagesOf<ToWorker>(input)) {
    if ("stop" in message) {
      stop.controller.abort();
      continue;
    }
    await running;
    stop.controller = new AbortController();
    running = train(message);
  }
  stop.controller.abort();
  await running;
  for (const { data } of known.values()) data.destroy();
}
