/**
 * # Initial loss (paper Fig. 2d)
 *
 * Claim: at the hyperparameters of a narrow dense reference, carried by the rule, dense and MoE models
 * learn alike during the first 100 steps. The authors use it as the check of an implementation.
 * Held fixed: text, tokens per step, steps, seeds, depth, the reference's hyperparameters.
 * Varied: number, width and share of active experts, shared experts, groups; the width of the model.
 * Measured: training loss (nats) minus that of the dense model of the same width and active width, same text,
 * same seed, averaged over windows of 20 steps.
 * Passes if: |gap| is at most 2% of the dense model's fall over these steps on average, and grows by
 * at most 4% of it. In a figure as high as the fall a line is about 1% thick: up to two widths apart two lines
 * are one to the eye, which is what Fig. 2d shows. The final projection starts at zero, so that every gap does;
 * one that grows evenly and is 2% on average has grown by 4%.
 * Control: twins must leave the limits: R = 1, A put on the wrong tensor (the logits, where 1/rho_d
 * stands already; quick), and the rule `standard`; in paper also A = 1.
 * Decided before the first run of these seeds and after a pilot (d = 64, h = 16) on seeds 100 and
 * 101. There, against one dense model for all, what a wider FFN learns faster (16e16a: 1.0 and 2.0%
 * of the fall) hid a missing R (2.0 and 2.1%); against dense of equal active width it is 0.4 and
 * 0.5% with R, 3.6 and 2.8% without. A missing A was 0.9 and 3.3%, 16e2a under the whole rule 1.5
 * and 2.3%: too near the limit for three seeds. The limit of the mean was kept, that of the growth
 * was 2% until then.
 * Source: arXiv 2605.23893, Fig. 2d. Cost: most of its runs are the first 100 of the steps that
 * other suites train too.
 *
 * @module
 */
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";
import {
  type InitialLossProfile,
  initialLossWanted,
  judgeInitialLoss,
} from "../lab/claims/initial_loss.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

const LIMITS = { gapLimit_percent: 2, growthLimit_percent: 4 };

/** The suite of Fig. 2d; the module comment is its caption. */
export const initialLoss: ClaimSuite = defineClaimSuite<InitialLossProfile>({
  kind: "claims",
  suiteVersion: "2",
  id: "initial-loss",
  title: "Initial loss",
  figure: "Fig. 2d (language model)",
  claim:
    "At the transferred hyperparameters dense and MoE models learn alike during the first 100 steps",
  heldFixed: "text, tokens per step, steps, seeds, depth, the reference's hyperparameters",
  varied:
    "number, width and share of active experts, shared experts, groups; the width of the model",
  measured:
    "training loss (nats) minus that of the dense model of the same width and active width, paired by seed, averaged over windows of steps",
  passesIf:
    "|gap| is at most 2% of the dense model's fall over these steps on average and grows by at most 4% of it (95% intervals)",
  control:
    "R = 1, A on the logits (quick) and the standard parametrization must each leave the limits",
  source: "arXiv 2605.23893, Fig. 2d",
  probes_s: { smoke: 0, quick: 0, paper: 0 },
  profiles: {
    smoke: {
      plan: smokePlan,
      seeds: [0, 1],
      steps: 20,
      windows: 4,
      ...LIMITS,
      panels: [{
        name: "d = 32",
        variants: { "4e2a": "4e2a:d=32,h=16" },
        controls: {
          "4e4a, R = 1": { configuration: "4e4a:d=32,h=16", multipliers: { routeScale: 1 } },
        },
      }],
    },
    quick: {
      plan: quickPlan,
      seeds: [0, 1, 2],
      steps: 100,
      windows: 5,
      ...LIMITS,
      panels: [
        {
          name: "d = 48",
          variants: {
            "4e4a": "4e4a:d=48,dh=12,h=12",
            "16e4a": "16e4a:d=48,dh=12,h=12",
            "32e4a": "32e4a:d=48,dh=12,h=12",
            "16e2a": "16e2a:d=48,dh=12,h=12",
            "16e16a": "16e16a:d=48,dh=12,h=12",
            "8e2a": "8e2a:d=48,dh=12,h=24",
            "16e2a2s": "16e2a2s:d=48,dh=12,h=12",
            "16e4a4g": "16e4a4g:d=48,dh=12,h=12",
          },
          controls: {
            "16e16a, R = 1": {
              configuration: "16e16a:d=48,dh=12,h=12",
              multipliers: { routeScale: 1 },
            },
            // A = d / H_act = 1/4, and 1/rho_d = 1/4
            "16e16a, A on the logits": {
              configuration: "16e16a:d=48,dh=12,h=12",
              multipliers: { outputMultiplier: 1, logits: 1 / 16 },
            },
            "16e4a, standard": { configuration: "16e4a:d=48,dh=12,h=12", rule: "standard" },
          },
        },
        {
          name: "d = 12",
          variants: { "16e4a": "16e4a:d=12,h=12" },
          controls: {},
        },
      ],
    },
    paper: {
      plan: paperPlan,
      seeds: [0, 1, 2],
      steps: 100,
      windows: 5,
      ...LIMITS,
      panels: [{
        name: "d = 512",
        variants: Object.fromEntries(
          ["64e2a", "64e4a", "64e8a", "64e16a", "64e32a", "64e64a", "128e8a1s", "128e8a4g"]
            .map((name) => [name, `${name}:d=512,h=128,dh=64`]),
        ),
        controls: {
          "64e64a, R = 1": {
            configuration: "64e64a:d=512,h=128,dh=64",
            multipliers: { routeScale: 1 },
          },
          "64e64a, A = 1": {
            configuration: "64e64a:d=512,h=128,dh=64",
            multipliers: { outputMultiplier: 1 },
          },
          "64e8a, standard": { configuration: "64e8a:d=512,h=128,dh=64", rule: "standard" },
        },
      }],
    },
  },
  wanted: (profile) => [{ plan: profile.plan, wanted: initialLossWanted(profile) }],
  measure: async (profile, bench) =>
    judgeInitialLoss(profile, await bench.train(profile.plan, initialLossWanted(profile))),
});
