/**
 * `report.html` of a transfer suite: claim → verdict → picture → the numbers it rests on.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record/record.ts";
import { costPhrase, memoryPhrase, verdictPhrase } from "./words/format.ts";
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
import { besideThePaper } from "./words/paper_facts.ts";
import { RANKING_NOTE, rankings } from "./ranking.ts";
import { caveats, reproduce } from "./summary.ts";
import { estimateTable, factPairs, judgementTable, lossTable, optimumTable } from "./tables.ts";
import { toneOf } from "./charts/theme.ts";

/**
 * The page.
 *
 * @param record the bench
 * @param parts charts, scripts, problems
 * @returns the whole file
 */
export function reportHtml(record: BenchRecord, parts: PageParts): string {
  const cost = `${costPhrase(record.cost)}${
    memoryPhrase(record.cost)
  } · profile ${record.plan.profile}`;
  const body = [
    ...opening(record, cost, parts.problems),
    ...parts.charts.map(chartFigure),
    ...numbers(record),
    ...background(record),
  ];
  return page(`${record.suite.title}: ${verdictPhrase(record)}`, body, parts);
}

function numbers(record: BenchRecord): string[] {
  const verdicts = judgementTable(record), estimates = estimateTable(record);
  const column = verdicts.head.indexOf("verdict");
  const tones = record.judgements.map((judgement) => toneClass(toneOf(judgement)));
  const compared = besideThePaper(record).map(({ what, paper, here }) => [what, paper, here]);
  return [
    "<h2>Verdicts</h2>",
    htmlTable(verdicts, (row, at) => at === column ? tones[row] : ""),
    `<p class="soft">Shift and regret: estimate and 95% interval. Tolerance: ` +
    `±${record.plan.tolerance_octaves} octave. Passes if ${escapeHtml(record.suite.passesIf)}.</p>`,
    ...rankings(record).flatMap(({ title, table, judgements }) => [
      `<h2>Ranking: ${escapeHtml(title)}</h2>`,
      htmlTable(
        table,
        (row, at) => at === table.head.indexOf("verdict") ? toneClass(toneOf(judgements[row])) : "",
      ),
      `<p class="soft">${escapeHtml(RANKING_NOTE)}</p>`,
    ]),
    ...(estimates === null ? [] : ["<h2>Estimated</h2>", htmlTable(estimates)]),
    "<h2>Beside the paper</h2>",
    htmlTable({ head: ["", "the paper", "here"], rows: compared }),
    "<h2>Optima</h2>",
    htmlTable(optimumTable(record)),
  ];
}

function background(record: BenchRecord): string[] {
  const missing = notReproduced(record).map(({ figure, shows }) => `${figure}: ${shows}`);
  return [
    "<h2>What this does not say</h2>",
    list([...caveats(record), ...record.warnings.map((warning) => `Warning: ${warning}`)]),
    "<h2>Figures of the paper that are not reproduced here</h2>",
    list(missing),
    "<h2>Plan, data, machine, cost</h2>",
    definitions(factPairs(record)),
    "<h2>Reproduce</h2>",
    `<pre>${escapeHtml(reproduce(record))}</pre>`,
    "<details><summary>Every place of every sweep: mean loss over seeds</summary>",
    htmlTable(lossTable(record)),
    "</details>",
  ];
}
