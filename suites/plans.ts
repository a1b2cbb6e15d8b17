/**
 * What the suites of claims train at each profile. All of a profile's suites share one plan, so that a
 * model that one of them trained serves the others through the store.
 *
 * @module
 */
import type { TrainingPlan } from "../lab/claim_suite.ts";
import { WSD } from "../model/schedule.ts";

/** 600 steps of 512 tokens: the least at which the reference's optimum is resolved to half an octave. */
export const quickPlan: TrainingPlan = {
  reference: "dense:d=16,L=2,H=16",
  steps: 600,
  sequences: 16,
  seq: 32,
  evaluationBatches: 32,
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

/** Toy sizes: everything runs, nothing can be told. */
export const smokePlan: TrainingPlan = {
  ...quickPlan,
  reference: "dense:d=16,L=1,H=16",
  steps: 20,
  sequences: 8,
  seq: 16,
  evaluationBatches: 4,
};

/** For a GPU. */
export const paperPlan: TrainingPlan = {
  ...quickPlan,
  reference: "dense:d=128,L=4,H=128,dh=64",
  steps: 4000,
  sequences: 32,
  seq: 256,
  evaluationBatches: 64,
  base: { ...quickPlan.base, lr: 2 ** -8 },
};
