/** Every transfer rule by its id. */

import { completeMue } from "./complete_mue.ts";
import { embeddingLrOnly } from "./embedding_lr_only.ts";
import { moeDmft } from "./moe_dmft.ts";
import { moeMup } from "./moe_mup.ts";
import { mup } from "./mup.ts";
import type { Rule } from "./rule.ts";
import { sqrtSparsity } from "./sqrt_sparsity.ts";
import { standard } from "./standard.ts";

/** All rules, the default first. */
export const RULES: Rule[] = [
  completeMue,
  standard,
  mup,
  moeDmft,
  moeMup,
  embeddingLrOnly,
  sqrtSparsity,
];

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
