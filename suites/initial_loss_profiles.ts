/**
 * The models of `initial-loss` at its sizes.
 *
 * @module
 */
import type { InitialLossProfile, Twin } from "../lab/claims/initial_loss.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";
import { IMAGES_WIDE, paperImages, quickImages, smokeImages } from "./images.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** Percent of the dense model's fall; suites/initial_loss.ts says why. */
export const limits = { gap_percent: 2, growth_percent: 4 };

const QUICK = "d=48,dh=12,h=12", PAPER = "d=512,h=128,dh=64";
const named = (names: string[], rest: string) =>
  Object.fromEntries(names.map((name) => [name, `${name}:${rest}`]));
const twin = (configuration: string, multipliers: Twin["multipliers"]) => ({
  configuration,
  multipliers,
});
const STEPS = 100, first = { steps: STEPS, windows: 5, limits };

/**
 * A plan cut off after the steps looked at: its warm-up is as many steps as there, and no decay is
 * reached, so that the losses are those of its runs; a batch of held-out data suffices.
 */
const firstSteps = (plan: TrainingPlan): TrainingPlan => ({
  ...plan,
  steps: STEPS,
  evaluationBatches: 1,
  training: {
    ...plan.training,
    schedule: {
      kind: "wsd",
      warmup: Math.round(plan.training.schedule.warmup * plan.steps) / STEPS,
      decay: 0,
    },
  },
});

/** The suite's sizes. */
export const profiles: Record<ProfileName, InitialLossProfile> = {
  smoke: {
    plan: smokePlan,
    seeds: [0, 1],
    steps: 20,
    windows: 4,
    limits,
    panels: [{
      name: "d = 32",
      variants: named(["4e2a"], "d=32,h=16"),
      controls: { "4e4a, R = 1": twin("4e4a:d=32,h=16", { routeScale: 1 }) },
    }],
  },
  quick: {
    plan: firstSteps(quickPlan),
    seeds: [0, 1, 2, 3, 4, 5, 6, 7],
    ...first,
    panels: [
      {
        name: "d = 48",
        variants: {
          ...named(["4e4a", "16e4a", "32e4a", "16e2a", "16e16a"], QUICK),
          "8e2a": "8e2a:d=48,dh=12,h=24",
          ...named(["16e2a2s", "16e4a4g"], QUICK),
        },
        controls: {
          "16e16a, R = 1": twin(`16e16a:${QUICK}`, { routeScale: 1 }),
          // A = d / H_act = 1/4, and 1/rho_d = 1/4
          "16e16a, A on the logits": twin(`16e16a:${QUICK}`, {
            outputMultiplier: 1,
            logits: 1 / 16,
          }),
          "16e4a, standard": { configuration: `16e4a:${QUICK}`, rule: "standard" },
        },
      },
      { name: "d = 12", variants: named(["16e4a"], "d=12,h=12"), controls: {} },
    ],
  },
  paper: {
    plan: paperPlan,
    seeds: [0, 1, 2],
    ...first,
    panels: [{
      name: "d = 512",
      variants: named(
        ["64e2a", "64e4a", "64e8a", "64e16a", "64e32a", "64e64a", "128e8a1s", "128e8a4g"],
        PAPER,
      ),
      controls: {
        "64e64a, R = 1": twin(`64e64a:${PAPER}`, { routeScale: 1 }),
        "64e64a, A = 1": twin(`64e64a:${PAPER}`, { outputMultiplier: 1 }),
        "64e8a, standard": { configuration: `64e8a:${PAPER}`, rule: "standard" },
      },
    }],
  },
};

/** The suite's sizes on images. */
export const imageProfiles: Record<ProfileName, InitialLossProfile> = {
  // one seed: after 20 steps of four images two have told anything
  smoke: { ...profiles.smoke, plan: smokeImages, seeds: [0] },
  quick: {
    plan: firstSteps(quickImages),
    seeds: [0, 1, 2, 3, 4, 5],
    ...first,
    panels: [{
      name: "d = 64",
      variants: named(["4e4a", "16e4a", "16e2a", "16e16a"], IMAGES_WIDE),
      controls: {
        "16e16a, R = 1": twin(`16e16a:${IMAGES_WIDE}`, { routeScale: 1 }),
        // A = d / H_act = 1/4, and 1/rho_d = 1/4
        "16e16a, A on the velocities": twin(`16e16a:${IMAGES_WIDE}`, {
          outputMultiplier: 1,
          logits: 1 / 16,
        }),
        "16e4a, standard": { configuration: `16e4a:${IMAGES_WIDE}`, rule: "standard" },
      },
    }],
  },
  paper: { ...profiles.paper, plan: paperImages },
};
