/**
 * # FFN width (paper Fig. 4 (FFN width))
 *
 * Claim: The learning rate tuned on a narrow dense reference stays near-optimal when the FFN, or each
 * expert, is made wider.
 * Held fixed: text, tokens per step, steps, seeds, depth, width d = 4 d*.
 * Varied: FFN width H (dense) or expert width h (MoE), times 2 and 4; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: standard parametrization (SP) on one of the targets must fail. It fails by the
 * width: it guards the transfer as a whole, and not this axis alone, along which nobody's optimum
 * moves at this size.
 * Source: arXiv 2605.23893, Fig. 4 (FFN width). Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 4 (FFN width); the module comment is its caption. */
export const ffnWidth: Suite = defineSuite({
  kind: "transfer",
  id: "ffn-width",
  title: "FFN width",
  figure: "Fig. 4 (FFN width)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal when the FFN, or each expert, is made wider",
  heldFixed: "text, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*)",
  varied:
    "FFN width H (dense) or expert width h (MoE), times 2 and 4; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "standard parametrization (SP) on one of the targets must fail; it fails by the width, so it guards the transfer as a whole and not this axis alone",
  source: "arXiv 2605.23893, Fig. 4 (FFN width)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["dense:d=32,H=64", "4e2a:d=32,h=32"],
        controls: ["dense:d=32,H=64"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: ["dense:d=48,dh=12,H=96", "dense:d=48,dh=12,H=192", "16e4a:d=48,dh=12,h=24"],
        controls: ["dense:d=48,dh=12,H=192"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: [
          "dense:d=512,H=1024,dh=64",
          "dense:d=512,H=2048,dh=64",
          "16e4a:d=512,h=256,dh=64",
          "16e4a:d=512,h=512,dh=64",
        ],
        controls: ["dense:d=512,H=2048,dh=64"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
