/**
 * Models that suites of claims train at fixed hyperparameters, and the workbench they measure on.
 *
 * @module
 */
import { formatConfiguration, labelOf, parseConfiguration } from "../../rule/configuration.ts";
import type { Bench, Progress } from "../suite.ts";
import type { Cell, Run } from "../record/run.ts";
import { type Changes, type Context, type Job, jobOf } from "../train/job.ts";
import type { TrainingPlan } from "../train/plan.ts";

/** One model to train; what it changes of multipliers or router losses makes it a twin that must fail. */
export interface Wanted extends Changes {
  panel: string;
  /** in the command line's grammar; what it leaves out is the reference's */
  configuration: string;
  rule: string;
  role: Cell["role"];
  /** log2 of the reference's learning rate; absent: of the plan's `base.lr` */
  log2lr?: number;
  seed: number;
}

/** Where a suite of claims measures: a bench that trains what is wanted. */
export interface Workbench extends Bench {
  /**
   * Trains what the store does not hold yet, side by side where shapes allow.
   *
   * @returns one run per wanted model, in order
   */
  train(plan: TrainingPlan, wanted: Wanted[]): Promise<Run[]>;
}

/** The job of a wanted model. */
export function jobOfWanted(w: Wanted, plan: TrainingPlan, context: Context): Job {
  const from = parseConfiguration(plan.reference), to = parseConfiguration(w.configuration, from);
  const cell = {
    panel: w.panel,
    configuration: formatConfiguration(to),
    label: labelOf(to),
    rule: w.rule,
    role: w.role,
    swept: "lr" as const,
    log2x: w.log2lr ?? Math.log2(plan.base.lr),
    seed: w.seed,
  };
  const { multipliers, training } = w;
  return jobOf({ cell, from, to }, plan, context, { multipliers, training });
}

/** A workbench on a bench, and the runs it was asked for so far, each once per place it is drawn in. */
export function workbenchOn(bench: Bench): { at: Workbench; used: Map<string, Run> } {
  const used = new Map<string, Run>();
  const train: Workbench["train"] = async (plan, wanted) => {
    const jobs = wanted.map((w) => jobOfWanted(w, plan, bench.pool.context));
    await bench.pool.train(jobs);
    return jobs.map((job) => {
      const run = { ...bench.pool.runOf(job)!, cell: job.cell };
      used.set(JSON.stringify([run.key, job.cell]), run);
      return run;
    });
  };
  // not spread: the device is asked for by those that look into models, and may not be there
  const at: Workbench = Object.create(bench, { train: { value: train } });
  return { at, used };
}

/** Unit of the losses. */
export const lossUnit = (bench: Pick<Bench, "pool">): string => bench.pool.task.loss.unit;

/** Validation losses of runs; null where one diverged. */
export function lossesOf(runs: readonly Run[]): number[] | null {
  const found = runs.flatMap(({ validationLoss }) => validationLoss ?? []);
  return found.length === runs.length ? found : null;
}

/** How far a suite is that trains nothing through the pool; share 0 … 1 of it. */
export const probed = (label: string, share: number): Progress => ({
  label,
  done: Math.round(100 * share),
  planned: 100,
  unit: "%",
  left_s: null,
});

/** One model over several seeds, a line of the figure; what is left out is the reference's and the rule's. */
export interface SeededModel extends Omit<Wanted, "rule" | "role" | "seed"> {
  /** the legend's text */
  line: string;
  /** default `complete-mue` */
  rule?: string;
  /** default `target` */
  role?: Wanted["role"];
  seeds: readonly number[];
}

/** Runs to train, line by line, seeds in order. */
export function wantedOf(models: readonly SeededModel[]): Wanted[] {
  return models.flatMap(({ seeds, rule = "complete-mue", role = "target", ...model }) =>
    seeds.map((seed) => ({ ...model, rule, role, seed }))
  );
}

/**
 * Runs of each line, seeds in order.
 *
 * @param runs as {@link wantedOf} lists them
 * @throws {RangeError} when their number or a seed is another
 */
export function runsByModel(models: readonly SeededModel[], runs: readonly Run[]): Run[][] {
  const count = models.reduce((sum, m) => sum + m.seeds.length, 0);
  if (runs.length !== count) {
    throw new RangeError(`Cannot judge ${models.length} lines: ${runs.length} runs of ${count}`);
  }
  let next = 0;
  return models.map((m) =>
    m.seeds.map((seed) => {
      const run = runs[next++];
      if (run.cell.seed !== seed) {
        throw new RangeError(
          `Cannot pair ${m.line} by seed: seed ${run.cell.seed} stands where ${seed} was wanted`,
        );
      }
      return run;
    })
  );
}
