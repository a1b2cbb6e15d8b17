/** SP with muP's learning rate on the embedding alone: a control. */

import type { Rule } from "./rule.ts";
import { standardTable } from "./standard.ts";
import { defineRule, law } from "./table.ts";

/**
 * The embedding's LR × rho_d, everything else as `standard`: arXiv 2605.21486 finds that under
 * AdamW most of what muP gains over SP in width comes from this one rate. It says nothing of MoE,
 * depth, batch or duration, nor that the other rates need no change, so the optimum may move.
 *
 * Source: arXiv 2605.21486.
 */
export const embeddingLrOnly: Rule = defineRule({
  id: "embedding-lr-only",
  title: "SP, but the embedding's learning rate grows with the width",
  source: "arXiv 2605.21486 (control)",
}, () => {
  const { rows, ...model } = standardTable();
  return {
    ...model,
    rows: { ...rows, embed: { ...rows.embed, lr: law({ rho_d: 1 }, "2605.21486") } },
  };
});
