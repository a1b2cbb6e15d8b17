/**
 * Cross-entropy with its gradient, and the loss log.
 *
 * @module
 */
import entropySource from "./cross_entropy.wgsl" with { type: "text" };
import entropyTreeSource from "./cross_entropy_tree.wgsl" with { type: "text" };
import logSource from "../optimizer/log_step.wgsl" with { type: "text" };
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, rowConstants, rowGrid, type Sizes, u32s, vec4s } from "../sizes.ts";
import { rowSource } from "../norm/tree.ts";

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
  const gradient = t.dlogits !== undefined, tree = program.profile.kernels === "gpu";
  program.add(
    {
      name: tree ? "cross_entropy_tree" : "cross_entropy",
      source: tree ? rowSource(program.profile) + entropyTreeSource : entropySource,
      inputs: {
        logits: "f32x4",
        targets: "u32",
        ...(gradient ? { scales: "f32" as const } : {}),
      },
      outputs: { loss: "f32", ...(gradient ? { dlogits: "f32x4" as const } : {}) },
      dims: u32s("tokens rows v4 vocab scale_slot scale_stride", "inv_tokens"),
      constants: { GRADIENT: +gradient, ...(tree ? rowConstants(vec4s(vocab)) : {}) },
    },
    {
      logits: t.logits,
      targets: t.targets,
      loss: t.loss,
      ...(gradient ? { scales: t.scales, dlogits: t.dlogits! } : {}),
    },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      v4: vec4s(vocab),
      vocab,
      scale_slot: scale.slot,
      scale_stride: scale.stride,
      inv_tokens: 1 / sizes.tokens,
    },
    (tree ? rowGrid : lanes)(sizes.tokens, sizes.replicas),
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
    {
      name: "log_step",
      source: logSource,
      inputs: {
        loss: "f32",
        state: "u32",
        ...(t.aux ? { aux: "f32x4" as const } : {}),
        ...(t.clip ? { clip: "f32x4" as const } : {}),
      },
      outputs: { log: "f32x4", next: "u32" },
      dims: u32s("tokens rows layers replicas steps"),
      constants: { AUX: +!!t.aux, GRADIENT: +!!t.clip },
    },
    {
      loss: t.loss,
      state: t.state,
      log: t.log,
      next: t.state,
      ...(t.aux ? { aux: t.aux } : {}),
      ...(t.clip ? { clip: t.clip } : {}),
    },
    { tokens: sizes.tokens, rows: sizes.rows, layers, replicas: sizes.replicas, steps },
    [1, 1, sizes.replicas],
  );
}
