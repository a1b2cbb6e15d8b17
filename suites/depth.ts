/**
 * # Depth (paper Fig. 4 (depth))
 *
 * Claim: The learning rate tuned on a shallow dense reference stays near-optimal on dense and MoE
 * models of two and four times its depth.
 * Held fixed: text, tokens per step, steps, seeds, width; of the MoE: 16 experts, 4 active, expert
 * width h = d*.
 * Varied: depth L: 2 L*, 4 L*, dense and MoE; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: muP on width alone, which has no correction for depth, on the deepest dense target must
 * fail.
 * Source: arXiv 2605.23893, Fig. 4 (depth). Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 4 (depth); the module comment is its caption. */
export const depth: Suite = defineSuite({
  kind: "transfer",
  id: "depth",
  title: "Depth",
  figure: "Fig. 4 (depth)",
  claim:
    "The learning rate tuned on a shallow dense reference stays near-optimal on dense and MoE models of two and four times its depth",
  heldFixed:
    "text, tokens per step, steps, seeds, width; of the MoE: its experts (16e4a; smoke: 4e2a), expert width h = d*",
  varied: "depth L: 2 L*, 4 L*, dense and MoE; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "muP on width alone, which has no correction for depth, on the deepest dense target must fail",
  source: "arXiv 2605.23893, Fig. 4 (depth)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "mup",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["dense:L=2", "4e2a:L=2,h=16"],
        controls: ["dense:L=2"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: ["dense:L=4", "dense:L=8", "16e4a:L=4,h=12"],
        controls: ["dense:L=8"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: ["dense:L=8", "dense:L=16", "16e4a:L=8,h=128", "16e4a:L=16,h=128"],
        controls: ["dense:L=16", "16e4a:L=16,h=128"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
