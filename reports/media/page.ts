/**
 * The frame of every page: one file that opens offline, its head, and the charts that come alive.
 * Each chart stands in it as SVG and is replaced when its interactive twin has drawn; without
 * scripts the SVG stays. A content security policy forbids every load.
 *
 * @module
 */
import type { Head, Report } from "../sections/section.ts";
import { jsonSafe } from "./browser.ts";
import { type DrawnChart, escapeHtml, idOf, sectionsHtml, verdictHtml } from "./html_parts.ts";
import css from "./page.css" with { type: "text" };

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

/** What a page is made of besides the report. */
export interface PageParts {
  /** the charts with their SVG */
  charts: DrawnChart[];
  /** from {@link browserScripts}; empty for a page without interaction */
  scripts: string[];
  /** what went wrong while the report was made, shown at the top */
  problems: string[];
}

/**
 * A whole page.
 *
 * @param title of the window, plain text
 * @param body what stands between the body's tags, HTML
 * @param parts the charts that the body shows as figures, and the scripts that draw them
 */
export function page(title: string, body: string[], parts: PageParts): string {
  const specs = Object.fromEntries(
    parts.charts.map((chart) => [`chart-${idOf(chart.name)}`, chart.spec]),
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
    `<title>${escapeHtml(title)}</title>`,
    `<style>${css}</style>`,
    "</head>",
    "<body>",
    ...body,
    ...scripts,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/** What went wrong, each as a note. */
export function notes(problems: string[]): string[] {
  return problems.map((problem) => `<p class="note">${escapeHtml(problem)}</p>`);
}

/** The top of a page: suite, claim, verdict, reason, machine. */
function opening(head: Head): string[] {
  return [
    "<header>",
    `<h1>${escapeHtml(head.title)}</h1>`,
    `<p class="soft">${escapeHtml(head.after)} · ${escapeHtml(head.source)}</p>`,
    ...verdictHtml({ ...head, counts: "" }),
    `<p class="soft">${escapeHtml(head.machine)} · ${escapeHtml(head.cost)}</p>`,
    "</header>",
  ];
}

/**
 * `report.html` of one suite: claim, verdict, pictures, then the numbers they rest on.
 *
 * @returns the whole file
 */
export function reportPage({ head, sections }: Report, parts: PageParts): string {
  const body = [
    ...opening(head),
    ...notes(parts.problems),
    ...sectionsHtml(sections, parts.charts),
  ];
  return page(`${head.title}: ${head.phrase}`, body, parts);
}
