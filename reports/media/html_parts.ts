/**
 * Sections as HTML. Everything that comes from a record is escaped here and nowhere else.
 *
 * @module
 */
import type { Verdict } from "../../lab/record/findings.ts";
import type { Chart } from "../words/caption.ts";
import { VERDICT_MARK } from "../words/verdict.ts";
import { type Tone, toneOf } from "../charts/theme.ts";
import { type Block, type Section, type Table, withReasons } from "../sections/section.ts";

/** A chart and its picture; null where drawing failed. */
export type DrawnChart = Chart & { svg: string | null };

/** Text as HTML shows it, safe in elements and in double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** A name that may be an id, and part of one in an SVG. */
export const idOf = (name: string): string => name.replace(/[^A-Za-z0-9-]/g, "-");

/** The class that colours a tone; `pass` is for passes of claims alone, `control` is plain grey. */
export function toneClass(tone: Tone): "pass" | "fail" | "unsure" | "control" {
  if (tone === "pass" || tone === "fail") return tone;
  const settled: Tone[] = ["control fails", "beside, holds", "beside, misses"];
  return settled.includes(tone) ? "control" : "unsure";
}

/** The badge of a verdict. */
export function badge(verdict: Verdict, words: string): string {
  return `<span class="badge ${toneClass(verdict)}">${VERDICT_MARK[verdict]} ${
    escapeHtml(words)
  }</span>`;
}

/**
 * A table; short cells that start with a number stay on one line.
 *
 * @param tone gives a cell its class
 * @param write gives its HTML
 */
export function htmlTable(
  { head, rows }: Table,
  tone: (row: number, column: number) => string = () => "",
  write: (text: string, row: number, column: number) => string = escapeHtml,
): string {
  const headers = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const body = rows.map((cells, row) => {
    const inside = cells.map((text, column) => {
      const number = /^(?:[≤≥±] ?)?[−+]?\d(?:[^a-z]*|.{0,12})$/.test(text) ? "number" : "";
      const names = [number, tone(row, column)].filter((name) => name !== "").join(" ");
      return `<td${names === "" ? "" : ` class="${names}"`}>${write(text, row, column)}</td>`;
    });
    return `<tr>${inside.join("")}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${headers}</tr></thead>\n` +
    `<tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}

/** A list of sentences. */
export function list(items: string[]): string {
  return `<ul>\n${items.map((item) => `<li>${escapeHtml(item)}</li>`).join("\n")}\n</ul>`;
}

/** Names and values. */
export function definitions(pairs: [string, string][]): string {
  const inside = pairs.map(([name, value]) =>
    `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`
  );
  return `<dl>\n${inside.join("\n")}\n</dl>`;
}

/**
 * An SVG for a page that holds several. It is Vega's own output, which escapes its text; its clip paths
 * are renamed, because every SVG counts them from 1.
 */
export function svgIn(svg: string, name: string): string {
  return svg.replace(/(id="|url\(#)clip/g, `$1${name}-clip`);
}

/** A chart with its caption. */
export function chartFigure(chart: DrawnChart): string {
  const name = idOf(chart.name);
  const picture = chart.svg === null
    ? "<p>This chart could not be drawn as SVG.</p>"
    : svgIn(chart.svg, name);
  return `<figure id="chart-${name}">\n<div class="chart">${picture}</div>\n` +
    `<figcaption>${escapeHtml(chart.caption)}</figcaption>\n</figure>`;
}

const soft = (text: string): string[] =>
  text === "" ? [] : [`<p class="soft">${escapeHtml(text)}</p>`];

/** A table as the page shows it: verdicts in their tone, their reasons in a last column, links. */
function tableHtml(block: Block & { kind: "table" }): string[] {
  const { table: { head }, judged, links, caption } = block, column = head.indexOf("verdict");
  const linked = links === undefined ? -1 : head.indexOf(links.column);
  return [
    htmlTable(
      withReasons(block),
      (row, at) => at === column && judged !== undefined ? toneClass(toneOf(judged[row])) : "",
      (text, row, at) =>
        at === linked
          ? `<a href="${escapeHtml(links!.to[row])}">${escapeHtml(text)}</a>`
          : escapeHtml(text),
    ),
    ...soft(caption),
  ];
}

/** Claim, badge, counts, reason. */
export function verdictHtml(
  { claim, verdict, phrase, counts, reason }: Omit<Block & { kind: "verdict" }, "kind">,
): string[] {
  return [
    `<p class="lead"><b>Claim</b> <span>${escapeHtml(claim)}</span></p>`,
    `<p class="lead"><b>Verdict</b> <span>${badge(verdict, phrase)} ${
      escapeHtml(counts)
    }</span></p>`,
    `<p>${escapeHtml(reason)}</p>`,
  ];
}

function blockHtml(block: Block, charts: readonly DrawnChart[]): string[] {
  switch (block.kind) {
    case "table":
      return tableHtml(block);
    case "pairs":
      return [definitions(block.pairs)];
    case "list":
      return [block.items.length > 0 ? list(block.items) : "<p>None.</p>"];
    case "code":
      return [`<pre>${escapeHtml(block.text)}</pre>`];
    case "note":
      return soft(block.text);
    case "link":
      return [`<p><a href="${escapeHtml(block.to)}">${escapeHtml(block.text)}</a></p>`];
    case "verdict":
      return verdictHtml(block);
    case "chart": {
      const { chart } = block;
      return [
        chartFigure(charts.find(({ name }) => name === chart.name) ?? { ...chart, svg: null }),
      ];
    }
    case "folded":
      return [
        `<details><summary>${escapeHtml(block.title)}</summary>`,
        ...block.blocks.flatMap((inner) => blockHtml(inner, charts)),
        "</details>",
      ];
  }
}

/** Sections one under the other, with the pictures of their charts. */
export function sectionsHtml(sections: Section[], charts: readonly DrawnChart[]): string[] {
  return sections.flatMap(({ title, id, blocks }) => [
    ...(title === "" ? [] : [
      `<h2${id === undefined ? "" : ` id="${escapeHtml(id)}"`}>${escapeHtml(title)}</h2>`,
    ]),
    ...blocks.flatMap((block) => blockHtml(block, charts)),
  ]);
}
