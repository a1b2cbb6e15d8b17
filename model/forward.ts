/**
 * The forward pass as a list of kernels; the equations are those of fixtures/parity/README.md, in the same
 * order.
 *
 * @module
 */
import { attention, qkNormRope } from "../kernels/attention/attention.ts";
import type { Program } from "../kernels/gpu/program.ts";
import { rmsNorm } from "../kernels/norm/norm.ts";
import { denseForward, routedForward } from "./ffn.ts";
import type { Network } from "./network.ts";
import { SLOTS } from "./workspace.ts";

/**
 * Appends batch → loss; with `gradient`, also the gradient of the last stream (in `scratch.dz[0]`) and of what
 * the task has after it.
 */
export function forward(net: Network, program: Program, gradient: boolean): void {
  const { sizes, layout } = net, { width: d, shape } = layout, d4 = d / 4;
  const { heads } = net;
  net.task.input(program, net.z0);
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
      const after = t.routed.sum ?? t.after;
      routedForward(net, program, b.routed, t.routed, {
        u: t.u2,
        before,
        after,
        ...(net.task.ids ? { tokens: net.task.ids } : {}),
        layer: l,
      });
      before = after;
    }
    if (b.dense && t.dense) {
      denseForward(net, program, b.dense, t.dense, { u: t.u2, before, after: t.after });
    }
    z = t.after;
  });
  net.task.output(program, z, gradient ? net.scratch.dz[0] : null);
}
