/**
 * The flow-matching loss with its gradient.
 *
 * @module
 */
import lossSource from "./velocity_loss.wgsl" with { type: "text" };
import { f32, type KernelSpec, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, type Sizes, u32s, vec4s } from "../sizes.ts";

const ROWS = vec4("R", "rows", "p4");

const VELOCITY_LOSS: KernelSpec = {
  name: "velocity_loss",
  source: lossSource,
  inputs: {
    v: ROWS,
    target: ROWS,
    scales: when("GRADIENT", f32("(R - 1) * scale_stride + scale_slot + 1")),
  },
  outputs: { loss: f32("R", "rows"), dv: when("GRADIENT", ROWS) },
  dims: u32s("tokens rows p4 scale_slot scale_stride", "inv_tokens inv_patch"),
};

/**
 * loss[t] = mean over a patch of (v − target)²; dv as in velocity_loss.wgsl.
 *
 * @param patch numbers in a patch; v, target and dv are 0 past it
 * @param t v, target, dv (R, rows, vec4s(patch)) vec4; loss (R, rows) f32; without dv only losses
 */
export function velocityLoss(
  program: Program,
  sizes: Sizes,
  patch: number,
  scale: { slot: number; stride: number },
  t: { v: Bound; target: Bound; scales: Bound; loss: Bound; dv?: Bound },
): void {
  const gradient = t.dv !== undefined;
  program.add(
    VELOCITY_LOSS,
    { ...t, scales: gradient ? t.scales : undefined },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      p4: vec4s(patch),
      scale_slot: scale.slot,
      scale_stride: scale.stride,
      inv_tokens: 1 / sizes.tokens,
      inv_patch: 1 / patch,
    },
    lanes(sizes.tokens, sizes.replicas),
    { GRADIENT: +gradient },
  );
}
