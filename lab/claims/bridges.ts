/**
 * The two bridges of the paper's Fig. 1, measured and judged.
 *
 * Limits, chosen before anything was measured:
 *
 * - Bridge I: float32 rounding, see lab/claims/bridge_identity.ts; the twin without R must miss it
 * - Bridge II, first order: {@link Q_LIMIT_OCTAVES} = half an octave, half the grid step of the learning
 *   rates and half the tolerance of every transfer verdict. If only the batch were corrected for
 *   (q = √ρ_B) an expert of the sparsest model would be off by ½ log2(N/a) octaves: the control
 * - Bridge II, noise: theory says the exponent −1/2; {@link NOISE_LIMITS} are where it is nearer to that
 *   than to 0 or −1. Attention sees every token whatever a is: judged by the same limits it must miss.
 *   The limits stand from the start; what they are held against is the second try, see
 *   lab/claims/bridge_sparsity.ts and docs/coordinate-check.md
 *
 * @module
 */
import { compareBridge, type Difference, type IdentityCase } from "./bridge_identity.ts";
import { LOSS_BOUND_NATS, TENSOR_BOUND } from "./bridge_identity.ts";
import { measureSparsity, NOISE_GROUPS, type NoiseGroup } from "./bridge_sparsity.ts";
import type { Sparsity, SparsityCase } from "./bridge_sparsity.ts";
import { judgeClaim } from "./claim_judge.ts";
import type {
  ClaimJudgement,
  ClaimTable,
  Findings,
  PanelFacts,
  Point,
} from "../record/claim_record.ts";
import type { Workbench } from "./claim_suite.ts";
import type { ProbePlan, Variant } from "./probe_models.ts";
import { exponent, meanInterval } from "../statistics/slope.ts";

/** Largest |log2 q| of the typical expert, octaves. */
export const Q_LIMIT_OCTAVES = 0.5;
/** Exponents of a/N at which noise counts as ∝ 1/√tokens. */
export const NOISE_LIMITS = { lo: -0.75, hi: -0.25 };

/** The bridges at one size. */
export interface BridgesProfile extends ProbePlan {
  /** the claim's rule */
  rule: Variant;
  /** Bridge I's twin that must fail */
  twin: Variant;
  identity: IdentityCase;
  sparsity: SparsityCase;
}

const IDENTITY = "Bridge I: difference";
const SHARE = "Bridge II: tokens per expert";
const DRIFT = "Bridge II: first order";
const NOISE = "Bridge II: gradient noise";
const RATIO = "Bridge II: noise over signal";

/** Panels of the figure. */
function panelsOf(scale: number): PanelFacts[] {
  const log2 = "log2" as const, x = { title: "a/N, share of experts active", scale: log2 };
  return [
    {
      name: IDENTITY,
      title: "Dense MoE against the dense FFN of the same weights",
      mark: "points",
      x: { title: "quantity", scale: "nominal" },
      y: { title: "relative difference, or nats", scale: log2 },
      rules: [
        { y: TENSOR_BOUND * scale, label: "bound of tensors" },
        { y: LOSS_BOUND_NATS * scale, label: "bound of losses, nats" },
      ],
    },
    {
      name: SHARE,
      title: "Share of tokens of the most and least used expert, over a/N",
      mark: "line",
      x,
      y: { title: "share over a/N", scale: log2 },
      rules: [{ y: 1, label: "a/N" }],
    },
    {
      name: DRIFT,
      title: "Correction that an expert's own batch and duration ask for",
      mark: "line",
      x,
      y: { title: "|log2 q| that nine experts in ten stay within, octaves", scale: "linear" },
      rules: [{ y: Q_LIMIT_OCTAVES, label: "limit" }],
    },
    {
      name: NOISE,
      title: "Noise of the mean gradient of an expert's tokens",
      mark: "line",
      x,
      y: { title: "standard deviation, in units of a token's gradient", scale: log2 },
      rules: [],
    },
    {
      name: RATIO,
      title: "Noise of a batch's gradient over its size",
      mark: "line",
      x,
      y: { title: "noise / signal", scale: log2 },
      rules: [],
    },
  ];
}

/** Judges Bridge I: every difference within rounding, and the twin's not. */
export function judgeIdentity(
  differences: { variant: Variant; found: Difference[] }[],
  claim: Variant,
  scale: number,
): ClaimJudgement[] {
  return differences.flatMap(({ variant, found }) =>
    found.map(({ quantity, unit, error }) =>
      judgeClaim({
        panel: IDENTITY,
        quantity: `largest difference of ${quantity}`,
        role: variant === claim ? "claim" : "control",
        variant: variant.name,
        unit,
        value: { estimate: error, lo: error, hi: error },
        limits: { lo: null, hi: scale * (unit === "nats" ? LOSS_BOUND_NATS : TENSOR_BOUND) },
        missing: "a difference is not finite, or of a tensor that is zero",
      })
    )
  );
}

/** Judges Bridge II. */
export function judgeSparsity(all: Sparsity[], variant: Variant): ClaimJudgement[] {
  const base = {
    variant: variant.name,
    missing: "an expert got no token, or a signal is not above 0",
  };
  const sparse = all.filter((s) => s.share < 1), shares = all.map((s) => s.share);
  const q = sparse.map((s) =>
    judgeClaim({
      ...base,
      panel: DRIFT,
      quantity: `|log2 q| that 9 experts in 10 stay within, ${s.configuration}`,
      role: "claim",
      unit: "octaves",
      value: meanInterval(s.q_octaves),
      limits: { lo: null, hi: Q_LIMIT_OCTAVES },
    })
  );
  const alone = sparse.slice(0, 1).map((s) =>
    judgeClaim({
      ...base,
      panel: DRIFT,
      quantity: `|log2 q| that 1 expert in 10 stays within, ${s.configuration}`,
      role: "control",
      variant: "q = √ρ_B, batch alone",
      unit: "octaves",
      value: meanInterval(s.batchAlone_octaves),
      limits: { lo: null, hi: Q_LIMIT_OCTAVES },
    })
  );
  const noise = (["noise", "ratio"] as const).flatMap((name) =>
    (Object.keys(NOISE_GROUPS) as NoiseGroup[]).map((group) =>
      judgeClaim({
        ...base,
        panel: name === "noise" ? NOISE : RATIO,
        quantity: `slope of log2 ${name === "noise" ? "noise" : "noise/signal"} over log2 a/N`,
        role: name === "ratio" ? "aside" : group === "attention" ? "control" : "claim",
        variant: group,
        unit: "",
        value: exponent(shares, all.map((s) => s[name][group])),
        limits: NOISE_LIMITS,
      })
    )
  );
  // a factor of 2 in tokens is a factor of √2 in noise
  const load = sparse.flatMap((s) =>
    (["largest", "smallest"] as const).map((name) =>
      judgeClaim({
        ...base,
        panel: SHARE,
        quantity: `${name} share of an expert over a/N after training, ${s.configuration}`,
        role: "aside",
        unit: "",
        value: meanInterval(s[name].last),
        limits: name === "largest" ? { lo: null, hi: 2 } : { lo: 0.5, hi: null },
      })
    )
  );
  return [...q, ...alone, ...noise, ...load];
}

/** Points of Bridge II: means over seeds with t intervals; on log2 axes geometric. */
export function drawSparsity(all: Sparsity[]): Point[] {
  const point = (
    panel: string,
    line: string,
    x: number,
    values: number[],
    log: boolean,
  ): Point[] => {
    if (!values.every((v) => Number.isFinite(v) && (v > 0 || !log))) return [];
    const { estimate, lo, hi } = meanInterval(log ? values.map(Math.log2) : values);
    const back = (v: number) => Number.isFinite(v) ? (log ? 2 ** v : v) : null;
    return [{ panel, line, x, y: back(estimate)!, lo: back(lo), hi: back(hi) }];
  };
  return all.flatMap((s) => [
    ...point(SHARE, "most used, first step", s.share, s.largest.first, true),
    ...point(SHARE, "most used, last quarter", s.share, s.largest.last, true),
    ...point(SHARE, "least used, first step", s.share, s.smallest.first, true),
    ...point(SHARE, "least used, last quarter", s.share, s.smallest.last, true),
    ...point(DRIFT, "q = √(ρ_B/ρ_D)", s.share, s.q_octaves, false),
    ...point(DRIFT, "q = √ρ_B, batch alone", s.share, s.batchAlone_octaves, false),
    ...(Object.keys(NOISE_GROUPS) as NoiseGroup[]).flatMap((group) => [
      ...point(NOISE, group, s.share, s.noise[group], true),
      ...point(RATIO, group, s.share, s.ratio[group], true),
    ]),
  ]);
}

function tableOf(all: Sparsity[]): ClaimTable {
  const cell = (values: number[]) => {
    const { estimate, lo, hi } = meanInterval(values);
    return `${estimate.toFixed(2)} [${lo.toFixed(2)}, ${hi.toFixed(2)}]`;
  };
  const groups = Object.keys(NOISE_GROUPS) as NoiseGroup[];
  return {
    title: "Bridge II",
    head: [
      "configuration",
      "a/N",
      "most used",
      "least used",
      "|log2 q|, octaves",
      ...groups.map((g) => `noise/signal, ${g}`),
    ],
    rows: all.map((s) => [
      s.configuration,
      String(s.share),
      cell(s.largest.last),
      cell(s.smallest.last),
      cell(s.q_octaves),
      ...groups.map((g) => cell(s.ratio[g])),
    ]),
    note:
      "most and least used: an expert's share of the tokens over a/N in the last quarter of the steps, mean over blocks; q that nine experts in ten stay within; noise of a batch's gradient over its size, at init. Means over seeds with 95% intervals",
  };
}

/** Measures and judges both bridges. */
export async function bridges(p: BridgesProfile, at: Workbench): Promise<Findings> {
  const scale = at.device.adapter.software ? 1 : 10, found = [];
  for (const variant of [p.rule, p.twin]) {
    at.signal.throwIfAborted();
    at.progress(`Bridge I, ${variant.name}`, found.length / 20);
    found.push({ variant, found: await compareBridge(p, p.identity, variant, at) });
  }
  const all = await measureSparsity(
    p,
    p.sparsity,
    p.rule,
    at,
    (text, share) => at.progress(`Bridge II, ${text}`, 0.1 + 0.9 * share),
  );
  const points = found.flatMap(({ variant, found }): Point[] =>
    found.filter(({ error }) => error > 0 && Number.isFinite(error)).map(({ quantity, error }) => ({
      panel: IDENTITY,
      line: variant.name,
      x: quantity,
      y: error,
      lo: null,
      hi: null,
    }))
  );
  return {
    panels: panelsOf(scale),
    points: [...points, ...drawSparsity(all)],
    judgements: [...judgeIdentity(found, p.rule, scale), ...judgeSparsity(all, p.rule)],
    tables: [tableOf(all)],
    caveats: [
      "Bridge I is compared with the router held at zero; once it trains, gates differ and the identity ends",
      `tokens are counted over ${p.sparsity.steps} steps at one learning rate; noise is that of the cross-entropy's gradient at init`,
      "noise over signal is shown aside: where a sparse expert's tokens resemble each other their gradients add up better, and it grows more slowly than the noise",
      "the mean share of tokens is a/N by construction; only its spread and drift are measured",
    ],
  };
}
