/** `deno task rule --compare`: what every rule multiplies, side by side. */

import { type Configuration, formatConfiguration } from "../rule/configuration.ts";
import type { Factors, Knob, Multipliers, Rule, RuleOptions } from "../rule/rule.ts";
import { routed, TENSORS } from "../rule/table.ts";
import { align, csvLines, HEADS, KNOBS, short } from "./rule_table.ts";

/** One line: what is multiplied, and each rule's factor. */
interface Line {
  tensor: string;
  quantity: string;
  factors: number[];
}

/**
 * The factors of all rules, target over reference: LR and init as tables, JSON and CSV with weight
 * decay and eps too. R is the value to set, since a rule's R is no ratio.
 *
 * @param rules the rules, in the order of the columns
 * @param from the reference
 * @param to the target
 * @param options options of every rule
 * @param format `table`, `json` or `csv`
 * @returns the whole text; a table is at most 100 columns wide
 * @throws {RangeError} on an impossible option
 */
export function compareText(
  rules: readonly Rule[],
  from: Configuration,
  to: Configuration,
  options: RuleOptions,
  format: "table" | "json" | "csv",
): string {
  const all = rules.map((rule) => rule.factors(from, to, options));
  const model = modelLines(rules, all, to, options);
  const tensors = TENSORS.filter((t) => t !== "wrouter" || to.ffn.kind === "moe");
  const of = (knob: Knob): Line[] =>
    tensors.map((tensor) => ({
      tensor,
      quantity: knob,
      factors: all.map((f) => f.rows[tensor][knob]),
    }));
  if (format !== "table") {
    const lines = [...model, ...KNOBS.flatMap(of)];
    if (format === "csv") {
      const head = ["tensor", "quantity", ...rules.map((r) => r.id)];
      return csvLines([head, ...lines.map((l) => [l.tensor, l.quantity, ...l.factors])]);
    }
    return JSON.stringify(
      {
        from: formatConfiguration(from),
        to: formatConfiguration(to),
        options,
        factors: lines.map(({ tensor, quantity, factors }) => ({
          tensor,
          quantity,
          ...Object.fromEntries(rules.map((rule, i) => [rule.id, factors[i]])),
        })),
      },
      null,
      2,
    );
  }
  const block = (title: string, lines: Line[], name: (line: Line) => string) => [
    "",
    title,
    ...align([
      ...heads(rules),
      ...lines.map((line) => [" ", name(line), ...line.factors.map(short)]),
    ]),
  ];
  return [
    "All rules: factors, target over reference",
    `  from ${formatConfiguration(from)}`,
    `  to   ${formatConfiguration(to)}`,
    ...block("Model and AdamW (routeScale: the value to set)", model, (l) => l.quantity),
    ...(["lr", "initStd"] as const).flatMap((knob) =>
      block(`Factors on ${HEADS[knob]}`, of(knob), (line) => line.tensor)
    ),
    "",
    "moe-dmft weighs experts by sigmoids that are not normalized; --rule ID has formulas and sources",
  ].join("\n");
}

function modelLines(
  rules: readonly Rule[],
  all: Factors[],
  to: Configuration,
  options: RuleOptions,
): Line[] {
  const names = Object.keys(all[0].multipliers) as (keyof Multipliers)[];
  const routeScales = rules.map((rule) =>
    routed(to) ** (rule.laws(options).multipliers.routeScale.exponents.a ?? 0)
  );
  return [
    ...names.map((name) => ({
      tensor: "model",
      quantity: name,
      factors: name === "routeScale" ? routeScales : all.map((f) => f.multipliers[name]),
    })),
    { tensor: "model", quantity: "1 - beta", factors: all.map((f) => f.oneMinusBeta) },
  ];
}

/** Rule ids over two lines, broken at their first hyphen, so that seven columns fit. */
function heads(rules: readonly Rule[]): string[][] {
  const parts = rules.map(({ id }) => {
    const hyphen = id.length > 8 ? id.indexOf("-") + 1 : 0;
    return hyphen > 0 ? [id.slice(0, hyphen), id.slice(hyphen)] : ["", id];
  });
  return [0, 1].map((i) => [" ", "", ...parts.map((part) => part[i])]);
}
