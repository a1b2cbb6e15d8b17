/**
 * # Activated experts (paper Fig. 2, language model)
 *
 * Claim: the learning rate tuned on a narrow dense reference stays near-optimal when it is carried
 * by the rule to sparse MoE models that activate 2 to 16 experts per token.
 * Held fixed: text, tokens per step, steps, seeds, depth, number of experts, expert width h = d*.
 * Varied: activated experts; width (`transfer`: 4 d*, in smoke 2 d*; `iso-width`: d*); learning rate. In
 * panels of their own, which decide nothing, weight decay and init std at a learning rate of 2^-5 (quick:
 * on 16e4a of width d*).
 * Measured: validation loss (nats) on the held-out text against the reference's learning rate.
 * Passes if: the 95% interval of the optimum's shift lies within ±1 octave, or the regret of the
 * transferred rate is at most max(2 standard errors, 0.01 nats).
 * Control: `standard` (SP) on the same targets (quick: on 16e4a alone), which must be seen to fail.
 * Source: arXiv 2605.23893, Fig. 2. Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 2; the module comment is its caption. */
export const activatedExperts: Suite = defineSuite({
  kind: "transfer",
  id: "activated-experts",
  title: "Activated experts",
  figure: "Fig. 2a-c (language model)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on sparse MoE models, whatever the number of activated experts",
  heldFixed: "text, tokens per step, steps, seeds, depth, number of experts, expert width h = d*",
  varied:
    "activated experts per token; width (transfer: 4 d*, in smoke 2 d*; iso-width: d*); the reference's learning rate; in panels that decide nothing its weight decay and init std",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±1 octave, or the regret of the transferred rate is ≤ max(2 standard errors, 0.01 nats)",
  control: "standard parametrization (SP) on the same targets (quick: on 16e4a alone) must fail",
  source: "arXiv 2605.23893, Fig. 2",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "standard",
  tolerance_octaves: 1,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["4e2a:d=32,h=16"],
        controls: ["4e2a:d=32,h=16"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: octaves(-7, -3) },
    },
    quick: {
      plan: quickPlan,
      panels: [
        {
          name: "transfer",
          targets: ["16e2a:d=48,dh=12,h=12", "16e4a:d=48,dh=12,h=12", "16e8a:d=48,dh=12,h=12"],
          controls: ["16e4a:d=48,dh=12,h=12"],
        },
        {
          name: "iso-width",
          targets: ["16e4a:d=12,h=12"],
          controls: ["16e4a:d=12,h=12"],
        },
        {
          name: "weight decay",
          swept: "weightDecay",
          targets: ["16e4a:d=12,h=12"],
          controls: ["16e4a:d=12,h=12"],
          grid: { reference: octaves(-5, -1), targets: "bracket" },
        },
        {
          name: "init std",
          swept: "initStd",
          targets: ["16e4a:d=12,h=12"],
          controls: ["16e4a:d=12,h=12"],
          grid: { reference: octaves(-5, -1), targets: "bracket" },
        },
      ],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [
        {
          name: "transfer",
          targets: [2, 4, 8, 16, 32, 64].map((a) => `64e${a}a:d=512,h=128,dh=64`),
          controls: [2, 4, 8, 16, 32, 64].map((a) => `64e${a}a:d=512,h=128,dh=64`),
        },
        {
          name: "iso-width",
          targets: [2, 4, 8, 16, 32, 64].map((a) => `64e${a}a:d=128,h=128,dh=64`),
          controls: ["64e8a:d=128,h=128,dh=64"],
        },
        {
          name: "weight decay",
          swept: "weightDecay",
          targets: [2, 8, 64].map((a) => `64e${a}a:d=512,h=128,dh=64`),
          controls: ["64e8a:d=512,h=128,dh=64"],
          grid: { reference: octaves(-8, 0), targets: octaves(-8, 0) },
        },
        {
          name: "init std",
          swept: "initStd",
          targets: [2, 8, 64].map((a) => `64e${a}a:d=512,h=128,dh=64`),
          controls: ["64e8a:d=512,h=128,dh=64"],
          grid: { reference: octaves(-8, -1), targets: octaves(-8, -1) },
        },
      ],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: octaves(-12, -4) },
    },
  },
});
