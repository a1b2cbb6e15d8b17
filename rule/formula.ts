/** Laws as text: `eta * q / rho_d`, `sigma * sqrt(rho_H / rho_d)`. */

import type { Exponents, Law, Note } from "./rule.ts";

/**
 * Writes a monomial: powers 1 first, then roots, then the rest.
 *
 * @param base what it multiplies, e.g. `eta`; empty for a bare factor
 * @param exponents the monomial
 * @param write how a quantity is written; its name if left out
 * @returns e.g. `sigma * sqrt(rho_H / rho_d)`; `1` for nothing
 */
export function formula(
  base: string,
  exponents: Exponents,
  write: (quantity: string) => string = (quantity) => quantity,
): string {
  const terms = Object.entries(exponents).filter(([, e]) => e !== 0);
  const named = (e: number) => terms.filter((term) => term[1] === e).map(([name]) => write(name));
  let text = [...(base === "" ? [] : [base]), ...named(1)].join(" * ");
  const over = named(-1).map((name) => ` / ${name}`).join("");
  const [roots, underRoots] = [named(0.5), named(-0.5)];
  if (roots.length > 0) {
    const root = `sqrt(${[roots.join(" * "), ...underRoots].join(" / ")})`;
    text = text === "" ? root : `${text} * ${root}`;
  }
  text = (text === "" && over !== "" ? "1" : text) + over;
  if (roots.length === 0 && underRoots.length > 0) {
    text = `${text || "1"} / sqrt(${underRoots.join(" * ")})`;
  }
  for (const [name, e] of terms.filter(([, e]) => ![1, -1, 0.5, -0.5].includes(e))) {
    text = `${text === "" ? "" : `${text} * `}${write(name)}^${Number(e.toPrecision(6))}`;
  }
  return text === "" ? "1" : text;
}

/**
 * A law as formula and source.
 *
 * @param base what it multiplies
 * @param law the law
 */
export function note(base: string, { exponents, source }: Law): Note {
  return { formula: formula(base, exponents), source };
}
