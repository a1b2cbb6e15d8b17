/**
 * The pool of trained models: what the store holds is never trained again; what is missing trains side
 * by side where shapes allow, and is on the disk before the next group starts.
 *
 * @module
 */
import { resourceUsage } from "node:process";
import type { Device } from "../../kernels/gpu/device.ts";
import { layoutOf } from "../../model/shape.ts";
import type { Dataset, TaskData } from "../../model/task.ts";
import { type Context, contextOf, type Job } from "./job.ts";
import { LabError } from "../record/failure.ts";
import type { Cost, DataFacts, TaskFacts } from "../record/record.ts";
import type { Run } from "../record/run.ts";
import type { TrainingPlan } from "./plan.ts";
import type { Store } from "./store.ts";
import { trainGroup } from "./group.ts";

/** What happened, for a progress line. */
export interface BenchProgress {
  /** what is being trained, e.g. `16e4a complete-mue + standard` */
  label: string;
  runsDone: number;
  runsPlanned: number;
  step: number;
  steps: number;
  replicas: number;
  /** seconds left for what is planned so far; null until one group was measured */
  left_s: number | null;
}

/** The data as a record keeps it. */
export function dataFacts(data: Dataset): DataFacts {
  const { name, hash, licence, file = null, trainUnits, heldOutUnits } = data;
  return { name, hash, trainTokens: trainUnits, validationTokens: heldOutUnits, licence, file };
}

const MAX_REPLICAS = 15;

/** Device memory a group may take. */
const GROUP_BYTES = 6e9;

/**
 * Multiply-adds of a job, a proxy for its time; the constant per token stands for what does not grow
 * with d (fitted to 10 dense models of d = 16 and 12 16e4a of d = 64 side by side, llvmpipe).
 */
export function workOf({ shape, steps, sequences, seq }: Job): number {
  const { width: d, depth, ffn, task } = shape;
  const active = ffn.kind === "dense" ? ffn.hidden : (ffn.active + ffn.shared) * ffn.expertWidth;
  return steps * sequences * seq *
    (depth * (4 * d * d + 3 * d * active) + task.cost(shape).work + 12_000);
}

/**
 * How many runs of a shape the adapter holds side by side.
 *
 * @throws {LabError} when not even one fits
 */
export function replicasThatFit(device: Device, job: Job): number {
  const { ffn, task } = job.shape, layout = layoutOf(job.shape);
  const tokens = job.sequences * job.seq, ends = tokens * task.cost(job.shape).floats;
  const rows = ffn.kind === "dense" ? tokens : tokens * ffn.active + 64 * ffn.experts;
  const h = ffn.kind === "dense" ? ffn.hidden : ffn.expertWidth;
  const branch = rows * Math.max(2 * h, layout.width);
  const largest = 4 * Math.max(
    layout.floats,
    branch,
    ends,
    tokens * 3 * layout.attention,
  );
  const binding = device.gpu.limits.maxStorageBufferBindingSize;
  // parameters, gradient and moments, twice but the gradient; activations of all blocks, generously
  const all = 4 * (7 * layout.floats +
    job.shape.depth * (2 * branch + tokens * (6 * layout.attention + 4 * layout.width)) +
    2 * ends);
  const fits = device.profile.storage === "texture" ? MAX_REPLICAS : Math.floor(binding / largest);
  if (fits < 1) {
    throw new LabError(
      `Cannot train ${job.cell.configuration}: it needs a binding of ${largest} bytes, the adapter allows ${binding}`,
    );
  }
  return Math.max(1, Math.min(MAX_REPLICAS, fits, Math.floor(GROUP_BYTES / all)));
}

/**
 * Refuses data that is not enough for a plan, before anything is trained.
 *
 * @returns a warning, e.g. when held-out windows overlap, or null
 * @throws {LabError} naming the data and the size wanted
 */
export function checkData(data: Dataset, plan: TrainingPlan): string | null {
  try {
    return data.check(plan);
  } catch (error) {
    throw error instanceof RangeError ? new LabError(error.message) : error;
  }
}

/** The pool of one bench; {@link TrainingPool.close} frees the data on the device. */
export class TrainingPool {
  readonly context: Context;
  /** on the device */
  readonly data: TaskData;
  trainedRuns = 0;
  reusedRuns = 0;
  trainedTokens = 0;
  readonly #device: Device;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: BenchProgress) => void;
  readonly #counted = new Set<string>();
  readonly #warnings = new Set<string>();
  readonly #started = performance.now();
  #ahead: () => Job[] = () => [];
  #measured = { work: 0, seconds: 0 };

  constructor(
    device: Device,
    data: Dataset,
    store: Store,
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
  ) {
    this.#device = device;
    this.#store = store;
    this.#signal = signal;
    this.#onProgress = onProgress;
    this.context = contextOf(data, device);
    device.memory.resetPeak();
    this.data = data.upload(device);
  }

  /** The words of what is trained. */
  get task(): TaskFacts {
    const { id, loss: { name, unit } } = this.context.task;
    return { id, loss: { name, unit } };
  }

  /** Names all that is planned so far, for counts and the time left; asked again at every step. */
  expect(ahead: () => Job[]): void {
    this.#ahead = ahead;
    this.#missing(ahead());
  }

  /** The finished run of a job. */
  runOf(job: Job): Run | undefined {
    return this.#store.items.get(job.key);
  }

  /** Jobs that are not finished, each once; finished ones are counted as reused. */
  #missing(jobs: Job[]): Job[] {
    const wanted = new Map<string, Job>();
    for (const job of jobs) {
      if (!this.#store.items.has(job.key)) wanted.set(job.key, job);
      else if (!this.#counted.has(job.key)) {
        this.#counted.add(job.key);
        this.reusedRuns++;
      }
    }
    return [...wanted.values()];
  }

  /**
   * Trains what is missing of these jobs.
   *
   * @throws the signal's reason when aborted; {LabError} when the disk takes no more
   * @throws {DeviceError} when the GPU refused work
   */
  async train(jobs: Job[]): Promise<void> {
    for (const { cell, warnings } of jobs) {
      // a control breaks its rule on purpose
      if (cell.role !== "target") continue;
      for (const text of warnings) this.#warnings.add(`${cell.label}: ${text}`);
    }
    for (const [, all] of Map.groupBy(this.#missing(jobs), (job) => job.group)) {
      const most = replicasThatFit(this.#device, all[0]);
      const groups = Math.ceil(all.length / most), size = Math.ceil(all.length / groups);
      for (let at = 0; at < all.length; at += size) await this.#group(all.slice(at, at + size));
    }
  }

  async #group(group: Job[]): Promise<void> {
    const t0 = performance.now(), sum = (jobs: Job[]) => jobs.reduce((s, j) => s + workOf(j), 0);
    const ahead = this.#missing([...this.#ahead(), ...group]);
    const later = sum(ahead), mine = sum(group), planned = this.#counted.size + ahead.length;
    const { steps, cell, shape } = group[0];
    const rules = [...new Set(group.map((job) => job.cell.rule))].join(" + ");
    const tell = (step: number) => {
      const seconds = (performance.now() - t0) / 1000, share = step / steps, m = this.#measured;
      const rate = step > 0 && (m.seconds === 0 || seconds > 5)
        ? (m.seconds + seconds) / (m.work + mine * share)
        : m.work > 0
        ? m.seconds / m.work
        : null;
      this.#onProgress({
        label: `${cell.label} d=${shape.width} ${rules}`,
        runsDone: this.#counted.size,
        runsPlanned: planned,
        step,
        steps,
        replicas: group.length,
        left_s: rate === null ? null : rate * (later - mine * share),
      });
    };
    tell(0);
    const runs = await trainGroup(
      this.#device,
      this.data,
      group,
      (_, step) => tell(step),
      this.#signal,
    );
    for (const run of runs) {
      this.#store.append(run);
      this.#counted.add(run.key);
      this.trainedTokens += run.steps * run.batchTokens;
    }
    this.trainedRuns += runs.length;
    this.#measured.work += mine;
    this.#measured.seconds += (performance.now() - t0) / 1000;
    tell(steps);
  }

  /** What the rule said of the targets, each once. */
  get warnings(): string[] {
    return [...this.#warnings];
  }

  /** What the bench cost so far. */
  cost(): Cost {
    const { trainedRuns, reusedRuns, trainedTokens } = this;
    return { ...costSince(this.#started, this.#device), trainedRuns, reusedRuns, trainedTokens };
  }

  /** Frees the data. */
  close(): void {
    this.data.destroy();
  }
}

/** What something cost that trained nothing. */
export function costSince(started_ms: number, device: Device): Cost {
  return {
    wall_s: (performance.now() - started_ms) / 1000,
    trainedRuns: 0,
    reusedRuns: 0,
    trainedTokens: 0,
    peakDevice_bytes: device.memory.peak_bytes,
    peakRss_bytes: peakRss(),
  };
}

/** Largest resident set of this process so far, bytes; null off Linux, where its unit is not known. */
export function peakRss(): number | null {
  return Deno.build.os === "linux" ? resourceUsage().maxRSS * 1024 : null;
}
