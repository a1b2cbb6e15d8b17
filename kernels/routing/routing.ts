/**
 * Top-k routing without atomics or host sync: select, sort slots by expert, combine, and back.
 *
 * @module
 */
import ballotSource from "./ballot.wgsl" with { type: "text" };
import combineSource from "./combine.wgsl" with { type: "text" };
import gateSource from "./gate_backward.wgsl" with { type: "text" };
import planSource from "./plan_tiles.wgsl" with { type: "text" };
import routeSource from "./route.wgsl" with { type: "text" };
import backwardSource from "./route_backward.wgsl" with { type: "text" };
import scatterSource from "./scatter.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import none from "../none.wgsl" with { type: "text" };
import logit from "./logit.wgsl" with { type: "text" };
import { gateConstants, isSparse, type Router, slotsPerToken } from "./router.ts";
import { drop, pick, type PickedBy, picksByLogits } from "./selection.ts";
import { lanes, roundUp, type Sizes, u32s, vec4s } from "../sizes.ts";

export { type Gate, GATES, type Pick, PICKS, type Router } from "./router.ts";

const ROUTE: KernelSpec = {
  name: "route",
  source: routeSource,
  includes: { logit },
  inputs: { logits: vec4("R", "rows", "n4") },
  outputs: {
    ids: u32("R", "rows", "ACTIVE"),
    gate: f32("R", "rows", "ACTIVE"),
    mask: u32("R", "rows32", "(experts + 31) / 32"),
  },
  dims: u32s("tokens rows rows32 n4 experts"),
};

const BALLOT: KernelSpec = {
  name: "ballot",
  source: ballotSource,
  inputs: { mask: u32("R", "blocks", "32", "(experts + 31) / 32") },
  outputs: { bits: u32("R", "blocks", "experts") },
  dims: u32s("tokens blocks experts"),
};

const PLAN_TILES: KernelSpec = {
  name: "plan_tiles",
  source: planSource,
  includes: { none },
  inputs: { bits: u32("R", "blocks", "experts") },
  outputs: {
    start: u32("R", "blocks", "experts"),
    counts: u32("R", "experts"),
    off: u32("R", "experts + 1"),
    tile_expert: u32("R", "tiles"),
    perm: u32("R", "tiles", "tile_rows"),
  },
  dims: u32s("blocks experts tiles tile_rows"),
};

const SCATTER: KernelSpec = {
  name: "scatter",
  source: scatterSource,
  includes: { none },
  inputs: {
    ids: u32("R", "rows", "per_token"),
    bits: u32("R", "blocks", "experts"),
    start: u32("R", "blocks", "experts"),
    off: u32("R", "experts + 1"),
  },
  outputs: { perm: u32("R", "perm_replica"), place: u32("R", "rows", "per_token") },
  dims: u32s("tokens rows per_token blocks experts perm_replica"),
};

const COMBINE: KernelSpec = {
  name: "combine",
  source: combineSource,
  includes: { none },
  inputs: {
    x: vec4("R", "x_replica"),
    place: u32("R", "rows", "per_token"),
    r: when("!ALONE", vec4("R", "rows", "d4")),
    gate: when("FORWARD", f32("R", "rows", "per_token")),
    scales: when("FORWARD", f32("(R - 1) * scale_stride + scale_slot + 1")),
  },
  outputs: { y: vec4("R", "rows", "d4") },
  dims: u32s("tokens rows per_token d4 x_replica scale_slot scale_stride"),
};

const GATE_BACKWARD: KernelSpec = {
  name: "gate_backward",
  source: gateSource,
  includes: { none },
  inputs: {
    x: vec4("R", "x_replica"),
    dz: vec4("R", "rows", "d4"),
    place: u32("R", "rows", "per_token"),
    scales: f32("(R - 1) * scale_stride + scale_slot + 1"),
  },
  outputs: { dgate: f32("R", "rows", "per_token") },
  dims: u32s("tokens rows per_token d4 x_replica scale_slot scale_stride"),
};

const ROUTE_BACKWARD: KernelSpec = {
  name: "route_backward",
  source: backwardSource,
  includes: { none },
  inputs: {
    logits: vec4("R", "rows", "n4"),
    ids: u32("R", "rows", "per_token"),
    gate: f32("R", "rows", "per_token"),
    dgate: f32("R", "rows", "per_token"),
    counts: u32("R", "experts"),
  },
  outputs: { dlogits: vec4("R", "rows", "n4"), aux: vec4("aux_base + R * rows") },
  dims: u32s("tokens rows n4 experts picks per_token aux_base", "balance z_coef"),
};

/** Most experts the tile planner's workgroup memory holds. */
export const MAX_EXPERTS = 1024;

/** Row tiles that always suffice: every expert may leave one tile partly filled. */
export function maxTiles(tokens: number, router: Router, tileRows: number): number {
  return Math.ceil(tokens * router.active / tileRows) + router.experts;
}

/** The routing tensors of one block, as {@link route} fills them. */
export interface RoutingTensors {
  /** (R, rows*slots) expert of each slot */
  ids: Bound;
  /** (R, rows*slots) its gate; those of `sigmoid` and `softmax` sum to 1 over a token */
  gate: Bound;
  mask: Bound;
  bits: Bound;
  start: Bound;
  /** (R, experts) tokens that selected the expert */
  counts: Bound;
  /** (R, experts) those of them it serves, where a capacity drops some; else unused */
  kept: Bound;
  /** (R, experts+1) first row of each expert */
  off: Bound;
  tileExpert: Bound;
  /** (R, tiles*tileRows) slot of each row */
  perm: Bound;
  /** (R, rows*slots) row of each slot */
  place: Bound;
}

/** Elements of each routing tensor, all u32 but gate. */
export function routingLengths(
  sizes: Sizes,
  router: Router,
  tileRows: number,
): Record<keyof RoutingTensors, number> {
  const { replicas, rows, tokens } = sizes, { experts } = router, slots = slotsPerToken(router);
  const blocks = Math.ceil(tokens / 32), tiles = maxTiles(tokens, router, tileRows);
  return {
    ids: replicas * rows * slots,
    gate: replicas * rows * slots,
    mask: replicas * blocks * 32 * Math.ceil(experts / 32),
    bits: replicas * blocks * experts,
    start: replicas * blocks * experts,
    counts: replicas * experts,
    kept: replicas * experts,
    off: replicas * (experts + 1),
    tileExpert: replicas * tiles,
    perm: replicas * tiles * tileRows,
    place: replicas * rows * slots,
  };
}

/**
 * Selects experts and sorts slots by expert: four kernels, deterministic, O(1) per slot. Routers of
 * another kind than top picks by the logits take a few more (selection.ts).
 *
 * @param logits (R, rows, vec4s(experts)) @param by what else the router picks by
 * @throws {RangeError} for more than {@link MAX_EXPERTS} experts
 */
export function route(
  program: Program,
  sizes: Sizes,
  router: Router,
  tileRows: number,
  logits: Bound,
  t: RoutingTensors,
  by: PickedBy = {},
): void {
  const { experts, active, groups } = router, { replicas, tokens, rows } = sizes;
  const slots = slotsPerToken(router);
  if (experts > MAX_EXPERTS) {
    throw new RangeError(`Cannot route to ${experts} experts: at most ${MAX_EXPERTS}`);
  }
  const blocks = Math.ceil(tokens / 32), tiles = maxTiles(tokens, router, tileRows);
  if (picksByLogits(router)) {
    program.add(
      ROUTE,
      { logits, ids: t.ids, gate: t.gate, mask: t.mask },
      { tokens, rows, rows32: roundUp(tokens, 32), n4: vec4s(experts), experts },
      lanes(tokens, replicas),
      { ACTIVE: active, GROUPS: groups, ...gateConstants(router.gate) },
    );
  } else pick(program, sizes, router, logits, t, by);
  const dropping = router.capacity !== undefined;
  const picked = dropping ? program.scratch("u32", replicas * blocks * experts) : t.bits;
  program.add(
    BALLOT,
    { mask: t.mask, bits: picked },
    { tokens, blocks, experts },
    lanes(blocks * experts, replicas),
  );
  if (dropping) drop(program, sizes, router, { bits: picked, kept: t.bits, counts: t.counts });
  program.add(
    PLAN_TILES,
    {
      bits: t.bits,
      start: t.start,
      counts: dropping ? t.kept : t.counts,
      off: t.off,
      tile_expert: t.tileExpert,
      perm: t.perm,
    },
    { blocks, experts, tiles, tile_rows: tileRows },
    [1, 1, replicas],
    { EXPERTS: experts },
  );
  program.add(
    SCATTER,
    { ids: t.ids, bits: t.bits, start: t.start, off: t.off, perm: t.perm, place: t.place },
    { tokens, rows, per_token: slots, blocks, experts, perm_replica: tiles * tileRows },
    lanes(tokens * slots, replicas),
    { SPARSE: +isSparse(router) },
  );
}

/**
 * Adds the experts' rows back per token: y = r + scale * sum gate * x (forward), or r + sum x.
 *
 * @param d4 vec4 per row @param xRows rows of x per replica
 */
export function combine(
  program: Program,
  sizes: Sizes,
  router: Router,
  d4: number,
  xRows: number,
  t: { x: Bound; place: Bound; r?: Bound; y: Bound },
  forward?: { gate: Bound; scales: Bound; slot: number; stride: number },
): void {
  program.add(
    COMBINE,
    { ...t, gate: forward?.gate, scales: forward?.scales },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      per_token: slotsPerToken(router),
      d4,
      x_replica: xRows * d4,
      scale_slot: forward?.slot ?? 0,
      scale_stride: forward?.stride ?? 0,
    },
    lanes(sizes.tokens * d4, sizes.replicas),
    { FORWARD: +!!forward, ALONE: +!t.r, SPARSE: +isSparse(router) },
  );
}

/** dgate[slot] = scale * dz[token] . x[row of the slot]; x (R, xRows, d4) the experts' outputs. */
export function gateBackward(
  program: Program,
  sizes: Sizes,
  router: Router,
  d4: number,
  xRows: number,
  scale: { slot: number; stride: number },
  t: { x: Bound; dz: Bound; place: Bound; scales: Bound; dgate: Bound },
): void {
  program.add(
    GATE_BACKWARD,
    { ...t },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      per_token: slotsPerToken(router),
      d4,
      x_replica: xRows * d4,
      scale_slot: scale.slot,
      scale_stride: scale.stride,
    },
    lanes(sizes.tokens * slotsPerToken(router), sizes.replicas),
    { SPARSE: +isSparse(router) },
  );
}

/**
 * Gradient of the router's logits, with balance and z-loss; see route_backward.wgsl.
 *
 * @param layer which part of aux (layers, R, rows) to write
 */
export function routeBackward(
  program: Program,
  sizes: Sizes,
  router: Router,
  coefficients: { balance: number; z: number },
  layer: number,
  t: {
    logits: Bound;
    ids: Bound;
    gate: Bound;
    dgate: Bound;
    counts: Bound;
    dlogits: Bound;
    aux: Bound;
  },
): void {
  program.add(
    ROUTE_BACKWARD,
    { ...t },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      n4: vec4s(router.experts),
      experts: router.experts,
      picks: router.active,
      per_token: slotsPerToken(router),
      aux_base: layer * sizes.replicas * sizes.rows,
      balance: coefficients.balance,
      z_coef: coefficients.z,
    },
    lanes(sizes.tokens, sizes.replicas),
    {
      ...gateConstants(router.gate),
      SPARSE: +isSparse(router),
      UNIFORM: +(router.pick === "hash"),
    },
  );
}
