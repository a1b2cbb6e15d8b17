/**
 * # The two bridges (paper Fig. 1)
 *
 * Claim: a Dense MoE (a = N, zero router, R = N) is the dense FFN with the experts' weights side by side
 * (Bridge I); going sparse shrinks an expert's batch and its whole training alike, so that no correction
 * is due (q = 1) and only the noise of its gradient grows, as (a/N)^(−1/2) (Bridge II).
 * Held fixed: text, seeds, tokens per step; Bridge I: all weights, the router at zero, no clipping;
 * Bridge II: N, h, d, steps, hyperparameters.
 * Varied: Bridge I: layout; Bridge II: a.
 * Measured: Bridge I: relative differences of FFN outputs, logits and gradients, and of losses (nats) over
 * ten steps. Bridge II: |log2 q| (octaves) that nine experts in ten stay within, from the tokens it got in training; noise
 * of the mean gradient of an expert's tokens at init, in units of one token's, its slope over log2 a/N.
 * Passes if: Bridge I: ≤ 2e-5 (tensors), 4e-5 nats; Bridge II: |log2 q| ≤ 1/2 octave, slope within −1/2 ±
 * 1/4 (95% t intervals over seeds and points; lab/claims/bridges.ts says why).
 * Control: R left out must break Bridge I; q of the batch alone must exceed its limit at the sparsest a;
 * attention's gradient, which sees every token, must miss the slope.
 * Source: arXiv 2605.23893, Fig. 1. Cost: about a minute on 2 CPU cores (quick).
 *
 * @module
 */
import { bridges, type BridgesProfile } from "../lab/claims/bridges.ts";
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";

const SHARED = {
  base: {
    lr: 2 ** -6,
    weightDecay: 0.1,
    eps: 1e-8,
    beta1: 0.9,
    beta2: 0.95,
    embedInitStd: 1,
    unembedInitStd: 0,
  },
  training: {
    schedule: { kind: "constant", warmup: 0, decay: 0 },
    clipNorm: 1,
    balanceCoef: 0.01,
    zCoef: 0,
  },
  rule: { name: "complete-mue", rule: "complete-mue" },
  twin: { name: "without R", rule: "complete-mue", multipliers: { routeScale: 1 } },
} satisfies Partial<BridgesProfile>;

/** The suite of Fig. 1; the module comment is its caption. */
export const bridgesSuite: ClaimSuite = defineClaimSuite<BridgesProfile>({
  kind: "claims",
  id: "bridges",
  suiteVersion: "2",
  title: "The two bridges",
  figure: "Fig. 1",
  claim:
    "A Dense MoE with uniform gates is the dense FFN of its experts' weights; going sparse asks for no first-order correction and leaves a gradient noise that grows as (a/N)^(−1/2)",
  heldFixed:
    "text, seeds, tokens per step; Bridge I: all weights, the router at zero, no clipping; Bridge II: N, h, d, steps, hyperparameters",
  varied: "Bridge I: layout (dense, Dense MoE); Bridge II: active experts a",
  measured:
    "Bridge I: relative differences of FFN outputs, logits and gradients, losses (nats) of ten steps; Bridge II: |log2 q| (octaves) that nine experts in ten stay within, from the tokens it got in training, and noise of the mean gradient of an expert's tokens at init, in units of one token's gradient",
  passesIf:
    "Bridge I: ≤ 2e-5 (tensors), ≤ 4e-5 nats (losses), ten times that on a GPU; Bridge II: |log2 q| ≤ 1/2 octave, slope of log2 noise over log2 a/N within −1/2 ± 1/4 (95% intervals)",
  control:
    "R left out must break Bridge I; q of the batch alone must exceed its limit at the sparsest a; attention's gradient, which sees every token, must miss the slope",
  source: "arXiv 2605.23893, Fig. 1",
  probes_s: { smoke: 5, quick: 50, paper: 300 },
  profiles: {
    smoke: {
      ...SHARED,
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
      },
    },
    quick: {
      ...SHARED,
      reference: "dense:d=16,L=2,H=16",
      sequences: 8,
      seq: 32,
      seeds: [0, 1, 2, 3],
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
      },
    },
    paper: {
      ...SHARED,
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
      },
    },
  },
  wanted: () => [],
  measure: bridges,
});
