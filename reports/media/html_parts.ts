/**
 * Sections as HTML. Everything that comes from a record is escaped here and nowhere else.
 *
 * @module
 */
import type { Picture, Verdict } from "../../lab/record/findings.ts";
import type { Chart } from "../words/caption.ts";
import { VERDICT_MARK } from "../words/verdict.ts";
import { type Tone, toneOf } from "../charts/theme.ts";
import { type Block, type Section, withReasons } from "../sections/section.ts";
import { dataUri, gridPng } from "./grid.ts";

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
function toneClass(tone: Tone): "pass" | "fail" | "unsure" | "control" {
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
 * An SVG for a page that holds several. It is Vega's own output, which escapes its text; its clip paths
 * are renamed, because every SVG counts them from 1.
 */
function svgIn(svg: string, name: string): string {
  return svg.replace(/(id="|url\(#)clip/g, `$1${name}-clip`);
}

/** A chart with what is said of it alone. */
function chartFigure(chart: DrawnChart): string {
  const name = idOf(chart.name);
  const picture = chart.svg === null
    ? "<p>This chart could not be drawn as SVG.</p>"
    : svgIn(chart.svg, name);
  const about = chart.about && `<figcaption>${escapeHtml(chart.about)}</figcaption>\n`;
  return `<figure id="chart-${name}">\n<div class="chart">${picture}</div>\n${about}</figure>`;
}

/** A grid of images with the words of its rows beside it. */
function pictureFigure(picture: Picture): string[] {
  const { title, note, rows } = picture;
  const labels = rows.map(({ label }) => `<span>${escapeHtml(label)}</span>`).join("");
  return [
    '<figure class="picture">',
    `<div class="grid"><div class="labels">${labels}</div>`,
    `<img alt="${escapeHtml(title)}" src="${dataUri(gridPng(picture))}"></div>`,
    ...(note === "" ? [] : [`<figcaption>${escapeHtml(note)}</figcaption>`]),
    "</figure>",
  ];
}

/** Text where what stands in backticks is code. */
const withCode = (text: string): string =>
  escapeHtml(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const soft = (text: string): string[] =>
  text === "" ? [] : [`<p class="soft">${withCode(text)}</p>`];

/** A table: verdicts in their tone, links, and numbers and short cells that stay on one line. */
function tableHtml(block: Block & { kind: "table" }): string[] {
  const { judged, links, caption } = block, { head, rows } = withReasons(block);
  const cell = (text: string, row: number, name: string): string => {
    const number = /^(?:[≤≥±] ?)?[−+]?\d(?:[^a-z]*|.{0,12})$/.test(text) ? ["number"] : [];
    const tone = name === "verdict" && judged ? [toneClass(toneOf(judged[row]))] : [];
    const names = [...number, ...tone].join(" "), inside = escapeHtml(text);
    const link = links?.column === name ? `<a href="${escapeHtml(links.to[row])}">` : "";
    return `<td${names && ` class="${names}"`}>${link}${inside}${link && "</a>"}</td>`;
  };
  const lines = rows.map((cells, row) =>
    `<tr>${cells.map((text, column) => cell(text, row, head[column])).join("")}</tr>`
  );
  const names = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  return [
    `<div class="scroll"><table><thead><tr>${names}</tr></thead>`,
    `<tbody>\n${lines.join("\n")}\n</tbody></table></div>`,
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
      return [
        "<dl>",
        ...block.pairs.map(([name, value]) =>
          `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`
        ),
        "</dl>",
      ];
    case "list":
      return block.items.length === 0
        ? ["<p>None.</p>"]
        : ["<ul>", ...block.items.map((item) => `<li>${withCode(item)}</li>`), "</ul>"];
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
    case "picture":
      return pictureFigure(block.picture);
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
