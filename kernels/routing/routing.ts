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
import type { Bound, Program } from "../gpu/program.ts";
import { gateConstants, isSparse, type Router, slotsPerToken } from "./router.ts";
import { drop, pick, type PickedBy, picksByLogits } from "./selection.ts";
import { lanes, roundUp, type Sizes, u32s, vec4s } from "../sizes.ts";

export { type Gate, GATES, type Pick, PICKS, type Router } from "./router.ts";

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
      {
        name: "route",
        source: routeSource,
        inputs: { logits: "f32x4" },
        outputs: { ids: "u32", gate: "f32", mask: "u32" },
        dims: u32s("tokens rows rows32 n4 experts"),
        constants: { ACTIVE: active, GROUPS: groups, ...gateConstants(router.gate) },
      },
      { logits, ids: t.ids, gate: t.gate, mask: t.mask },
      { tokens, rows, rows32: roundUp(tokens, 32), n4: vec4s(experts), experts },
      lanes(tokens, replicas),
    );
  } else pick(program, sizes, router, logits, t, by);
  const dropping = router.capacity !== undefined;
  const picked = dropping ? program.scratch("u32", replicas * blocks * experts) : t.bits;
  program.add(
    {
      name: "ballot",
      source: ballotSource,
      inputs: { mask: "u32" },
      outputs: { bits: "u32" },
      dims: u32s("tokens blocks experts"),
    },
    { mask: t.mask, bits: picked },
    { tokens, blocks, experts },
    lanes(blocks * experts, replicas),
  );
  if (dropping) drop(program, sizes, router, { bits: picked, kept: t.bits, counts: t.counts });
  program.add(
    {
      name: "plan_tiles",
      source: planSource,
      inputs: { bits: "u32" },
      outputs: { start: "u32", counts: "u32", off: "u32", tile_expert: "u32", perm: "u32" },
      dims: u32s("blocks experts tiles tile_rows"),
      constants: { EXPERTS: experts },
    },
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
  );
  program.add(
    {
      name: "scatter",
      source: scatterSource,
      inputs: { ids: "u32", bits: "u32", start: "u32", off: "u32" },
      outputs: { perm: "u32", place: "u32" },
      dims: u32s("tokens rows per_token blocks experts perm_replica"),
      constants: { SPARSE: +isSparse(router) },
    },
    { ids: t.ids, bits: t.bits, start: t.start, off: t.off, perm: t.perm, place: t.place },
    { tokens, rows, per_token: slots, blocks, experts, perm_replica: tiles * tileRows },
    lanes(tokens * slots, replicas),
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
  t: { x: Bound; place: Bound; r: Bound; y: Bound },
  forward?: { gate: Bound; scales: Bound; slot: number; stride: number },
): void {
  program.add(
    {
      name: "combine",
      source: combineSource,
      inputs: {
        x: "f32x4",
        place: "u32",
        r: "f32x4",
        ...(forward ? { gate: "f32" as const, scales: "f32" as const } : {}),
      },
      outputs: { y: "f32x4" },
      dims: u32s("tokens rows per_token d4 x_replica scale_slot scale_stride"),
      constants: { FORWARD: +!!forward, SPARSE: +isSparse(router) },
    },
    {
      ...t,
      ...(forward ? { gate: forward.gate, scales: forward.scales } : {}),
    },
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
    {
      name: "gate_backward",
      source: gateSource,
      inputs: { x: "f32x4", dz: "f32x4", place: "u32", scales: "f32" },
      outputs: { dgate: "f32" },
      dims: u32s("tokens rows per_token d4 x_replica scale_slot scale_stride"),
      constants: { SPARSE: +isSparse(router) },
    },
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
    {
      name: "route_backward",
      source: backwardSource,
      inputs: { logits: "f32x4", ids: "u32", gate: "f32", dgate: "f32", counts: "u32" },
      outputs: { dlogits: "f32x4", aux: "f32x4" },
      dims: u32s("tokens rows n4 experts picks per_token aux_base", "balance z_coef"),
      constants: {
        ...gateConstants(router.gate),
        SPARSE: +isSparse(router),
        UNIFORM: +(router.pick === "hash"),
      },
    },
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
  );
}
