/**
 * The training plans suites share, so that a model several suites need is trained once.
 *
 * @module
 */
import type { TrainingPlan } from "../lab/train/plan.ts";
import { WSD } from "../model/schedule.ts";

/** Whole octaves from lo to hi. */
export const octaves = (lo: number, hi: number): number[] =>
  Array.from({ length: hi - lo + 1 }, (_, i) => lo + i);

const shared: Pick<TrainingPlan, "base" | "training"> = {
  base: {
    lr: 2 ** -5,
    weightDecay: 0.1,
    eps: 1e-8,
    beta1: 0.9,
    beta2: 0.95,
    initStd: null,
    embedInitStd: 1,
    unembedInitStd: 0,
  },
  training: { schedule: WSD, clipNorm: 1, balanceCoef: 0.01, zCoef: 0 },
};

/** Toy size: seconds on a CPU; shows that all works, and can tell nothing. */
export const smokePlan: TrainingPlan = {
  ...shared,
  reference: "dense:d=16,L=1,H=16",
  steps: 20,
  sequences: 8,
  seq: 16,
  evaluationBatches: 4,
};

/** The smallest size at which the reference's optimum is resolved. */
export const quickPlan: TrainingPlan = {
  ...shared,
  reference: "dense:d=12,L=2,H=12,dh=12",
  steps: 448,
  sequences: 12,
  seq: 32,
  evaluationBatches: 32,
};

/** For a GPU. */
export const paperPlan: TrainingPlan = {
  ...shared,
  reference: "dense:d=128,L=4,H=128,dh=64",
  steps: 4000,
  sequences: 32,
  seq: 256,
  evaluationBatches: 64,
  base: { ...shared.base, lr: 2 ** -8 },
};

/**
 * Base and training of models that are looked into after a few steps, at one learning rate.
 *
 * @param lr of the reference
 */
export const probeAt = (lr: number): Pick<TrainingPlan, "base" | "training"> => ({
  base: { ...shared.base, lr },
  training: { ...shared.training, schedule: { kind: "constant", warmup: 0, decay: 0 } },
});
