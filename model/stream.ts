/**
 * How a branch of a block leaves the stream and comes back to it: a norm before it and a sum after it. The norm
 * has a gain, or the task's modulation shifts and scales it; the sum is plain, or the modulation gates it.
 *
 *     u = rms_norm(z, gain),  z' = z + branch(u)
 *     u = unit(z) · (1 + scale) + shift,  z' = z + gate · branch(u)
 *
 * @module
 */
import type { Program } from "../kernels/gpu/program.ts";
import type { Tensor } from "../kernels/gpu/tensor.ts";
import {
  type Gate,
  gatedAdd,
  gatedAddBackward,
  modulationSums,
} from "../kernels/norm/modulation.ts";
import { type Modulated, rmsNorm, rmsNormBackward } from "../kernels/norm/norm.ts";
import type { InParameters } from "../kernels/sizes.ts";
import type { Network } from "./network.ts";
import type { Modulation } from "./task.ts";

/** The branches of a block, in their order. */
export type Part = "attn" | "ffn";
const PARTS: readonly Part[] = ["attn", "ffn"];

/** Columns of a block's branch in the modulation. */
export function columnsOf({ m, rows, m4 }: Modulation, d4: number, l: number, part: Part) {
  const shift = (6 * l + 3 * PARTS.indexOf(part)) * d4;
  return { m, rows, m4, shift, scale: shift + d4, gate: shift + 2 * d4 } satisfies Modulated & Gate;
}

/** What a branch's norm multiplies by. */
function normOf(net: Network, l: number, part: Part): InParameters | Modulated {
  const { attnNorm, ffnNorm } = net.layout.blocks[l], gain = part === "attn" ? attnNorm : ffnNorm;
  if (gain) return net.inParameters(gain);
  return columnsOf(net.task.modulation!, net.layout.width / 4, l, part);
}

/** The input of a branch and its factor, as the norm leaves them. */
function inputOf(net: Network, l: number, part: Part): { u: Tensor; rstd: Tensor } {
  const { u1, rstd1, u2, rstd2 } = net.blocks[l];
  return part === "attn" ? { u: u1, rstd: rstd1 } : { u: u2, rstd: rstd2 };
}

/**
 * Appends the norm before a branch.
 *
 * @param z (R, rows, d4), the stream
 */
export function leave(net: Network, program: Program, l: number, part: Part, z: Tensor): void {
  const { sizes, layout } = net, { u, rstd } = inputOf(net, l, part);
  rmsNorm(program, sizes, layout.shape.width, layout.width / 4, normOf(net, l, part), {
    x: z,
    y: u,
    rstd,
  });
}

/**
 * Where a branch's last kernels write: `to`, and on top of `before` unless it is null.
 *
 * @param before the stream before the branch @param after the stream after it
 */
export function target(
  net: Network,
  l: number,
  part: Part,
  before: Tensor,
  after: Tensor,
): { before: Tensor | null; to: Tensor } {
  const { branches } = net.blocks[l];
  return branches ? { before: null, to: branches[part] } : { before, to: after };
}

/** Appends what is left to do once the branch has written its {@link target}. */
export function join(
  net: Network,
  program: Program,
  l: number,
  part: Part,
  before: Tensor,
  after: Tensor,
): void {
  const { branches } = net.blocks[l], d4 = net.layout.width / 4;
  if (!branches) return;
  gatedAdd(program, net.sizes, d4, columnsOf(net.task.modulation!, d4, l, part), {
    r: before,
    y: branches[part],
    z: after,
  });
}

/**
 * Appends the gradient of {@link join}.
 *
 * @param dz (R, rows, d4), the gradient of the stream after the branch, which is that of the stream before it too
 * @returns the gradient of what the branch gave
 */
export function joinBackward(
  net: Network,
  program: Program,
  l: number,
  part: Part,
  dz: Tensor,
): Tensor {
  const { branches } = net.blocks[l], d4 = net.layout.width / 4;
  if (!branches) return dz;
  const modulation = net.task.modulation!, dy = net.scratch.dbranch!;
  gatedAddBackward(program, net.sizes, d4, columnsOf(modulation, d4, l, part), {
    y: branches[part],
    dz,
    dy,
    dm: modulation.dm,
  });
  return dy;
}

/**
 * Appends the gradient of {@link leave}: dz = dzIn + that of the stream, and what gain or modulation need.
 *
 * @param t z, the stream before the branch; du, the gradient of the branch's input; dz, dzIn
 */
export function leaveBackward(
  net: Network,
  program: Program,
  l: number,
  part: Part,
  t: { z: Tensor; du: Tensor; dz: Tensor; dzIn: Tensor },
): void {
  const { sizes, layout } = net, d4 = layout.width / 4, { rstd } = inputOf(net, l, part);
  const { modulation, gains } = net.task;
  rmsNormBackward(program, sizes, layout.shape.width, d4, normOf(net, l, part), {
    x: t.z,
    dy: t.du,
    rstd,
    dz: t.dz,
    dzIn: t.dzIn,
  });
  if (modulation) {
    modulationSums(program, sizes, d4, columnsOf(modulation, d4, l, part), {
      x: t.z,
      dy: t.du,
      rstd,
      dm: modulation.dm,
    });
  } else {
    // entries of the plan: the task's, then attention's, the FFN's, q's and k's of each block
    net.gain(program, gains.length + 3 * l + PARTS.indexOf(part), { x: t.z, dy: t.du, rstd });
  }
}

/** Entry of the gains of q and k of a block in the plan. */
export function headGains(net: Network, l: number): number {
  const each = net.task.modulation ? 1 : 3;
  return net.task.gains.length + each * l + each - 1;
}
