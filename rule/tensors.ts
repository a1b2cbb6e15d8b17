/** Which tensors there are: groups that rules name together, what a model of a task has, and whose laws they take. */

import type { Configuration } from "./configuration.ts";
import {
  type RuleTask,
  type Table,
  TASK_KINDS,
  type TensorKind,
  type TextKind,
  type TextTable,
} from "./rule.ts";

/** Hidden matrices but W_down: what muP scales by d alone. */
export const HIDDEN = ["wq", "wk", "wv", "wo", "wrouter", "wgate", "wup"] as const;

/** Norm gains: of the blocks, and the final one. */
export const NORMS = ["attnNorm", "qNorm", "kNorm", "ffnNorm", "norm"] as const;

/**
 * Whose laws the tensors of a diffusion model have, by the width that grows: nothing but d (input), both sides
 * (hidden), the input alone (output). Source: the authors of 2505.15270 treat them so; adaLN's modulations d → 6d
 * are hidden matrices, though they start at zero.
 */
const AS: Record<Exclude<TensorKind, TextKind>, TextKind> = {
  patch: "embed",
  time1: "embed",
  class: "embed",
  time2: "wq",
  mod: "wq",
  velocity: "unembed",
};

/**
 * A rule's table with the rows of every task.
 *
 * @param table the rule as it is written down
 * @returns the same with the rows of the other tasks' tensors
 */
export function completed(table: TextTable): Table {
  const more = Object.entries(AS).map(([tensor, as]) => {
    const laws = Object.entries(table.rows[as]).map(([knob, { exponents, source }]) => [
      knob,
      { exponents, source: `as ${as}: ${source}` },
    ]);
    return [tensor, Object.fromEntries(laws)];
  });
  return { ...table, rows: { ...table.rows, ...Object.fromEntries(more) } };
}

/**
 * The tensor kinds a model has.
 *
 * @param to the configuration
 * @param task what it is for
 * @returns those of {@link TASK_KINDS}; a dense model has no router
 */
export function tensorsOf(
  to: Configuration,
  task: RuleTask = "language",
): readonly TensorKind[] {
  const kinds: readonly TensorKind[] = TASK_KINDS[task];
  return to.ffn.kind === "moe" ? kinds : kinds.filter((t) => t !== "wrouter");
}
