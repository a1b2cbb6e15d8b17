/**
 * Forward and backward pass of the feed-forward part of a block, dense and routed, as lists of
 * kernels: what forward.ts, backward.ts and the layer alone (feed_forward.ts) run. The equations are
 * those of fixtures/parity/README.md.
 *
 * @module
 */
import type { Bound, Program } from "../kernels/gpu/program.ts";
import type { Alternating, Tensor } from "../kernels/gpu/tensor.ts";
import {
  combine,
  gateBackward,
  route,
  routeBackward,
  type RoutingTensors,
} from "../kernels/routing/routing.ts";
import type { BlockLayout } from "./stored.ts";
import { SLOT_STRIDE, SLOTS, type Workspace } from "./workspace.ts";

/** Activations of one gated branch that its backward pass reads. */
export interface Branch {
  /** slopes of SwiGLU by gate and by up, (R, rows, 2h) */
  gu: Tensor;
  /** (R, rows, h) */
  hidden: Tensor;
}

/** Activations of the routed branch; its rows are sorted by expert. */
export interface Routed extends Branch {
  logits: Tensor;
  /** what the experts give, (R, expertRows, d) */
  out: Tensor;
  routing: Record<keyof RoutingTensors, Tensor>;
  /** (R, experts) what is added to scores when experts are picked; null without */
  bias: Alternating | null;
}

/** Scratch of the routed branch's backward pass. */
export interface RoutedScratch {
  dgu: Tensor;
  dx: Tensor;
  dgate: Tensor;
  dlogits: Tensor;
}

type DenseLayout = NonNullable<BlockLayout["dense"]>;
type RoutedLayout = NonNullable<BlockLayout["routed"]>;

/**
 * Appends after = before + SLOTS.routed · Σ gate · expert(u).
 *
 * @param io.before null: nothing is added to
 * @param io.picked the logits that experts are picked by; by default those of the router
 * @param io.tokens ids of the tokens and io.layer the block, for a router that picks by hash
 */
export function routedForward(
  w: Workspace,
  program: Program,
  b: RoutedLayout,
  t: Routed,
  io: {
    u: Tensor;
    before: Tensor | null;
    after: Tensor;
    picked?: Bound;
    tokens?: Bound;
    layer?: number;
  },
): void {
  const { sizes } = w, { width: d, experts } = w.layout, d4 = d / 4;
  const h = b.expertWidth, routing = w.routing(t.routing);
  w.product(program, {
    layout: "NT",
    rows: sizes.tokens,
    cols: experts,
    k: d,
    a: w.rows(io.u, d),
    b: w.weight(b.wrouter),
    c: w.rows(t.logits, experts),
  });
  route(program, sizes, w.router!, w.tileRows, io.picked ?? t.logits, t.routing, {
    tokens: io.tokens,
    layer: io.layer,
    ...(t.bias ? { bias: t.bias } : {}),
  });
  w.product(program, {
    layout: "NT",
    epilogue: "swiglu",
    grouped: "rows",
    gatherA: true,
    routing,
    rows: w.expertRows,
    cols: h,
    k: d,
    up: h * d4,
    a: w.rows(io.u, d),
    b: w.weight(b.wgu, "p", b.expertGu),
    c: w.rows(t.gu, 2 * h, w.expertRows),
    hidden: w.rows(t.hidden, h, w.expertRows),
  });
  w.product(program, {
    layout: "NT",
    grouped: "rows",
    routing,
    rows: w.expertRows,
    cols: d,
    k: h,
    a: w.rows(t.hidden, h, w.expertRows),
    b: w.weight(b.wdown, "p", b.expertDown),
    c: w.rows(t.out, d, w.expertRows),
  });
  combine(program, sizes, w.router!, d4, w.expertRows, {
    x: t.out,
    place: t.routing.place,
    y: io.after,
    ...(io.before ? { r: io.before } : {}),
  }, {
    gate: t.routing.gate,
    scales: w.scales,
    slot: SLOTS.routed,
    stride: SLOT_STRIDE,
  });
}

/** Appends after = before + SLOTS.dense · SwiGLU(u); where before is null, nothing is added to. */
export function denseForward(
  w: Workspace,
  program: Program,
  b: DenseLayout,
  t: Branch,
  io: { u: Tensor; before: Tensor | null; after: Tensor },
): void {
  const { sizes } = w, d = w.layout.width, h = b.hidden;
  w.product(program, {
    layout: "NT",
    epilogue: "swiglu",
    rows: sizes.tokens,
    cols: h,
    k: d,
    up: h * d / 4,
    a: w.rows(io.u, d),
    b: w.weight(b.wgu),
    c: w.rows(t.gu, 2 * h),
    hidden: w.rows(t.hidden, h),
  });
  w.product(program, {
    layout: "NT",
    rows: sizes.tokens,
    cols: d,
    k: h,
    a: w.rows(t.hidden, h),
    b: w.weight(b.wdown),
    ...w.onto(io.before, io.after, d),
  }, SLOTS.dense);
}

/**
 * Appends dz → the gradients of experts and router, and du, the gradient of u through both.
 *
 * @param back scratch @param io.spare (R, rows, d) scratch, other than du
 * @param io.layer which part of aux (layers, R, rows) to write
 * @param io.picked as in {@link routedForward}
 */
export function routedBackward(
  w: Workspace,
  program: Program,
  b: RoutedLayout,
  t: Routed,
  back: RoutedScratch,
  io: {
    u: Tensor;
    dz: Tensor;
    du: Tensor;
    spare: Tensor;
    aux: Tensor;
    layer: number;
    coefficients: { balance: number; z: number };
    picked?: Bound;
  },
): void {
  const { sizes } = w, { width: d, experts } = w.layout, d4 = d / 4;
  const { u, dz, du, spare } = io, h = b.expertWidth, routing = w.routing(t.routing);
  const expert = (x: Tensor, cols: number) => w.rows(x, cols, w.expertRows);
  gateBackward(program, sizes, w.router!, d4, w.expertRows, {
    slot: SLOTS.routed,
    stride: SLOT_STRIDE,
  }, {
    x: t.out,
    dz,
    place: t.routing.place,
    scales: w.scales,
    dgate: back.dgate,
  });
  routeBackward(program, sizes, w.router!, io.coefficients, io.layer, {
    logits: io.picked ?? t.logits,
    ids: t.routing.ids,
    gate: t.routing.gate,
    dgate: back.dgate,
    counts: t.routing.counts,
    dlogits: back.dlogits,
    aux: io.aux,
  });
  w.product(program, {
    layout: "NN",
    epilogue: "dswiglu",
    grouped: "rows",
    gatherA: true,
    gated: true,
    routing,
    rows: w.expertRows,
    cols: h,
    k: d,
    gu: t.gu,
    a: w.rows(dz, d),
    b: w.weight(b.wdown, "p", b.expertDown),
    c: expert(back.dgu, 2 * h),
  }, SLOTS.routed);
  w.product(program, {
    layout: "TN",
    grouped: "k",
    gatherA: true,
    gated: true,
    routing,
    rows: d,
    cols: h,
    k: 0,
    a: w.rows(dz, d),
    b: expert(t.hidden, h),
    c: w.weight(b.wdown, "g", b.expertDown),
  }, SLOTS.routed);
  w.product(program, {
    layout: "TN",
    grouped: "k",
    gatherB: true,
    routing,
    rows: 2 * h,
    cols: d,
    k: 0,
    a: expert(back.dgu, 2 * h),
    b: w.rows(u, d),
    c: w.weight(b.wgu, "g", b.expertGu),
  });
  w.product(program, {
    layout: "NN",
    grouped: "rows",
    routing,
    rows: w.expertRows,
    cols: d,
    k: 2 * h,
    a: expert(back.dgu, 2 * h),
    b: w.weight(b.wgu, "p", b.expertGu),
    c: expert(back.dx, d),
  });
  w.product(program, {
    layout: "TN",
    rows: experts,
    cols: d,
    k: sizes.tokens,
    a: w.rows(back.dlogits, experts),
    b: w.rows(u, d),
    c: w.weight(b.wrouter, "g"),
  });
  w.product(program, {
    layout: "NN",
    rows: sizes.tokens,
    cols: d,
    k: experts,
    a: w.rows(back.dlogits, experts),
    b: w.weight(b.wrouter),
    c: w.rows(spare, d),
  });
  combine(program, sizes, w.router!, d4, w.expertRows, {
    x: back.dx,
    place: t.routing.place,
    r: spare,
    y: du,
  });
}

/**
 * Appends dz → the gradients of the dense weights, and du, the gradient of u.
 *
 * @param dgu scratch (R, rows, 2h) @param io.given what du adds to, other than du; or null
 */
export function denseBackward(
  w: Workspace,
  program: Program,
  b: DenseLayout,
  t: Branch,
  dgu: Tensor,
  io: { u: Tensor; dz: Tensor; du: Tensor; given: Tensor | null },
): void {
  const { sizes } = w, d = w.layout.width, h = b.hidden, { u, dz, du, given } = io;
  w.product(program, {
    layout: "NN",
    epilogue: "dswiglu",
    rows: sizes.tokens,
    cols: h,
    k: d,
    gu: t.gu,
    a: w.rows(dz, d),
    b: w.weight(b.wdown),
    c: w.rows(dgu, 2 * h),
  }, SLOTS.dense);
  w.product(program, {
    layout: "TN",
    rows: d,
    cols: h,
    k: sizes.tokens,
    a: w.rows(dz, d),
    b: w.rows(t.hidden, h),
    c: w.weight(b.wdown, "g"),
  }, SLOTS.dense);
  w.product(program, {
    layout: "TN",
    rows: 2 * h,
    cols: d,
    k: sizes.tokens,
    a: w.rows(dgu, 2 * h),
    b: w.rows(u, d),
    c: w.weight(b.wgu, "g"),
  });
  w.product(program, {
    layout: "NN",
    rows: sizes.tokens,
    cols: d,
    k: 2 * h,
    a: w.rows(dgu, 2 * h),
    b: w.weight(b.wgu),
    ...w.onto(given, du, d),
  });
}
