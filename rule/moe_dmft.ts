/** Transfer of MoE models at fixed a/N by mean-field theory, arXiv 2601.20205: a peer rule. */

import type { Rule } from "./rule.ts";
import { defineRule, each, HIDDEN, law, NORMS } from "./table.ts";

const DMFT = "2601.20205";
const DEPTH = "2505.01618";
/** Read in others' print of the paper's table, not in the paper. */
const SECOND_HAND = `${DMFT} at second hand`;
const READOUT = "[ours] as 2512.22382";

/**
 * For MoE(x) = (1/a) · Σ g_i E_i(x) with g_i = sigmoid of the router's logit, not normalized: the
 * routed sum takes R = 1/a on raw sigmoids, so the rule brings its gate. In the paper's absolute
 * scales, with h/d an expert's width over the model's: router init 1/d and LR 1/d; up and gate init
 * 1/sqrt(d) and LR 1/d; W_down init (h/d)^-1/sqrt(d) and LR (h/d)^-1/d; residual 1/L. Here as
 * ratios to the reference. It scales d, L, h and N at a fixed a/N and does not claim to transfer
 * across a/N, nor from a dense FFN; a dense reference counts as one expert of width H [ours].
 *
 * [ours]: a gate matrix as the up matrix (the paper's experts have none); one final projection,
 * init and LR × 1/rho_d, logits × 1, whatever `unembedding` says; the router's eps as 2505.01618;
 * shared experts as routed ones. The paper's router bias does not exist here.
 *
 * eps goes with a tensor's gradient: embedding 1/d, attention 1/(d·L), up 1/(h·L), W_down d/(h²·L),
 * as others print the paper's Table 2, for a model that ties its embeddings.
 *
 * Source: arXiv 2601.20205 (Tables 1 and 2, at second hand); depth 2505.01618.
 */
export const moeDmft: Rule = defineRule({
  id: "moe-dmft",
  title: "Mean-field MoE, raw sigmoid gates: d, L, h, N at fixed a/N only",
  source: "arXiv 2601.20205",
  gate: "sigmoid-raw",
}, ({ decoupledDecay, depthAlpha: alpha }) => {
  const same = law({}, "unchanged");
  const free = { initStd: same, lr: same, weightDecay: same, eps: same };
  const matrix = {
    initStd: law({ rho_d: -1 / 2 }, DMFT),
    lr: law({ rho_d: -1, rho_L: alpha - 1 }, alpha === 1 ? DMFT : `${DMFT}; ${DEPTH}`),
    weightDecay: decoupledDecay ? law({ rho_d: 1 }, "2512.22382") : same,
    eps: law({ rho_d: -1, rho_L: -alpha }, SECOND_HAND),
  };
  const up = { ...matrix, eps: law({ rho_h: -1, rho_L: -alpha }, SECOND_HAND) };
  return {
    rows: {
      embed: { ...free, eps: law({ rho_d: -1 }, SECOND_HAND) },
      ...each(NORMS, free),
      ...each(HIDDEN, matrix),
      wup: up,
      wgate: {
        ...up,
        initStd: law({ rho_d: -1 / 2 }, "[ours] as up"),
        lr: law(matrix.lr.exponents, "[ours] as up"),
        eps: law(up.eps.exponents, "[ours] as up"),
      },
      wrouter: {
        ...matrix,
        initStd: law({ rho_d: -1 }, DMFT),
        eps: law(matrix.eps.exponents, `[ours] as ${DEPTH}`),
      },
      wdown: {
        ...matrix,
        initStd: law({ rho_h: -1, rho_d: 1 / 2 }, DMFT),
        lr: law({ rho_h: -1, rho_L: alpha - 1 }, matrix.lr.source),
        weightDecay: decoupledDecay ? law({ rho_h: 1 }, "[ours] keeps lr*wd") : same,
        eps: law({ rho_d: 1, rho_h: -2, rho_L: -alpha }, SECOND_HAND),
      },
      unembed: { ...free, initStd: law({ rho_d: -1 }, READOUT), lr: law({ rho_d: -1 }, READOUT) },
    },
    multipliers: {
      residual: law({ rho_L: -alpha }, `${DMFT}; ${DEPTH}`),
      outputMultiplier: same,
      routeScale: law({ a: -1 }, DMFT),
      logits: same,
    },
    oneMinusBeta: same,
  };
});
