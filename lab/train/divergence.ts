/**
 * Runs that diverged where they should not have: a rate that is too high loses all higher ones too, so one that was
 * lost between rates that train is a chance of its seed or a fault of the machine.
 *
 * @module
 */
import type { Run } from "../record/run.ts";

/** The sweep a run is of: all that is equal but the swept value. */
const sweepOf = ({ cell: { panel, configuration, rule, swept, seed } }: Run) =>
  [panel, configuration, rule, swept, seed].join("/");

/** Whether a run diverged although a lower and a higher value of its own sweep trained. */
export function isStray(run: Run, runs: readonly Run[]): boolean {
  if (run.divergedAtStep === null) return false;
  const trained = runs.filter((other) =>
    other.divergedAtStep === null && sweepOf(other) === sweepOf(run)
  ).map(({ cell }) => cell.log2x);
  const { log2x } = run.cell;
  return trained.some((x) => x < log2x) && trained.some((x) => x > log2x);
}

/** What a reader must know of them, one line a run. */
export function strayLines(runs: readonly Run[]): string[] {
  const distinct = [...new Map(runs.map((run) => [run.key, run])).values()];
  return distinct.filter((run) => isStray(run, distinct)).map((run) => {
    const { cell: { configuration, rule, swept, log2x, seed }, divergedAtStep } = run;
    return `stray-divergence: ${configuration} under ${rule}, log2 ${swept} ${log2x}, seed ${seed}: its ` +
      `loss left the finite numbers at step ${divergedAtStep}, while a lower and a higher value ` +
      "trained: bad luck of this seed, or a fault of the machine";
  });
}
