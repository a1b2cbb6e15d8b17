/**
 * # Width (paper Fig. 4 (width))
 *
 * Claim: The learning rate tuned on a narrow dense reference stays near-optimal on dense and MoE
 * models of two and four times its width.
 * Held fixed: text, tokens per step, steps, seeds, depth; of the MoE: 16 experts, 4 active, expert
 * width h = d*.
 * Varied: width d: 2 d*, 4 d*, dense (H = d) and MoE; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: standard parametrization (SP) on the widest dense target and the widest MoE must fail.
 * Source: arXiv 2605.23893, Fig. 4 (width). Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 4 (width); the module comment is its caption. */
export const width: Suite = defineSuite({
  kind: "transfer",
  id: "width",
  title: "Width",
  figure: "Fig. 4 (width)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on dense and MoE models of two and four times its width",
  heldFixed:
    "text, tokens per step, steps, seeds, depth; of the MoE: its experts (16e4a; smoke: 4e2a), expert width h = d*",
  varied: "width d: 2 d*, 4 d*, dense (H = d) and MoE; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control: "standard parametrization (SP) on the widest dense target and the widest MoE must fail",
  source: "arXiv 2605.23893, Fig. 4 (width)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["dense:d=32,H=32", "4e2a:d=32,h=16"],
        controls: ["dense:d=32,H=32"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: [
          "dense:d=24,dh=12,H=24",
          "dense:d=48,dh=12,H=48",
          "16e4a:d=24,dh=12,h=12",
          "16e4a:d=48,dh=12,h=12",
        ],
        controls: ["dense:d=48,dh=12,H=48", "16e4a:d=48,dh=12,h=12"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: [
          "dense:d=256,H=256,dh=64",
          "dense:d=512,H=512,dh=64",
          "16e4a:d=256,h=128,dh=64",
          "16e4a:d=512,h=128,dh=64",
        ],
        controls: ["dense:d=512,H=512,dh=64", "16e4a:d=512,h=128,dh=64"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
