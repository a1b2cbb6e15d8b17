/**
 * The bridges' models at the suite's sizes.
 *
 * @module
 */
import type { BridgesProfile } from "../lab/claims/bridges.ts";
import type { ProfileName } from "../lab/suite.ts";
import { probeAt } from "./plans.ts";

const dead_octaves = 10;
const shared = {
  ...probeAt(2 ** -6),
  rule: { name: "complete-mue", rule: "complete-mue" },
  twin: { name: "without R", rule: "complete-mue", multipliers: { routeScale: 1 } },
  limits: {
    tensor: 2e-5,
    loss: 4e-5,
    onGpu: 10,
    q_octaves: 0.5,
    noise: { lo: -0.75, hi: -0.25 },
    share: { lo: 0.5, hi: 2 },
  },
} satisfies Partial<BridgesProfile>;

/** The suite's sizes. */
export const profiles: Record<ProfileName, BridgesProfile> = {
  smoke: {
    ...shared,
    reference: "dense:d=16,L=1,H=16",
    sequences: 4,
    seq: 16,
    seeds: [0, 1, 2],
    identity: { dense: "dense:d=16,H=32", moe: "4e4a:d=16,h=8", steps: 4, unembedInitStd: 1 / 4 },
    sparsity: {
      configurations: [2, 4, 8].map((a) => `8e${a}a:d=16,h=8`),
      steps: 8,
      batches: 8,
      unembedInitStd: 1 / 4,
      dead_octaves,
    },
  },
  quick: {
    ...shared,
    reference: "dense:d=16,L=2,H=16",
    sequences: 8,
    seq: 32,
    seeds: [0, 1, 2, 3, 4, 5, 6, 7],
    identity: {
      dense: "dense:d=32,H=128",
      moe: "8e8a:d=32,h=16",
      steps: 10,
      unembedInitStd: 1 / 4,
    },
    sparsity: {
      configurations: [2, 3, 4, 6, 8, 12, 16].map((a) => `16e${a}a:d=32,h=16`),
      steps: 40,
      batches: 24,
      unembedInitStd: 1 / 4,
      dead_octaves,
    },
  },
  paper: {
    ...shared,
    reference: "dense:d=64,L=4,H=64,dh=64",
    sequences: 16,
    seq: 128,
    seeds: [0, 1, 2, 3],
    identity: {
      dense: "dense:d=256,H=2048",
      moe: "32e32a:d=256,h=64",
      steps: 10,
      unembedInitStd: 1 / 8,
    },
    sparsity: {
      configurations: [2, 4, 8, 16, 32, 64].map((a) => `64e${a}a:d=256,h=64`),
      steps: 400,
      batches: 64,
      unembedInitStd: 1 / 8,
      dead_octaves,
    },
  },
};

/** On images; where the final projection does not start at zero, the modulations do not either. */
const onImages = (p: BridgesProfile, sequences: number): BridgesProfile => ({
  ...p,
  task: "diffusion",
  base: { ...p.base, embedInitStd: 0.1 },
  sequences,
  seq: 49,
  identity: { ...p.identity, modInitStd: 1 / 4 },
  sparsity: { ...p.sparsity, modInitStd: 1 / 4 },
});

/** The suite's sizes on images. */
export const imageProfiles: Record<ProfileName, BridgesProfile> = {
  smoke: onImages(profiles.smoke, 2),
  quick: onImages(profiles.quick, 5),
  paper: onImages(profiles.paper, 42),
};
