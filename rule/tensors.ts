/** Which tensors there are: groups that rules name together, what a model of a task has, and whose laws they take. */

import { attentionRatio, type Configuration } from "./configuration.ts";
import {
  type Law,
  type Quantity,
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
 * A rule for optimizers that decay by wd and not by lr·wd: what they take off a weight at a step stays what AdamW
 * takes off under the same rule, so wd has lr's law times its own [ours].
 *
 * @param table the rule for AdamW
 * @returns the same with other laws of weight decay
 */
export function independent(table: Table): Table {
  const rows = Object.entries(table.rows).map(([tensor, laws]) => {
    const { lr, weightDecay } = laws, exponents = { ...lr.exponents };
    for (const [name, e] of Object.entries(weightDecay.exponents) as [Quantity, number][]) {
      exponents[name] = (exponents[name] ?? 0) + e;
    }
    const source = lr.source === "unchanged" ? weightDecay.source : lr.source;
    return [tensor, { ...laws, weightDecay: { exponents, source: `${source}; lr's too [ours]` } }];
  });
  return { ...table, rows: Object.fromEntries(rows) };
}

/**
 * A rule's laws between two configurations: where heads·dh/d changes, the output projection's init, LR and decay
 * follow its own fan-in, rho_d·rho_o [ours]; its gradient, and so its eps, does not.
 *
 * @param table the rule's laws
 * @param from the reference
 * @param to the target
 * @returns the same table where heads·dh/d stays
 */
export function byFanIn(table: Table, from: Configuration, to: Configuration): Table {
  if (attentionRatio(from, to) === 1) return table;
  const own = ({ exponents, source }: Law): Law => {
    const { rho_d = 0 } = exponents;
    return rho_d === 0
      ? { exponents, source }
      : { exponents: { ...exponents, rho_o: rho_d }, source: `${source}; rho_o [ours]` };
  };
  const { initStd, lr, weightDecay, eps } = table.rows.wo;
  const wo = { initStd: own(initStd), lr: own(lr), weightDecay: own(weightDecay), eps };
  return { ...table, rows: { ...table.rows, wo } };
}

/**
 * The tensor kinds a model has.
 *
 * @param to the configuration
 * @param task what it is for
 * @returns those of {@link TASK_KINDS}; a dense model has no router, and one with tied embeddings no final
 *   projection of its own
 */
export function tensorsOf(
  to: Configuration,
  task: RuleTask = "language",
): readonly TensorKind[] {
  const kinds: readonly TensorKind[] = TASK_KINDS[task];
  const router = to.ffn.kind === "moe", unembed = to.tied !== true;
  return kinds.filter((t) => (router || t !== "wrouter") && (unembed || t !== "unembed"));
}
