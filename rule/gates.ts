/**
 * What the gates of a token sum to before training: S. R = a / S gives an active expert weight 1 on
 * average, so the paper's R = a holds where S = 1, and only there.
 */

import type { Configuration, MoeFfn } from "./configuration.ts";
import type { GATE_NAMES } from "./router.ts";
import type { Rule, RuleGate } from "./rule.ts";

/** What weighs the active experts; `even` is a hash, which gives each 1/a. */
export type Gate = typeof GATE_NAMES[number] | "even";

/** Each gate in words. */
export const GATE_WORDS: Record<Gate, string> = {
  sigmoid: "sigmoid, normalized over the active experts",
  softmax: "softmax over the active experts",
  "softmax-all": "softmax over all experts, not normalized over the active ones",
  "sigmoid-raw": "sigmoid, not normalized (sigmoid-raw): R weighs the raw sum",
  even: "1/a for each active expert (router=hash)",
};

/** Three answers to which gate: asked for by the target, assumed by the rule, and used. */
export interface Gates {
  /** `gate=` of the target, `even` under a hash; null where the target names none. */
  asked: Gate | null;
  /** The gate the rule is made for. */
  assumed: RuleGate;
  /** What the target has: asked for, or else the rule's. */
  used: Gate;
  /** Whether experts choose, so that the number of experts of a token varies around a. */
  chosen: boolean;
}

/**
 * The gates of a target under a rule.
 *
 * @param to the target; a dense one asks for nothing
 * @param rule the rule
 * @returns asked, assumed and used
 */
export function gatesOf(to: Configuration, rule: Pick<Rule, "gate">): Gates {
  const assumed = rule.gate ?? "sigmoid";
  if (to.ffn.kind === "dense") return { asked: null, assumed, used: assumed, chosen: false };
  const asked = to.ffn.pick === "hash" ? "even" : to.ffn.gate ?? null;
  return { asked, assumed, used: asked ?? assumed, chosen: to.ffn.pick === "expert-choice" };
}

/**
 * Whether the gates of every token sum to 1, at any logits.
 *
 * @param to the target
 * @param gates its gates
 * @returns true where S = 1 follows and nothing is assumed
 */
export function sumsToOne(to: Configuration, { used, chosen }: Gates): boolean {
  if (to.ffn.kind === "dense") return true;
  const all = to.ffn.active === to.ffn.experts;
  return used === "softmax-all" ? all : used !== "sigmoid-raw" && (!chosen || all);
}

/**
 * What to say of a router that the task's loss cannot teach: with one expert per token and gates that are normalized
 * over the picks, the gate is 1 whatever the logits are.
 *
 * @param ffn the experts
 * @param gate what weighs them
 * @returns a sentence without a full stop; null where the router has a gradient, or chooses nothing
 */
export function routerWithoutGradient(
  { experts, active, pick = "top" }: Pick<MoeFfn, "experts" | "active" | "pick">,
  gate: string,
): string | null {
  const normalized = gate === "sigmoid" || gate === "softmax";
  if (active !== 1 || experts === 1 || pick !== "top" || !normalized) return null;
  return `${experts}e1a has gates that are always 1: its router learns from the balance loss alone; ` +
    "take a = 2 or more, or gate=softmax-all";
}

/**
 * S, the sum of a token's gates at the router's init, mean over tokens.
 *
 * Normalized gates and a hash: 1. Normalized, experts choosing independently of each other: the
 * share of tokens that one of them picks, 1 − (1 − a/N)^N. Otherwise logits are independent and
 * normal, as W_router · x is for a normalized x, and stand at their N expected places (each of G
 * groups at its N/G): softmax-all Σ_picked e^l / Σ_all e^l, sigmoid-raw Σ_picked sigmoid(l). At zero
 * logits that is exactly a/N and a/2. `limit` is taken as none: exact at zero logits, else too large.
 *
 * Error: within 5% of drawn tokens up to a std of 1, a = 1 … 8 of N = 4 … 256 (tests/rule/gates_test.ts).
 *
 * @param to the target
 * @param gates its gates
 * @param logitStd standard deviation of a router logit, sigma_router · sqrt(d); 0 or more
 * @returns S, above 0; 1 when dense
 */
export function gateSum(to: Configuration, gates: Gates, logitStd: number): number {
  if (to.ffn.kind === "dense" || sumsToOne(to, gates)) return 1;
  const { experts, active } = to.ffn;
  if (gates.used === "softmax-all" || gates.used === "sigmoid-raw") {
    return typicalSum(to.ffn, gates.used, logitStd);
  }
  return 1 - (1 - active / experts) ** experts;
}

function typicalSum(
  { experts, active, groups, limit, pick }: MoeFfn,
  gate: "softmax-all" | "sigmoid-raw",
  logitStd: number,
): number {
  const apart = limit === undefined && pick !== "expert-choice" ? groups : 1;
  const size = experts / apart, picks = active / apart;
  const logits = Array.from({ length: size }, (_, i) => logitStd * normalScore(i, size));
  const total = (values: number[]) => values.reduce((sum, x) => sum + x, 0);
  if (gate === "sigmoid-raw") {
    return apart * total(logits.slice(0, picks).map((l) => 1 / (1 + Math.exp(-l))));
  }
  // over the largest, so that no exponential overflows
  const powers = logits.map((l) => Math.exp(l - logits[0]));
  return total(powers.slice(0, picks)) / total(powers);
}

/**
 * Where the i-th largest of n normal numbers is expected. Source: Blom 1958, (i + 5/8)/(n + 1/4);
 * the normal quantile by Abramowitz & Stegun 26.2.23, to 5e-4.
 */
function normalScore(i: number, n: number): number {
  const p = (i + 5 / 8) / (n + 1 / 4);
  if (p === 0.5) return 0;
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
      (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  return p < 0.5 ? z : -z;
}
