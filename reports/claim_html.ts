/**
 * `report.html` of a suite of claims: claim → verdict → charts → judgements → its own tables.
 *
 * @module
 */
import type { ClaimRecord } from "../lab/record/claim_record.ts";
import { claimCost } from "./charts/claim_charts.ts";
import {
  claimCaveats,
  claimJudgementTable,
  claimPairs,
  claimPointTable,
  claimReproduce,
  JUDGEMENT_NOTE,
  orderedJudgements,
} from "./claim_tables.ts";
import { memoryPhrase, verdictPhrase } from "./words/format.ts";
import {
  chartFigure,
  definitions,
  escapeHtml,
  htmlTable,
  list,
  toneClass,
} from "./media/html_parts.ts";
import { opening, page, type PageParts } from "./media/page.ts";
import { notReproduced } from "./words/paper.ts";
import { paperFacts } from "./words/paper_facts.ts";
import { toneOf } from "./charts/theme.ts";

/** More points than these stand in `points.csv` alone. */
const MANY = 600;

/**
 * The page.
 *
 * @param record the bench
 * @param parts charts, scripts, problems
 * @returns the whole file
 */
export function claimHtml(record: ClaimRecord, parts: PageParts): string {
  const cost = `${claimCost(record)}${memoryPhrase(record.cost)} · profile ${record.plan.profile}`;
  const body = [
    ...opening(record, cost, parts.problems),
    ...parts.charts.map(chartFigure),
    ...judged(record),
    ...record.tables.flatMap((table) => [
      `<h2>${escapeHtml(table.title)}</h2>`,
      htmlTable(table),
      ...(table.note === "" ? [] : [`<p class="soft">${escapeHtml(table.note)}</p>`]),
    ]),
    ...background(record),
  ];
  return page(`${record.suite.title}: ${verdictPhrase(record)}`, body, parts);
}

function judged(record: ClaimRecord): string[] {
  const table = claimJudgementTable(record);
  const column = table.head.indexOf("verdict");
  const tones = orderedJudgements(record).map((one) => toneClass(toneOf(one)));
  const known = paperFacts(record.suite.id);
  return [
    "<h2>Verdicts</h2>",
    htmlTable(table, (row, at) => at === column ? tones[row] : ""),
    `<p class="soft">${JUDGEMENT_NOTE} Passes if ${escapeHtml(record.suite.passesIf)}.</p>`,
    ...(known.length > 0 ? ["<h2>What the paper is known to show</h2>", list(known)] : []),
  ];
}

function background(record: ClaimRecord): string[] {
  const { points, plan } = record;
  const decided = JSON.stringify(plan.decided, null, 2) ?? "nothing";
  return [
    "<h2>What this does not say</h2>",
    list([...claimCaveats(record), ...record.warnings.map((text) => `Warning: ${text}`)]),
    "<h2>Figures of the paper that are not reproduced here</h2>",
    list(notReproduced(record).map(({ figure, shows }) => `${figure}: ${shows}`)),
    "<h2>Plan, data, machine, cost</h2>",
    definitions(claimPairs(record)),
    "<h2>Reproduce</h2>",
    `<pre>${escapeHtml(claimReproduce(record))}</pre>`,
    "<details><summary>What was decided before the first measurement</summary>",
    `<pre>${escapeHtml(decided)}</pre>`,
    "</details>",
    ...(points.length === 0 || points.length > MANY
      ? [`<p class="soft">${points.length} points, in points.csv.</p>`]
      : [
        "<details><summary>Every point</summary>",
        htmlTable(claimPointTable(record)),
        "</details>",
      ]),
  ];
}
