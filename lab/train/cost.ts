/**
 * What a bench costs in time and memory.
 *
 * @module
 */
import { resourceUsage } from "node:process";
import type { Device } from "../../kernels/gpu/device.ts";
import type { Cost } from "../record/record.ts";

/** What a process has used so far. */
export interface Use {
  /** CPU seconds of all its threads, the driver's among them */
  cpu_s: number;
  /** most bytes alive on its device at one time; of a worker, while it trained its last group */
  peakDevice_bytes: number;
  /** its largest resident set; null where the system does not say */
  peakRss_bytes: number | null;
}

/** A cost whose CPU time is known. */
export type CostOfProcesses = Cost & { coresBusy: number };

/** What this process has used so far. */
export function processUse(device: Device): Use {
  const { userCPUTime, systemCPUTime, maxRSS } = resourceUsage();
  return {
    cpu_s: (userCPUTime + systemCPUTime) / 1e6,
    peakDevice_bytes: device.memory.peak_bytes,
    // other systems count in other units
    peakRss_bytes: Deno.build.os === "linux" ? maxRSS * 1024 : null,
  };
}

/** A clock of what something costs, started now. */
export class Meter {
  readonly #started = performance.now();
  readonly #before: Use;
  readonly #device: Device;

  constructor(device: Device) {
    this.#device = device;
    this.#before = processUse(device);
  }

  /**
   * What it cost so far.
   *
   * @param workers what the worker processes used of late, one each, and their CPU seconds before; empty
   * where this process alone did the work
   */
  cost(workers: readonly { now: Use; before_s: number }[] = []): CostOfProcesses {
    const wall_s = (performance.now() - this.#started) / 1000, own = processUse(this.#device);
    const cpu_s = workers.reduce(
      (sum, { now, before_s }) => sum + now.cpu_s - before_s,
      own.cpu_s - this.#before.cpu_s,
    );
    const all = [own, ...workers.map(({ now }) => now)];
    const rss = all.map(({ peakRss_bytes }) => peakRss_bytes);
    return {
      wall_s,
      trainedRuns: 0,
      reusedRuns: 0,
      trainedTokens: 0,
      workers: Math.max(1, workers.length),
      coresBusy: cpu_s / wall_s / navigator.hardwareConcurrency,
      peakDevice_bytes: all.reduce((sum, { peakDevice_bytes }) => sum + peakDevice_bytes, 0),
      peakRss_bytes: rss.some((r) => r === null) ? null : rss.reduce((sum, r) => sum! + r!, 0),
    };
  }
}
