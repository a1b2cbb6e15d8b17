/**
 * The backward pass as a list of kernels; the equations are those of fixtures/parity/README.md, in reverse
 * order.
 *
 * @module
 */
import { attentionBackward, qkNormRopeBackward } from "../kernels/attention/attention.ts";
import type { Program } from "../kernels/gpu/program.ts";
import type { Tensor } from "../kernels/gpu/tensor.ts";
import { gainReduce, gainSum, rmsNormBackward } from "../kernels/norm/norm.ts";
import { denseBackward, routedBackward } from "./ffn.ts";
import type { Network } from "./network.ts";
import { SLOTS } from "./workspace.ts";

/** Appends the gradient of the last stream, as forward.ts left it → the gradient of every other parameter. */
export function backward(
  net: Network,
  program: Program,
  coefficients: { balance: number; z: number },
): void {
  const { sizes, layout } = net, { width: d, shape } = layout, d4 = d / 4, hd = layout.attention;
  const { heads, scratch: s } = net, n4 = layout.floats / 4;
  // entries of the plan: the task's, then three of each block (network.ts)
  const entry = (l: number, of: number) => net.task.gains.length + 3 * l + of;
  let [dz, other] = s.dz;
  for (let l = shape.depth - 1; l >= 0; l--) {
    const b = layout.blocks[l], t = net.blocks[l];
    const before = l === 0 ? net.z0 : net.blocks[l - 1].after;
    let [du, spare] = s.du, given: Tensor | null = null; // the routed part of du
    if (b.routed && t.routed && s.routed) {
      routedBackward(net, program, b.routed, t.routed, s.routed, {
        u: t.u2,
        dz,
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
      denseBackward(net, program, b.dense, t.dense, s.dgu!, { u: t.u2, dz, du, given });
    }
    rmsNormBackward(program, sizes, shape.width, d4, net.inParameters(b.ffnNorm), {
      x: t.middle,
      dy: du,
      rstd: t.rstd2,
      dz: other,
      dzIn: dz,
    });
    [dz, other] = [other, dz];
    net.gain(program, entry(l, 1), { x: t.middle, dy: du, rstd: t.rstd2 });
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: hd,
      k: d,
      a: net.rows(dz, d),
      b: net.weight(b.wo),
      c: net.rows(s.dout, hd),
    }, SLOTS.residual);
    net.product(program, {
      layout: "TN",
      rows: d,
      cols: hd,
      k: sizes.tokens,
      a: net.rows(dz, d),
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
    gainSum(program, sizes, 2 * hd / 4, s.gains, entry(l, 2), {
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
    rmsNormBackward(program, sizes, shape.width, d4, net.inParameters(b.attnNorm), {
      x: before,
      dy: du,
      rstd: t.rstd1,
      dz: other,
      dzIn: dz,
    });
    [dz, other] = [other, dz];
    net.gain(program, entry(l, 0), { x: before, dy: du, rstd: t.rstd1 });
  }
  gainReduce(program, sizes.replicas, s.gains, n4, {
    partial: s.partial,
    table: s.gainTable,
    g: net.gradient,
  });
  net.task.inputGradient(program, dz);
}
