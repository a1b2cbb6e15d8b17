/** muP on width alone, as Megatron-LM and microsoft/mup users have it: no idea of an MoE. */

import type { Rule } from "./rule.ts";
import { defineRule, each, HIDDEN, law, NORMS } from "./table.ts";

const MUP = "Megatron-LM muP; 2203.03466";

/**
 * LR and eps × 1/rho_d on every 2-D tensor but the embedding, the router included; init ×
 * 1/sqrt(rho_d), W_down by its own fan-in h; logits × 1/rho_d; A, R and residual × 1; no
 * correction for depth, batch or duration.
 *
 * Source: NVIDIA/Megatron-LM, `get_mup_config_overrides` (pull request 3058); arXiv 2203.03466.
 */
export const mup: Rule = defineRule({
  id: "mup",
  title: "muP on width only, every 2-D tensor alike, W_down by 1/sqrt(h)",
  source: "Megatron-LM; arXiv 2203.03466",
}, ({ unembedding, decoupledDecay }) => {
  const authors = unembedding === "authors";
  const same = law({}, "muP: unchanged");
  const free = { initStd: same, lr: same, weightDecay: same, eps: same };
  const matrix = {
    initStd: law({ rho_d: -1 / 2 }, MUP),
    lr: law({ rho_d: -1 }, MUP),
    weightDecay: same,
    eps: law({ rho_d: -1 }, MUP),
  };
  const hidden = decoupledDecay
    ? { ...matrix, weightDecay: law({ rho_d: 1 }, "2512.22382") }
    : matrix;
  return {
    rows: {
      embed: free,
      ...each(NORMS, free),
      ...each(HIDDEN, hidden),
      wdown: { ...hidden, initStd: law({ rho_h: -1 / 2 }, `${MUP}, per expert`) },
      unembed: authors
        ? matrix
        : { ...matrix, initStd: law({ rho_d: -1 }, "2512.22382"), eps: same },
    },
    multipliers: {
      residual: same,
      outputMultiplier: same,
      routeScale: same,
      logits: authors ? law({ rho_d: -1 }, MUP) : law({}, "2512.22382"),
    },
    oneMinusBeta: same,
  };
});
