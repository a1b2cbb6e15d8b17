/**
 * Pieces of a Markdown summary. Everything that comes from a record is escaped here.
 *
 * @module
 */
import type { Told } from "../words/caption.ts";
import { adapterName, VERDICT_MARK, verdictPhrase } from "../words/format.ts";
import type { Table } from "../tables.ts";

/** A table, one line per row. */
export function markdownTable({ head, rows }: Table): string[] {
  const write = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
  return [write(head), `|${" --- |".repeat(head.length)}`, ...rows.map(write)];
}

/** Text on one line, with nothing Markdown would take for HTML. */
export const line = (text: string): string =>
  text.replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
/** The same for a cell of a table. */
export const cell = (text: string): string => line(text).replaceAll("|", "\\|");

/** Pictures under each other, from `[title, file]`. */
export function pictureLines(charts: [string, string][]): string[] {
  return charts.flatMap(([title, file]) => [`![${cell(title)}](${file})`, ""]);
}

/**
 * The top of a summary: verdict, reason, claim, machine, pictures.
 *
 * @param record what was judged
 * @param cost what it cost, as one phrase
 * @param charts files to show, as `[title, file]`
 */
export function summaryHead(record: Told, cost: string, charts: [string, string][]): string[] {
  const { suite, verdict } = record;
  return [
    `# ${VERDICT_MARK[verdict]} ${verdictPhrase(record)}: ${line(suite.title)}`,
    "",
    line(record.reason),
    "",
    `Claim (${line(suite.figure)}): ${line(suite.claim)}.`,
    "",
    `Adapter: ${line(adapterName(record.environment))}. Cost: ${cost}.`,
    "",
    ...pictureLines(charts),
  ];
}
