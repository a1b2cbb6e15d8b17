/**
 * How far two benches of the same suites are apart on two drivers: the figures behind the limits of `reproduce`.
 *
 *     deno run -R docs/two_drivers.ts OUT_A OUT_B
 *
 * OUT_A and OUT_B are folders of benches (runs.jsonl). Runs are matched by what was planned, since their keys hold the
 * adapter; those whose plan is there twice, e.g. with a twin that must fail, are left out.
 *
 * @module
 */
import { EARLY_STEPS, LAST_DEVIATIONS, LAST_SHARE } from "../lab/reproduce.ts";
import type { Run } from "../lab/record/run.ts";
import { readStore, RUNS } from "../lab/train/store.ts";

/** What was planned of a run. */
const placeOf = ({ cell: { configuration, rule, swept, log2x, seed }, steps, batchTokens }: Run) =>
  JSON.stringify([configuration, rule, swept, log2x, steps, batchTokens, seed]);

/** Runs whose plan is there once. */
function runsOf(folder: string): Map<string, Run> {
  const all = [...readStore(`${folder}/runs.jsonl`, RUNS).items.values()];
  const byPlace = Map.groupBy(all, placeOf);
  return new Map([...byPlace].flatMap(([place, of]) => of.length === 1 ? [[place, of[0]]] : []));
}

/** A quantile of sorted numbers. */
const at = (sorted: number[], share: number) => sorted[Math.floor(share * (sorted.length - 1))];

const [a, b] = Deno.args.map(runsOf), places = [...a.keys()].filter((place) => b.has(place));
const bySeeds = Map.groupBy(
  a.values(),
  (run) => placeOf({ ...run, cell: { ...run.cell, seed: 0 } }),
);

/** Standard deviation over the seeds of a run's place. */
function deviation(run: Run): number {
  const of = bySeeds.get(placeOf({ ...run, cell: { ...run.cell, seed: 0 } }))!;
  const losses = of.flatMap(({ validationLoss }) => validationLoss ?? []);
  const mean = losses.reduce((sum, x) => sum + x, 0) / losses.length;
  const squares = losses.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return losses.length < 2 ? 0 : Math.sqrt(squares / (losses.length - 1));
}

const early: number[] = [], last: number[] = [];
let equal = 0, beyond = 0, parted = 0;
for (const place of places) {
  const x = a.get(place)!, y = b.get(place)!;
  if (JSON.stringify(x.trainLoss) === JSON.stringify(y.trainLoss)) equal++;
  const steps = Math.min(EARLY_STEPS, x.trainLoss.length, y.trainLoss.length);
  for (let i = 0, worst = 0; i < steps; i++) {
    worst = Math.max(worst, Math.abs(x.trainLoss[i] - y.trainLoss[i]) / x.trainLoss[i]);
    if (i === steps - 1) early.push(worst);
  }
  if (x.validationLoss === null || y.validationLoss === null) {
    if (x.validationLoss !== y.validationLoss) parted++;
    continue;
  }
  const difference = Math.abs(x.validationLoss - y.validationLoss);
  last.push(difference);
  const limit = Math.max(LAST_SHARE * x.validationLoss, LAST_DEVIATIONS * deviation(x));
  if (difference > limit) beyond++;
}
early.sort((p, q) => p - q);
last.sort((p, q) => p - q);
console.log(`${places.length} runs in both; ${equal} equal in every training loss`);
console.log(
  `first ${EARLY_STEPS} losses, of themselves: median ${at(early, 0.5)}, most ${at(early, 1)}`,
);
console.log(
  `last loss: median ${at(last, 0.5)}, 95% ${at(last, 0.95)}, most ${at(last, 1)}; ` +
    `${beyond} beyond the limit, ${parted} diverged in one alone`,
);
