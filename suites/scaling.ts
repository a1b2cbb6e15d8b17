/**
 * # Scaling (paper Fig. 6)
 *
 * Claim: at hyperparameters tuned once on a narrow dense reference and carried by the rule, the loss falls
 * along every axis of scale: active experts, capacity (number of experts), granularity (finer experts at equal active
 * and total width), depth; capacity gains more than granularity; shared experts in the place of routed
 * ones raise it.
 * Held fixed: the reference's hyperparameters, text, tokens per step, steps, seeds, width.
 * Varied: one axis at a time.
 * Measured: validation loss (nats); its slope over log2 of the axis, paired by seed.
 * Passes if: the 95% interval of each slope lies wholly on the side the paper found.
 * Control: an axis that changes nothing (16e4a over sets of other seeds) in the place of capacity
 * must be seen not to lower the loss as much.
 * Source: arXiv 2605.23893, Figs. 3 and 6. Cost: 45 runs on 2 CPU cores (quick), many of
 * which other suites train too.
 *
 * @module
 */
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";
import { judgeScaling, type ScalingProfile, scalingWanted } from "../lab/claims/scaling.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

const at = (names: string[], rest: string) => names.map((name) => `${name}:${rest}`);
const active = {
  name: "active",
  title: "active experts a",
  scale: "log2",
  expected: "lower",
} as const;
const capacity = {
  name: "capacity",
  title: "experts N",
  scale: "log2",
  expected: "lower",
} as const;
const granularity = {
  name: "granularity",
  title: "granularity (active experts at equal active width)",
  scale: "log2",
  expected: "lower",
} as const;
const layers = { name: "layers", title: "layers L", scale: "log2", expected: "lower" } as const;
const shared = {
  name: "shared",
  title: "shared experts in the place of routed ones",
  scale: "linear",
  expected: "higher",
} as const;
const compare = { more: "capacity", less: "granularity" };

/** The suite of Fig. 6; the module comment is its caption. */
export const scaling: ClaimSuite = defineClaimSuite<ScalingProfile>({
  kind: "claims",
  suiteVersion: "1",
  id: "scaling",
  title: "Scaling at fixed hyperparameters",
  figure: "Fig. 6 (language model); shared experts: Fig. 3",
  claim:
    "At the transferred hyperparameters the loss falls along active experts, capacity, granularity and depth, along capacity more than along granularity, and rises with shared experts in the place of routed ones",
  heldFixed: "the reference's hyperparameters, text, tokens per step, steps, seeds, width",
  varied: "one axis at a time",
  measured: "validation loss (nats) and its slope over log2 of the axis, paired by seed",
  passesIf:
    "the 95% interval of each slope, and of capacity's minus granularity's, lies wholly on the side the paper found",
  control:
    "an axis that changes nothing (one model over sets of other seeds) must be seen not to lower the loss as capacity does",
  source: "arXiv 2605.23893, Figs. 3 and 6",
  probes_s: { smoke: 0, quick: 0, paper: 0 },
  profiles: {
    smoke: {
      plan: smokePlan,
      seeds: [0, 1],
      axes: [
        { ...capacity, x: [4, 8], configurations: at(["4e2a", "8e2a"], "d=32,h=16") },
        {
          ...granularity,
          x: [2, 4],
          configurations: ["4e2a:d=32,h=16", "8e4a:d=32,h=8"],
        },
      ],
      compare,
      nothing: {
        configuration: "4e2a:d=32,h=16",
        seedSets: [[0, 1], [2, 3]],
        against: ["capacity"],
      },
    },
    quick: {
      plan: quickPlan,
      seeds: [0, 1, 2],
      axes: [
        {
          ...active,
          x: [2, 4, 8, 16],
          configurations: at(["16e2a", "16e4a", "16e8a", "16e16a"], "d=48,dh=12,h=12"),
        },
        {
          ...capacity,
          x: [4, 8, 16, 32],
          configurations: at(["4e4a", "8e4a", "16e4a", "32e4a"], "d=48,dh=12,h=12"),
        },
        {
          ...granularity,
          x: [2, 4, 8],
          configurations: ["8e2a:d=48,dh=12,h=24", "16e4a:d=48,dh=12,h=12", "32e8a:d=48,dh=12,h=6"],
        },
        {
          ...layers,
          x: [2, 4],
          configurations: ["16e4a:d=48,dh=12,h=12", "16e4a:d=48,dh=12,L=4,h=12"],
        },
        {
          ...shared,
          x: [0, 1, 2],
          configurations: at(["16e4a", "16e3a1s", "16e2a2s"], "d=48,dh=12,h=12"),
        },
      ],
      compare,
      nothing: {
        configuration: "16e4a:d=48,dh=12,h=12",
        seedSets: [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]],
        against: ["capacity"],
      },
    },
    paper: {
      plan: paperPlan,
      seeds: [0, 1, 2],
      axes: [
        {
          ...active,
          x: [2, 4, 8, 16, 32, 64],
          configurations: at(
            ["64e2a", "64e4a", "64e8a", "64e16a", "64e32a", "64e64a"],
            "d=512,h=128,dh=64",
          ),
        },
        {
          ...capacity,
          x: [4, 8, 16, 32, 64],
          configurations: at(["4e4a", "8e4a", "16e4a", "32e4a", "64e4a"], "d=512,h=128,dh=64"),
        },
        {
          ...granularity,
          x: [2, 4, 8, 16],
          configurations: [
            "32e2a:d=512,h=256,dh=64",
            "64e4a:d=512,h=128,dh=64",
            "128e8a:d=512,h=64,dh=64",
            "256e16a:d=512,h=32,dh=64",
          ],
        },
        {
          ...layers,
          x: [4, 8, 16],
          configurations: [
            "64e4a:d=512,h=128,dh=64",
            "64e4a:d=512,L=8,h=128,dh=64",
            "64e4a:d=512,L=16,h=128,dh=64",
          ],
        },
        {
          ...shared,
          x: [0, 1, 2],
          configurations: at(["64e4a", "64e3a1s", "64e2a2s"], "d=512,h=128,dh=64"),
        },
      ],
      compare,
      nothing: {
        configuration: "64e4a:d=512,h=128,dh=64",
        seedSets: [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9, 10, 11]],
        against: ["capacity"],
      },
    },
  },
  wanted: (profile) => [{ plan: profile.plan, wanted: scalingWanted(profile) }],
  measure: async (profile, bench) =>
    judgeScaling(profile, await bench.train(profile.plan, scalingWanted(profile))),
});
