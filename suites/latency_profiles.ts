/**
 * Sizes of the latency suite.
 *
 * @module
 */
import type { LatencyLimits, LatencyProfile } from "../lab/latency/works.ts";

const limits: LatencyLimits = {
  capacity: 1.25,
  finerOverWider: 1,
  granularity: 2,
  wideningShare: 0.5,
};

/** Toy layers: seconds; shows that all works, and can tell nothing. */
export const SMOKE: LatencyProfile = {
  limits,
  width: 64,
  tokens: 256,
  rounds: 6,
  sample_s: 0.05,
  roofline: { samples: 6, sample_s: 0.04, elements: 1 << 16, variants: 1 },
  experts: { experts: [4, 16], active: [2], expertWidth: 32 },
  granularity: { experts: 4, active: 1, expertWidth: 64, splits: [1, 4] },
  active: null,
  tokensOf: null,
  widthOf: null,
  routingOf: { experts: 4, active: 2, expertWidth: 32, routings: ["uniform", "hot", "trained"] },
};

/** The MoE of quick that is timed along the axes of which nothing is claimed. */
const small = { experts: 16, active: 4, expertWidth: 64 };

/** Layers that a CPU times in minutes. */
export const QUICK: LatencyProfile = {
  limits,
  width: 128,
  tokens: 1024,
  rounds: 11,
  sample_s: 0.2,
  roofline: null,
  experts: { experts: [8, 16, 32, 64], active: [2, 4, 8], expertWidth: 128 },
  granularity: { experts: 8, active: 2, expertWidth: 256, splits: [1, 2, 4, 8, 16] },
  active: { experts: 16, active: [1, 2, 4, 8, 16], expertWidth: 64 },
  tokensOf: { ...small, tokens: [256, 1024, 4096] },
  widthOf: { ...small, widths: [64, 128, 256] },
  routingOf: { ...small, routings: ["uniform", "zipf", "hot", "trained"] },
};

/** That of paper. */
const large = { experts: 64, active: 8, expertWidth: 256 };

/** The paper's numbers of experts and its granularities, on layers that one GPU holds. */
export const PAPER: LatencyProfile = {
  limits,
  width: 1024,
  tokens: 4096,
  rounds: 11,
  sample_s: 0.3,
  roofline: null,
  experts: { experts: [8, 16, 32, 64, 128, 256], active: [2, 4, 8], expertWidth: 256 },
  granularity: { experts: 16, active: 2, expertWidth: 1024, splits: [1, 2, 4, 8, 16, 32] },
  active: { experts: 64, active: [1, 2, 4, 8, 16], expertWidth: 256 },
  tokensOf: { ...large, tokens: [1024, 4096, 16384] },
  widthOf: { ...large, widths: [512, 1024, 2048] },
  routingOf: { ...large, routings: ["uniform", "zipf", "hot", "trained"] },
};
