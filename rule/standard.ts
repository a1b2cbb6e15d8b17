/** SP, the standard parameterization: a control whose optimum must move. */

import type { Rule, TextTable } from "./rule.ts";
import { defineRule, each, HIDDEN, law, NORMS } from "./table.ts";

/**
 * The laws of SP.
 *
 * @returns the table
 */
export function standardTable(): TextTable {
  const same = law({}, "SP: unchanged");
  const fanIn = law({ rho_d: -1 / 2 }, "SP: 1/sqrt(fan-in)");
  const free = { initStd: same, lr: same, weightDecay: same, eps: same };
  return {
    rows: {
      embed: free,
      ...each(NORMS, free),
      ...each(HIDDEN, { ...free, initStd: fanIn }),
      wdown: { ...free, initStd: law({ rho_h: -1 / 2 }, "SP: 1/sqrt(fan-in), per expert") },
      unembed: { ...free, initStd: fanIn },
    },
    multipliers: { residual: same, outputMultiplier: same, routeScale: same, logits: same },
    oneMinusBeta: same,
  };
}

/**
 * Init 1/sqrt(fan-in), W_down's fan-in being H (dense) or h (per expert); one LR, one weight decay,
 * one eps; A, R, residual and logits × 1; no correction for batch or duration.
 *
 * Source: docs/rule.md, peer rules.
 */
export const standard: Rule = defineRule({
  id: "standard",
  title: "Standard parameterization: init 1/sqrt(fan-in), one learning rate",
  source: "common practice (control)",
}, standardTable);
