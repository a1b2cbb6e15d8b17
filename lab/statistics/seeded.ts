/**
 * Lines of models trained over the same seeds: from what a suite wants to runs by line and seed.
 *
 * @module
 */
import type { Wanted } from "../claims/claim_suite.ts";
import type { Run } from "../record/run.ts";

/** One model over several seeds; what is left out is the reference's and the rule's. */
export interface SeededModel {
  panel: string;
  /** the legend's text */
  line: string;
  configuration: string;
  /** default `complete-mue` */
  rule?: string;
  role?: Wanted["role"];
  multipliers?: Wanted["multipliers"];
  seeds: readonly number[];
}

/** Runs to train at the plan's own learning rate, line by line, seeds in order. */
export function wantedOf(models: readonly SeededModel[]): Wanted[] {
  return models.flatMap((m) =>
    m.seeds.map((seed) => ({
      panel: m.panel,
      configuration: m.configuration,
      rule: m.rule ?? "complete-mue",
      role: m.role ?? "target",
      log2lr: null,
      seed,
      ...(m.multipliers ? { multipliers: m.multipliers } : {}),
    }))
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
