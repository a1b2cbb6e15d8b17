/**
 * # Granularity (paper Fig. 3 (granularity))
 *
 * Claim: The learning rate tuned on a narrow dense reference stays near-optimal on MoE models however
 * finely the same active and total width is split into experts.
 * Held fixed: text, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*), active width a h and total
 * width N h.
 * Varied: granularity: N and a times g, h / g; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the
 * transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: standard parametrization (SP) on one of the targets must fail. It fails by the
 * width: it guards the transfer as a whole, and not this axis alone, along which nobody's optimum
 * moves at this size.
 * Source: arXiv 2605.23893, Fig. 3 (granularity). Cost: `deno task bench --list`.
 *
 * a = 1 is left out: its one gate is always 1, so its router gets no gradient from the task.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 3 (granularity); the module comment is its caption. */
export const granularity: Suite = defineSuite({
  kind: "transfer",
  id: "granularity",
  title: "Granularity",
  figure: "Fig. 3 (granularity)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on MoE models however finely the same active and total width is split into experts",
  heldFixed:
    "text, tokens per step, steps, seeds, depth, width d = 4 d*, active width a h and total width N h",
  varied: "granularity: N and a times g, h / g; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "standard parametrization (SP) on one of the targets must fail; it fails by the width, so it guards the transfer as a whole and not this axis alone",
  source: "arXiv 2605.23893, Fig. 3 (granularity)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["4e2a:d=32,h=16", "8e4a:d=32,h=8"],
        controls: ["4e2a:d=32,h=16"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: ["8e2a:d=48,dh=12,h=24", "16e4a:d=48,dh=12,h=12", "32e8a:d=48,dh=12,h=6"],
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
          "8e2a:d=512,h=256,dh=64",
          "16e4a:d=512,h=128,dh=64",
          "32e8a:d=512,h=64,dh=64",
          "64e16a:d=512,h=32,dh=64",
        ],
        controls: ["16e4a:d=512,h=128,dh=64"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
