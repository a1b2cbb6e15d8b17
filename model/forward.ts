/**
 * The forward pass as a list of kernels; the equations are those of fixtures/parity/README.md, in the same
 * order.
 *
 * @module
 */
import { attention, qkNormRope } from "../kernels/attention.ts";
import { embed } from "../kernels/embedding.ts";
import type { Program } from "../kernels/gpu/program.ts";
import { crossEntropy } from "../kernels/loss.ts";
import { rmsNorm } from "../kernels/norm.ts";
import { combine, route } from "../kernels/routing.ts";
import { type Network, SLOT_STRIDE, SLOTS } from "./network.ts";

/** Appends tokens → logits and loss; with `gradient`, also the logits' gradient. */
export function forward(net: Network, program: Program, gradient: boolean): void {
  const { sizes, layout } = net, { width: d, shape } = layout, d4 = d / 4;
  const heads = { heads: layout.heads, headWidth: layout.headWidth };
  embed(program, sizes, d4, net.inParameters(layout.embed), {
    tokens: net.tokens,
    x: net.z0,
  });
  let z = net.z0;
  layout.blocks.forEach((b, l) => {
    const t = net.blocks[l];
    rmsNorm(program, sizes, shape.width, d4, net.inParameters(b.attnNorm), {
      x: z,
      y: t.u1,
      rstd: t.rstd1,
    });
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: 3 * layout.attention,
      k: d,
      a: net.rows(t.u1, d),
      b: net.weight(b.wqkv),
      c: net.rows(t.qkv, 3 * layout.attention),
    });
    qkNormRope(program, sizes, heads, net.gains(b), { qkv: t.qkv, rope: net.rope, qk: t.qk });
    attention(program, sizes, heads, { qk: t.qk, qkv: t.qkv, o: t.o, lse: t.lse });
    net.product(program, {
      layout: "NT",
      epilogue: "residual",
      rows: sizes.tokens,
      cols: d,
      k: layout.attention,
      a: net.rows(t.o, layout.attention),
      b: net.weight(b.wo),
      c: net.rows(t.middle, d),
      r: net.rows(z, d),
    }, SLOTS.residual);
    rmsNorm(program, sizes, shape.width, d4, net.inParameters(b.ffnNorm), {
      x: t.middle,
      y: t.u2,
      rstd: t.rstd2,
    });
    let before = t.middle;
    if (b.routed && t.routed) {
      const r = t.routed, h = b.routed.expertWidth, routing = net.routing(r.routing);
      net.product(program, {
        layout: "NT",
        rows: sizes.tokens,
        cols: layout.experts,
        k: d,
        a: net.rows(t.u2, d),
        b: net.weight(b.routed.wrouter),
        c: net.rows(r.logits, layout.experts),
      });
      route(program, sizes, net.router!, net.tileRows, r.logits, r.routing);
      net.product(program, {
        layout: "NT",
        epilogue: "swiglu",
        grouped: "rows",
        gatherA: true,
        routing,
        rows: net.expertRows,
        cols: h,
        k: d,
        up: h * d4,
        a: net.rows(t.u2, d),
        b: net.weight(b.routed.wgu, "p", b.routed.expertGu),
        c: net.rows(r.gu, 2 * h, net.expertRows),
        hidden: net.rows(r.hidden, h, net.expertRows),
      });
      net.product(program, {
        layout: "NT",
        grouped: "rows",
        routing,
        rows: net.expertRows,
        cols: d,
        k: h,
        a: net.rows(r.hidden, h, net.expertRows),
        b: net.weight(b.routed.wdown, "p", b.routed.expertDown),
        c: net.rows(r.out, d, net.expertRows),
      });
      const after = r.sum ?? t.after;
      combine(program, sizes, net.router!.active, d4, net.expertRows, {
        x: r.out,
        place: r.routing.place,
        r: before,
        y: after,
      }, {
        gate: r.routing.gate,
        scales: net.scales,
        slot: SLOTS.routed,
        stride: SLOT_STRIDE,
      });
      before = after;
    }
    if (b.dense && t.dense) {
      const h = b.dense.hidden;
      net.product(program, {
        layout: "NT",
        epilogue: "swiglu",
        rows: sizes.tokens,
        cols: h,
        k: d,
        up: h * d4,
        a: net.rows(t.u2, d),
        b: net.weight(b.dense.wgu),
        c: net.rows(t.dense.gu, 2 * h),
        hidden: net.rows(t.dense.hidden, h),
      });
      net.product(program, {
        layout: "NT",
        epilogue: "residual",
        rows: sizes.tokens,
        cols: d,
        k: h,
        a: net.rows(t.dense.hidden, h),
        b: net.weight(b.dense.wdown),
        c: net.rows(t.after, d),
        r: net.rows(before, d),
      }, SLOTS.dense);
    }
    z = t.after;
  });
  rmsNorm(program, sizes, shape.width, d4, net.inParameters(layout.norm), {
    x: z,
    y: net.final.u,
    rstd: net.final.rstd,
  });
  net.product(program, {
    layout: "NT",
    rows: sizes.tokens,
    cols: layout.vocab,
    k: d,
    a: net.rows(net.final.u, d),
    b: net.weight(layout.unembed),
    c: net.rows(net.logits, layout.vocab),
  }, SLOTS.logits);
  crossEntropy(program, sizes, shape.vocab, { slot: SLOTS.logits, stride: SLOT_STRIDE }, {
    logits: net.logits,
    targets: net.targets,
    scales: net.scales,
    loss: net.loss,
    ...(gradient ? { dlogits: net.scratch.dlogits } : {}),
  });
}
