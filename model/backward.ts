/**
 * The backward pass as a list of kernels; the equations are those of fixtures/parity/README.md, in reverse
 * order.
 *
 * @module
 */
import { attentionBackward, qkNormRopeBackward } from "../kernels/attention/attention.ts";
import type { Program } from "../kernels/gpu/program.ts";
import type { Tensor } from "../kernels/gpu/tensor.ts";
import { gainReduce, gainSum } from "../kernels/norm/norm.ts";
import { denseBackward, routedBackward } from "./ffn.ts";
import type { Network } from "./network.ts";
import { headGains, joinBackward, leaveBackward } from "./stream.ts";
import { SLOTS } from "./workspace.ts";

/** Appends the gradient of the last stream, as forward.ts left it → the gradient of every other parameter. */
export function backward(
  net: Network,
  program: Program,
  coefficients: { balance: number; z: number },
): void {
  const { sizes, layout } = net, { width: d, shape } = layout, hd = layout.attention;
  const { heads, scratch: s } = net, n4 = layout.floats / 4;
  let [dz, other] = s.dz;
  for (let l = shape.depth - 1; l >= 0; l--) {
    const b = layout.blocks[l], t = net.blocks[l];
    const before = l === 0 ? net.z0 : net.blocks[l - 1].after;
    let [du, spare] = s.du, given: Tensor | null = null; // the routed part of du
    const dffn = joinBackward(net, program, l, "ffn", dz);
    if (b.routed && t.routed && s.routed) {
      routedBackward(net, program, b.routed, t.routed, s.routed, {
        u: t.u2,
        dz: dffn,
        du,
        spare,
        aux: net.aux!,
        layer: l,
        coefficients,
      });
      given = du;
    }
    if (b.dense && t.dense) {
      if (given) [du, spare] = [spare, du];
      denseBackward(net, program, b.dense, t.dense, s.dgu!, { u: t.u2, dz: dffn, du, given });
    }
    leaveBackward(net, program, l, "ffn", { z: t.middle, du, dz: other, dzIn: dz });
    [dz, other] = [other, dz];
    const dattn = joinBackward(net, program, l, "attn", dz);
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: hd,
      k: d,
      a: net.rows(dattn, d),
      b: net.weight(b.wo),
      c: net.rows(s.dout, hd),
    }, SLOTS.residual);
    net.product(program, {
      layout: "TN",
      rows: d,
      cols: hd,
      k: sizes.tokens,
      a: net.rows(dattn, d),
      b: net.rows(t.o, hd),
      c: net.weight(b.wo, "g"),
    }, SLOTS.residual);
    attentionBackward(program, sizes, heads, {
      qk: t.qk,
      qkv: t.qkv,
      o: t.o,
      lse: t.lse,
      dout: s.dout,
      d: s.d,
      dqk: s.dqk,
      dqkv: s.dqkv,
    });
    qkNormRopeBackward(program, sizes, heads, net.gains(b), {
      qkv: t.qkv,
      dqk: s.dqk,
      rope: net.rope,
      product: s.product,
      dqkv: s.dqkv,
    });
    gainSum(program, sizes, 2 * hd / 4, s.gains, headGains(net, l), {
      x: s.product,
      partial: s.partial,
    });
    net.product(program, {
      layout: "TN",
      rows: 3 * hd,
      cols: d,
      k: sizes.tokens,
      a: net.rows(s.dqkv, 3 * hd),
      b: net.rows(t.u1, d),
      c: net.weight(b.wqkv, "g"),
    });
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: d,
      k: 3 * hd,
      a: net.rows(s.dqkv, 3 * hd),
      b: net.weight(b.wqkv),
      c: net.rows(du, d),
    });
    leaveBackward(net, program, l, "attn", { z: before, du, dz: other, dzIn: dz });
    [dz, other] = [other, dz];
  }
  gainReduce(program, sizes.replicas, s.gains, n4, {
    partial: s.partial,
    table: s.gainTable,
    g: net.gradient,
  });
  net.task.inputGradient(program, dz);
}
