/**
 * The models of `samples` at its sizes.
 *
 * @module
 */
import type { SamplesProfile } from "../lab/claims/drawn.ts";
import type { ProfileName } from "../lab/suite.ts";
import { paperImages, quickImages, smokeImages } from "./images.ts";

/** Percent; suites/samples.ts says why. */
const limits = { named_percent: 50 };
const classifier = { images: 10000, epochs: 5, batch: 20, rate: 0.1 };
const shared = { noiseSeed: 0, bins: 8, limits, classifier };

/** The suite's sizes. */
export const profiles: Record<ProfileName, SamplesProfile> = {
  smoke: {
    ...shared,
    plan: { ...smokeImages, sequences: 10 },
    seeds: [0],
    dense: "dense:d=16,H=16",
    moe: "4e2a:d=16,h=8",
    sampling: { solver: "heun", steps: 2, guidance: 2 },
    perClass: 2,
    shown: 1,
    looks: [10],
    classifier: { ...classifier, images: 1000, epochs: 1 },
  },
  quick: {
    ...shared,
    plan: { ...quickImages, steps: 3000, evaluationBatches: 100 },
    seeds: [0],
    dense: "dense:d=64,dh=16,H=64",
    moe: "16e4a:d=64,dh=16,h=16",
    sampling: { solver: "heun", steps: 10, guidance: 3 },
    perClass: 12,
    shown: 2,
    looks: [240, 900, 1800],
  },
  paper: {
    ...shared,
    plan: paperImages,
    seeds: [0, 1, 2],
    dense: "dense:d=512,dh=64,H=512",
    moe: "32e4a:d=512,dh=64,h=128",
    sampling: { solver: "heun", steps: 25, guidance: 3 },
    perClass: 64,
    shown: 3,
    looks: [250, 1000, 2000],
    classifier: { ...classifier, images: 60000 },
  },
};
