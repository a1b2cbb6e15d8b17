/** muP for mixtures of experts, arXiv 2508.09752: a peer rule. */

import type { Rule } from "./rule.ts";
import { defineRule, each, HIDDEN, law, NORMS } from "./table.ts";

const EXPERTS = "2508.09752, hidden";
const OUTPUT = "2508.09752, output";
const MUP = "2203.03466";

/**
 * muP with the experts as hidden matrices, init 1/sqrt(fan-in) and LR 1/fan-in, and the router as
 * an output weight, init 1/d and LR 1/d, like the final projection. muP's output layer may carry a
 * multiplier 1/d instead, with init and LR unchanged: under Adam the same training, weight decay
 * aside, so no multiplier is set here. A, R and residual × 1; no correction for depth, batch or
 * duration.
 *
 * [ours]: W_down's fan-in is h (the paper scales h with d, where rho_h = rho_d), its eps by rho_d;
 * eps of output weights unchanged, as their gradients keep their size (2512.22382); the output form
 * above whatever `unembedding` says.
 *
 * Source: arXiv 2508.09752; forms of muP arXiv 2203.03466.
 */
export const moeMup: Rule = defineRule({
  id: "moe-mup",
  title: "muP for MoE: experts hidden matrices, the router an output weight",
  source: "arXiv 2508.09752",
}, ({ decoupledDecay }) => {
  const same = law({}, "muP: unchanged");
  const free = { initStd: same, lr: same, weightDecay: same, eps: same };
  const hidden = (source: string) => ({
    initStd: law({ rho_d: -1 / 2 }, source),
    lr: law({ rho_d: -1 }, source),
    weightDecay: decoupledDecay ? law({ rho_d: 1 }, "2512.22382") : same,
    eps: law({ rho_d: -1 }, "2512.22382"),
  });
  const output = {
    initStd: law({ rho_d: -1 }, OUTPUT),
    lr: law({ rho_d: -1 }, OUTPUT),
    weightDecay: same,
    eps: law({}, "[ours] as 2512.22382"),
  };
  return {
    rows: {
      embed: free,
      ...each(NORMS, free),
      ...each(HIDDEN, hidden(MUP)),
      ...each(["wgate", "wup"], hidden(EXPERTS)),
      wrouter: { ...output, weightDecay: hidden(EXPERTS).weightDecay },
      wdown: {
        ...hidden(EXPERTS),
        initStd: law({ rho_h: -1 / 2 }, EXPERTS),
        lr: law({ rho_h: -1 }, EXPERTS),
        weightDecay: decoupledDecay ? law({ rho_h: 1 }, "[ours] keeps lr*wd") : same,
      },
      unembed: output,
    },
    multipliers: { residual: same, outputMultiplier: same, routeScale: same, logits: same },
    oneMinusBeta: same,
  };
});
