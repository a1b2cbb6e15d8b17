/**
 * The log of a step: its losses and the norm of its gradient.
 *
 * @module
 */
import logSource from "./log_step.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { type Sizes, u32s } from "../sizes.ts";

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
