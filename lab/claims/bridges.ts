/**
 * The two bridges of the paper's Fig. 1, measured and judged.
 *
 * Bridge I is judged by rounding (the twin without R must miss it), Bridge II by how far its first order
 * is from no correction and its noise from the power theory gives. Controls of Bridge II: the correction
 * if only the batch were corrected for (q = √ρ_B), by which an expert of the sparsest model would be off
 * by ½ log2(N/a) octaves; and attention, which sees every token whatever a is.
 *
 * @module
 */
import { judgeOne, type UnjudgedMeasure } from "../judge/decide.ts";
import type { Findings, Judgement } from "../record/findings.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { arithmeticMean, noisyExponent } from "../statistics/slope.ts";
import { drawIdentity, drawSparsity, PANELS, panelsOf, tableOf } from "./bridge_figure.ts";
import { compareBridge, type Difference, type IdentityCase } from "./bridge_identity.ts";
import { type BridgeLimits, limitsOn } from "./bridge_limits.ts";
import { GROUPS, measureSparsity, type NoiseGroup } from "./bridge_sparsity.ts";
import type { Sparsity, SparsityCase } from "./bridge_sparsity.ts";
import { lossUnit, probed, type Workbench } from "./models.ts";
import type { ProbePlan, Variant } from "./probe_models.ts";
import { type Method, probing } from "./suite.ts";

/** The bridges at one size. */
export interface BridgesProfile extends ProbePlan {
  /** the claim's rule */
  rule: Variant;
  /** Bridge I's twin that must fail */
  twin: Variant;
  identity: IdentityCase;
  sparsity: SparsityCase;
  limits: BridgeLimits;
}

/** Judges Bridge I: every difference within rounding, and the twin's not. */
export function judgeIdentity(
  differences: { variant: Variant; found: Difference[] }[],
  claim: Variant,
  limits: BridgeLimits,
  unit: string,
): Judgement[] {
  return differences.flatMap(({ variant, found }) =>
    found.map(({ quantity, of, error }) =>
      judgeOne({
        panel: PANELS.identity,
        subject: quantity,
        variant: variant.name,
        role: variant === claim ? "claim" : "control",
        name: "largest difference",
        unit: of === "loss" ? unit : "",
        value: { estimate: error, lo: error, hi: error },
        limits: { hi: limits[of] },
        missing: "a difference is not finite, or of a tensor that is zero",
      })
    )
  );
}

/** Judges Bridge II. */
export function judgeSparsity(
  all: Sparsity[],
  variant: Variant,
  limits: BridgeLimits,
): Judgement[] {
  const one = (
    [panel, role, subject]: [string, Judgement["role"], string],
    measure: Omit<UnjudgedMeasure, "missing">,
    under = variant.name,
  ) =>
    judgeOne({
      panel,
      role,
      subject,
      variant: under,
      missing: "an expert got no token, or a signal is not above 0",
      ...measure,
    });
  const sparse = all.filter((s) => s.share < 1), shares = all.map((s) => s.share);
  const octaves = { unit: "octaves", limits: { hi: limits.q_octaves } };
  const over = (values: number[]) => {
    const value = arithmeticMean(values), known = values.length > 1 && Number.isFinite(value.hi);
    return { value, noise: known ? noiseOfInterval(value, values.length) : null };
  };
  const q = sparse.map((s) =>
    one([PANELS.drift, "claim", s.configuration], {
      name: "|log2 q| that nine experts in ten stay within",
      ...over(s.q_octaves),
      ...octaves,
    })
  );
  const alone = sparse.slice(0, 1).map((s) =>
    one([PANELS.drift, "control", s.configuration], {
      name: "|log2 q| that one expert in ten stays within",
      ...over(s.batchAlone_octaves),
      ...octaves,
    }, "q = √ρ_B, batch alone")
  );
  const slope = (of: "noise" | "ratio", group: NoiseGroup) => ({
    name: `slope of log2 ${of === "noise" ? "noise" : "noise/signal"} over log2 a/N`,
    unit: "",
    ...(noisyExponent(shares, all.map((s) => s[of][group])) ?? { value: null }),
    limits: limits.noise,
  });
  const noise = GROUPS.map((group) =>
    one([PANELS.noise, group === "attention" ? "control" : "claim", group], slope("noise", group))
  );
  const ratio = GROUPS.map((group) => one([PANELS.ratio, "aside", group], slope("ratio", group)));
  const { lo, hi } = limits.share;
  const load = sparse.flatMap((s) =>
    (["largest", "smallest"] as const).map((name) =>
      one([PANELS.share, "aside", s.configuration], {
        name: `${name} share of an expert over a/N, last quarter`,
        unit: "",
        ...over(s[name].last),
        limits: name === "largest" ? { hi } : { lo },
      })
    )
  );
  return [...q, ...alone, ...noise, ...ratio, ...load];
}

/** Measures and judges both bridges. */
export async function measureBridges(p: BridgesProfile, at: Workbench): Promise<Findings> {
  const limits = limitsOn(at.device.adapter.software, p.limits), unit = lossUnit(at), found = [];
  for (const variant of [p.rule, p.twin]) {
    at.signal.throwIfAborted();
    at.progress(probed(`Bridge I, ${variant.name}`, found.length / 20));
    found.push({ variant, found: await compareBridge(p, p.identity, variant, at) });
  }
  const all = await measureSparsity(
    p,
    p.sparsity,
    p.rule,
    at,
    (text, share) => at.progress(probed(`Bridge II, ${text}`, 0.1 + 0.9 * share)),
  );
  return {
    panels: panelsOf(limits, unit),
    points: [
      ...found.flatMap(({ variant, found }) => drawIdentity(variant.name, found)),
      ...drawSparsity(all),
    ],
    judgements: [
      ...judgeIdentity(found, p.rule, limits, unit),
      ...judgeSparsity(all, p.rule, limits),
    ],
    tables: [tableOf(all)],
    caveats: [
      "Bridge I is compared with the router held at zero; once it trains, gates differ and the identity ends",
      `tokens are counted over ${p.sparsity.steps} steps at one learning rate; noise is that of the loss's gradient at init`,
      "noise over signal is shown aside: where a sparse expert's tokens resemble each other their gradients add up better, and it grows more slowly than the noise",
      "the mean share of tokens is a/N by construction; only its spread and drift are measured",
    ],
  };
}

/** How a suite of this kind is measured. */
export const BRIDGES: Method<BridgesProfile> = probing(measureBridges);
