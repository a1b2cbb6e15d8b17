/**
 * From a cell of the plan to what the trainer needs: shape, rows of the rule, identity.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Gate } from "../../kernels/routing/routing.ts";
import { deviations } from "../../kernels/tuning/tuning_cases.ts";
import { KERNELS_VERSION } from "../../kernels/version.ts";
import type { Multipliers } from "../../model/network.ts";
import type { ModelShape } from "../../model/shape.ts";
import type { TensorKind } from "../../rule/rule.ts";
import { TASK_KINDS } from "../../rule/rule.ts";
import type { Dataset, Task } from "../../model/task.ts";
import type { TensorHyperParameters } from "../../model/trainer.ts";
import { type Configuration, formatConfiguration, labelOf } from "../../rule/configuration.ts";
import { lackingHere } from "../../rule/anatomy.ts";
import { ruleById } from "../../rule/registry.ts";
import { canonicalJson } from "../record/hash.ts";
import { runKey } from "./identity.ts";
import type { HyperParameters } from "../../rule/rule.ts";
import type { Cell } from "../record/run.ts";
import type { TrainingPlan } from "./plan.ts";

/** A cell with its configurations, read once where the plan's lines are made. */
export interface Placed {
  cell: Cell;
  /** the reference of the plan */
  from: Configuration;
  /** the cell's */
  to: Configuration;
}

/** A cell ready to be trained. */
export interface Job {
  key: string;
  cell: Cell;
  /** runs of equal groups can train side by side: same shape, batch, steps, schedule, coefficients */
  group: string;
  steps: number;
  sequences: number;
  seq: number;
  evaluationBatches: number;
  training: TrainingPlan["training"];
  shape: ModelShape;
  base: HyperParameters;
  rows: Record<TensorKind, TensorHyperParameters & { initStd: number }>;
  multipliers: Multipliers;
  beta1: number;
  beta2: number;
  /** what the rule says of this transfer, e.g. what R holds under with a gate it is not made for */
  warnings: string[];
}

/** Refuses what models here do not have. */
function checkTrainable(c: Configuration, { facts }: Task): void {
  const found = lackingHere(c, facts);
  if (found === null) return;
  const { entry, why } = found;
  throw new RangeError(`Cannot train ${formatConfiguration(c)}: ${entry}, and models here ${why}`);
}

/**
 * The model a configuration stands for.
 *
 * @param task what it is trained on @param gate what the rule weighs experts by, unless the configuration says
 * @throws {RangeError} for what models here do not have (`lackingHere`), e.g. other heads than d / dh
 */
export function shapeOf(c: Configuration, task: Task, gate: Gate = "sigmoid"): ModelShape {
  checkTrainable(c, task);
  return {
    task,
    width: c.width,
    depth: c.depth,
    headWidth: c.headWidth,
    ffn: c.ffn.kind === "dense" ? { ...c.ffn } : { ...c.ffn, gate: c.ffn.gate ?? gate },
  };
}

/** Names what a run's last bits depend on besides its cell: adapter, kernel variants, storage. */
export function adapterIdentity({ adapter, profile }: Pick<Device, "adapter" | "profile">): string {
  const plain = `${adapter.description}/${profile.kernels}/${profile.storage}`;
  const chosen = deviations(profile.tuning);
  return Object.keys(chosen).length ? `${plain}/${canonicalJson(chosen)}` : plain;
}

/** The limits of a device by WebGPU's names; they live on its prototype. */
export function limitsOf({ gpu: { limits } }: Pick<Device, "gpu">): Record<string, number> {
  const all: Record<string, number> = {};
  for (const name in limits) {
    const value: unknown = limits[name as keyof typeof limits];
    if (typeof value === "number") all[name] = value;
  }
  return all;
}

/** What a run's identity holds beyond its cell and plan. */
export interface Context {
  /** what is trained on, at its sizes */
  task: Task;
  dataHash: string;
  /** where training ends and the held-out data begins */
  trainUnits: number;
  /** results differ in their last bits between adapters and kernel variants */
  adapter: string;
  /** and between versions of the kernels' arithmetic */
  kernelsVersion: string;
}

/** The context of runs on some data and device. */
export function contextOf(
  { task, hash, trainUnits }: Pick<Dataset, "task" | "hash" | "trainUnits">,
  device: Pick<Device, "adapter" | "profile">,
): Context {
  return {
    task,
    dataHash: hash,
    trainUnits,
    adapter: adapterIdentity(device),
    kernelsVersion: KERNELS_VERSION,
  };
}

/** What a twin that must fail, or another router loss, changes of a job. */
export interface Changes {
  multipliers?: Partial<Multipliers>;
  training?: Partial<Pick<TrainingPlan["training"], "balanceCoef" | "zCoef">>;
}

/** A configuration with the B and D of the plan where it names none: D is fixed unless said. */
function sized(c: Configuration, plan: TrainingPlan): Configuration & { batchTokens: number } {
  const batch = plan.sequences * plan.seq;
  return { ...c, batchTokens: c.batchTokens ?? batch, tokens: c.tokens ?? plan.steps * batch };
}

/** Sequences, steps and validation batches of a sized configuration: every run sees the same windows. */
function sizesOf(c: Configuration, plan: TrainingPlan) {
  const { batchTokens, tokens } = c;
  const sequences = batchTokens! / plan.seq, steps = tokens! / batchTokens!;
  const evaluationBatches = plan.evaluationBatches * plan.sequences / sequences;
  if (![sequences, steps, evaluationBatches].every(Number.isInteger)) {
    throw new RangeError(
      `Cannot train ${
        labelOf(c)
      } with B = ${batchTokens}, D = ${tokens}: want whole sequences of ${plan.seq} tokens, ` +
        `whole steps, and a divisor of ${
          plan.evaluationBatches * plan.sequences
        } validation windows`,
    );
  }
  return { sequences, steps, seq: plan.seq, evaluationBatches };
}

/** Sequences a step and steps of a configuration under a plan: B alone keeps D, so that steps change. */
export function trainingOf(c: Configuration, plan: TrainingPlan) {
  const { sequences, steps } = sizesOf(sized(c, plan), plan);
  return { sequences, steps };
}

/** The reference's hyperparameters with the swept one put in. */
function baseOf(
  { swept, log2x }: Cell,
  plan: TrainingPlan,
  width: number,
  task: Task,
): HyperParameters {
  const { initStd, ...base } = plan.base;
  return { ...task.init, ...base, initStd: initStd ?? 1 / Math.sqrt(width), [swept]: 2 ** log2x };
}

/**
 * Resolves a cell under its rule.
 *
 * @throws {RangeError} for a configuration or transfer that cannot be
 * @throws {TypeError} when the plan is for another task than the context's data
 */
export function jobOf(
  { cell, from: reference, to: target }: Placed,
  plan: TrainingPlan,
  { task, dataHash, trainUnits, adapter, kernelsVersion }: Context,
  changes: Changes = {},
): Job {
  if (plan.task !== undefined && plan.task !== task.id) {
    throw new TypeError(`Cannot train for ${plan.task}: the data is for ${task.id}`);
  }
  const from = sized(reference, plan), to = sized(target, plan);
  const base = baseOf(cell, plan, from.width, task), rule = ruleById(cell.rule);
  const { rows, multipliers, beta1, beta2, warnings } = rule.transfer(from, to, base, {
    task: task.tensors,
  });
  // a dense target has no router row; its entry is never used
  const none = { initStd: 0, lr: 0, weightDecay: 0, eps: base.eps };
  const table = Object.fromEntries(TASK_KINDS[task.tensors].map((kind) => {
    const row = rows.find((r) => r.tensor === kind);
    return [
      kind,
      row ? { initStd: row.initStd, lr: row.lr, weightDecay: row.weightDecay, eps: row.eps } : none,
    ];
  })) as Job["rows"];
  // q, k, v are one stored matrix, and gate and up: they train with one row
  for (const [first, ...others] of [["wq", "wk", "wv"], ["wgate", "wup"]] as TensorKind[][]) {
    for (const other of others) {
      const { lr, weightDecay, eps } = table[first], o = table[other];
      if (o.lr !== lr || o.weightDecay !== weightDecay || o.eps !== eps) {
        throw new RangeError(
          `Cannot train under ${cell.rule}: ${first} and ${other} want different hyperparameters`,
        );
      }
    }
  }
  const { residual, outputMultiplier, routeScale, logits } = multipliers;
  const plain = { residual, outputMultiplier, routeScale, logits, ...changes.multipliers };
  const training = { ...plan.training, ...changes.training };
  const shape = shapeOf(to, task, rule.gate), size = sizesOf(to, plan);
  // what is written of a shape: its task by name, sizes and when a run is lost
  const { id, facts, divergedAbove } = task;
  const limit = Number.isFinite(divergedAbove) ? { divergedAbove } : {};
  const plainShape = { ...shape, task: { id, ...facts, ...limit } };
  const key = runKey({
    shape: plainShape,
    rows: table,
    multipliers: plain,
    beta1,
    beta2,
    seed: cell.seed,
    ...size,
    training,
    dataHash,
    trainUnits,
    kernelsVersion,
    adapter,
  });
  return {
    key,
    group: canonicalJson({ shape: plainShape, ...size, training }),
    cell,
    shape,
    base,
    rows: table,
    multipliers: plain,
    beta1,
    beta2,
    ...size,
    training,
    warnings,
  };
}
