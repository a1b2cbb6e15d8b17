/**
 * Speed-up over dense. Steps are compared in the stable phase of WSD, where the learning rate is the same
 * for both; the paper leaves wall time out, here it is shown and decides nothing. A limit of 1 is a model
 * as fast as dense.
 *
 * Ten seeds in quick since version 3, chosen by the spread of the first three: 0.18 and 0.25 octaves a seed
 * (16e4a, 32e4a) for gains of 0.19 and 0.18; limits and models are as they were. Wall time has the spread of the
 * groups' times since then; before, their ratio was taken for exact.
 * Version 4: dense's time is that of both its sets of seeds, without which one group of them left it unknown.
 *
 * Version 5 adds two things beside the claim, on text alone; it is judged as before. They stand here and not in
 * `bridges`, which trains nothing through the pool (a shard runs it alone), because this suite trains the MoE model
 * they are compared with, whole runs of ten seeds. Stated before either was measured: against dense of equal
 * total parameters a speed-up below 1 is expected (2506.12119 needs equal compute, and a share of active
 * experts and data chosen for it); without R a loss more than 0.01 nats higher, the regret that transfer suites call too small to matter,
 * and an optimum that moves up, less than the octave they allow.
 *
 * Cost: 84 runs (quick), half of which other suites train too.
 *
 * @module
 */
import { SPEEDUP, type SpeedupProfile } from "../lab/claims/speedup.ts";
import { type Declaration, defineClaims } from "../lab/claims/suite.ts";
import type { ProfileName, Suite } from "../lab/suite.ts";
import { claimsOnImages, IMAGES_WIDE, paperImages, quickImages, smokeImages } from "./images.ts";
import { lookedBefore, paperPlan, quickPlan, smokePlan } from "./plans.ts";

const TEN = Array.from({ length: 10 }, (_, seed) => seed);
const SIX = TEN.slice(0, 6);
/** What leaving R out stays within to be called harmless: the limits of transfer suites. */
const HARMLESS = { loss: 0.01, shift_octaves: 1 };
const shared = { smoothing_octaves: 0.5, levelsPerOctave: 8, limits: { speedup: 1 } };

/** The models of the claim. */
const CLAIMED: Record<ProfileName, SpeedupProfile> = {
  smoke: {
    plan: smokePlan,
    seeds: [0, 1],
    otherSeeds: [2, 3],
    dense: "dense:d=32,H=32",
    moe: { "4e2a": "4e2a:d=32,h=16" },
    ...shared,
  },
  quick: {
    plan: quickPlan,
    seeds: TEN,
    otherSeeds: TEN.map((seed) => seed + 10),
    dense: "dense:d=48,dh=12,H=48",
    moe: { "16e4a": "16e4a:d=48,dh=12,h=12", "32e4a": "32e4a:d=48,dh=12,h=12" },
    ...shared,
  },
  paper: {
    plan: paperPlan,
    seeds: [0, 1, 2],
    otherSeeds: [3, 4, 5],
    dense: "dense:d=512,H=512,dh=64",
    moe: { "16e4a": "16e4a:d=512,h=128,dh=64", "64e4a": "64e4a:d=512,h=128,dh=64" },
    ...shared,
  },
};

const ON_TEXT: Declaration<SpeedupProfile> = {
  id: "speedup",
  version: "5",
  title: "Speed-up over dense",
  figure: "Fig. 8 (language model)",
  claim:
    "At the same transferred hyperparameters an MoE model reaches a loss in fewer steps than a dense model of the same active width",
  heldFixed:
    "the reference's hyperparameters, text, tokens per step, steps, seeds, width, depth, active width",
  varied:
    "number of experts; beside it a dense FFN of the MoE's total width, and R and the learning rate",
  measured:
    `dense steps / MoE steps to the same training loss, smoothed over ${shared.smoothing_octaves} octaves of steps on each side, in the stable phase of WSD; geometric mean over the last octave of dense steps, paired by seed; also in wall time`,
  passesIf: `the 95% interval of the speed-up in steps lies above ${shared.limits.speedup}`,
  control:
    "the narrow reference must be seen to be slower than dense, and dense with other seeds not to be as fast as the MoE models",
  source: "arXiv 2605.23893, Fig. 8",
  method: SPEEDUP,
  cautions: [
    lookedBefore(["three"], "ten"),
  ],
  assumed: {
    quick: [
      {
        what: "log2 of 16e4a's speed-up",
        unit: "octaves",
        sd: 0.18,
        distance: 0.19,
        from: "docs/results.md",
      },
      {
        what: "log2 of 32e4a's speed-up",
        unit: "octaves",
        sd: 0.25,
        distance: 0.18,
        from: "docs/results.md",
      },
    ],
  },
  profiles: {
    smoke: {
      ...CLAIMED.smoke,
      beside: {
        equalTotal: { line: "dense, H = 64", configuration: "dense:d=32,H=64" },
        withoutR: {
          log2lr: [-6, -5, -4],
          seeds: { transferred: 2, elsewhere: 2 },
          limits: HARMLESS,
        },
      },
    },
    quick: {
      ...CLAIMED.quick,
      beside: {
        equalTotal: { line: "dense, H = 192", configuration: "dense:d=48,dh=12,H=192" },
        withoutR: {
          log2lr: [-6, -5, -4, -3],
          seeds: { transferred: 6, elsewhere: 3 },
          limits: HARMLESS,
        },
      },
    },
    paper: {
      ...CLAIMED.paper,
      beside: {
        equalTotal: { line: "dense, H = 2048", configuration: "dense:d=512,H=2048,dh=64" },
        withoutR: {
          log2lr: [-9, -8, -7, -6],
          seeds: { transferred: 3, elsewhere: 3 },
          limits: HARMLESS,
        },
      },
    },
  },
};

/** The suite of Fig. 8. */
export const speedup: Suite<SpeedupProfile> = defineClaims(ON_TEXT);

/** The same claim on images. */
export const speedupOfImages: Suite<SpeedupProfile> = defineClaims(claimsOnImages(ON_TEXT, {
  version: "1",
  figure: "Fig. 8 (diffusion)",
  varied: "number of experts",
  profiles: {
    smoke: { ...CLAIMED.smoke, plan: smokeImages },
    quick: {
      plan: quickImages,
      seeds: SIX,
      otherSeeds: SIX.map((seed) => seed + 6),
      dense: "dense:d=64,dh=16,H=64",
      moe: { "16e4a": `16e4a:${IMAGES_WIDE}`, "32e4a": `32e4a:${IMAGES_WIDE}` },
      ...shared,
    },
    paper: { ...CLAIMED.paper, plan: paperImages },
  },
}));
