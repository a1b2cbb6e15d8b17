/**
 * `summary.md` of a suite of claims: the verdict first, then the numbers it rests on, then what they do
 * not say.
 *
 * @module
 */
import type { ClaimRecord } from "../lab/record/claim_record.ts";
import { claimCost } from "./charts/claim_charts.ts";
import {
  claimCaveats,
  claimJudgementTable,
  claimPairs,
  claimReproduce,
  JUDGEMENT_NOTE,
} from "./claim_tables.ts";
import { memoryPhrase } from "./words/format.ts";
import { line, markdownTable, summaryHead } from "./media/markdown.ts";
import { notReproduced } from "./words/paper.ts";
import { paperFacts } from "./words/paper_facts.ts";

/**
 * The summary.
 *
 * @param record the bench
 * @param charts files to show, as `[title, file]`
 */
export function claimMarkdown(record: ClaimRecord, charts: [string, string][] = []): string {
  const known = paperFacts(record.suite.id);
  const bullets = (items: string[]) => items.map((text) => `- ${line(text)}`);
  return [
    ...summaryHead(record, claimCost(record) + memoryPhrase(record.cost), charts),
    "## Verdicts",
    "",
    ...markdownTable(claimJudgementTable(record)),
    "",
    JUDGEMENT_NOTE,
    "",
    ...record.tables.flatMap((table) => [
      `## ${line(table.title)}`,
      "",
      ...markdownTable(table),
      "",
      ...(table.note === "" ? [] : [line(table.note), ""]),
    ]),
    ...(known.length > 0 ? ["## What the paper is known to show", "", ...bullets(known), ""] : []),
    "Not reproduced by this bench: " +
    notReproduced(record).map(({ figure, shows }) => `${figure} (${shows})`).join("; ") + ".",
    "",
    "## What this does not say",
    "",
    ...bullets([...claimCaveats(record), ...record.warnings.map((text) => `Warning: ${text}`)]),
    "",
    "## Plan, data, machine",
    "",
    ...claimPairs(record).map(([name, value]) => `- ${name}: ${line(value)}`),
    "",
    "## Reproduce",
    "",
    "```sh",
    claimReproduce(record),
    "```",
    "",
  ].join("\n");
}
