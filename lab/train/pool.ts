/**
 * The pool of trained models: what the store holds is never trained again; what is missing waits in one
 * queue, from which hands (hand.ts) take groups of equal shape as they get free, longest first; what a
 * group gave is on the disk before its hand takes the next.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import { DeviceError, UntrustedError } from "../../kernels/gpu/device.ts";
import type { Dataset, TaskData } from "../../model/task.ts";
import type { TaskFacts } from "../record/record.ts";
import type { Run } from "../record/run.ts";
import { type CostOfProcesses, Meter } from "./cost.ts";
import { taskFacts } from "./data.ts";
import { type Hand, HandLost, ownHand } from "./hand.ts";
import { type Context, contextOf, type Job } from "./job.ts";
import { type Models, ruleWarnings } from "./models.ts";
import { type BenchProgress, groupLabel, type RunningGroup } from "./progress.ts";
import { type Entry, Queue } from "./queue.ts";
import { trainAgain, type Trained } from "./recheck.ts";
import { replicasThatFit, workOf } from "./size.ts";
import type { Store } from "./store.ts";

/** A group that a hand has taken. */
interface Taken extends RunningGroup {
  entries: Entry[];
  work: number;
  /** for a later suite */
  forLater: boolean;
}

/** Work that is left of a group. */
const leftOf = ({ work, step, steps }: Taken) => work * (1 - step / steps);

/** The pool of one bench; {@link TrainingPool.close} frees the data on the device. */
export class TrainingPool implements Models {
  readonly context: Context;
  trainedRuns = 0;
  reusedRuns = 0;
  trainedTokens = 0;
  readonly #device: Device;
  readonly #dataset: Dataset;
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #onProgress: (progress: BenchProgress) => void;
  readonly #hands: { hand: Hand; before_s: number; peak_bytes: number }[];
  readonly #queue = new Queue();
  readonly #taken = new Map<Hand, Taken>();
  readonly #counted = new Set<string>();
  /** runs of this bench, and who trained them */
  readonly #trained: Trained[] = [];
  readonly #warnings = new Set<string>();
  readonly #meter: Meter;
  /** aborted by the first failure, so that the other hands stop too */
  readonly #halt = new AbortController();
  #failure: unknown = null;
  #data: TaskData | null = null;
  #expected: () => Job[] = () => [];
  #toGrow: () => number = () => 0;
  #later: (() => Job[])[] = [];
  /** jobs for later suites whose worker process ended: left to their suites */
  readonly #abandoned = new Set<string>();
  /** groups in training, as promises that never fail */
  readonly #running = new Set<Promise<void>>();
  #pumping = false;
  /** work done, and seconds in which something trained; since when something trains */
  #measured = { work: 0, seconds: 0, since: 0 };

  /**
   * @param workers who train; empty: this process, on the device
   */
  constructor(
    device: Device,
    data: Dataset,
    store: Store,
    signal: AbortSignal,
    onProgress: (progress: BenchProgress) => void,
    workers: readonly Hand[] = [],
  ) {
    this.#device = device;
    this.#dataset = data;
    this.#store = store;
    this.#signal = AbortSignal.any([signal, this.#halt.signal]);
    this.#onProgress = onProgress;
    this.context = contextOf(data, device);
    device.memory.resetPeak();
    this.#meter = new Meter(device);
    const hands = workers.length > 0 ? workers : [ownHand(device, () => this.data)];
    this.#hands = hands.map((hand) => ({
      hand,
      before_s: hand.use?.cpu_s ?? 0,
      peak_bytes: 0,
    }));
  }

  /** The data, on this process's device. */
  get data(): TaskData {
    return this.#data ??= this.#dataset.upload(this.#device);
  }

  /** The words of what is trained. */
  get task(): TaskFacts {
    return taskFacts(this.context.task);
  }

  /**
   * Names all that is planned so far, for counts and the time left; asked again with every group.
   *
   * @param toGrow work (size.ts) that is expected beyond it, for the time left
   */
  expect(planned: () => Job[], toGrow: () => number = () => 0): void {
    this.#expected = planned;
    this.#toGrow = toGrow;
    this.#missing(planned());
  }

  /** Names what later suites will surely train, suite by suite: for hands that have nothing to do. */
  offerLater(later: (() => Job[])[]): void {
    this.#later = later;
  }

  /** Waits until no hand trains: those that trained ahead end here. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Refuses a model that the adapter cannot hold. */
  refuseUnfit(job: Job): void {
    replicasThatFit(this.#device, job);
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
   * Trains what is missing of these jobs, beside what other calls wait for.
   *
   * @throws the signal's reason when aborted; {LabError} when the disk takes no more
   * @throws {DeviceError} when the GPU refused work, or worker processes keep ending
   */
  async train(jobs: Job[]): Promise<void> {
    ruleWarnings(jobs).forEach((text) => this.#warnings.add(text));
    const missing = this.#missing(jobs);
    if (missing.length === 0) return;
    const done = missing.map((job) => this.#queue.add(job, workOf(job)));
    this.#pump();
    await Promise.all(done);
  }

  /** Gives every free hand a group, once all that is asked for at this moment is in the queue. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setTimeout(() => {
      this.#pumping = false;
      if (this.#signal.aborted) this.#fail(this.#signal.reason);
      for (const { hand } of this.#hands) {
        if (this.#failure === null && !this.#taken.has(hand)) this.#give(hand);
      }
      if (this.#failure !== null && this.#taken.size === 0) this.#queue.reject(this.#failure);
    });
  }

  #fail(error: unknown): void {
    this.#failure ??= error;
    this.#halt.abort(error);
  }

  /** Gives a hand what it shall train next; whatever cannot be given fails the bench. */
  #give(hand: Hand): void {
    try {
      this.#start(hand);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Starts a hand on the group that is longest, cut so that all hands end together. */
  #start(hand: Hand): void {
    const count = this.#hands.length;
    const running = [...this.#taken.values()].reduce((sum, group) => sum + leftOf(group), 0);
    let entries = this.#queue.take(
      count === 1 ? Infinity : (this.#queue.work + running) / count,
      (job) => replicasThatFit(this.#device, job, count),
    );
    const forLater = entries.length === 0;
    if (forLater) entries = this.#lookAhead();
    if (entries.length === 0) return;
    const jobs = entries.map(({ job }) => job), { steps } = jobs[0], replicas = jobs.length;
    const work = entries.reduce((sum, w) => sum + w.work, 0), label = groupLabel(jobs);
    const taken = { entries, work, label, step: 0, steps, replicas, forLater };
    if (this.#taken.size === 0) this.#measured.since = performance.now();
    this.#taken.set(hand, taken);
    const planned = this.#planned();
    this.#tell(taken, planned);
    const training = hand.train(this.context, jobs, (step) => {
      taken.step = step;
      this.#tell(taken, planned);
    }, this.#signal).then(
      (runs) => this.#keep(taken, runs, hand),
      (error) => this.#lose(taken, error),
    ).finally(() => {
      this.#notePeak(hand);
      this.#taken.delete(hand);
      this.#running.delete(training);
      const { since } = this.#measured, now = performance.now();
      this.#measured.seconds += (now - since) / 1000;
      this.#measured.since = now;
      this.#pump();
    });
    this.#running.add(training);
  }

  /** A worker tells the peak of its last group alone. */
  #notePeak(hand: Hand): void {
    const own = this.#hands.find((one) => one.hand === hand)!;
    own.peak_bytes = Math.max(own.peak_bytes, hand.use?.peakDevice_bytes ?? 0);
  }

  /** Runs of a later suite that end before the hands that are busy for this one do. */
  #lookAhead(): Entry[] {
    const taken = [...this.#taken.values()];
    const until = Math.max(0, ...taken.filter((group) => !group.forLater).map(leftOf));
    const training = new Set(taken.flatMap(({ entries }) => entries.map(({ job }) => job.key)));
    const open = ({ key }: Job) =>
      !this.#store.items.has(key) && !training.has(key) && !this.#abandoned.has(key);
    for (const later of until > 0 ? this.#later : []) {
      const jobs = later().filter(open);
      const once = [...new Map(jobs.map((job) => [job.key, job])).values()];
      const short = once.filter((job) => workOf(job) <= until);
      if (short.length === 0) continue;
      const queue = new Queue(), hands = this.#hands.length;
      for (const job of short) queue.add(job, workOf(job));
      return queue.take(
        Infinity,
        (job) =>
          Math.min(Math.floor(until / workOf(job)), replicasThatFit(this.#device, job, hands)),
      );
    }
    return [];
  }

  /** Stores what a group gave. */
  #keep(taken: Taken, runs: Run[], hand: Hand): void {
    try {
      if (String(runs.map(({ key }) => key)) !== String(taken.entries.map(({ job }) => job.key))) {
        throw new DeviceError(
          `Cannot keep ${taken.label}: the runs that came back are not those that were given out`,
        );
      }
      for (const [i, run] of runs.entries()) {
        this.#store.append(run);
        this.#trained.push({ run, job: taken.entries[i].job, hand });
        if (!taken.forLater) this.#counted.add(run.key);
        this.trainedTokens += run.steps * run.batchTokens;
      }
    } catch (error) {
      return this.#fail(error);
    }
    this.trainedRuns += runs.length;
    this.#measured.work += taken.work;
    taken.step = taken.steps;
    taken.work = 0;
    this.#tell(taken, this.#planned());
    for (const { resolve } of taken.entries) resolve();
  }

  /**
   * A group that was not trained. Where only its process ended it trains again, once; one for a later
   * suite is left to that, whatever befell it.
   */
  #lose(taken: Taken, error: unknown): void {
    const { entries, label } = taken;
    if (taken.forLater && !this.#signal.aborted) {
      for (const { job } of entries) this.#abandoned.add(job.key);
      const what = error instanceof HandLost ? "a worker process was lost" : "it failed";
      const why = error instanceof Error ? error.message : String(error);
      this.#warnings.add(
        `${label}, trained ahead for a later suite and left to it: ${what}: ${why}`,
      );
      return;
    }
    if (!taken.forLater) this.#queue.back(entries);
    if (error instanceof DeviceError) {
      const message = `${error.message} (while training ${label})`;
      const untrusted = error instanceof UntrustedError;
      return this.#fail(untrusted ? new UntrustedError(message) : new DeviceError(message));
    }
    if (!(error instanceof HandLost)) return this.#fail(error);
    if (entries.some((w) => w.retried)) {
      return this.#fail(
        new DeviceError(`Cannot train ${label}: a worker process ended twice; ${error.message}`),
      );
    }
    for (const w of entries) w.retried = true;
    this.#warnings.add(
      `${label}: a worker process was lost, its runs trained again: ${error.message}`,
    );
  }

  /**
   * Trains one run of this bench again (recheck.ts); call it when all is done.
   *
   * @returns how many: one or none
   * @throws {DeviceError} naming the run, when it comes out otherwise
   */
  async trainAgain(): Promise<number> {
    this.#signal.throwIfAborted();
    const hands = this.#hands.map(({ hand }) => hand), done = this.#counted.size;
    const tell = (job: Job, step: number) => {
      const label = `${groupLabel([job])} once more`, { steps } = job;
      const groups = [{ label, step, steps, replicas: 1 }];
      this.#onProgress({ groups, runsDone: done, runsPlanned: done, left_s: null });
    };
    const found = await trainAgain(this.#trained, hands, this.context, tell, this.#signal);
    if (typeof found === "number") return found;
    this.#warnings.add(found);
    return 0;
  }

  /** Runs that are planned, and the work that is left of all but those in training. */
  #planned(): { runs: number; work: number } {
    const own = [...this.#taken.values()].filter((group) => !group.forLater);
    const entries = own.flatMap((group) => group.entries);
    const training = entries.map(({ job }) => job), keys = new Set(training.map((job) => job.key));
    const missing = this.#missing([...this.#expected(), ...this.#queue.jobs, ...training]);
    const open = missing.filter((job) => !keys.has(job.key));
    return {
      runs: this.#counted.size + missing.length,
      work: open.reduce((sum, job) => sum + workOf(job), this.#toGrow()),
    };
  }

  #tell(newest: Taken, planned: { runs: number; work: number }): void {
    const all = [...this.#taken.values()], m = this.#measured;
    const seconds = m.seconds + (performance.now() - m.since) / 1000;
    const done = m.work + all.reduce((sum, group) => sum + group.work - leftOf(group), 0);
    const left = planned.work +
      all.reduce((sum, group) => sum + (group.forLater ? 0 : leftOf(group)), 0);
    // one hand trains on alone when nothing is left for the others
    const longest = Math.max(0, ...all.filter(({ forLater }) => !forLater).map(leftOf));
    this.#onProgress({
      groups: [newest, ...all.filter((group) => group !== newest && group.work > 0)]
        .map(({ label, step, steps, replicas }) => ({ label, step, steps, replicas })),
      runsDone: this.#counted.size,
      runsPlanned: planned.runs,
      // the first seconds and steps compile
      left_s: done > 0 && seconds > 5 && (m.work > 0 || all.some(({ step }) => step >= 10))
        ? Math.max(left, this.#hands.length * longest) * seconds / done
        : null,
    });
  }

  /** What the rule said of the targets and what befell the workers, each once. */
  get warnings(): string[] {
    return [...this.#warnings];
  }

  /** What the bench cost so far. */
  cost(): CostOfProcesses {
    const { trainedRuns, reusedRuns, trainedTokens } = this;
    const workers = this.#hands.flatMap(({ hand, before_s, peak_bytes }) =>
      !hand.own && hand.use !== null
        ? [{ now: { ...hand.use, peakDevice_bytes: peak_bytes }, before_s }]
        : []
    );
    return { ...this.#meter.cost(workers), trainedRuns, reusedRuns, trainedTokens };
  }

  /** Frees the data. */
  close(): void {
    this.#data?.destroy();
  }
}
