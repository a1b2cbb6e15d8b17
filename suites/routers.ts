/**
 * Routers beside one another: LibMoE (its first version) found that they end close to each other, M6-T that an uneven load
 * costs little and that capacity matters, hash layers that one that learns nothing does not fall behind. The limit, set
 * before the first measured run: 0.02 nats, somewhat more than an axis of `scaling` is worth here on average (0.073 over
 * five). No power was planned: by the noise of that run five seeds can hardly decide anything, and sixteen to twenty
 * would be needed for a router that is equal.
 *
 * A hash gates evenly and learns nothing. Where it is no worse than the limit the suite cannot tell: then learning whom
 * to pick is worth nothing at this size. Version 2, after the first look, asks that it be worse, where version 1 asked
 * that it differ (it was better); and shows a capacity beside the claim, which is no router and which M6-T expects to
 * make a difference. Dense, of equal active width, stands beside it for what
 * experts bring. A choice in each group stands in `hybrids`.
 *
 * @module
 */
import { type RankedRouter, ROUTERS, type RoutersProfile } from "../lab/claims/routers.ts";
import { defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { PAPER_WIDE, paperPlan, QUICK_WIDE, quickPlan, smokePlan } from "./plans.ts";

const limits = { differs: 0.02 };
/** The step of DeepSeek-V3's bias. */
const BIAS = 0.001;

/** Every router of one model, e.g. `16e4a` in 4 groups of which 2 are open. */
function routersOf(
  name: string,
  size: string,
  dense: string,
  { groups, limit }: { groups: number; limit: number },
): Pick<RoutersProfile, "usual" | "learned" | "dropping" | "blind" | "dense"> {
  const router = (called: string, keys: string, of = name): RankedRouter => ({
    name: called,
    configuration: `${of}:${size}${keys}`,
  });
  return {
    usual: router("sigmoid", ""),
    dropping: router("capacity 1.25", ",cf=1.25"),
    learned: [
      router("softmax", ",gate=softmax"),
      router("softmax-all", ",gate=softmax-all"),
      router("sigmoid-raw", ",gate=sigmoid-raw"),
      { ...router("bias, no balance loss", `,bias=${BIAS}`), training: { balanceCoef: 0 } },
      router(`${limit} of ${groups} groups`, `,limit=${limit}`, `${name}${groups}g`),
    ],
    blind: router("hash (learns nothing)", ",router=hash"),
    dense: { name: "dense (no router)", configuration: dense },
  };
}

/** The suite of routers. */
export const routers: Suite<RoutersProfile> = defineClaims({
  id: "routers",
  version: "2",
  title: "Routers",
  figure: "none (LibMoE's and M6-T's claims)",
  claim: "At the same transferred hyperparameters routers that learn end at the same loss",
  heldFixed:
    "the reference's hyperparameters, rule, text, tokens per step, steps, width, experts, active experts, seeds",
  varied: "the router: gates, groups, capacity, what balances it; a hash; none (dense)",
  measured: "held-out loss less that of the usual router, nats, paired by seed",
  passesIf:
    `every router that learns lies within ±${limits.differs} nats of sigmoid gates normalized over the picks, whole 95% intervals`,
  control:
    `a hash, which learns nothing, must end more than ${limits.differs} nats above the usual router`,
  source: "arXiv 2105.15082 (M6-T); arXiv 2411.00918 (LibMoE); arXiv 2106.04426 (hash layers)",
  ownRouting: "its routing is part of its claim",
  method: ROUTERS,
  assumed: {
    quick: [{
      what: "a router's difference to the usual one",
      unit: "nats",
      sd: 0.018,
      distance: limits.differs,
      from: "the first bench of it (docs/results.md), for one that is equal to it",
    }],
  },
  profiles: {
    smoke: {
      plan: smokePlan,
      seeds: [0, 1],
      limits,
      ...routersOf("4e2a", "d=16,h=8", "dense:d=16,H=16", { groups: 2, limit: 1 }),
    },
    quick: {
      plan: quickPlan,
      seeds: [0, 1, 2, 3, 4],
      limits,
      ...routersOf("16e4a", QUICK_WIDE, "dense:d=48,dh=12,H=48", { groups: 4, limit: 2 }),
    },
    paper: {
      plan: paperPlan,
      seeds: [0, 1, 2],
      limits,
      ...routersOf("64e8a", PAPER_WIDE, "dense:d=512,H=1024,dh=64", { groups: 8, limit: 4 }),
    },
  },
});
