/**
 * `report.html` of a latency bench: claim → verdict → judgements → charts → every point.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import { capital, verdictPhrase } from "./words/format.ts";
import {
  chartFigure,
  definitions,
  escapeHtml,
  htmlTable,
  list,
  toneClass,
} from "./media/html_parts.ts";
import { latencyCost } from "./charts/latency_charts.ts";
import { latencyBesideThePaper } from "./latency_paper.ts";
import { AXIS } from "./charts/latency_series.ts";
import { latencyCaveats, latencyReproduce } from "./latency_summary.ts";
import {
  claimTable,
  claimTone,
  COLUMN_NOTES,
  latencyPairs,
  latencyWarnings,
  pointsByPanel,
  pointTable,
  rooflinePairs,
} from "./latency_tables.ts";
import { opening, page, type PageParts } from "./media/page.ts";
import { notReproduced } from "./words/paper.ts";

/**
 * The page.
 *
 * @param record the bench
 * @param parts charts, scripts, problems
 * @returns the whole file
 */
export function latencyHtml(record: LatencyRecord, parts: PageParts): string {
  const cost = `${latencyCost(record)} · profile ${record.plan.profile}`;
  const body = [
    ...opening(record, cost, parts.problems),
    ...judged(record),
    ...parts.charts.map(chartFigure),
    ...measured(record),
    ...background(record),
  ];
  return page(`${record.suite.title}: ${verdictPhrase(record)}`, body, parts);
}

function judged(record: LatencyRecord): string[] {
  const table = claimTable(record);
  const column = table.head.indexOf("verdict");
  const tones = record.judgements.map((one) => toneClass(claimTone(one)));
  const warnings = latencyWarnings(record);
  return [
    "<h2>Verdicts</h2>",
    htmlTable(table, (row, at) => at === column ? tones[row] : ""),
    `<p class="soft">Ratios of times, paired by round, with 95% intervals. Passes if ${
      escapeHtml(record.suite.passesIf)
    }.</p>`,
    ...(warnings.length > 0 ? ["<h2>Warnings</h2>", list(warnings)] : []),
  ];
}

function measured(record: LatencyRecord): string[] {
  return [
    "<h2>Beside the paper</h2>",
    htmlTable(latencyBesideThePaper(record)),
    "<h2>Ceilings measured on this adapter</h2>",
    definitions(rooflinePairs(record)),
    ...pointsByPanel(record).flatMap(([panel, points]) => [
      `<h2>${escapeHtml(capital(AXIS[panel]))}</h2>`,
      htmlTable(pointTable(record, points)),
    ]),
    `<p class="soft">${escapeHtml(COLUMN_NOTES)}</p>`,
  ];
}

function background(record: LatencyRecord): string[] {
  return [
    "<h2>What this does not say</h2>",
    list(latencyCaveats(record)),
    "<h2>Figures of the paper that are not reproduced here</h2>",
    list(notReproduced(record).map(({ figure, shows }) => `${figure}: ${shows}`)),
    "<h2>Plan and machine</h2>",
    definitions(latencyPairs(record)),
    "<h2>Reproduce</h2>",
    `<pre>${escapeHtml(latencyReproduce(record))}</pre>`,
  ];
}
