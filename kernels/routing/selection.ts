/**
 * Who is picked, beyond the largest logits of routing.ts: picks by score and bias, in the best groups,
 * by hash, by the experts; dropping past a capacity; and what a router's picks look like.
 *
 * @module
 */
import dropSource from "./drop.wgsl" with { type: "text" };
import gatesSource from "./gates.wgsl" with { type: "text" };
import hashSource from "./pick_hash.wgsl" with { type: "text" };
import tokensSource from "./pick_tokens.wgsl" with { type: "text" };
import topSource from "./pick_top.wgsl" with { type: "text" };
import statsSource from "./router_stats.wgsl" with { type: "text" };
import scoresSource from "./scores.wgsl" with { type: "text" };
import biasSource from "./update_bias.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import none from "../none.wgsl" with { type: "text" };
import pcg3d from "../pcg3d.wgsl" with { type: "text" };
import logit from "./logit.wgsl" with { type: "text" };
import { capacityOf, gateConstants, type Router, slotsPerToken } from "./router.ts";
import { lanes, roundUp, type Sizes, u32s, vec4s } from "../sizes.ts";

const SCORES = vec4("R", "rows", "n4");
const MASK = u32("R", "rows32", "(experts + 31) / 32");

const PICK_HASH: KernelSpec = {
  name: "pick_hash",
  source: hashSource,
  includes: { pcg3d },
  inputs: { tokens: u32("R", "rows") },
  outputs: {
    ids: u32("R", "rows", "ACTIVE"),
    gate: f32("R", "rows", "ACTIVE"),
    mask: MASK,
  },
  dims: u32s("tokens rows rows32 experts layer"),
};

const SCORE: KernelSpec = {
  name: "scores",
  source: scoresSource,
  includes: { logit },
  inputs: { logits: SCORES, bias: when("BIAS", f32("R", "experts")) },
  outputs: { scores: SCORES },
  dims: u32s("tokens rows n4 experts"),
};

const PICK_TOKENS: KernelSpec = {
  name: "pick_tokens",
  source: tokensSource,
  includes: { none },
  inputs: { scores: SCORES },
  outputs: { ids: u32("R", "rows", "experts"), mask: MASK },
  dims: u32s("tokens rows rows32 n4 experts capacity"),
};

const PICK_TOP: KernelSpec = {
  name: "pick_top",
  source: topSource,
  inputs: { scores: SCORES },
  outputs: { ids: u32("R", "rows", "ACTIVE"), mask: MASK },
  dims: u32s("tokens rows rows32 n4 experts"),
};

const GATES: KernelSpec = {
  name: "gates",
  source: gatesSource,
  includes: { none, logit },
  inputs: { logits: SCORES, ids: u32("R", "rows", "per_token") },
  outputs: { gate: f32("R", "rows", "per_token") },
  dims: u32s("tokens rows n4 experts per_token"),
};

const DROP: KernelSpec = {
  name: "drop",
  source: dropSource,
  inputs: { bits: u32("R", "blocks", "experts") },
  outputs: { kept: u32("R", "blocks", "experts"), counts: u32("R", "experts") },
  dims: u32s("blocks experts capacity"),
};

const UPDATE_BIAS: KernelSpec = {
  name: "update_bias",
  source: biasSource,
  inputs: { counts: u32("R", "experts"), bias: f32("R", "experts") },
  outputs: { next: f32("R", "experts") },
  dims: u32s("tokens experts picks", "rate"),
};

const ROUTER_STATS: KernelSpec = {
  name: "router_stats",
  source: statsSource,
  includes: { none },
  inputs: {
    logits: SCORES,
    ids: u32("R", "rows", "per_token"),
    gate: f32("R", "rows", "per_token"),
    place: u32("R", "rows", "per_token"),
  },
  outputs: { stats: vec4("R") },
  dims: u32s("tokens rows n4 experts per_token"),
};

/** What some routers pick by besides the logits. */
export interface PickedBy {
  /** (R, rows) token ids, for picks by hash */
  tokens?: Bound;
  /** block of the model, so that the hashes of two blocks differ */
  layer?: number;
  /** (R, experts) for a router with a bias */
  bias?: Bound;
}

/** Whether the one kernel of routing.ts picks: top picks by the logits themselves. */
export function picksByLogits(r: Router): boolean {
  return (r.pick ?? "top") === "top" && r.limit === undefined && r.biasRate === undefined;
}

function need(bound: Bound | undefined, what: string): Bound {
  if (!bound) throw new TypeError(`Cannot route: the router picks by ${what}, and none is given`);
  return bound;
}

/**
 * Picks experts in any other way than by the largest logits; see pick_*.wgsl.
 *
 * @param logits (R, rows, vec4s(experts)) @param t ids, gate (R, rows*slots), mask as in route.wgsl
 * @throws {TypeError} when what the router picks by is not given
 */
export function pick(
  program: Program,
  sizes: Sizes,
  router: Router,
  logits: Bound,
  t: { ids: Bound; gate: Bound; mask: Bound },
  by: PickedBy,
): void {
  const { experts, active, groups, limit } = router, { tokens, rows, replicas } = sizes;
  const rows32 = roundUp(tokens, 32), n4 = vec4s(experts);
  const constants = gateConstants(router.gate);
  if (router.pick === "hash") {
    program.add(
      PICK_HASH,
      { tokens: need(by.tokens, "tokens"), ids: t.ids, gate: t.gate, mask: t.mask },
      { tokens, rows, rows32, experts, layer: by.layer ?? 0 },
      lanes(tokens, replicas),
      { ACTIVE: active },
    );
    return;
  }
  const biased = router.biasRate !== undefined;
  const scores = program.scratch("f32x4", replicas * rows * n4);
  program.add(
    SCORE,
    { logits, scores, bias: biased ? need(by.bias, "a bias") : undefined },
    { tokens, rows, n4, experts },
    lanes(tokens, replicas),
    { ...constants, BIAS: +biased },
  );
  if (router.pick === "expert-choice") {
    program.add(
      PICK_TOKENS,
      { scores, ids: t.ids, mask: t.mask },
      { tokens, rows, rows32, n4, experts, capacity: capacityOf(router, tokens) },
      lanes(tokens * Math.ceil(experts / 32), replicas),
    );
  } else {
    program.add(
      PICK_TOP,
      { scores, ids: t.ids, mask: t.mask },
      { tokens, rows, rows32, n4, experts },
      lanes(tokens, replicas),
      {
        ACTIVE: active,
        GROUPS: groups,
        LIMIT: limit ?? 0,
        SEGMENTS: limit === undefined ? groups : 1,
      },
    );
  }
  program.add(
    GATES,
    { logits, ids: t.ids, gate: t.gate },
    { tokens, rows, n4, experts, per_token: slotsPerToken(router) },
    lanes(tokens, replicas),
    constants,
  );
}

/** Keeps each expert's first picks up to its capacity; see drop.wgsl. */
export function drop(
  program: Program,
  sizes: Sizes,
  router: Router,
  t: { bits: Bound; kept: Bound; counts: Bound },
): void {
  const { experts } = router, { tokens, replicas } = sizes;
  program.add(
    DROP,
    { ...t },
    { blocks: Math.ceil(tokens / 32), experts, capacity: capacityOf(router, tokens) },
    lanes(experts, replicas),
  );
}

/** Moves every expert's bias towards an even load; see update_bias.wgsl. */
export function updateBias(
  program: Program,
  sizes: Sizes,
  router: Router,
  t: { counts: Bound; bias: Bound },
): void {
  const { experts, active } = router, { tokens, replicas } = sizes;
  program.add(
    UPDATE_BIAS,
    { counts: t.counts, bias: t.bias, next: t.bias },
    { tokens, experts, picks: active, rate: router.biasRate ?? 0 },
    lanes(experts, replicas),
  );
}

/**
 * What the picks of a block look like, as sums over its tokens; see router_stats.wgsl.
 *
 * @param t stats (R) vec4
 */
export function routerStats(
  program: Program,
  sizes: Sizes,
  router: Router,
  t: { logits: Bound; ids: Bound; gate: Bound; place: Bound; stats: Bound },
): void {
  const { experts } = router, { tokens, rows, replicas } = sizes;
  program.add(
    ROUTER_STATS,
    { ...t },
    { tokens, rows, n4: vec4s(experts), experts, per_token: slotsPerToken(router) },
    [1, 1, replicas],
  );
}
