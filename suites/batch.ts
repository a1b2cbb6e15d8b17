/**
 * # Batch (paper Fig. 5)
 *
 * Claim: The rule's sqrt(B) corrections of learning rate, weight decay, betas and eps keep the tuned
 * learning rate near-optimal when the batch changes at a fixed number of tokens.
 * Held fixed: text, tokens in all, seeds, model (dense, and in quick 16e4a of the same width).
 * Varied: batch B: 1/2, 2 and 4 times (smoke: 1/2 and 2) the reference's; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±0.5 octave, or the regret of
 * the transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: muP on width alone, which has no correction for the batch, on the largest batch must fail.
 * Source: arXiv 2605.23893, Fig. 5. Cost: `deno task bench --list`.
 *
 * Between B and 4 B the correction is one octave, so the tolerance is half of one. The rule's table
 * knows batch and duration apart: the steps shrink as the batch grows.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 5; the module comment is its caption. */
export const batch: Suite = defineSuite({
  kind: "transfer",
  id: "batch",
  title: "Batch",
  figure: "Fig. 5",
  claim:
    "The rule's sqrt(B) corrections of learning rate, weight decay, betas and eps keep the tuned learning rate near-optimal when the batch changes at a fixed number of tokens",
  heldFixed: "text, tokens in all, seeds, model (dense, and in quick 16e4a of the same width)",
  varied: "batch B: 1/2, 2 and 4 times the reference's; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±0.5 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "muP on width alone, which has no correction for the batch, on the largest batch must fail",
  source: "arXiv 2605.23893, Fig. 5",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "mup",
  tolerance_octaves: 0.5,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["dense:B=64,D=2560", "dense:B=256,D=2560"],
        controls: ["dense:B=256,D=2560"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: [
          "dense:B=192,D=172032",
          "dense:B=768,D=172032",
          "dense:B=1536,D=172032",
          "16e4a:h=12,B=768,D=172032",
        ],
        controls: ["dense:B=1536,D=172032"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: [
          "dense:B=4096,D=32768000",
          "dense:B=16384,D=32768000",
          "dense:B=32768,D=32768000",
          "16e4a:h=128,B=16384,D=32768000",
        ],
        controls: ["dense:B=32768,D=32768000"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
