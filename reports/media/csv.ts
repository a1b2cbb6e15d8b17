/**
 * Data as CSV: numbers unrounded, an empty field where nothing was measured.
 *
 * Files are UTF-8. Spreadsheets take a file without a byte-order mark for their system's own code page
 * and show `√` as three characters, so a file that holds anything beyond ASCII starts with the mark; one
 * that does not has none, so that the simplest reader finds its first column by name. Text that a
 * spreadsheet would run as a formula gets an apostrophe before it; numbers stay numbers.
 *
 * @module
 */
import { csvFormatRows } from "d3-dsv";
import { finite } from "../words/format.ts";
import type { Data } from "../sections/section.ts";

/** What a spreadsheet takes for the start of a formula, itself or behind blanks it drops. */
const FORMULA = /^[\s\0]*[=+\-@]|^[\t\r]/;

/** A field as it is written. */
function field(value: string | number | null): string | number | null {
  if (typeof value !== "string") return finite(value);
  return FORMULA.test(value) ? `'${value}` : value;
}

/** The whole file, with a header line and a final newline. */
export function csvText({ columns, rows }: Data): string {
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column] ?? null))];
  const text = csvFormatRows(lines.map((line) => line.map((v) => `${field(v) ?? ""}`))) + "\n";
  // deno-lint-ignore no-control-regex -- the ASCII characters, control characters among them
  return (/^[\x00-\x7f]*$/.test(text) ? "" : "\uFEFF") + text;
}
