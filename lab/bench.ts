/**
 * One bench of one suite, whatever its kind: plan → measurement → verdict → record.
 *
 * The plan and its hash are written before the first measurement. What is finished is on the disk
 * before the next part starts, so a bench that was stopped goes on where it stopped.
 *
 * @module
 */
import { type Device, DeviceError } from "../kernels/gpu/device.ts";
import type { Dataset } from "../model/task.ts";
import { assemble, planOf } from "./assemble.ts";
import type { BenchRecord, Environment, Trust } from "./record/record.ts";
import type { Bench, Measured, ProfileName, Progress, Suite, SuiteInputs } from "./suite.ts";
import { settlePlan } from "./train/plan.ts";
import { Canary } from "./train/canary.ts";
import { Meter } from "./train/cost.ts";
import { checkData } from "./train/data.ts";
import type { Hand } from "./train/hand.ts";
import { TrainingPool } from "./train/pool.ts";
import type { BenchProgress } from "./train/progress.ts";
import { markUntrusted } from "./train/untrusted.ts";
import { openStore, openStoreOf, type StoreOf } from "./train/store.ts";

/** What to bench, on what, and where to put it. */
export interface BenchOptions {
  device: Device;
  environment: Environment;
  profile: ProfileName;
  /** what is trained on; null for a suite without a task */
  data: Dataset | null;
  inputs: SuiteInputs;
  /** this suite's folder */
  outDir: string;
  /** folder of the trained models, which suites share */
  storeDir: string;
  /** aborted: the running submit ends, what is finished is kept, the record says `incomplete` */
  signal: AbortSignal;
  onProgress(progress: Progress): void;
  /** suites that follow on the same store: hands that are free train for them */
  later?: readonly Suite[];
  /** worker processes that train; none: this process, on the device */
  workers?: readonly Hand[];
  /** that watches the workers; absent: one of this process's device alone */
  canary?: Canary;
  /** what happened before that a reader of the record must know */
  warnings?: string[];
}

/** What a bench leaves. */
export interface BenchResult {
  /** the record, not written yet; null when it was stopped before anything could be said */
  record: BenchRecord | null;
  /** the error that ended it early; null also after an interruption */
  failure: unknown;
}

/**
 * Writes down the plans of all suites that train on one store, before the first of them trains.
 *
 * @throws {LabError} when the folder cannot be used
 */
export function settlePlans(
  suites: readonly Suite[],
  profile: ProfileName,
  dataHash: (suite: Suite) => string | null,
  storeDir: string,
): void {
  using store = openStore(storeDir);
  for (const suite of suites.filter(({ task }) => task !== null)) {
    settlePlan(storeDir, suite.id, planOf(suite, profile, dataHash(suite)), store.items.size > 0);
  }
}

/**
 * Runs or resumes a bench. What ends it early (an interruption, a full disk, a GPU error) comes back
 * as `failure` beside the record of what was finished, so that the report is never lost.
 *
 * @throws {LabError} when a folder cannot be used, for data too short or a model the adapter cannot hold
 */
export async function runBench(suite: Suite, options: BenchOptions): Promise<BenchResult> {
  const { device, environment, profile, data, outDir, storeDir, signal } = options;
  const meter = new Meter(device), warnings = [...options.warnings ?? []];
  const warn = (text: string) => {
    if (!warnings.includes(text)) warnings.push(text);
  };
  using stack = new DisposableStack();
  const settle = (folder: string, store: StoreOf<{ key: string }>) => {
    store.warnings.forEach(warn);
    return settlePlan(
      folder,
      suite.id,
      planOf(suite, profile, data?.hash ?? null),
      store.items.size > 0,
    );
  };
  let plan = planOf(suite, profile, data?.hash ?? null), pool: TrainingPool | null = null;
  if (data !== null) {
    for (const plan of suite.plan(profile).trainings) {
      const overlap = checkData(data, plan);
      if (overlap !== null) warn(overlap);
    }
    const store = stack.use(openStore(storeDir));
    plan = settle(storeDir, store);
    const training = new TrainingPool(
      device,
      data,
      store,
      signal,
      (progress) => options.onProgress(trained(progress)),
      options.workers,
    );
    const task = data.task.id, later = (options.later ?? []).filter((s) => s.task === task);
    training.offerLater(later.map(({ ahead }) => () => ahead?.(profile, training) ?? []));
    stack.defer(() => training.close());
    pool = training;
  }
  let partial: () => Measured | null = () => null;
  const bench: Bench = {
    device,
    environment,
    inputs: options.inputs,
    signal,
    get pool() {
      if (pool === null) throw new TypeError(`Cannot train in ${suite.id}: it has no task`);
      return pool;
    },
    open(format) {
      const store = stack.use(openStoreOf(outDir, format));
      plan = settle(outDir, store);
      return store;
    },
    progress: options.onProgress,
    warn,
    ifStopped: (give) => void (partial = give),
  };
  let measured: Measured | null = null, failure: unknown = null, incomplete = false;
  const canary = options.canary ?? new Canary(device);
  const trust: Trust = { canary: null, trainedAgain: 0 };
  try {
    const before = await canary.before(suite.task);
    if (before !== null) trust.canary = { before, after: null };
    measured = await suite.measure(profile, bench);
    await pool?.idle();
    trust.trainedAgain = await pool?.trainAgain() ?? 0;
    if (trust.canary) trust.canary.after = await canary.after(suite.task);
  } catch (error) {
    incomplete = true;
    if (!signal.aborted || error !== signal.reason) failure = error;
    markUntrusted(data === null ? outDir : storeDir, error);
    measured ??= partial();
  }
  if (measured === null) return { record: null, failure };
  if (plan.exploratory) warn("this suite was begun here under another plan: exploratory");
  pool?.warnings.forEach(warn);
  if (failure instanceof DeviceError) warn(`the device failed: ${failure.message}`);
  const record = assemble(suite, {
    plan,
    environment,
    data,
    measured,
    incomplete,
    cost: pool?.cost() ?? meter.cost(),
    trust,
    warnings,
  });
  return { record, failure };
}

/** How far training is. */
function trained({ groups, runsDone, runsPlanned, left_s }: BenchProgress): Progress {
  const label = groups.map((g) =>
    `${g.label}: step ${g.step}/${g.steps}${g.replicas > 1 ? `, ${g.replicas} side by side` : ""}`
  ).join("; ");
  return { label, done: runsDone, planned: runsPlanned, unit: "runs", left_s };
}
