/** Complete-muE, arXiv 2605.23893: hold this table next to docs/rule.md. */

import type { Rule, RuleOptions, TextTable } from "./rule.ts";
import { defineRule, each, HIDDEN, law, NORMS } from "./table.ts";

const LAYER = "[authors] layer";
const BATCH = "[authors] batch";
const BOTH = "[authors] layer, batch";

/**
 * The laws of the paper's rule.
 *
 * @param options the choices the sources leave open
 * @returns the table
 */
export function completeMueTable(
  { unembedding, decoupledDecay, depthAlpha: alpha }: Required<RuleOptions>,
): TextTable {
  const authors = unembedding === "authors";
  const lr = alpha === 1 ? BOTH : `${BOTH}; depth 2505.01618`;
  const free = {
    initStd: law({}, LAYER),
    lr: law({ q: 1 }, BATCH),
    weightDecay: law({ q: 1 }, BATCH),
    eps: law({ q: -1 }, BATCH),
  };
  const hidden = {
    initStd: law({ rho_d: -1 / 2 }, LAYER),
    lr: law({ q: 1, rho_d: -1, rho_L: alpha - 1 }, lr),
    weightDecay: decoupledDecay
      ? law({ q: 1, rho_d: 1 }, `${BATCH}; 2512.22382`)
      : free.weightDecay,
    eps: law({ q: -1, rho_d: -1, rho_L: -alpha }, `${BATCH}; 2512.22382`),
  };
  return {
    rows: {
      embed: free,
      ...each(NORMS, free),
      ...each(HIDDEN, hidden),
      wdown: {
        ...hidden,
        initStd: law({ rho_H: 1 / 2, rho_d: -1 / 2 }, `${LAYER}; [ours] if H* != d*`),
        eps: law({ ...hidden.eps.exponents, rho_H: -1 }, `${BATCH}; 2512.22382; A [ours]`),
      },
      unembed: {
        ...free,
        initStd: law({ rho_d: authors ? -1 / 2 : -1 }, authors ? LAYER : "2512.22382"),
        lr: law({ q: 1, rho_d: -1 }, authors ? BOTH : `${BATCH}; 2512.22382`),
      },
    },
    multipliers: {
      residual: law({ rho_L: -alpha }, "2505.01618"),
      outputMultiplier: law({ rho_H: -1 }, `${LAYER}; [ours] if H* != d*`),
      routeScale: law({ a: 1, S: -1 }, LAYER),
      logits: law({ rho_d: authors ? -1 : 0 }, authors ? LAYER : "2512.22382"),
    },
    oneMinusBeta: law({ rho_B: 1, rho_D: -1 }, BATCH),
  };
}

/**
 * The paper's rule. Init by d, and by rho_H on W_down; LR by d; A = 1/rho_H, R = a / S (S = 1 under its
 * gates); nothing for N, granularity, shared experts or groups; q = sqrt(rho_B/rho_D) on eta and lambda, 1/q on eps.
 *
 * Source: arXiv 2605.23893 as its authors' page gives it; depth 2505.01618; eps 2512.22382.
 */
export const completeMue: Rule = defineRule({
  id: "complete-mue",
  title: "Complete-muE: width, depth, MoE layout, batch and duration",
  source: "arXiv 2605.23893 [authors, paper]",
}, completeMueTable);
