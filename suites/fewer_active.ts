/**
 * Other numbers of active experts in evaluation than in training: SCMoE found that more than were trained with bring
 * nothing, and "Faster MoE LLM Inference" that half of them cost little. Limits, set before the first measured run:
 *
 * - half may cost 0.05 nats, which `router-stability` calls a difference that is seen. All axes of `scaling` together,
 *   among them twice the active experts in training, gain 0.07 here
 * - twice may gain 0.01 nats, what the transfer suites call too small to matter
 *
 * The second control is the measure's own: a doubling from one expert must be seen to gain more than that, or nothing
 * shows that a gain would have been noticed.
 *
 * @module
 */
import { FEWER_ACTIVE, type FewerProfile } from "../lab/claims/fewer_active.ts";
import { defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { at, PAPER_WIDE, paperPlan, QUICK_WIDE, quickPlan, smokePlan } from "./plans.ts";

const limits = { cost: 0.05, gain: 0.01 };

/** The suite of active experts in evaluation. */
export const fewerActive: Suite<FewerProfile> = defineClaims({
  id: "fewer-active",
  version: "1",
  title: "Fewer active experts",
  figure: "none (SCMoE's and Faster MoE Inference's claims)",
  claim:
    "A trained MoE evaluated with half of its active experts loses little, and with twice as many it gains nothing",
  heldFixed:
    "the trained weights, R, gates normalized over the picked experts, the held-out windows",
  varied:
    "active experts in evaluation; routers as trained, or their rows swapped among the experts",
  measured:
    "held-out loss less that of the same model with the experts it was trained with, nats, mean over seeds",
  passesIf:
    `half cost at most ${limits.cost} nats and twice gain at most ${limits.gain}, whole 95% intervals over seeds`,
  control:
    `half, picked by routers whose rows are swapped among the experts, must cost more than ${limits.cost} nats; 2 experts must gain more than ${limits.gain} on 1`,
  source: "arXiv 2405.14507 (SCMoE); arXiv 2505.03531 (Faster MoE LLM Inference)",
  probes_s: { smoke: 5, quick: 110, paper: 6000 },
  ownRouting: "its routing is part of its claim",
  method: FEWER_ACTIVE,
  profiles: {
    smoke: {
      plan: smokePlan,
      configuration: "4e2a:d=16,h=8",
      seeds: [0, 1],
      active: [1, 2, 4],
      limits,
    },
    quick: {
      plan: quickPlan,
      configuration: at(["16e4a"], QUICK_WIDE)[0],
      seeds: [0, 1, 2, 3, 4, 5, 6, 7],
      active: [1, 2, 3, 4, 6, 8, 16],
      limits,
    },
    paper: {
      plan: paperPlan,
      configuration: at(["64e8a"], PAPER_WIDE)[0],
      seeds: [0, 1, 2],
      active: [1, 2, 4, 6, 8, 12, 16, 32, 64],
      limits,
    },
  },
});
