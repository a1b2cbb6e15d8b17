/**
 * `report.html`: one file that opens offline, reads claim → verdict → picture, and lets the charts
 * be explored. Each chart stands in it as SVG and is replaced when its interactive twin has drawn;
 * without scripts the SVG stays. A content security policy forbids every load.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record.ts";
import { jsonSafe } from "./browser.ts";
import type { Chart } from "./caption.ts";
import { adapterName, costPhrase, VERDICT_MARK, verdictPhrase } from "./format.ts";
import { chartFigure, definitions, escapeHtml, htmlTable, list, toneClass } from "./html_parts.ts";
import css from "./page.css" with { type: "text" };
import { besideThePaper, notReproduced } from "./paper.ts";
import { caveats, reproduce } from "./summary.ts";
import { factPairs, judgementTable, lossTable, optimumTable } from "./tables.ts";
import { toneOf } from "./theme.ts";

/** Nothing may be loaded from anywhere; Vega compiles its expressions, hence `unsafe-eval`. */
const POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; " +
  "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** Draws every chart beside its SVG and swaps them; the title tells a test how it went. */
const DRAW = `
const charts = JSON.parse(document.getElementById("specs").textContent);
Promise.all(Object.entries(charts).map(async ([name, spec]) => {
  const figure = document.getElementById(name);
  const live = document.createElement("div");
  await vegaEmbed(live, spec, { renderer: "svg", tooltip: true, downloadFileName: name,
    actions: { export: true, source: false, compiled: false, editor: false } });
  figure.querySelector(".chart").replaceChildren(live);
})).then(() => { document.documentElement.dataset.charts = "drawn"; },
  (error) => { document.documentElement.dataset.charts = "failed: " + error; });
`;

/** What the page is made of besides the record. */
export interface PageParts {
  /** the charts with their SVG; null where drawing failed */
  charts: (Chart & { svg: string | null })[];
  /** from {@link browserScripts}; empty for a page without interaction */
  scripts: string[];
  /** what went wrong while the report was made, shown at the top */
  problems: string[];
}

/**
 * The page.
 *
 * @param record the bench
 * @param parts charts, scripts, problems
 * @returns the whole file
 */
export function reportHtml(record: BenchRecord, parts: PageParts): string {
  const { suite } = record;
  const title = escapeHtml(`${suite.title}: ${verdictPhrase(record)}`);
  const specs = Object.fromEntries(
    parts.charts.map((chart) => [`chart-${chart.name}`, chart.spec]),
  );
  const live = parts.scripts.length > 0 && parts.charts.length > 0;
  const scripts = live
    ? [
      `<script type="application/json" id="specs">${jsonSafe(specs)}</script>`,
      ...[...parts.scripts, DRAW].map((script) => `<script>${script}</script>`),
    ]
    : [];
  return [
    "<!doctype html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    `<title>${title}</title>`,
    `<style>${css}</style>`,
    "</head>",
    "<body>",
    ...opening(record, parts.problems),
    ...parts.charts.map(chartFigure),
    ...numbers(record),
    ...background(record),
    ...scripts,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function opening(record: BenchRecord, problems: string[]): string[] {
  const { suite, verdict, environment } = record;
  return [
    "<header>",
    `<h1>${escapeHtml(suite.title)}</h1>`,
    `<p class="soft">After the paper's ${escapeHtml(suite.figure)} · ${
      escapeHtml(suite.source)
    }</p>`,
    `<p class="lead"><b>Claim</b> <span>${escapeHtml(suite.claim)}</span></p>`,
    `<p class="lead"><b>Verdict</b> <span class="badge ${toneClass(verdict)}">` +
    `${VERDICT_MARK[verdict]} ${escapeHtml(verdictPhrase(record))}</span></p>`,
    `<p>${escapeHtml(record.reason)}</p>`,
    `<p class="soft">${escapeHtml(adapterName(environment))} · ${costPhrase(record.cost)} · ` +
    `profile ${escapeHtml(record.plan.profile)}</p>`,
    "</header>",
    ...problems.map((problem) => `<p class="note">${escapeHtml(problem)}</p>`),
  ];
}

function numbers(record: BenchRecord): string[] {
  const verdicts = judgementTable(record);
  const column = verdicts.head.indexOf("verdict");
  const tones = record.judgements.map((judgement) => toneClass(toneOf(judgement)));
  const compared = besideThePaper(record).map(({ what, paper, here }) => [what, paper, here]);
  return [
    "<h2>Verdicts</h2>",
    htmlTable(verdicts, (row, at) => at === column ? tones[row] : ""),
    `<p class="soft">Shift and regret: estimate and 95% interval. Tolerance: ` +
    `±${record.plan.tolerance_octaves} octave. Passes if ${escapeHtml(record.suite.passesIf)}.</p>`,
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
