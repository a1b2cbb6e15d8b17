/** `deno task rule --explain`: where every number comes from. */

import { wrap } from "../reports/words/lines.ts";
import { formatConfiguration } from "../rule/configuration.ts";
import { explain, type Explanation } from "../rule/explain.ts";
import { formula } from "../rule/formula.ts";
import { quantities } from "../rule/table.ts";
import { TENSOR_KINDS } from "../rule/rule.ts";
import type { Answer } from "./rule_table.ts";
import { COLUMNS, headLines, HEADS, printedName, short, warningLines } from "./rule_text.ts";

/**
 * The derivation of what a rule sets.
 *
 * @param subject one tensor, multiplier or beta; everything if left out
 * @param json whether to give the explanations as JSON
 * @returns the whole text, at most 100 columns wide
 * @throws {RangeError} on an unknown subject; the message lists the known ones
 */
export function explainText(answer: Answer, subject: string | undefined, json: boolean): string {
  const { rule, from, to, hps, options, transfer } = answer;
  const explanations = explain(rule, from, to, hps, options).map((e) => ({
    ...e,
    names: e.names.map((name) => printedName(name, options.task)),
  }));
  const chosen = explanations.filter((e) => subject === undefined || e.names.includes(subject));
  if (chosen.length === 0) {
    if ((TENSOR_KINDS as readonly string[]).includes(subject!)) {
      throw new RangeError(`Cannot explain ${subject}: ${formatConfiguration(to)} has none`);
    }
    const known = [...new Set(explanations.flatMap((e) => e.names))];
    throw new RangeError(`Cannot explain ${subject}: known are ${known.join(", ")}`);
  }
  const said = new Map(transfer.warnings.map((text) => [`${text}.`, "the warning above"]));
  if (json) return JSON.stringify(chosen, null, 2);
  const values = Object.entries(quantities(from, to, options))
    .filter(([name, value]) => name !== "S" && !(name === "rho_o" && value === 1))
    .map(([name, value]) => `${name} ${short(value)}`);
  return [
    ...headLines(rule, from, to),
    ...wrap(`ratios: ${values.join(", ")}`, COLUMNS, "  "),
    ...warningLines(transfer.warnings),
    ...[...Map.groupBy(chosen, (e) => e.names.join(" "))].flatMap(([names, group]) => [
      "",
      names,
      ...group.flatMap((e) => lines(e, said)),
    ]),
  ].join("\n");
}

/**
 * `init std = sigma * sqrt(rho_H / rho_d) = 0.01 * sqrt(9 / 8) = 0.010607`, then why; a reason that
 * was said before is referred to.
 */
function lines(e: Explanation, said: Map<string, string>): string[] {
  const exponents = Object.fromEntries(e.factors.map((f) => [f.quantity, f.exponent]));
  const beta = e.names[0].startsWith("beta");
  const base = e.base[0] === "" ? (e.base[1] === 0 ? "0" : "") : e.base[0];
  const number = base === "" ? "" : short(e.base[1]);
  const values = new Map(e.factors.map((f) => [f.quantity as string, short(f.value)]));
  const letters = formula(beta ? `(${base})` : base, exponents);
  const numbers = formula(number, exponents, (name) => values.get(name)!);
  const parts = [beta ? `1 - ${letters}` : letters, beta ? `1 - ${numbers}` : numbers];
  const name = e.knob === null ? e.names[0] : HEADS[e.knob];
  const chain = [name, ...new Set([...parts, short(e.value)])].join(" = ");
  const here = e.knob === null ? name : `${e.names[0]} ${name}`;
  const once = (why: string) => {
    const before = said.get(why);
    said.set(why, before ?? here);
    return before === undefined ? why : `as under ${before}`;
  };
  return [
    ...wrap(chain, COLUMNS, "  ", "    "),
    ...e.factors.flatMap(({ quantity, exponent, why }) => {
      const power = exponent === 1 ? quantity : `${quantity}^${Number(exponent.toPrecision(6))}`;
      return wrap(`${power}: ${once(why)}`, COLUMNS, "    ", "      ");
    }),
    ...(e.remark === null ? [] : wrap(once(e.remark), COLUMNS, "    ")),
    ...(e.factors.length === 0 && e.remark === null ? [`    as in the reference`] : []),
    `    source: ${e.source}`,
  ];
}
