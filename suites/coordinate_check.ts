/**
 * # Coordinate check (muP's practice; not a figure of the paper)
 *
 * Claim: under the rule the FFN's output, and its change in the first AdamW steps, keep their size
 * whatever the width d, the dense hidden width H, the expert width h, the active experts a, or the
 * experts N.
 * Held fixed: reference and its hyperparameters (learning rate 2^−7), text, tokens per step, seeds,
 * depth; per axis all sizes but one.
 * Varied: d (dense with H = d; 16e4a with h fixed), H, a, h, N.
 * Measured: RMS over a held-out batch of block 0's FFN output at init and of its change after 4 steps;
 * slope of log2 RMS over log2 size, 95% t interval over seeds and points (lab/statistics/slope.ts). Tabulated
 * besides: later blocks, block input, router logits, gate entropy, final logits.
 * Passes if: |slope| ≤ 1/8 at init and ≤ 1/4 for the change, whole interval (lab/claims/coordinate_check.ts
 * says why).
 * Control: `standard` (SP) must fail in the change along d, H and h, and at init along a. No rule here
 * knows N, so nothing could fail along it: that axis is shown and decides nothing.
 * Source: G. Yang and E. Hu, "Tensor Programs V", arXiv 2203.03466, and microsoft/mup's coordinate
 * check; the rule is arXiv 2605.23893's. Cost: `deno task bench --list`.
 *
 * @module
 */
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";
import {
  type CheckAxis,
  type CheckProfile,
  coordinateCheck,
} from "../lab/claims/coordinate_check.ts";
import type { Variant } from "../lab/claims/probe_models.ts";

const OTHER_HEAD: Variant = {
  name: "complete-mue, completed-p head",
  rule: "complete-mue",
  options: { unembedding: "completed-p" },
};

/** All that a block-0 FFN output depends on but the FFN itself. */
const BELOW = ["embed", "wq", "wk", "wv", "wo", "attnNorm", "qNorm", "kNorm", "ffnNorm"] as const;

/** The change of the FFN's output in parts: through W_down, and through W_gate and W_up. */
const PARTS: Variant[] = [
  { name: "W_down alone moves", rule: "complete-mue", frozen: ["wgate", "wup", ...BELOW] },
  { name: "W_gate, W_up alone move", rule: "complete-mue", frozen: ["wdown", ...BELOW] },
];

const axis = (
  name: string,
  size: CheckAxis["size"],
  values: number[],
  configuration: (value: number) => string,
  controls: CheckAxis["controls"] = [],
): CheckAxis => ({
  name,
  size,
  configurations: values.map(configuration),
  controls,
  asides: size === "d" ? ["logitsDelta"] : [],
  also: size === "d" ? [OTHER_HEAD] : size === "H" ? PARTS : [],
});

const SHARED = {
  base: {
    lr: 2 ** -7,
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
  steps: 4,
  rule: { name: "complete-mue", rule: "complete-mue" },
  control: { name: "standard", rule: "standard" },
  others: [{ name: "mup", rule: "mup" }],
} satisfies Partial<CheckProfile>;

/** The coordinate check; the module comment is its caption. */
export const coordinateCheckSuite: ClaimSuite = defineClaimSuite<CheckProfile>({
  kind: "claims",
  id: "coordinate-check",
  suiteVersion: "2",
  title: "Coordinate check",
  figure: "none (muP practice)",
  claim:
    "Under the rule the FFN's output and its change in the first AdamW steps keep their size whatever d, H, h, a or N",
  heldFixed:
    "reference and its hyperparameters (learning rate 2^−7), text, tokens per step, seeds, depth; per axis all sizes but one",
  varied: "d (dense with H = d; 16e4a with h fixed), H, a, h, N",
  measured:
    "RMS over a held-out batch of block 0's FFN output at init and of its change after 4 AdamW steps; slope of log2 RMS over log2 size",
  passesIf: "|slope| ≤ 1/8 at init and ≤ 1/4 for the change, with the whole 95% interval",
  control:
    "standard (SP) must fail in the change along d, H and h, and at init along a; along N no rule here could, so that axis decides nothing",
  source: "arXiv 2203.03466 and microsoft/mup (the check); arXiv 2605.23893 (the rule)",
  probes_s: { smoke: 5, quick: 64, paper: 300 },
  profiles: {
    smoke: {
      ...SHARED,
      reference: "dense:d=16,L=1,H=16",
      sequences: 4,
      seq: 16,
      seeds: [0, 1, 2],
      sideBySide: 9,
      axes: [
        axis("H (dense)", "H", [16, 64, 256], (H) => `dense:d=16,H=${H}`, ["delta"]),
        axis("a (8 experts)", "a", [2, 4, 8], (a) => `8e${a}a:d=16,h=16`, ["init"]),
      ],
    },
    quick: {
      ...SHARED,
      reference: "dense:d=16,L=2,H=16",
      sequences: 4,
      seq: 32,
      seeds: [0, 1, 2, 3, 4, 5],
      sideBySide: 30,
      axes: [
        axis("d (dense, H = d)", "d", [16, 32, 48, 64, 96, 128], (d) => `dense:d=${d},H=${d}`, [
          "delta",
        ]),
        axis("d (16e4a, h = 16)", "d", [16, 32, 48, 64, 96, 128], (d) => `16e4a:d=${d},h=16`, [
          "delta",
        ]),
        axis("H (dense)", "H", [16, 32, 64, 128, 256, 512, 1024], (H) => `dense:d=16,H=${H}`, [
          "delta",
        ]),
        axis("a (16 experts)", "a", [2, 3, 4, 6, 8, 12, 16], (a) => `16e${a}a:d=16,h=16`, ["init"]),
        axis("h (16e4a)", "h", [8, 16, 32, 64, 128, 256], (h) => `16e4a:d=16,h=${h}`, ["delta"]),
        axis("N (a = 4)", "N", [4, 6, 8, 12, 16, 24, 32], (N) => `${N}e4a:d=16,h=16`),
      ],
    },
    paper: {
      ...SHARED,
      reference: "dense:d=64,L=2,H=64,dh=64",
      sequences: 8,
      seq: 128,
      seeds: [0, 1, 2],
      sideBySide: 3,
      axes: [
        axis(
          "d (dense, H = d)",
          "d",
          [64, 128, 192, 256, 384, 512, 1024],
          (d) => `dense:d=${d},H=${d}`,
          ["delta"],
        ),
        axis("d (64e8a, h = 64)", "d", [64, 128, 192, 256, 384, 512], (d) => `64e8a:d=${d},h=64`, [
          "delta",
        ]),
        axis("H (dense)", "H", [64, 128, 256, 512, 1024, 2048, 4096], (H) => `dense:d=64,H=${H}`, [
          "delta",
        ]),
        axis("a (64 experts)", "a", [2, 4, 8, 16, 32, 64], (a) => `64e${a}a:d=64,h=64`, ["init"]),
        axis("h (64e8a)", "h", [16, 32, 64, 128, 256], (h) => `64e8a:d=64,h=${h}`, ["delta"]),
        axis("N (a = 8)", "N", [8, 16, 32, 64, 128], (N) => `${N}e8a:d=64,h=64`),
      ],
    },
  },
  wanted: () => [],
  measure: coordinateCheck,
});
