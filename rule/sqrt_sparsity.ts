/** Complete-muE with a square-root rule for sparsity: a control that must be wrong. */

import { completeMueTable } from "./complete_mue.ts";
import type { Law, Rule } from "./rule.ts";
import { defineRule, law } from "./table.ts";

/**
 * `complete-mue`, but the experts' LR × sqrt(rho_a), rho_a the ratio of a/N (dense 1). An expert
 * sees a/N of each batch, so the square-root rule of batch size seems to ask for it; it forgets
 * that the expert's whole training shrinks by the same share, so that q = 1 (Bridge II). Breaks law
 * 3 on purpose: N alone changes the experts' LR. Shared experts have the experts' rows and take it
 * too, though they see every token.
 *
 * Source: docs/rule.md, peer rules.
 */
export const sqrtSparsity: Rule = defineRule({
  id: "sqrt-sparsity",
  title: "Complete-muE, but the experts' LR times sqrt(a/N): wrong on purpose",
  source: "[ours] (control)",
}, (options) => {
  const table = completeMueTable(options);
  const bySparsity = ({ exponents, source }: Law) =>
    law({ ...exponents, rho_a: 1 / 2 }, `${source}; [ours]`);
  const { wgate, wup, wdown } = table.rows;
  return {
    ...table,
    rows: {
      ...table.rows,
      wgate: { ...wgate, lr: bySparsity(wgate.lr) },
      wup: { ...wup, lr: bySparsity(wup.lr) },
      wdown: { ...wdown, lr: bySparsity(wdown.lr) },
    },
  };
});
