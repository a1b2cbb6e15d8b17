/**
 * # Hybrids (paper Fig. 3 (shared experts, groups))
 *
 * Claim: The learning rate tuned on a narrow dense reference stays near-optimal on MoE models with
 * shared experts and with group-balanced routing.
 * Held fixed: text, tokens per step, steps, seeds, depth, width d = 4 d*, N = 16 experts of width h =
 * d*, four of them active per token in all.
 * Varied: shared experts 0 and 2 of the four (smoke: 1; paper: 1, 2); routing in 4 groups (paper: both); the reference's learning
 * rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: standard parametrization (SP) on one of the targets must fail. It fails by the
 * width: it guards the transfer as a whole, and not this axis alone, along which nobody's optimum
 * moves at this size.
 * Source: arXiv 2605.23893, Fig. 3 (shared experts, groups). Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 3 (shared experts, groups); the module comment is its caption. */
export const hybrids: Suite = defineSuite({
  kind: "transfer",
  id: "hybrids",
  title: "Hybrids",
  figure: "Fig. 3 (shared experts, groups)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on MoE models with shared experts and with group-balanced routing",
  heldFixed:
    "text, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*), number of experts (quick: 16, 4 active per token, shared ones included), expert width h = d*",
  varied:
    "shared experts 0 and 2 of the four (smoke: 1; paper: 1, 2); routing in 4 groups (paper: both); the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "standard parametrization (SP) on one of the targets must fail; it fails by the width, so it guards the transfer as a whole and not this axis alone",
  source: "arXiv 2605.23893, Fig. 3 (shared experts, groups)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["4e2a:d=32,h=16", "4e1a1s:d=32,h=16", "4e2a2g:d=32,h=16"],
        controls: ["4e2a:d=32,h=16"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: [
          "16e4a:d=48,dh=12,h=12",
          "16e2a2s:d=48,dh=12,h=12",
          "16e4a4g:d=48,dh=12,h=12",
        ],
        controls: ["16e4a:d=48,dh=12,h=12"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: [
          "64e8a:d=512,h=128,dh=64",
          "64e7a1s:d=512,h=128,dh=64",
          "64e6a2s:d=512,h=128,dh=64",
          "64e8a4g:d=512,h=128,dh=64",
          "64e8a4g1s:d=512,h=128,dh=64",
        ],
        controls: ["64e8a:d=512,h=128,dh=64"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
