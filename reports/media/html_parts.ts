/**
 * Pieces of the page. Everything that comes from a record is escaped here and nowhere else.
 *
 * @module
 */
import type { Chart } from "../words/caption.ts";
import type { Table } from "../tables.ts";
import type { Tone } from "../charts/theme.ts";

/** Text as HTML shows it, safe in elements and in double-quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** The class that colours a tone; `pass` is for passes of targets alone, `control` is plain grey. */
export function toneClass(tone: Tone): "pass" | "fail" | "unsure" | "control" {
  if (tone === "pass" || tone === "fail") return tone;
  const settled: Tone[] = ["control fails", "beside, holds", "beside, misses"];
  return settled.includes(tone) ? "control" : "unsure";
}

/** A table; short cells that start with a number stay on one line, `tone` gives a cell its class. */
export function htmlTable(
  { head, rows }: Table,
  tone: (row: number, column: number) => string = () => "",
): string {
  const headers = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`).join("");
  const body = rows.map((cells, row) => {
    const inside = cells.map((text, column) => {
      const number = /^(?:[≤≥] )?[−+]?\d[^a-z]*$/.test(text) ? "number" : "";
      const names = [number, tone(row, column)].filter((name) => name !== "").join(" ");
      return `<td${names === "" ? "" : ` class="${names}"`}>${escapeHtml(text)}</td>`;
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
export function chartFigure(chart: Chart & { svg: string | null }): string {
  const name = escapeHtml(chart.name);
  const picture = chart.svg === null
    ? "<p>This chart could not be drawn as SVG.</p>"
    : svgIn(chart.svg, name);
  return `<figure id="chart-${name}">\n<div class="chart">${picture}</div>\n` +
    `<figcaption>${escapeHtml(chart.caption)}</figcaption>\n</figure>`;
}
