/**
 * # Speed-up (paper Fig. 8)
 *
 * Claim: at the same transferred hyperparameters an MoE model reaches a loss in fewer steps than a dense
 * model of the same active width.
 * Held fixed: the reference's hyperparameters, text, tokens per step, steps, seeds, width, depth, active width.
 * Varied: number of experts.
 * Measured: dense steps / MoE steps to the same smoothed training loss in the stable phase of WSD (equal
 * learning rate), geometric mean over the last octave of dense steps, paired by seed; the same in wall time, which
 * the paper leaves out.
 * Passes if: the 95% interval of the speed-up in steps lies above 1.
 * Control: the narrow reference must be seen to be slower than dense; dense with other seeds must be seen
 * not to be as fast as the MoE models.
 * Source: arXiv 2605.23893, Fig. 8. Cost: 15 runs on 2 CPU cores (quick), 12 of which other suites train too.
 *
 * @module
 */
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";
import { judgeSpeedup, type SpeedupProfile, speedupWanted } from "../lab/claims/speedup.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Fig. 8; the module comment is its caption. */
export const speedup: ClaimSuite = defineClaimSuite<SpeedupProfile>({
  kind: "claims",
  suiteVersion: "1",
  id: "speedup",
  title: "Speed-up over dense",
  figure: "Fig. 8 (language model)",
  claim:
    "At the same transferred hyperparameters an MoE model reaches a loss in fewer steps than a dense model of the same active width",
  heldFixed:
    "the reference's hyperparameters, text, tokens per step, steps, seeds, width, depth, active width",
  varied: "number of experts",
  measured:
    "dense steps / MoE steps to the same smoothed training loss in the stable phase of WSD, geometric mean over the last octave of dense steps, paired by seed; also in wall time",
  passesIf: "the 95% interval of the speed-up in steps lies above 1",
  control:
    "the narrow reference must be seen to be slower than dense, and dense with other seeds not to be as fast as the MoE models",
  source: "arXiv 2605.23893, Fig. 8",
  probes_s: { smoke: 0, quick: 0, paper: 0 },
  profiles: {
    smoke: {
      plan: smokePlan,
      seeds: [0, 1],
      dense: "dense:d=32,H=32",
      moe: { "4e2a": "4e2a:d=32,h=16" },
      otherSeeds: [2, 3],
    },
    quick: {
      plan: quickPlan,
      seeds: [0, 1, 2],
      dense: "dense:d=48,dh=12,H=48",
      moe: { "16e4a": "16e4a:d=48,dh=12,h=12", "32e4a": "32e4a:d=48,dh=12,h=12" },
      otherSeeds: [3, 4, 5],
    },
    paper: {
      plan: paperPlan,
      seeds: [0, 1, 2],
      dense: "dense:d=512,H=512,dh=64",
      moe: { "16e4a": "16e4a:d=512,h=128,dh=64", "64e4a": "64e4a:d=512,h=128,dh=64" },
      otherSeeds: [3, 4, 5],
    },
  },
  wanted: (profile) => [{ plan: profile.plan, wanted: speedupWanted(profile) }],
  measure: async (profile, bench) =>
    judgeSpeedup(profile, await bench.train(profile.plan, speedupWanted(profile))),
});
