/**
 * `summary.md` of a latency bench: the verdict first, then the numbers it rests on, then what they do
 * not say.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import { capital, reproduceCommand } from "./words/format.ts";
import { differences, latencyCost } from "./charts/latency_charts.ts";
import { latencyBesideThePaper } from "./latency_paper.ts";
import { AXIS } from "./charts/latency_series.ts";
import {
  claimTable,
  COLUMN_NOTES,
  latencyPairs,
  latencyWarnings,
  pointsByPanel,
  pointTable,
  rooflinePairs,
} from "./latency_tables.ts";
import { line, markdownTable, summaryHead } from "./media/markdown.ts";
import { notReproduced } from "./words/paper.ts";

/** What these times cannot say. */
export function latencyCaveats(record: LatencyRecord): string[] {
  const { environment, plan } = record;
  return [
    "One feed-forward layer was timed by itself: no attention, no optimizer, no communication.",
    differences(record),
    ...(environment.software
      ? ["A software adapter ran this: its times say nothing about GPUs."]
      : []),
    ...(plan.exploratory
      ? ["Exploratory: the points were timed under another plan than the one that judges them."]
      : []),
    ...(record.incomplete
      ? ["Incomplete: the bench was stopped before its last planned point."]
      : []),
    ...(record.verdict === "inconclusive" ? ["Inconclusive is neither a pass nor a fail."] : []),
  ];
}

/** How to get the same measurement again. */
export function latencyReproduce(record: LatencyRecord): string {
  return reproduceCommand(record);
}

/**
 * The summary.
 *
 * @param record the bench
 * @param charts files to show, as `[title, file]`
 */
export function latencyMarkdown(record: LatencyRecord, charts: [string, string][] = []): string {
  const pairs = (list: [string, string][]) =>
    list.map(([name, value]) => `- ${name}: ${line(value)}`);
  return [
    ...summaryHead(record, latencyCost(record), charts),
    "## Verdicts",
    "",
    ...markdownTable(claimTable(record)),
    "",
    "Ratios of times, paired by round, with 95% intervals.",
    "",
    "## Beside the paper",
    "",
    ...markdownTable(latencyBesideThePaper(record)),
    "",
    "## Ceilings measured on this adapter",
    "",
    ...pairs(rooflinePairs(record)),
    "",
    ...pointsByPanel(record).flatMap(([panel, points]) => [
      `## ${capital(AXIS[panel])}`,
      "",
      ...markdownTable(pointTable(record, points)),
      "",
    ]),
    COLUMN_NOTES,
    "",
    "## What this does not say",
    "",
    ...[...latencyCaveats(record), ...latencyWarnings(record).map((text) => `Warning: ${text}`)]
      .map((text) => `- ${line(text)}`),
    "",
    "Not reproduced by this bench: " +
    notReproduced(record).map(({ figure, shows }) => `${figure} (${shows})`).join("; ") + ".",
    "",
    "## Plan, machine",
    "",
    ...pairs(latencyPairs(record)),
    "",
    "## Reproduce",
    "",
    "```sh",
    latencyReproduce(record),
    "```",
    "",
  ].join("\n");
}
