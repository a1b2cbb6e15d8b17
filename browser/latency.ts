/**
 * The latency suite in a browser: measured and judged as by `deno task bench latency`; what is finished
 * is kept in memory.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { tuneDevice } from "../kernels/tuning/tuning_cache.ts";
import { assemble, planOf } from "../lab/assemble.ts";
import type { BenchRecord, Environment } from "../lab/record/record.ts";
import type { Bench, Measured, ProfileName, Progress } from "../lab/suite.ts";
import { memoryStore } from "../lab/train/memory_store.ts";
import { latency } from "../suites/latency.ts";

/** What a reader of a browser's record must know. */
const IN_A_BROWSER =
  "timed in a browser: its clocks are coarse (0.1 ms in Chromium, GPU timestamps " +
  "too), and what other programs took of the machine is not known";

/** How it is measured, and who is told. */
export interface LatencyOptions {
  profile: ProfileName;
  /** the machine, once the kernels are tuned */
  environment(device: Device): Environment;
  /** aborted: what is timed so far is judged, and the record says `incomplete` */
  signal: AbortSignal;
  onProgress(progress: Progress): void;
}

/**
 * Tunes the kernels where the adapter is a GPU, then times and judges.
 *
 * @returns the record; null when it was stopped before anything could be said
 * @throws {DeviceError} when the GPU refused work
 */
export async function measureHere(
  opened: Device,
  { profile, environment, signal, onProgress }: LatencyOptions,
): Promise<BenchRecord | null> {
  const started = performance.now();
  const tuned = await tuneDevice(opened, {
    directory: null,
    onCase: (done, planned, name) =>
      onProgress({
        label: `choosing kernels: ${name}`,
        done,
        planned,
        unit: "kernels",
        left_s: null,
      }),
  });
  const { device } = tuned, warnings = [IN_A_BROWSER, ...tuned.warnings];
  let partial: () => Measured | null = () => null;
  const bench: Bench = {
    device,
    environment: environment(device),
    inputs: { histogram: null, folders: [] },
    signal,
    get pool(): never {
      throw new TypeError("Cannot train: the latency suite has no task");
    },
    open: ({ schema }) => memoryStore((item) => schema.parse(item)),
    progress: onProgress,
    warn: (text) => void warnings.push(text),
    ifStopped: (give) => void (partial = give),
  };
  device.memory.resetPeak();
  let measured: Measured | null, incomplete = false;
  try {
    measured = await latency.measure(profile, bench);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    incomplete = true;
    measured = partial();
  }
  return measured && assemble(latency, {
    plan: planOf(latency, profile, null),
    environment: bench.environment,
    data: null,
    measured,
    incomplete,
    cost: {
      wall_s: (performance.now() - started) / 1000,
      trainedRuns: 0,
      reusedRuns: 0,
      trainedTokens: 0,
      workers: 1,
      coresBusy: null,
      peakDevice_bytes: device.memory.peak_bytes,
      peakRss_bytes: null,
    },
    trust: { canary: null, trainedAgain: 0 },
    warnings,
  });
}
