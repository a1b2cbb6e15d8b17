/**
 * Who trains: this process on its own device, or a worker process (worker.ts). The pool hands out groups
 * of runs and does not know which.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { TaskData } from "../../model/task.ts";
import type { Run } from "../record/run.ts";
import { processUse, type Use } from "./cost.ts";
import { type OnSteps, trainGroup } from "./group.ts";
import type { Context, Job } from "./job.ts";

/** One that trains a group at a time. */
export interface Hand {
  /** whether it is this process */
  readonly own: boolean;
  /** its process; null for this one, and while none runs */
  readonly pid: number | null;
  /** what its process has used so far, as far as it has told; null before it began */
  readonly use: Use | null;
  /**
   * Trains one group, as {@link trainGroup} does.
   *
   * @param context of the jobs: the data and the adapter they are for
   * @throws {HandLost} when its process ended; it can be asked again
   */
  train(context: Context, jobs: Job[], onSteps: OnSteps, signal: AbortSignal): Promise<Run[]>;
  /** Ends it. */
  close(): Promise<void>;
}

/** A worker process ended before its group was trained; what it trained is lost, nothing else. */
export class HandLost extends Error {
  override name = "HandLost";
}

/** This process on its own device. */
export function ownHand(device: Device, data: () => TaskData): Hand {
  return {
    own: true,
    pid: null,
    get use() {
      return processUse(device);
    },
    train: async (_, jobs, onSteps, signal) =>
      await trainGroup(device, data(), jobs, onSteps, signal),
    close: () => Promise.resolve(),
  };
}
