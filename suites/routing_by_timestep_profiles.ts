/**
 * The sizes of `routing-by-timestep`.
 *
 * @module
 */
import type { Variant } from "../lab/claims/probe_models.ts";
import type { RoutingProfile } from "../lab/claims/routing_by_timestep.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";
import { paperImages, quickImages, smokeImages } from "./images.ts";

/** What probed models share with those that a suite on images trains. */
function modelsOf({ reference, steps, sequences, seq, base, task, training }: TrainingPlan) {
  return { reference, steps, sequences, seq, base, task, training };
}

const rule: Variant = { name: "complete-mue", rule: "complete-mue" };
const seeds = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Limits: suites/routing_by_timestep.ts. */
const shared = {
  rule,
  permutations: 10,
  limits: { follows_bits: 0.25 ** 2 / (2 * Math.LN2), evener_octaves: 0.5 },
};

/** The suite's sizes. */
export const profiles: Record<ProfileName, RoutingProfile> = {
  smoke: {
    ...shared,
    ...modelsOf(smokeImages),
    configuration: "4e2a:d=16,L=2,h=8",
    steps: 4,
    seeds: seeds(1), // nothing can be told after 4 steps: one seed has no interval
    evaluationBatches: 6,
    untrained: seeds(2),
  },
  quick: {
    ...shared,
    ...modelsOf(quickImages),
    configuration: "16e4a:d=64,L=4,dh=16,h=16",
    seeds: seeds(12),
    evaluationBatches: 480,
    untrained: seeds(24),
  },
  paper: {
    ...shared,
    ...modelsOf(paperImages),
    configuration: "64e8a:d=512,L=8,h=128,dh=64",
    seeds: seeds(3),
    evaluationBatches: 24,
    untrained: seeds(12),
  },
};
