/** Every transfer rule by its id. */

import { completeMue } from "./complete_mue.ts";
import { mup } from "./mup.ts";
import type { Rule } from "./rule.ts";
import { standard } from "./standard.ts";

/** All rules, the default first. */
export const RULES: Rule[] = [completeMue, standard, mup];

/**
 * The rule of an id.
 *
 * @param id e.g. `complete-mue`
 * @returns the rule
 * @throws {RangeError} on an unknown id; the message lists the known ones
 */
export function ruleById(id: string): Rule {
  const rule = RULES.find((r) => r.id === id);
  if (rule) return rule;
  throw new RangeError(
    `Cannot find rule ${id}: the rules are ${RULES.map((r) => r.id).join(", ")}`,
  );
}
