/**
 * Words in lines: sentences broken to a width, cells in columns.
 *
 * @module
 */
import { extent } from "./format.ts";

/**
 * Breaks a text between words.
 *
 * @param width characters in a line; a longer word has a line of its own
 * @param indent what the first line starts with
 * @param further what the others start with
 * @returns at least one line
 */
export function wrap(text: string, width: number, indent = "", further = indent): string[] {
  const lines: string[] = [];
  let start = indent, words = "";
  for (const word of text.split(/\s+/)) {
    if (words !== "" && start.length + words.length + 1 + word.length > width) {
      lines.push(start + words);
      start = further;
      words = word;
    } else words = words === "" ? word : `${words} ${word}`;
  }
  return [...lines, start + words];
}

/**
 * A text whose control characters, and those that turn the direction of writing, stand there as they are
 * written in a program: nothing that a file or a name holds can move a terminal's cursor or start a line.
 *
 * @param keep characters left as they are, e.g. the newlines of a text of several lines
 */
export function visible(text: string, keep = ""): string {
  return text.replace(
    // deno-lint-ignore no-control-regex -- they are what is looked for
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (char) => keep.includes(char) ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Characters of the longest text; 0 of none. */
export const widest = (texts: string[]): number =>
  extent(texts.map(({ length }) => length))?.[1] ?? 0;

/** Cells in columns two blanks apart, a line per row; every row has as many. */
export function align(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => widest(rows.map((row) => row[column])));
  return rows.map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column])).join("  ").trimEnd()
  );
}
