/**
 * # Router stability (ST-MoE's claim; not a figure of the paper)
 *
 * Claim: at a learning rate far above the optimum, router logits grow without bound and the training
 * loss spikes; the router z-loss holds both down.
 * Held fixed: one MoE model (quick: 8e2a), rule, text, tokens per step, steps, seeds, balance loss.
 * Varied: z-loss (none, or coefficient 0.001); learning rate (about the optimum, and 16 times that).
 * Measured: growth of the RMS of logsumexp(router logits), second half of the steps over the first
 * step, octaves; largest rise of the 10-step mean of the training loss above its lowest earlier value,
 * nats, paired by seed.
 * Passes if: at the high rate the logits grow by at least 1 octave without z-loss, and the loss rises
 * by at least 0.05 nats less with it; 95% intervals.
 * Control: with the z-loss the same growth must fall short; at the tuned rate, where nothing spikes,
 * the same difference of rises must fall short.
 * Source: B. Zoph et al., "ST-MoE", arXiv 2202.08906, section 3. Cost: `deno task bench --list`.
 *
 * @module
 */
import { type ClaimSuite, defineClaimSuite } from "../lab/claims/claim_suite.ts";
import {
  routerStability,
  stabilityModels,
  type StabilityProfile,
} from "../lab/claims/router_stability.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of ST-MoE's z-loss; the module comment is its caption. */
export const routerStabilitySuite: ClaimSuite = defineClaimSuite<StabilityProfile>({
  kind: "claims",
  id: "router-stability",
  suiteVersion: "1",
  title: "Router stability",
  figure: "none (ST-MoE's claim)",
  claim:
    "At a learning rate far above the optimum router logits grow without bound and the training loss spikes; the router z-loss holds both down",
  heldFixed: "one MoE model (quick: 8e2a), rule, text, tokens per step, steps, seeds, balance loss",
  varied:
    "z-loss (none, or coefficient 0.001); learning rate (about the optimum, and 16 times that)",
  measured:
    "growth of the RMS of logsumexp(router logits), second half of the steps over the first step, octaves; largest rise of the 10-step mean of the training loss, nats, paired by seed",
  passesIf:
    "at the high rate the logits grow by at least 1 octave without z-loss, and the loss rises by at least 0.05 nats less with it, whole 95% intervals",
  control:
    "with the z-loss the same growth must fall short of 1 octave; at the tuned rate the same difference of rises must fall short of 0.05 nats",
  source: "arXiv 2202.08906, section 3",
  probes_s: { smoke: 0, quick: 0, paper: 0 },
  profiles: {
    smoke: {
      plan: smokePlan,
      configuration: "4e2a:d=16,h=8",
      log2lr: { tuned: -5, high: -1 },
      zCoef: 0.001,
      seeds: [0, 1],
    },
    quick: {
      plan: { ...quickPlan, steps: 250 },
      configuration: "8e2a:d=24,dh=12,h=12",
      log2lr: { tuned: -5, high: -1 },
      zCoef: 0.001,
      seeds: [0, 1, 2],
    },
    paper: {
      plan: paperPlan,
      configuration: "64e8a:d=256,h=128,dh=64",
      log2lr: { tuned: -8, high: -4 },
      zCoef: 0.001,
      seeds: [0, 1, 2],
    },
  },
  wanted: (p) => [{ plan: p.plan, wanted: stabilityModels(p) }],
  measure: routerStability,
});
