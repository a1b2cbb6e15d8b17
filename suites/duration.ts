/**
 * # Duration (paper Table 2 (duration))
 *
 * Claim: The rule's 1/sqrt(D) corrections of learning rate, weight decay, betas and eps keep the tuned
 * learning rate near-optimal when a model trains longer at a fixed batch.
 * Held fixed: text, tokens per step, seeds, model (dense).
 * Varied: steps: 1/2, 2 and 4 times (smoke: 1/2 and 2) the reference's; the reference's learning rate.
 * Measured: validation loss (nats) on the held-out text against the swept value on the reference's
 * scale.
 * Passes if: the 95% interval of the shift of the optimum lies within ±0.5 octave, or the regret of
 * the transferred value is ≤ max(2 standard errors, 0.01 nats).
 * Control: muP on width alone, which has no correction for duration, on the longest training must
 * fail.
 * Source: arXiv 2605.23893, Table 2 (duration). Cost: `deno task bench --list`.
 *
 * Besides the verdict the report gives the exponent p of D in the optimal learning rate, eta ~ D^-p,
 * as the optima measured here have it: 1/2 in the rule, 0.28 to 0.32 measured elsewhere.
 *
 * @module
 */
import { defineSuite, type Suite } from "../lab/suite.ts";
import { octaves, paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** The suite of Table 2 (duration); the module comment is its caption. */
export const duration: Suite = defineSuite({
  kind: "transfer",
  id: "duration",
  title: "Duration",
  figure: "Table 2 (duration)",
  claim:
    "The rule's 1/sqrt(D) corrections of learning rate, weight decay, betas and eps keep the tuned learning rate near-optimal when a model trains longer at a fixed batch",
  heldFixed: "text, tokens per step, seeds, model (dense)",
  varied: "steps: 1/2, 2 and 4 times the reference's; the reference's learning rate",
  measured: "validation loss (nats) on held-out text, mean over paired seeds",
  passesIf:
    "the 95% interval of the shift of the optimum lies within ±0.5 octave, or the regret of the transferred value is ≤ max(2 standard errors, 0.01 nats)",
  control:
    "muP on width alone, which has no correction for duration, on the longest training must fail",
  source: "arXiv 2605.23893, Table 2 (duration)",
  claimPanels: ["transfer"],
  rule: "complete-mue",
  controlRule: "mup",
  tolerance_octaves: 0.5,
  durationExponent: true,
  profiles: {
    smoke: {
      plan: smokePlan,
      panels: [{
        name: "transfer",
        targets: ["dense:B=128,D=1280", "dense:B=128,D=5120"],
        controls: ["dense:B=128,D=5120"],
      }],
      seeds: [0, 1],
      grid: { reference: octaves(-7, -3), targets: "bracket" },
    },
    quick: {
      plan: quickPlan,
      panels: [{
        name: "transfer",
        targets: ["dense:B=384,D=86016", "dense:B=384,D=344064", "dense:B=384,D=688128"],
        controls: ["dense:B=384,D=688128"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-8, -3), targets: "bracket" },
    },
    paper: {
      plan: paperPlan,
      panels: [{
        name: "transfer",
        targets: ["dense:B=8192,D=16384000", "dense:B=8192,D=65536000", "dense:B=8192,D=131072000"],
        controls: ["dense:B=8192,D=131072000"],
      }],
      seeds: [0, 1, 2],
      grid: { reference: octaves(-12, -4), targets: "bracket" },
    },
  },
});
