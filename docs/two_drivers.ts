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
import type { Run } from "../lab/record/run.ts";
import { compareRuns, EARLY_STEPS } from "../lab/reproduce.ts";
import { readStore, RUNS } from "../lab/train/store.ts";

/** What was planned of a run. */
const placeOf = ({ cell: { configuration, rule, swept, log2x, seed }, steps, batchTokens }: Run) =>
  JSON.stringify([configuration, rule, swept, log2x, steps, batchTokens, seed]);

/** All runs of a folder, and those whose plan is there once, by it. */
function runsOf(folder: string): { all: Run[]; once: Map<string, Run> } {
  const all = [...readStore(`${folder}/runs.jsonl`, RUNS).items.values()];
  const places = [...Map.groupBy(all, placeOf)].filter(([, of]) => of.length === 1);
  return { all, once: new Map(places.map(([place, [run]]) => [place, run])) };
}

/** Median, 95th percentile and largest of some numbers. */
function spread(values: number[]): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(share * (sorted.length - 1))];
  return `median ${at(0.5)}, 95% ${at(0.95)}, most ${at(1)}`;
}

const [a, b] = Deno.args.map(runsOf);
const compared = [...a.once].flatMap(([place, run]) => {
  const again = b.once.get(place);
  return again ? [compareRuns(run, again, a.all, false)] : [];
});
const count = (verdict: string) => compared.filter((one) => one.verdict === verdict).length;
console.log(
  `${compared.length} runs in both: ${count("equal")} equal to the bit, ${
    count("agrees")
  } within ` +
    `the limits, ${count("differs")} beyond them`,
);
console.log(
  `first ${EARLY_STEPS} losses, of themselves: ${
    spread(compared.flatMap(({ early }) => early ?? []))
  }`,
);
console.log(
  `last loss: ${
    spread(compared.flatMap(({ last }) => last === null ? [] : [Math.abs(last.difference)]))
  }`,
);
