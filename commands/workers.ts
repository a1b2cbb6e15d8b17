/**
 * Worker processes of a bench: how many, how they are started, and what each of them runs.
 *
 * @module
 */
import { type Device, type DeviceProfile, openDevice } from "../kernels/gpu/device.ts";
import type { Hand } from "../lab/train/hand.ts";
import { lineOf } from "../lab/train/messages.ts";
import { serve } from "../lab/train/serve.ts";
import { WorkerHand } from "../lab/train/worker.ts";
import { UsageError } from "./arguments.ts";
import { datasetOf, type Sources } from "./data.ts";
import { reportError } from "./exit_codes.ts";
import { DEVICE_FLAGS } from "./permissions.ts";

/** Memory that must be there for each worker, bytes: twice what one takes at the quick profile's sizes. */
const WORKER_BYTES = 1.5e9;

/** Most workers anyone may ask for. */
const MOST = 256;

/** The program, for `deno run`: an address, since a path would keep what an address escapes (a space, an umlaut). */
export function mainOf(here: string): string {
  return new URL("../main.ts", here).href;
}

/** What a worker is told by its one argument. */
interface Orders {
  profile: DeviceProfile;
  sources: Sources;
}

/**
 * Reads `--workers`.
 *
 * @throws {UsageError} for what is no number of processes
 */
export function workersOf(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= MOST) return count;
  throw new UsageError(`Cannot train in ${text} processes: want a whole number from 1 to ${MOST}`);
}

/** Whether every process can read the text anew: a pipe gives it once. */
export function readableAgain(text: string | null): boolean {
  try {
    return text === null || Deno.statSync(text).isFile;
  } catch {
    return false;
  }
}

/**
 * How many processes train: on llvmpipe one per core, whose devices have one thread each; elsewhere this
 * one alone, since replicas fill a GPU and one device of other software adapters takes all cores.
 */
export function defaultWorkers({ adapter }: Pick<Device, "adapter">): number {
  if (!/llvmpipe|lavapipe/i.test(adapter.description)) return 1;
  const fits = Math.floor(Deno.systemMemoryInfo().total / WORKER_BYTES);
  return Math.max(1, Math.min(navigator.hardwareConcurrency, fits, MOST));
}

/**
 * The workers of a bench; none where this process trains. They start when they are first needed.
 *
 * @param count as asked for; null: {@link defaultWorkers}
 */
export function workersFor(device: Device, count: number | null, sources: Sources): Hand[] {
  const wanted = count ?? defaultWorkers(device);
  if (wanted === 1 || !readableAgain(sources.text)) return [];
  const { text, data } = sources,
    orders: Orders = { profile: device.profile, sources: { text, data } };
  const spawn = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", ...DEVICE_FLAGS, mainOf(import.meta.url), "worker", JSON.stringify(orders)],
      env: { LP_NUM_THREADS: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  return Array.from({ length: wanted }, () => new WorkerHand(spawn));
}

/**
 * What a worker process runs; nobody types it.
 *
 * @returns the process exit code
 */
export async function workerCommand([orders]: (string | undefined)[]): Promise<number> {
  // Ctrl-C reaches every process of a terminal: the bench decides what is finished first
  Deno.addSignalListener("SIGINT", () => {});
  try {
    if (orders === undefined) {
      throw new UsageError("Cannot start a worker by hand: a bench starts its own (--workers)");
    }
    const { profile, sources }: Orders = JSON.parse(orders);
    const device = await openDevice(profile);
    try {
      await serve(device, (task) => datasetOf(task, sources), Deno.stdin.readable, (message) => {
        const bytes = lineOf(message);
        for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
      });
    } finally {
      device.close();
    }
    return 0;
  } catch (error) {
    return reportError(error);
  }
}
