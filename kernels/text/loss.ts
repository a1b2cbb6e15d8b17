/**
 * Cross-entropy with its gradient.
 *
 * @module
 */
import entropySource from "./cross_entropy.wgsl" with { type: "text" };
import entropyTreeSource from "./cross_entropy_tree.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, rowConstants, rowGrid, type Sizes, u32s, vec4s } from "../sizes.ts";
import { withRowSums } from "../norm/tree.ts";

const CROSS_ENTROPY: KernelSpec = {
  name: "cross_entropy",
  source: entropySource,
  inputs: {
    logits: vec4("R", "rows", "v4"),
    targets: u32("R", "rows"),
    scales: when("GRADIENT", f32("(R - 1) * scale_stride + scale_slot + 1")),
  },
  outputs: {
    loss: f32("R", "rows"),
    dlogits: when("GRADIENT", vec4("R", "rows", "v4")),
  },
  dims: u32s("tokens rows v4 vocab scale_slot scale_stride", "inv_tokens"),
  variants: { gpu: { name: "cross_entropy_tree", source: entropyTreeSource } },
};

/**
 * loss[t] = logsumexp(logits) - logit of the target, nats; dlogits as in cross_entropy.wgsl.
 *
 * @param t logits, dlogits (R, rows, vec4s(vocab)); targets (R, rows); without dlogits only losses
 */
export function crossEntropy(
  program: Program,
  sizes: Sizes,
  vocab: number,
  scale: { slot: number; stride: number },
  t: { logits: Bound; targets: Bound; scales: Bound; loss: Bound; dlogits?: Bound },
): void {
  const gradient = t.dlogits !== undefined;
  program.add(
    withRowSums(CROSS_ENTROPY, program.profile),
    { ...t, scales: gradient ? t.scales : undefined },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      v4: vec4s(vocab),
      vocab,
      scale_slot: scale.slot,
      scale_stride: scale.stride,
      inv_tokens: 1 / sizes.tokens,
    },
    {
      software: lanes(sizes.tokens, sizes.replicas),
      gpu: rowGrid(sizes.tokens, sizes.replicas),
    },
    { GRADIENT: +gradient, ...rowConstants(vec4s(vocab)) },
  );
}
