/** Words and columns that the three outputs of `deno task rule` share. */

import { type Configuration, formatConfiguration } from "../rule/configuration.ts";
import { GATE_WORDS, gatesOf } from "../rule/gates.ts";
import { identityFor } from "../rule/route_scale.ts";
import { wrap } from "../reports/words/lines.ts";
import type { Knob, Rule, RuleTask } from "../rule/rule.ts";

/** Width of every text. */
export const COLUMNS = 100;

/** Knobs as tables head them. */
export const HEADS: Record<Knob, string> = {
  initStd: "init std",
  lr: "lr",
  weightDecay: "wd",
  eps: "eps",
};

/**
 * A multiplier or tensor as it is printed: the multiplier of the last product, `logits` in the rules, by what that
 * product gives for the task.
 */
export function printedName(name: string, task: RuleTask = "language"): string {
  return name === "logits" && task === "diffusion" ? "velocityMultiplier" : name;
}

/** What was asked: rule, reference, target, and the gate where the target or the rule has its own. */
export function headLines(rule: Rule, from: Configuration, to: Configuration): string[] {
  const { asked, assumed, used } = gatesOf(to, rule);
  const named = asked !== null || rule.gate !== undefined;
  const more = asked === null || used === assumed
    ? ""
    : `, as the target asks; ${rule.id} assumes ${assumed}`;
  return [
    `${rule.id}: ${identityFor(to, rule).title}`,
    ...pairLines(from, to),
    ...(named ? wrap(`gate: ${GATE_WORDS[used]}${more}`, COLUMNS, "  ", "    ") : []),
  ];
}

/** The two configurations of a table. */
export function pairLines(from: Configuration, to: Configuration): string[] {
  return [["from ", from] as const, ["to   ", to] as const].flatMap(([side, c]) => {
    // a long one breaks after a comma
    const lines = [`  ${side}`];
    for (const part of formatConfiguration(c).split(/(?<=,)/)) {
      if (lines[lines.length - 1].length + part.length > COLUMNS) lines.push(" ".repeat(9));
      lines[lines.length - 1] += part;
    }
    return lines;
  });
}

/** Warnings, sentences without a full stop, as every text shows them. */
export function warningLines(warnings: readonly string[]): string[] {
  return warnings.flatMap((warning) => wrap(`warning: ${warning}`, COLUMNS, "  ", "    "));
}

/** A number in five digits, as tables show it. */
export function short(x: number): string {
  return String(Number(x.toPrecision(5)));
}

/** Cells as CSV, quoted where they must be; no package, so that the command starts at once. */
export function csvLines(lines: (string | number)[][]): string {
  const quote = (cell: string | number) =>
    /[",\n]/.test(`${cell}`) ? `"${`${cell}`.replaceAll('"', '""')}"` : `${cell}`;
  return lines.map((line) => line.map(quote).join(",")).join("\n");
}
