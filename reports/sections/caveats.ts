/**
 * What a report does not say: the suite's own sentences, what its figure needs beside it, then those
 * that follow from how it was run.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import type { Run } from "../../lab/record/run.ts";
import { extent, percent } from "../words/format.ts";
import { alsoNeeds } from "../words/paper.ts";
import { distinct, many, runsOf, sentence, trainingPhrase } from "../words/phrases.ts";

/** The largest of a router's numbers over the blocks; null for a dense or diverged run. */
export function worst(run: Run, what: "dropRate" | "unserved"): number | null {
  return extent(run.router?.[what] ?? [])?.[1] ?? null;
}

/** How much a capacity dropped, in one sentence; none where nothing was dropped. */
function dropped(runs: Run[]): string[] {
  const some = runs.filter((run) => (worst(run, "dropRate") ?? 0) > 0);
  const rate = extent(some.map((run) => worst(run, "dropRate")));
  if (rate === null) return [];
  const [, unserved] = extent(some.map((run) => worst(run, "unserved"))) ?? [0, 0];
  return [
    `Tokens were dropped: ${some.length} of ${runs.length} runs lost picks to a capacity, up to ${
      percent(100 * rate[1])
    }% of them in a block, and left up to ${
      percent(100 * unserved)
    }% of the tokens without an expert.`,
  ];
}

const SMOKE =
  "Profile smoke: toy sizes, which show that everything runs and can tell nothing of the " +
  "claim; inconclusive is expected here.";

/** Parameters below which a model is far smaller than the paper's of 6.3 billion. */
const FAR_SMALLER = 6e8;

/** The sentences. */
export function caveats(record: BenchRecord): string[] {
  const { environment, plan, verdict, incomplete, findings } = record, runs = runsOf(record);
  // of the line that has fewest: a reference may have more than its targets
  const lines = Map.groupBy(
    runs,
    ({ cell: { panel, configuration, rule } }) => [panel, configuration, rule].join(),
  );
  const counts = [...lines.values()].map((of) => distinct(of.map(({ cell }) => cell.seed)).length);
  const [seeds] = extent(counts) ?? [0];
  const smoke = plan.profile === "smoke";
  const when: [boolean, string][] = [
    [
      runs.length > 0 && runs.every(({ parameters }) => parameters < FAR_SMALLER),
      `The models are far smaller than the paper's and train for ${trainingPhrase(record)}: this ` +
      "tests directions and sizes of effects, not its figures.",
    ],
    [
      runs.length > 0 && seeds < 3,
      `Only ${many(seeds, "seed")}: the intervals are not to be trusted.`,
    ],
    [
      environment.software,
      runs.length > 0
        ? "A software adapter ran this: losses are comparable, times say nothing about GPUs."
        : "A software adapter ran this: its times say nothing about GPUs.",
    ],
    [
      plan.exploratory,
      "Exploratory: it was measured under another plan than the one that judges it.",
    ],
    [incomplete, "Incomplete: the bench was stopped before its last planned measurement."],
    [
      verdict === "cannot tell at this size",
      "No control was seen to fail, so that passing says nothing. This is not a pass.",
    ],
    [verdict === "inconclusive" && !smoke, "Inconclusive is neither a pass nor a fail."],
  ];
  return [
    ...(smoke ? [SMOKE] : []),
    ...findings.caveats,
    ...alsoNeeds(record).map(sentence),
    ...dropped(runs),
    ...when.flatMap(([holds, text]) => holds ? [text] : []),
  ];
}
