/**
 * The frame of every page: one file that opens offline, its head, and the charts that come alive.
 * Each chart stands in it as SVG and is replaced when its interactive twin has drawn; without
 * scripts the SVG stays. A content security policy forbids every load.
 *
 * @module
 */
import type { Report, Section } from "../sections/section.ts";
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

/** What a page is made of besides its words. */
export interface PageParts {
  /** the charts with their SVG */
  charts: DrawnChart[];
  /** from {@link browserScripts}; empty for a page without interaction */
  scripts: string[];
  /** what went wrong while the report was made, shown at the top */
  problems: string[];
}

/**
 * A whole page: its header, what went wrong, the sections.
 *
 * @param title of the window, plain text
 * @param header HTML @param more HTML that follows the sections
 */
export function page(
  title: string,
  header: string[],
  sections: Section[],
  parts: PageParts,
  more: string[] = [],
): string {
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
    "<header>",
    ...header,
    "</header>",
    ...parts.problems.map((problem) => `<p class="note">${escapeHtml(problem)}</p>`),
    ...sectionsHtml(sections, parts.charts),
    ...more,
    ...scripts,
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

/**
 * `report.html` of one suite: claim, verdict, pictures, then the numbers they rest on.
 *
 * @returns the whole file
 */
export function reportPage({ head, sections }: Report, parts: PageParts): string {
  const header = [
    `<h1>${escapeHtml(head.title)}</h1>`,
    `<p class="soft">${escapeHtml(head.after)} · ${escapeHtml(head.source)}</p>`,
    ...verdictHtml({ ...head, counts: "" }),
    `<p class="soft">${escapeHtml(head.machine)} · ${escapeHtml(head.cost)}</p>`,
  ];
  return page(`${head.title}: ${head.phrase}`, header, sections, parts);
}
