/**
 * The pool of trained models: what the store holds is never trained again; what is missing trains side
 * by side where shapes allow, and is on the disk before the next group starts.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Dataset, TaskData } from "../../model/task.ts";
import type { Cost, TaskFacts } from "../record/record.ts";
import type { Run } from "../record/run.ts";
import { costSince } from "./cost.ts";
import { trainGroup } from "./group.ts";
import { type Context, contextOf, type Job } from "./job.ts";
import { replicasThatFit, workOf } from "./size.ts";
import type { Store } from "./store.ts";

/** What happened, for a progress line. */
export interface BenchProgress {
  /** what is being trained, by {@link groupLabel} */
  label: string;
  runsDone: number;
  runsPlanned: number;
  step: number;
  steps: number;
  replicas: number;
  /** seconds left for what is planned so far; null until one group was measured */
  left_s: number | null;
}

/** What a group is called, e.g. `16e4a d=48 complete-mue + standard`: the width once, labels may have it. */
export function groupLabel(group: Job[]): string {
  const { cell: { label }, shape } = group[0];
  const name = /\bd=/.test(label) ? label : `${label} d=${shape.width}`;
  return `${name} ${[...new Set(group.map((job) => job.cell.rule))].join(" + ")}`;
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
    const { steps } = group[0], label = groupLabel(group);
    const tell = (step: number) => {
      const seconds = (performance.now() - t0) / 1000, share = step / steps, m = this.#measured;
      const rate = step > 0 && (m.seconds === 0 || seconds > 5)
        ? (m.seconds + seconds) / (m.work + mine * share)
        : m.work > 0
        ? m.seconds / m.work
        : null;
      this.#onProgress({
        label,
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
