/**
 * Which runs of a record are trained again, and what a second training says of the first.
 *
 * Where adapter, driver, Deno and kernels are the record's, every bit must be; elsewhere rounding differs, grows step
 * by step, and ends as another draw of what the seeds' spread shows anyway. Two limits, both measured on
 * the 567 runs that Mesa 22.3.6 and 26.2 have in common (docs/two_drivers.ts).
 *
 * @module
 */
import { hashOf } from "./record/hash.ts";
import type { Environment } from "./record/record.ts";
import type { Run } from "./record/run.ts";
import { sd } from "./statistics/resample.ts";
import type { Job } from "./train/job.ts";

/** Training steps whose losses depend on the arithmetic alone. */
export const EARLY_STEPS = 10;

/** Most by which such a loss may differ, of itself: the largest of 567 was 6.1e-4. */
export const EARLY_LIMIT = 1e-3;

/** Most by which the last held-out loss may differ: a share of itself … */
export const LAST_SHARE = 0.02;

/** … or so many standard deviations of the record's own seeds there; none of 567 differed by more than both. */
export const LAST_DEVIATIONS = 4;

/** What a second training says of the first. */
export interface Reproduced {
  run: Run;
  again: Run;
  verdict: "equal" | "agrees" | "differs";
  /** largest difference among the first {@link EARLY_STEPS} training losses, of the loss; null where there is none */
  early: number | null;
  /** difference of the last held-out losses, in the task's unit, and its limit; null where one diverged */
  last: { difference: number; limit: number } | null;
  /** why it differs; null where it does not */
  why: string | null;
}

/** Whether bits must be equal: what they depend on is the same; else what is not, in words. */
export function sameMachine(recorded: Environment, here: Environment): string | null {
  const fields = [
    ["adapter and kernels", recorded.identity, here.identity],
    ["driver", recorded.driver, here.driver],
    ["Deno", recorded.deno, here.deno],
    ["kernels version", recorded.kernelsVersion, here.kernelsVersion],
  ] as const;
  const other = fields.filter(([, a, b]) => a !== b)
    .map(([name, a, b]) => `${name}: ${a ?? "unknown"} in the record, ${b ?? "unknown"} here`);
  return other.length ? other.join("; ") : null;
}

/**
 * The runs to train again: by turns of every role, and of equal roles in an order that the seed alone decides, which
 * whoever trains again chooses and whoever made the record does not know.
 */
export function sampleOf(
  jobs: ReadonlyMap<string, Job>,
  seed: string,
  runs: readonly Run[],
  count: number,
): Run[] {
  const known = new Map(runs.filter(({ key }) => jobs.has(key)).map((run) => [run.key, run]));
  const rank = ({ key }: Run) => hashOf([seed, key]);
  const roles = [...Map.groupBy(known.values(), ({ cell }) => cell.role).values()]
    .map((of) => of.toSorted((a, b) => rank(a) < rank(b) ? -1 : 1));
  const longest = Math.max(0, ...roles.map((of) => of.length));
  return Array.from({ length: longest }, (_, i) => roles.flatMap((of) => of[i] ?? [])).flat()
    .slice(0, count);
}

/** Standard deviation over the seeds of a run's place; 0 where there is one. */
function seedDeviation({ cell, steps, batchTokens }: Run, runs: readonly Run[]): number {
  const losses = new Map(
    runs.filter((run) =>
      run.cell.configuration === cell.configuration && run.cell.rule === cell.rule &&
      run.cell.swept === cell.swept && run.cell.log2x === cell.log2x && run.steps === steps &&
      run.batchTokens === batchTokens && run.validationLoss !== null
    ).map((run) => [run.key, run.validationLoss!]),
  );
  return losses.size < 2 ? 0 : sd([...losses.values()]);
}

/**
 * Compares a run with its second training.
 *
 * @param runs of the record, for the spread of its seeds
 * @param same whether bits must be equal
 */
export function compareRuns(
  run: Run,
  again: Run,
  runs: readonly Run[],
  same: boolean,
): Reproduced {
  const steps = Math.min(EARLY_STEPS, run.trainLoss.length, again.trainLoss.length);
  const early = steps === 0 ? null : Math.max(
    ...run.trainLoss.slice(0, steps).map((a, i) => Math.abs(a - again.trainLoss[i]) / Math.abs(a)),
  );
  const deviation = seedDeviation(run, runs), loss = run.validationLoss;
  const last = loss === null || again.validationLoss === null ? null : {
    difference: again.validationLoss - loss,
    limit: Math.max(LAST_SHARE * Math.abs(loss), LAST_DEVIATIONS * deviation),
  };
  // earlier records have no singular values
  const both = run.topSingular !== undefined;
  const bits = (of: Run) => {
    const { trainLoss, validationLoss, divergedAtStep, expertLoad, router, trainZLoss } = of;
    const measured = { trainLoss, validationLoss, divergedAtStep, expertLoad, router, trainZLoss };
    return hashOf({ ...measured, topSingular: both ? of.topSingular : undefined });
  };
  const found = { run, again, early, last };
  if (bits(run) === bits(again)) return { ...found, verdict: "equal", why: null };
  if (same) {
    return { ...found, verdict: "differs", why: "its bits are others on an equal machine" };
  }
  const parts = (of: Run) =>
    hashOf([
      of.trainLoss.length,
      of.expertLoad?.map((block) => block.length) ?? null,
      of.router === null,
      of.trainZLoss?.length ?? null,
    ]);
  if ((loss === null) === (again.validationLoss === null) && parts(run) !== parts(again)) {
    return { ...found, verdict: "differs", why: "it lacks parts, or has others" };
  }
  if ((loss === null) !== (again.validationLoss === null)) {
    return { ...found, verdict: "differs", why: "one of the two diverged" };
  }
  if (early !== null && early > EARLY_LIMIT) {
    return { ...found, verdict: "differs", why: `its first ${steps} losses are others` };
  }
  if (last !== null && Math.abs(last.difference) > last.limit) {
    return { ...found, verdict: "differs", why: "its last loss is another" };
  }
  return { ...found, verdict: "agrees", why: null };
}
