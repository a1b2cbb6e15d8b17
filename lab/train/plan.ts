/**
 * What the runs of a suite share, and the file in which a plan is written down before the first run.
 *
 * @module
 */
import type { Schedule } from "../../model/schedule.ts";
import { checkLines } from "../record/lines.ts";
import { causeOf, LabError } from "../record/failure.ts";
import { writeAtomic } from "../record/files.ts";
import type { PlanFacts } from "../record/record.ts";
import type { HyperParameters } from "../../rule/rule.ts";

/** What all runs of a plan share; a run's identity holds every field. */
export interface TrainingPlan {
  /** the configuration whose hyperparameters are carried over, in the command line's grammar */
  reference: string;
  /** optimizer steps; a configuration with B and D trains D / B of them instead */
  steps: number;
  /** sequences per step; a configuration with B trains B / seq of them instead */
  sequences: number;
  /** tokens per sequence */
  seq: number;
  /** held-out batches a run is validated on */
  evaluationBatches: number;
  /** hyperparameters of the reference where nothing is swept; initStd null: 1/sqrt(d*) */
  base: Omit<HyperParameters, "initStd"> & { initStd: number | null };
  /** task id; absent: `language` */
  task?: string;
  training: { schedule: Schedule; clipNorm: number; balanceCoef: number; zCoef: number };
}

/**
 * Writes the plan into `plan.json`, one entry per suite and profile. What was done under another plan
 * of the same name, or whose plan is gone, makes the result exploratory.
 *
 * @param suite id of the suite @param begun whether the directory holds results already
 */
export function settlePlan(
  outDir: string,
  suite: string,
  plan: PlanFacts,
  begun: boolean,
): PlanFacts {
  const path = `${outDir}/plan.json`, name = `${suite}/${plan.profile}`;
  let plans: Record<string, { hash?: string } | null> = {}, lost = false;
  try {
    checkLines(path, "plan");
    const found: unknown = JSON.parse(Deno.readTextFileSync(path));
    if (typeof found !== "object" || found === null || Array.isArray(found)) {
      throw new SyntaxError("no plans by name");
    }
    plans = { ...found };
  } catch (error) {
    if (error instanceof LabError) throw error;
    if (!(error instanceof Deno.errors.NotFound || error instanceof SyntaxError)) {
      throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
    }
    lost = begun;
  }
  const known = plans[name];
  if (known?.hash === plan.hash) return plan;
  if (known !== undefined || lost) return { ...plan, exploratory: true };
  writeAtomic(path, JSON.stringify({ ...plans, [name]: plan }, null, 2) + "\n");
  return plan;
}
