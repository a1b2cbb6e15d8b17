/** `deno task rule --compare`: what every rule multiplies, side by side. */

import { align } from "../reports/words/lines.ts";
import { type Configuration, formatConfiguration } from "../rule/configuration.ts";
import { isForeign, lawsFor, routerNotes } from "../rule/route_scale.ts";
import type { Factors, Knob, Multipliers, Rule, RuleOptions } from "../rule/rule.ts";
import { KNOBS, power, routeQuantities, routerLogitStd, tensorsOf } from "../rule/table.ts";
import { csvLines, HEADS, pairLines, printedName, short, warningLines } from "./rule_text.ts";

/** One line: what is multiplied, and each rule's factor. */
interface Line {
  tensor: string;
  quantity: string;
  factors: number[];
}

/**
 * The factors of all rules, target over reference: LR and init as tables, JSON and CSV with weight
 * decay and eps too. R is the value to set, since a rule's R is no ratio. A rule that is made for
 * another router than the target's has no column; what is said of it and of R stands below.
 *
 * @param every the rules, in the order of the columns
 * @param initStd sigma of the reference, for R where it depends on the router's init
 * @returns the whole text; a table is at most 100 columns wide
 * @throws {RangeError} on an impossible option
 */
export function compareText(
  every: readonly Rule[],
  from: Configuration,
  to: Configuration,
  options: RuleOptions,
  initStd: number,
  format: "table" | "json" | "csv",
): string {
  const rules = every.filter((rule) => !isForeign(to, rule));
  const all = rules.map((rule) => rule.factors(from, to, options));
  const logitStds = all.map((factors) => routerLogitStd(to, initStd, factors));
  const model = modelLines(rules, all, logitStds, to, options);
  const warnings = warningsOf(every, from, to, (rule) => logitStds[rules.indexOf(rule)] ?? 0);
  const of = (knob: Knob): Line[] =>
    tensorsOf(to, options.task).map((tensor) => ({
      tensor,
      quantity: knob,
      factors: all.map((f) => f.rows[tensor][knob]),
    }));
  if (format !== "table") {
    const lines = [...model, ...KNOBS.flatMap(of)];
    if (format === "csv") {
      const head = ["tensor", "quantity", ...rules.map((r) => r.id)];
      const rest = rules.slice(1).map(() => "");
      const notes = warnings.map((text) => ["model", "warning", text, ...rest]);
      return csvLines([head, ...lines.map((l) => [l.tensor, l.quantity, ...l.factors]), ...notes]);
    }
    return JSON.stringify(
      {
        from: formatConfiguration(from),
        to: formatConfiguration(to),
        options,
        leftOut: every.filter((rule) => isForeign(to, rule)).map((rule) => rule.id),
        warnings,
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
    ...pairLines(from, to),
    ...warningLines(warnings),
    ...block("Model and AdamW (routeScale: the value to set)", model, (l) => l.quantity),
    ...(["lr", "initStd"] as const).flatMap((knob) =>
      block(`Factors on ${HEADS[knob]}`, of(knob), (line) => line.tensor)
    ),
    "",
    ...(rules.some((rule) => rule.gate === "sigmoid-raw")
      ? [
        "moe-dmft weighs experts by sigmoids that are not normalized; --rule ID has formulas and sources",
      ]
      : ["--rule ID has formulas and sources"]),
  ].join("\n");
}

/** What is said of the rules' routers, each text once, with the rules it is said of. */
function warningsOf(
  rules: readonly Rule[],
  from: Configuration,
  to: Configuration,
  logitStd: (rule: Rule) => number,
): string[] {
  const said = rules.flatMap((rule) =>
    routerNotes(from, to, rule, logitStd(rule)).map((text) => ({
      id: rule.id,
      text: isForeign(to, rule) && text.startsWith(rule.id) ? `${text}; it is left out` : text,
    }))
  );
  return [...Map.groupBy(said, ({ text }) => text)].map(([text, of]) =>
    of.length === rules.length || text.startsWith(of[0].id)
      ? text
      : `${of.map(({ id }) => id).join(", ")}: ${text}`
  );
}

function modelLines(
  rules: readonly Rule[],
  all: Factors[],
  logitStds: number[],
  to: Configuration,
  options: RuleOptions,
): Line[] {
  const names = Object.keys(all[0].multipliers) as (keyof Multipliers)[];
  const routeScales = rules.map((rule, i) => {
    const { exponents } = lawsFor(rule.laws(options), to, rule).multipliers.routeScale;
    return power(exponents, routeQuantities(to, rule, logitStds[i]));
  });
  return [
    ...names.map((name) => ({
      tensor: "model",
      quantity: printedName(name, options.task),
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
