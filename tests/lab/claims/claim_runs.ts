/** Synthetic runs for the judges of claims: what a wanted model would have learned under a law. */
import { type SeededModel, type Wanted, wantedOf } from "../../../lab/claims/models.ts";
import type { Run } from "../../../lab/record/run.ts";
import { random } from "../../../lab/statistics/resample.ts";
import type { TrainingPlan } from "../../../lab/train/plan.ts";
import { runWith } from "../runs.ts";

/** What a run is to show; what is left out is as short as can be. */
export interface Shown {
  trainLoss?: number[];
  validationLoss?: number | null;
  divergedAtStep?: number | null;
  wall_s?: number;
}

/** One run per wanted model, in order. */
export function runsFor(
  plan: TrainingPlan,
  models: readonly SeededModel[],
  show: (w: Wanted, at: number) => Shown,
): Run[] {
  return wantedOf(models).map((w, at) => {
    const run = runWith(`${at}`);
    const cell = {
      ...run.cell,
      panel: w.panel,
      configuration: w.configuration,
      rule: w.rule,
      role: w.role,
    };
    return { ...run, steps: plan.steps, cell: { ...cell, seed: w.seed }, ...show(w, at) };
  });
}

/** Noise of a batch, the same for every model of a seed: sd nats per step, from step 1. */
export function batchNoise(seed: number, steps: number, sd: number): number[] {
  const stream = random(1000 + seed);
  return Array.from({ length: steps }, () => sd * stream.normal());
}
