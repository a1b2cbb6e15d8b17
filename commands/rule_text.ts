/** Words and columns that the three outputs of `deno task rule` share. */

import { type Configuration, formatConfiguration } from "../rule/configuration.ts";
import { GATE_WORDS, gatesOf } from "../rule/gates.ts";
import { identityFor } from "../rule/route_scale.ts";
import type { Knob, Rule } from "../rule/rule.ts";

const COLUMNS = 100;

/** Knobs as tables head them. */
export const HEADS: Record<Knob, string> = {
  initStd: "init std",
  lr: "lr",
  weightDecay: "wd",
  eps: "eps",
};

/**
 * What was asked: rule, reference, target, and the gate where the target or the rule has its own.
 *
 * @param rule the rule
 * @param from the reference
 * @param to the target
 * @returns three lines or more
 */
export function headLines(rule: Rule, from: Configuration, to: Configuration): string[] {
  const { asked, assumed, used } = gatesOf(to, rule);
  const named = asked !== null || rule.gate !== undefined;
  const more = asked === null || used === assumed
    ? ""
    : `, as the target asks; ${rule.id} assumes ${assumed}`;
  return [
    `${rule.id}: ${identityFor(to, rule).title}`,
    ...pairLines(from, to),
    ...(named ? wrap(`gate: ${GATE_WORDS[used]}${more}`, "  ", "    ") : []),
  ];
}

/** The two configurations of a table. */
export function pairLines(from: Configuration, to: Configuration): string[] {
  return [`  from ${formatConfiguration(from)}`, `  to   ${formatConfiguration(to)}`];
}

/**
 * Warnings as every text shows them.
 *
 * @param warnings sentences without a full stop
 */
export function warningLines(warnings: readonly string[]): string[] {
  return warnings.flatMap((warning) => wrap(`warning: ${warning}`, "  ", "    "));
}

/**
 * Pads cells into columns two blanks apart.
 *
 * @param rows cells, the same number in every row
 * @returns one line per row
 */
export function align(rows: string[][]): string[] {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows.map((row) => row.map((cell, i) => cell.padEnd(widths[i])).join("  ").trimEnd());
}

/**
 * A number in five digits, as tables show it.
 *
 * @param x the number
 */
export function short(x: number): string {
  return String(Number(x.toPrecision(5)));
}

/**
 * Breaks a text into lines.
 *
 * @param text words
 * @param indent what the first line starts with
 * @param further what the others start with
 * @returns lines of at most 100 columns
 */
export function wrap(text: string, indent: string, further = indent): string[] {
  const out: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.trim() !== "" && line.length + 1 + word.length > COLUMNS) {
      out.push(line);
      line = further;
    }
    line += line.trim() === "" ? word : ` ${word}`;
  }
  return [...out, line];
}

/**
 * Cells as CSV, quoted where they must be.
 *
 * @param lines cells per line
 */
export function csvLines(lines: (string | number)[][]): string {
  const quote = (cell: string | number) =>
    /[",\n]/.test(`${cell}`) ? `"${`${cell}`.replaceAll('"', '""')}"` : `${cell}`;
  return lines.map((line) => line.map(quote).join(",")).join("\n");
}
