/**
 * Pieces of what is shown in a terminal: colours, the headline, aligned columns, wrapped sentences.
 *
 * @module
 */
import type { Verdict } from "../../lab/record/record.ts";
import type { Told } from "../words/caption.ts";
import {
  afterFigure,
  type JudgedRole,
  roleMark,
  roleVerdict,
  VERDICT_MARK,
  verdictPhrase,
} from "../words/format.ts";
import type { Table } from "../tables.ts";
import type { Tone } from "../charts/theme.ts";

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
export function paint(text: string, tone: Tone, colour: boolean): string {
  return colour ? `\x1b[${COLOUR[tone]}m${text}\x1b[39m` : text;
}

/** The first line: mark and verdict, then what was judged. */
export function headline(record: Told, colour: boolean): string {
  const { verdict, suite } = record;
  const text = `${VERDICT_MARK[verdict]} ${verdictPhrase(record).toUpperCase()}`;
  return `${paint(text, verdict, colour)}  ${suite.id}, ${
    afterFigure(suite.figure).replace(/^After /, "").replace(/^Not/, "not")
  }`;
}

/**
 * A table in aligned columns, indented by two.
 *
 * @param table header and cells
 * @param last writes the last column of a row, which is not padded: `(text, row) => text`
 */
export function alignedTable(
  { head, rows }: Table,
  last: (text: string, row: number) => string = (text) => text,
): string[] {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines.map((line, index) => {
    const body = line.slice(0, -1).map((text, column) => text.padEnd(widths[column]));
    const end = line[line.length - 1];
    return `  ${[...body, index === 0 ? end : last(end, index - 1)].join("  ")}`;
  });
}

/** A verdict in its role, the mark before the words. */
export const marked = (role: JudgedRole, verdict: Verdict): string =>
  `${roleMark(role, verdict)} ${roleVerdict(role, verdict)}`;

/** Breaks a sentence between words; every line starts with the indent. */
export function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/)) {
    if (current !== "" && indent.length + current.length + 1 + word.length > width) {
      lines.push(indent + current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, indent + current];
}
