/**
 * Sections for a terminal or a CI log: plain lines, no cursor movement, colour only when asked.
 *
 * @module
 */
import { align, visible, widest, wrap } from "../words/lines.ts";
import { sentence } from "../words/phrases.ts";
import { marked, VERDICT_MARK } from "../words/verdict.ts";
import { type Tone, toneOf } from "../charts/theme.ts";
import type { Block, JudgedRow, Report, Section, Table } from "../sections/section.ts";

/** ANSI colours; only a pass is green, 39 is the terminal's own. */
const COLOUR: Record<Tone, number> = {
  "pass": 32,
  "fail": 31,
  "inconclusive": 33,
  "cannot tell at this size": 33,
  "control fails": 39,
  "control does not fail": 33,
  "beside, holds": 39,
  "beside, misses": 39,
  "beside, undecided": 33,
};

/** Paints a text in the colour of a tone, or leaves it plain. */
const paint = (text: string, tone: Tone, colour: boolean): string =>
  colour ? `\x1b[${COLOUR[tone]}m${text}\x1b[39m` : text;

/** The same with every text in it on one line and without anything that would move the cursor or colour what follows. */
export function plain<T>(value: T): T {
  if (typeof value === "string") return visible(value.replace(/[\t\r\n]+/g, " ")) as T;
  if (Array.isArray(value)) return value.map(plain) as T;
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)])) as T;
}

/** A table in aligned columns, indented by two. */
export const alignedTable = ({ head, rows }: Table): string[] =>
  align([head, ...rows]).map((line) => `  ${line}`);

/** Verdicts in one line each with what their values do not show, or under their names with their reasons where one is too wide. */
function judgedLines(table: Table, judged: JudgedRow[], width: number, colour: boolean): string[] {
  const at = table.head.indexOf("verdict"), before = table.head.slice(0, at);
  const said = (row: number) => marked(judged[row].role, judged[row].verdict);
  const tone = (text: string, row: number) => paint(text, toneOf(judged[row]), colour);
  const shown = (verdict: (row: number) => string) =>
    alignedTable({
      head: [...before, "verdict"],
      rows: table.rows.map((cells, row) => [...cells.slice(0, at), verdict(row)]),
    });
  const more = (row: number) => judged[row].hidden && `: ${judged[row].hidden}`;
  if (widest(shown((row) => said(row) + more(row))) <= width) {
    return shown((row) => tone(said(row), row) + more(row));
  }
  return judged.flatMap(({ name, reason }, row) => [
    ...wrap(name, width, "  "),
    ...wrap(`${said(row)}: ${reason}`, width, "    ").map((line, index) =>
      index === 0 ? line.replace(said(row), (text) => tone(text, row)) : line
    ),
  ]);
}

function blockLines(block: Block, title: string, width: number, colour: boolean): string[] {
  const heading = (more: string[]) =>
    title === "" ? more : [...wrap(`${title}:`, width, "  "), ...more];
  switch (block.kind) {
    case "table": {
      const { table, judged, caption } = block, words = caption && wrap(caption, width, "  ");
      if (judged !== undefined) return [...judgedLines(table, judged, width, colour), "", ...words];
      const lines = alignedTable(table);
      return widest(lines) > width
        ? wrap(`${title}: in report.html, too wide for ${width} columns.`, width, "  ")
        : heading([...lines, ...words]);
    }
    case "pairs":
      return heading(
        block.pairs.flatMap(([name, value]) => wrap(`${name}: ${value}`, width, "    ")),
      );
    case "list":
      return heading(block.items.flatMap((item) => wrap(item, width, "    ")));
    case "code":
    case "note":
      return wrap(block.text, width, "  ");
    case "verdict":
      return wrap(`${VERDICT_MARK[block.verdict]} ${block.phrase}: ${block.reason}`, width, "  ");
    case "link":
      return wrap(`${block.text}: ${block.to}`, width, "  ");
    case "picture":
      return wrap(`${title}: in ${block.picture.name}.png and report.html.`, width, "  ");
    case "chart":
    case "folded":
      return [];
  }
}

/** Sections in lines, a blank one after each; those for documents are left out. */
function sectionLines(sections: Section[], width: number, colour: boolean): string[] {
  const shown = plain(sections.filter((section) => section.in === "all"));
  return shown.flatMap(({ title, blocks }) => [
    ...blocks.flatMap((block) => blockLines(block, title, width, colour)),
    "",
  ]);
}

/**
 * The summary of one suite.
 *
 * @param width columns to stay within: sentences are wrapped, verdicts get more lines where they are too
 *   wide, other tables that are too wide are left to the page
 * @param colour write ANSI colour codes
 * @returns lines joined by newlines, without one at the end
 */
export function terminalSummary(report: Report, width = 100, colour = false): string {
  const head = plain(report.head);
  const verdict = `${VERDICT_MARK[head.verdict]} ${head.phrase.toUpperCase()}`;
  const after = head.after.replace(/^After /, "").replace(/^Not/, "not");
  return [
    `${paint(verdict, head.verdict, colour)}  ${head.id}, ${after}`,
    ...wrap(sentence(head.brief), width, "  "),
    "",
    ...sectionLines(report.sections, width, colour),
    ...wrap(`${head.machine}; ${head.cost}.`, width, "  "),
  ].join("\n");
}
