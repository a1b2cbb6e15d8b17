/**
 * Cross-entropy with its gradient, and the loss log.
 *
 * @module
 */
import entropySource from "./cross_entropy.wgsl" with { type: "text" };
import entropyTreeSource from "./cross_entropy_tree.wgsl" with { type: "text" };
import logSource from "../optimizer/log_step.wgsl" with { type: "text" };
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

const LOG_STEP: KernelSpec = {
  name: "log_step",
  source: logSource,
  inputs: {
    loss: f32("R", "rows"),
    state: u32("R"),
    aux: when("AUX", vec4("layers", "R", "rows")),
    clip: when("GRADIENT", vec4("R")),
  },
  outputs: { log: vec4("R", "steps"), next: u32("R") },
  dims: u32s("tokens rows layers replicas steps"),
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

/**
 * Appends (mean loss, balance loss, z-loss, gradient norm) to the log and counts the step.
 *
 * @param steps length of the log per replica @param layers blocks that write aux, 0 for dense
 * @param t loss (R, rows), aux (layers, R, rows) vec4, clip (R) vec4, state alternates, log (R, steps)
 */
export function logStep(
  program: Program,
  sizes: Sizes,
  steps: number,
  layers: number,
  t: { loss: Bound; aux?: Bound; clip?: Bound; state: Bound; log: Bound },
): void {
  program.add(
    LOG_STEP,
    { ...t, next: t.state },
    { tokens: sizes.tokens, rows: sizes.rows, layers, replicas: sizes.replicas, steps },
    [1, 1, sizes.replicas],
    { AUX: +!!t.aux, GRADIENT: +!!t.clip },
  );
}
