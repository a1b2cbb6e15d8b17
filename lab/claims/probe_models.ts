/**
 * Models to be looked into rather than benched: every seed of every variant of one configuration as a
 * replica of one trainer.
 *
 * @module
 */
import type { Multipliers } from "../../model/network.ts";
import { initialParameters, type InitStd } from "../../model/init.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import { TASK_KINDS, type TensorKind } from "../../rule/rule.ts";
import { type Replica, Trainer } from "../../model/trainer.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById } from "../../rule/registry.ts";
import type { HyperParameters, RuleOptions } from "../../rule/rule.ts";
import type { Task } from "../../model/task.ts";
import { shapeOf } from "../train/job.ts";
import type { TrainingPlan } from "../train/plan.ts";
import type { Workbench } from "./models.ts";

/** A rule, or a rule with something changed. */
export interface Variant {
  /** how figures and judgements name it */
  name: string;
  rule: string;
  options?: RuleOptions;
  /** what is changed of the multipliers the rule gives: a twin that must fail */
  multipliers?: Partial<Multipliers>;
  /** tensors that keep their initial weights */
  frozen?: readonly TensorKind[];
}

/**
 * Init stds of what starts at zero in training: the final projection, and a diffusion model's modulations. Zero there
 * makes the gradients of all before it zero.
 */
export type Start = Pick<HyperParameters, "unembedInitStd" | "modInitStd">;

/** The stds that are given. */
export const startOf = ({ unembedInitStd, modInitStd }: Start): Start => ({
  unembedInitStd,
  ...(modInitStd === undefined ? {} : { modInitStd }),
});

/** What all probed models share. */
export interface ProbePlan extends Omit<TrainingPlan, "steps" | "evaluationBatches"> {
  seeds: number[];
  /** held-out batches that are looked at; absent: one */
  evaluationBatches?: number;
}

/** The model of a configuration, in the grammar of the command line, for what the data is for. */
export function shapeOfText(configuration: string, plan: ProbePlan, task: Task): ModelShape {
  const from = parseConfiguration(plan.reference);
  return shapeOf(parseConfiguration(configuration, from), task);
}

/**
 * What one seed of one variant trains with.
 *
 * @throws {RangeError} for a configuration or transfer that cannot be
 */
export function replicaOf(
  plan: ProbePlan,
  configuration: string,
  variant: Variant,
  seed: number,
  task: Task,
): Replica {
  const from = parseConfiguration(plan.reference), to = parseConfiguration(configuration, from);
  const initStd = plan.base.initStd ?? 1 / Math.sqrt(from.width), kinds = TASK_KINDS[task.tensors];
  const base = { ...task.init, ...plan.base, initStd };
  const { rows, multipliers, beta1, beta2 } = ruleById(variant.rule)
    .transfer(from, to, base, { ...variant.options, task: task.tensors });
  // a dense model has no router row; its entry is never used
  const none = { initStd: 0, lr: 0, weightDecay: 0, eps: base.eps };
  const row = Object.fromEntries(kinds.map((kind) => {
    const given = rows.find((r) => r.tensor === kind) ?? none;
    return [kind, variant.frozen?.includes(kind) ? { ...given, lr: 0 } : given];
  })) as Record<TensorKind, typeof none>;
  const std = Object.fromEntries(kinds.map((k) => [k, row[k].initStd])) as InitStd;
  return {
    seed,
    parameters: initialParameters(layoutOf(shapeOf(to, task)), seed, std),
    hyperParameters: row,
    multipliers: { ...multipliers, ...variant.multipliers },
    beta1,
    beta2,
  };
}

/**
 * A trainer of all seeds of the given variants: replica v·S + k is seed k of variant v.
 *
 * @param steps of the schedule
 */
export function trainerOf(
  { device, pool }: Pick<Workbench, "device" | "pool">,
  plan: ProbePlan,
  configuration: string,
  variants: Variant[],
  steps: number,
): Trainer {
  const { data, context: { task } } = pool;
  const replicas = variants.flatMap((variant) =>
    plan.seeds.map((seed) => replicaOf(plan, configuration, variant, seed, task))
  );
  const shape = shapeOfText(configuration, plan, task), training = { ...plan.training, steps };
  return new Trainer(device, shape, plan, replicas, training, data);
}
