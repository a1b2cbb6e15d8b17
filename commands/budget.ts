/**
 * `--budget 20m`: which suites fit, from the speed this machine is measured to train at.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { type Hand, ownHand } from "../lab/train/hand.ts";
import { contextOf } from "../lab/train/job.ts";
import {
  type Estimate,
  measureSpeed,
  referenceSpeed,
  secondsOf,
  type Speed,
} from "../lab/estimate.ts";
import type { ProfileName, Suite } from "../lab/suite.ts";
import { openStore } from "../lab/train/store.ts";
import type { Dataset } from "../model/task.ts";
import { quickPlan } from "../suites/plans.ts";
import { duration, significant } from "../reports/words/format.ts";
import { many } from "../reports/words/phrases.ts";
import { UsageError } from "./arguments.ts";

const UNITS = { s: 1, m: 60, h: 3600 } as const;

/**
 * Reads a budget.
 *
 * @param text e.g. `90s`, `20m`, `1.5h`
 * @returns seconds
 * @throws {UsageError} for anything else
 */
export function budgetOf(text: string): number {
  const found = /^(\d+(?:\.\d+)?)([smh])$/.exec(text);
  const seconds = found ? Number(found[1]) * UNITS[found[2] as keyof typeof UNITS] : 0;
  if (seconds <= 0) throw new UsageError(`Cannot keep a budget of ${text}: want e.g. 90s, 20m, 1h`);
  return seconds;
}

/** Suites in a bench's order, with the seconds each is expected to take. */
export interface Choice {
  chosen: { suite: Suite; seconds: number }[];
  left: { suite: Suite; seconds: number }[];
}

/**
 * The suites that fit, taken in order; one that does not fit is left out and the next is tried. Each task has
 * its share of the time, as large as its suites' share of all; what one leaves the others may use.
 *
 * @param secondsOf seconds of suites run in this order: what several share counts once
 */
export function fit(
  suites: Suite[],
  budget_s: number,
  secondsOf: (of: Suite[]) => number[],
): Choice {
  const sum = (of: Suite[]) => secondsOf(of).reduce((a, b) => a + b, 0), all = sum(suites);
  const tasks = Map.groupBy(suites, ({ task }) => task), fits = new Set<Suite>();
  const take = (from: Suite[], within: Suite[], budget: number) => {
    for (const suite of from) {
      if (fits.has(suite)) continue;
      const tried = within.filter((other) => fits.has(other) || other === suite);
      if (sum(tried) <= budget) fits.add(suite);
    }
  };
  for (const own of tasks.values()) take(own, own, budget_s * sum(own) / all);
  take(suites, suites, budget_s);
  const chosen = suites.filter((suite) => fits.has(suite)), seconds = secondsOf(chosen);
  return {
    chosen: chosen.map((suite, i) => ({ suite, seconds: seconds[i] })),
    left: suites.filter((suite) => !fits.has(suite))
      .map((suite) => ({ suite, seconds: secondsOf([...chosen, suite]).at(-1)! })),
  };
}

/** What was planned, in lines for the log. */
export function budgetLines({ chosen, left }: Choice, budget_s: number): string[] {
  const total = chosen.reduce((sum, c) => sum + c.seconds, 0);
  const name = ({ suite, seconds }: Choice["chosen"][number]) =>
    `${suite.id} (${duration(seconds)})`;
  return [
    `budget ${duration(budget_s)}: planned ${duration(total)}: ${
      chosen.map(name).join(", ") || "nothing fits"
    }`,
    ...(left.length ? [`left out: ${left.map(name).join(", ")}`] : []),
  ];
}

/**
 * Keeps a budget while suites run: what comes next is what still fits by the pace so far.
 *
 * A suite that was planned and does not fit any more is left out; when all planned ones are done, the
 * first left out that fits after all is run.
 */
export class Pace {
  readonly #budget_s: number;
  readonly #waiting: Choice["chosen"];
  #promised = 0;
  /** seconds spent before the first suite */
  #before: number | null = null;

  constructor({ chosen, left }: Choice, budget_s: number) {
    this.#budget_s = budget_s;
    this.#waiting = [...chosen, ...left];
  }

  /** The next suite, `spent_s` seconds after the command began; null when none fits. */
  next(spent_s: number): Suite | null {
    this.#before ??= spent_s;
    const run_s = spent_s - this.#before;
    const pace = this.#promised > 0 ? Math.min(4, Math.max(1 / 4, run_s / this.#promised)) : 1;
    const at = this.#waiting.findIndex((w) => spent_s + pace * w.seconds <= this.#budget_s);
    if (at < 0) return null;
    const [{ suite, seconds }] = this.#waiting.splice(at, 1);
    this.#promised += seconds;
    return suite;
  }

  /** What was not run. */
  get left(): string[] {
    return this.#waiting.map(({ suite }) => suite.id);
  }
}

/** The machine whose speed is asked for. */
export interface Machine {
  device: Device;
  /** who train; empty: this process, on the device */
  workers: readonly Hand[];
  /** a text, by which the speed is measured whatever is trained on */
  data: Dataset;
  signal: AbortSignal;
}

/** Measures how fast this machine trains. */
async function speedOf({ device, workers, data, signal }: Machine): Promise<Speed> {
  const uploaded = data.upload(device), context = contextOf(data, device);
  try {
    const hands = workers.length > 0 ? workers : [ownHand(device, () => uploaded)];
    return await measureSpeed(hands, context, quickPlan, signal);
  } finally {
    uploaded.destroy();
  }
}

/** Keys of the runs that are finished in a folder, which cost nothing. */
function finishedIn(storeDir: string): string[] {
  using store = openStore(storeDir);
  return [...store.items.keys()];
}

/**
 * Measures how fast this machine trains and chooses.
 *
 * @param dataOf what a suite trains on; null: nothing
 * @param storeDir where finished models lie, which cost nothing
 */
export async function chooseWithin(
  budget_s: number,
  suites: Suite[],
  profile: ProfileName,
  machine: Machine,
  dataOf: (suite: Suite) => Dataset | null,
  storeDir: string,
): Promise<Choice> {
  const { device, data } = machine, speed = await speedOf(machine), done = finishedIn(storeDir);
  const estimates = new Map(
    suites.map((suite) => [
      suite,
      suite.estimate(profile, contextOf(dataOf(suite) ?? data, device)),
    ]),
  );
  return fit(suites, budget_s, (of) => secondsOf(of.map((r) => estimates.get(r)!), speed, done));
}

/** What a bench would train, in words: runs, models, tokens and the time they take. */
function costText({ jobs }: Estimate, done: readonly string[]): string {
  const finished = new Set(done), distinct = new Map(jobs.map((one) => [one.job.key, one]));
  const left = new Map([...distinct].filter(([key]) => !finished.has(key)));
  const all = [...left.values()],
    sum = (of: (one: typeof all[number]) => number) =>
      all.reduce((total, one) => total + one.times * of(one), 0);
  const tokens = sum(({ job: { steps, sequences, seq } }) => steps * sequences * seq);
  const models = new Set(all.map(({ job: { group } }) => group)).size;
  const kept = distinct.size - left.size, runs = Math.round(sum(() => 1));
  return `about ${many(runs, "run")} of ${many(models, "model")}, ${
    significant(tokens / 1e6)
  }M tokens${kept ? `, and ${kept} that are finished` : ""}`;
}

/** What a suite costs on the machine that the estimates are of; of what is made for a GPU not how long. */
export function costElsewhere(suite: Suite, profile: ProfileName): string {
  const estimate = suite.estimate(profile);
  if (profile === "paper") return costText(estimate, []);
  const [seconds] = secondsOf([estimate], referenceSpeed(profile));
  return `${costText(estimate, [])}: ${duration(seconds)} on 2 CPU cores`;
}

/**
 * What a suite costs on this machine, whose speed is measured for it.
 *
 * @param own what it trains on
 */
export async function costHere(
  suite: Suite,
  profile: ProfileName,
  machine: Machine,
  own: Dataset,
  storeDir: string,
): Promise<string> {
  const done = finishedIn(storeDir);
  const estimate = suite.estimate(profile, contextOf(own, machine.device));
  const [seconds] = secondsOf([estimate], await speedOf(machine), done);
  return `${costText(estimate, done)}: ${duration(seconds)} here, by a few steps that were timed`;
}
