/**
 * # Latency (paper Fig. 7)
 *
 * Claim: capacity costs almost nothing (more experts at fixed a and h), granularity a little (finer
 * experts at fixed active and total width), widening a dense layer to the same size a lot.
 * Held fixed: adapter, f32 kernels, one SwiGLU layer with router, routing and combining; per panel all
 * but one of N, granularity, a, tokens, d and the experts' load.
 * Varied: N at each a; granularity; a; tokens; d; routing (uniform, Zipf, one hot expert, a histogram
 * that training gave). Beside each MoE a dense layer of equal active FLOPs (H = a h) and one of equal
 * parameters (H = N h).
 * Measured: wall seconds of forward and of forward + backward, all works of a group in the same rounds.
 * Passes if: for each pass, at the largest a (8 in quick and paper, which is the paper's) the time at the
 * largest N is at most 1.25 times that at the smallest (smaller a are shown, and decide nothing);
 * the finest experts take at most 2 times the coarsest and less than dense widening; dense widening to
 * equal parameters costs at least half of the growth in parameters (95% intervals; each ratio paired by round).
 * Control: the narrowest dense layer of equal parameters against the next, in the rounds of the claimed
 * capacity, judged by capacity's limit, which must fail.
 * Source: arXiv 2605.23893, Fig. 7. Cost: `deno task bench --list`.
 *
 * @module
 */
import { defineLatencySuite, type LatencySuite } from "../lab/latency/latency_suite.ts";

/** The suite of Fig. 7; the module comment is its caption. */
export const latency: LatencySuite = defineLatencySuite({
  kind: "latency",
  id: "latency",
  suiteVersion: "3",
  title: "Latency",
  figure: "Fig. 7",
  claim:
    "Capacity costs almost nothing (more experts), granularity a little (finer experts), widening a dense layer to the same size a lot",
  heldFixed:
    "adapter, f32 kernels, one SwiGLU layer with router, routing and combining; per panel all but one axis",
  varied:
    "N at each a; granularity (N and a times g, h / g); a; tokens; d; the experts' load. Beside each MoE a dense layer of equal active FLOPs (H = a h) and one of equal parameters (H = N h)",
  measured:
    "wall time (s) of forward and of forward + backward, works of a group in the same rounds",
  passesIf:
    "at the largest a (8 in quick and paper, the paper's) time at the largest N ≤ 1.25 × at the smallest; smaller a are judged beside it and decide nothing; finest experts ≤ 2 × the coarsest and less than dense widening; dense widening ≥ half of the growth in parameters (95% intervals, each ratio paired by round)",
  control:
    "the narrowest dense layer of equal parameters against the next, in the same rounds, judged by capacity's limit must fail",
  source: "arXiv 2605.23893, Fig. 7",
  limits: { capacity: 1.25, granularity: 2, wideningShare: 0.5 },
  profiles: {
    smoke: {
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
      routingOf: {
        experts: 4,
        active: 2,
        expertWidth: 32,
        routings: ["uniform", "hot", "trained"],
      },
    },
    quick: {
      width: 128,
      tokens: 1024,
      rounds: 11,
      sample_s: 0.2,
      roofline: null,
      experts: { experts: [8, 16, 32, 64], active: [2, 4, 8], expertWidth: 128 },
      granularity: { experts: 8, active: 2, expertWidth: 256, splits: [1, 2, 4, 8, 16] },
      active: { experts: 16, active: [1, 2, 4, 8, 16], expertWidth: 64 },
      tokensOf: { experts: 16, active: 4, expertWidth: 64, tokens: [256, 1024, 4096] },
      widthOf: { experts: 16, active: 4, expertWidth: 64, widths: [64, 128, 256] },
      routingOf: {
        experts: 16,
        active: 4,
        expertWidth: 64,
        routings: ["uniform", "zipf", "hot", "trained"],
      },
    },
    paper: {
      width: 1024,
      tokens: 4096,
      rounds: 11,
      sample_s: 0.3,
      roofline: null,
      experts: { experts: [8, 16, 32, 64, 128, 256], active: [2, 4, 8], expertWidth: 256 },
      granularity: { experts: 16, active: 2, expertWidth: 1024, splits: [1, 2, 4, 8, 16, 32] },
      active: { experts: 64, active: [1, 2, 4, 8, 16], expertWidth: 256 },
      tokensOf: { experts: 64, active: 8, expertWidth: 256, tokens: [1024, 4096, 16384] },
      widthOf: { experts: 64, active: 8, expertWidth: 256, widths: [512, 1024, 2048] },
      routingOf: {
        experts: 64,
        active: 8,
        expertWidth: 256,
        routings: ["uniform", "zipf", "hot", "trained"],
      },
    },
  },
});
