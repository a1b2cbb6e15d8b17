/**
 * The canary: a short known training, the same in every bench, whose digest must never change. It is trained on this
 * process's device before a suite and after it, and in every worker process before its first group and after the
 * suite. One of its two models is trained alone and again beside the other, so that a wrong replica shows too.
 *
 * @module
 */
import { type Device, UntrustedError } from "../../kernels/gpu/device.ts";
import { DEFAULT_TASK } from "../../model/tasks/registry.ts";
import { WSD } from "../../model/schedule.ts";
import type { Dataset } from "../../model/task.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { hashOf } from "../record/hash.ts";
import type { Run } from "../record/run.ts";
import type { OnSteps } from "./group.ts";
import { trainGroup } from "./group.ts";
import { type Hand, HandLost } from "./hand.ts";
import { type Context, contextOf, type Job, jobOf } from "./job.ts";
import { knownData } from "./known_data.ts";
import type { TrainingPlan } from "./plan.ts";

/** Routed experts in groups and a shared one: every product, forward and backward, that a bench trains with. */
const CONFIGURATION = "6e4a2g1s:d=16,L=1,h=12,dh=8";

/** Tokens of a sequence; of images what an image has. */
const SEQ: Readonly<Record<string, number>> = { language: 11, diffusion: 9 };

/** What it trains: six steps, the last of which has learnt from all before. */
function planOf(task: string): TrainingPlan {
  return {
    task,
    reference: "dense:d=16,L=1,H=16,dh=8",
    steps: 6,
    sequences: 3,
    seq: SEQ[task],
    evaluationBatches: 2,
    base: {
      lr: 2 ** -5,
      weightDecay: 0.1,
      eps: 1e-8,
      beta1: 0.9,
      beta2: 0.95,
      initStd: null,
      embedInitStd: 1,
      unembedInitStd: 0.1,
    },
    training: { schedule: WSD, clipNorm: 1, balanceCoef: 0.01, zCoef: 0.001 },
  };
}

/** The two models; they differ in seed and learning rate. */
function jobsOf(context: Context): [Job, Job] {
  const plan = planOf(context.task.id), from = parseConfiguration(plan.reference);
  const to = parseConfiguration(CONFIGURATION);
  const one = (seed: number, log2x: number) =>
    jobOf(
      {
        cell: {
          panel: "canary",
          configuration: CONFIGURATION,
          label: "canary",
          rule: "complete-mue",
          role: "target",
          swept: "lr",
          log2x,
          seed,
        },
        from,
        to,
      },
      plan,
      context,
    );
  return [one(0, -5), one(1, -4)];
}

/** All that came out of a run, to the last bit, and nothing of what it was called. */
function resultOf({ trainLoss, validationLoss, expertLoad, router, trainZLoss }: Run) {
  return { trainLoss, validationLoss, expertLoad, router, trainZLoss };
}

/**
 * Trains the known models.
 *
 * @param train trains jobs side by side @param where whose device it is, for the message
 * @returns the digest of all that came out
 * @throws {DeviceError} when a model alone and beside the other differ, or a loss is not finite
 */
async function sing(
  context: Context,
  train: (jobs: Job[]) => Promise<Run[]>,
  where: string,
): Promise<string> {
  const [a, b] = jobsOf(context);
  const [alone] = await train([a]), [other, beside] = await train([b, a]);
  for (const { divergedAtStep } of [alone, other, beside]) {
    if (divergedAtStep === null) continue;
    throw new UntrustedError(
      `Cannot trust ${where}: the canary's loss is not finite at step ${divergedAtStep}`,
    );
  }
  if (hashOf(resultOf(alone)) !== hashOf(resultOf(beside))) {
    throw new UntrustedError(
      `Cannot trust ${where}: the canary trains otherwise alone than beside another model ` +
        `(held-out loss ${alone.validationLoss} and ${beside.validationLoss})`,
    );
  }
  return hashOf([resultOf(alone), resultOf(other)]);
}

const HERE = "this process's device";

/** The canary of one bench, on one device and on those of its worker processes. */
export class Canary {
  readonly #device: Device;
  /** digests of this device, the first of each task */
  readonly #known = new Map<string, string>();
  readonly #watched: WatchedHand[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /**
   * The digest on this device, trained when a task is first asked for.
   *
   * @param task null, for a suite that trains nothing: that of text
   * @returns null for a task without known data
   * @throws {DeviceError} when it cannot be trusted
   */
  async before(task: string | null): Promise<string | null> {
    const id = task ?? DEFAULT_TASK, known = this.#known.get(id), data = knownData(id);
    if (known !== undefined || data === null) return known ?? null;
    const digest = await this.#own(data);
    this.#known.set(id, digest);
    return digest;
  }

  /**
   * Trains it again, here and in every worker process that has trained it before.
   *
   * @returns the digest, which is the first one's
   * @throws {DeviceError} naming the device whose digest changed
   */
  async after(task: string | null): Promise<string | null> {
    const id = task ?? DEFAULT_TASK, data = knownData(id);
    if (data === null) return null;
    const digest = await this.#own(data), known = this.#known.get(id) ?? digest;
    if (digest !== known) throw changed(HERE, known, digest);
    for (const hand of this.#watched) await hand.again(id);
    return digest;
  }

  /** A worker that trains the canary before its first group, and again in every new process. */
  watch(hand: Hand): Hand {
    const watched = new WatchedHand(hand, this.#device, (task) => this.before(task));
    this.#watched.push(watched);
    return watched;
  }

  async #own(dataset: Dataset): Promise<string> {
    const data = dataset.upload(this.#device), { signal } = new AbortController();
    try {
      return await sing(
        contextOf(dataset, this.#device),
        (jobs) => trainGroup(this.#device, data, jobs, () => {}, signal),
        HERE,
      );
    } finally {
      data.destroy();
    }
  }
}

function changed(where: string, known: string, digest: string): UntrustedError {
  return new UntrustedError(
    `Cannot trust ${where}: the canary changed, its digest is ${digest} and was ${known}`,
  );
}

/** A hand that is compared with this process's device. */
class WatchedHand implements Hand {
  readonly own = false;
  /** the process that trained it, and for which tasks */
  #sung: { pid: number | null; tasks: Set<string> } = { pid: null, tasks: new Set() };

  constructor(
    readonly hand: Hand,
    readonly device: Device,
    readonly known: (task: string) => Promise<string | null>,
  ) {}

  get pid(): number | null {
    return this.hand.pid;
  }

  get use(): Hand["use"] {
    return this.hand.use;
  }

  #has(task: string): boolean {
    return this.pid !== null && this.#sung.pid === this.pid && this.#sung.tasks.has(task);
  }

  async #sing(task: string, signal: AbortSignal): Promise<void> {
    const known = await this.known(task), data = knownData(task);
    if (known === null || data === null) return;
    const context = contextOf(data, this.device), where = "a worker process";
    const train = (jobs: Job[]) => this.hand.train(context, jobs, () => {}, signal);
    const digest = await sing(context, train, where);
    if (digest !== known) {
      throw new UntrustedError(
        `Cannot trust ${where}: its canary's digest is ${digest}, that of ${HERE} ${known}`,
      );
    }
    if (this.#sung.pid !== this.pid) this.#sung = { pid: this.pid, tasks: new Set() };
    this.#sung.tasks.add(task);
  }

  async train(
    context: Context,
    jobs: Job[],
    onSteps: OnSteps,
    signal: AbortSignal,
  ): Promise<Run[]> {
    const task = context.task.id;
    if (!this.#has(task)) await this.#sing(task, signal);
    return await this.hand.train(context, jobs, onSteps, signal);
  }

  /** Trains the canary again where this process has trained it. */
  async again(task: string): Promise<void> {
    if (!this.#has(task)) return;
    try {
      await this.#sing(task, new AbortController().signal);
    } catch (error) {
      if (!(error instanceof HandLost)) throw error;
      throw new UntrustedError(
        `Cannot trust a worker process: no canary any more, ${error.message}`,
      );
    }
  }

  close(): Promise<void> {
    return this.hand.close();
  }
}
