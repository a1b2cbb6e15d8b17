/**
 * The forward pass as a list of kernels; the equations are those of fixtures/parity/README.md, in the same
 * order.
 *
 * @module
 */
import { attention, qkNormRope } from "../kernels/attention/attention.ts";
import type { Program } from "../kernels/gpu/program.ts";
import { denseForward, routedForward } from "./ffn.ts";
import type { Network } from "./network.ts";
import { join, leave, target } from "./stream.ts";
import { SLOTS } from "./workspace.ts";

/**
 * Appends batch → loss; with `gradient`, also the gradient of the last stream (in `scratch.dz[0]`) and of what
 * the task has after it.
 */
export function forward(net: Network, program: Program, gradient: boolean): void {
  const { sizes, layout } = net, { width: d } = layout;
  const { heads } = net;
  net.task.input(program, net.z0);
  let z = net.z0;
  layout.blocks.forEach((b, l) => {
    const t = net.blocks[l];
    leave(net, program, l, "attn", z);
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
    const attn = target(net, l, "attn", z, t.middle);
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: d,
      k: layout.attention,
      a: net.rows(t.o, layout.attention),
      b: net.weight(b.wo),
      ...net.onto(attn.before, attn.to, d),
    }, SLOTS.residual);
    join(net, program, l, "attn", z, t.middle);
    leave(net, program, l, "ffn", t.middle);
    const ffn = target(net, l, "ffn", t.middle, t.after);
    let before = ffn.before;
    if (b.routed && t.routed) {
      const after = t.routed.sum ?? ffn.to;
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
      denseForward(net, program, b.dense, t.dense, { u: t.u2, before, after: ffn.to });
    }
    join(net, program, l, "ffn", t.middle, t.after);
    z = t.after;
  });
  net.task.output(program, z, gradient ? net.scratch.dz[0] : null);
}
