/**
 * `summary.md`: the verdict first, then the numbers it rests on, then what it does not say.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record/record.ts";
import { costPhrase, memoryPhrase, reproduceCommand } from "./words/format.ts";
import { line, markdownTable, summaryHead } from "./media/markdown.ts";
import { notReproduced } from "./words/paper.ts";
import { besideThePaper } from "./words/paper_facts.ts";
import { RANKING_NOTE, rankings } from "./ranking.ts";
import { estimateTable, factPairs, judgementTable, optimumTable } from "./tables.ts";

/** What a small bench cannot say, and what this one in particular cannot. */
export function caveats(record: BenchRecord): string[] {
  const { plan, environment } = record;
  return [
    `The models are far smaller than the paper's and train for ${plan.steps} steps: this tests the ` +
    "rule's direction and size of effect, not its figures.",
    ...(plan.seeds.length < 3
      ? [`Only ${plan.seeds.length} seed(s): the intervals are not to be trusted.`]
      : []),
    ...(environment.software
      ? ["A software adapter ran this: losses are comparable, times say nothing about GPUs."]
      : []),
    ...(plan.exploratory
      ? ["Exploratory: the runs were made under another plan than the one that judges them."]
      : []),
    ...(record.incomplete
      ? ["Incomplete: the bench was stopped before its last planned run."]
      : []),
    ...(record.verdict === "cannot tell at this size"
      ? ["The control passes too, so passing says nothing here. This is not a pass."]
      : []),
    ...(record.verdict === "inconclusive" ? ["Inconclusive is neither a pass nor a fail."] : []),
  ];
}

/** How to get the same numbers again. */
export function reproduce(record: BenchRecord): string {
  return reproduceCommand(record);
}

/**
 * The summary.
 *
 * @param record the bench
 * @param charts files to show, as `[title, file]`
 */
export function summaryMarkdown(record: BenchRecord, charts: [string, string][] = []): string {
  const { plan } = record, estimates = estimateTable(record);
  return [
    ...summaryHead(record, costPhrase(record.cost) + memoryPhrase(record.cost), charts),
    "## Verdicts",
    "",
    ...markdownTable(judgementTable(record)),
    "",
    `Shift and regret: estimate and 95% interval. Tolerance: ±${plan.tolerance_octaves} octave.`,
    "",
    ...rankings(record).flatMap(({ title, table }) => [
      `## Ranking: ${line(title)}`,
      "",
      ...markdownTable(table),
      "",
      RANKING_NOTE,
      "",
    ]),
    ...(estimates === null ? [] : ["## Estimated", "", ...markdownTable(estimates), ""]),
    "## Optima",
    "",
    ...markdownTable(optimumTable(record)),
    "",
    "## Beside the paper",
    "",
    ...markdownTable({
      head: ["", "paper", "here"],
      rows: besideThePaper(record).map(({ what, paper, here }) => [what, paper, here]),
    }),
    "",
    "Not reproduced by this bench: " +
    notReproduced(record).map(({ figure, shows }) => `${figure} (${shows})`).join("; ") + ".",
    "",
    "## What this does not say",
    "",
    ...[...caveats(record), ...record.warnings.map((text) => `Warning: ${text}`)]
      .map((text) => `- ${line(text)}`),
    "",
    "## Plan, data, machine",
    "",
    ...factPairs(record).map(([name, value]) => `- ${name}: ${line(value)}`),
    "",
    "## Reproduce",
    "",
    "```sh",
    reproduce(record),
    "```",
    "",
  ].join("\n");
}
