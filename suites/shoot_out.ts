/**
 * # Shoot-out of the rules (our own comparison, beyond the paper)
 *
 * Claim: Complete-muE carries the learning rate of a narrow dense reference to a wide MoE without
 * measurable regret; the other rules are ranked beside it by the regret they leave.
 * Held fixed: text, tokens per step, steps, seeds, depth, data and initial random numbers; target
 * 16e4a of width 4 d*.
 * Varied: the rule; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: standard parametrization (SP) on the same target must fail. It fails by the
 * width: it guards the transfer as a whole, and not this axis alone, along which nobody's optimum
 * moves at this size.
 * Source: our own comparison; the rules: docs/rule.md. Cost: `deno task bench --list`.
 *
 * Rivals are ranked by regret and decide nothing: the verdict is that of Complete-muE and of the
 * control. Each rule's own optimum lies on the reference's scale, so that the shift is what a user of
 * the rule would have missed.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The comparison of all rules; the module comment is its caption. */
export const shootOut: Suite = defineSuite({
  kind: "transfer",
  id: "shoot-out",
  title: "Shoot-out of the rules",
  figure: "none (our own comparison)",
  claim:
    "Complete-muE carries the learning rate of a narrow dense reference to a wide MoE without measurable regret; the other rules are ranked beside it by the regret they leave",
  heldFixed:
    "text, tokens per step, steps, seeds, depth, data and initial random numbers; target MoE (quick: 16e4a of width 4 d*)",
  varied: "the rule; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "standard parametrization (SP) on the same target must fail; it fails by the width, so it guards the transfer as a whole and not this axis alone",
  source: "our own comparison; the rules: docs/rule.md",
  claimPanels: ["rules"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "rules",
        targets: ["4e2a:d=32,h=16"],
        controls: ["4e2a:d=32,h=16"],
        rivals: ["mup", "moe-dmft"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "rules",
        targets: ["16e4a:d=48,dh=12,h=12"],
        controls: ["16e4a:d=48,dh=12,h=12"],
        rivals: ["mup", "moe-dmft", "moe-mup", "embedding-lr-only", "sqrt-sparsity"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "rules",
        targets: ["64e8a:d=512,h=128,dh=64"],
        controls: ["64e8a:d=512,h=128,dh=64"],
        rivals: ["mup", "moe-dmft", "moe-mup", "embedding-lr-only", "sqrt-sparsity"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
