/**
 * From a cell of the plan to what the trainer needs: shape, rows of the rule, identity.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Gate } from "../kernels/routing.ts";
import { deviations } from "../kernels/tuning_cases.ts";
import { KERNELS_VERSION } from "../kernels/version.ts";
import type { Multipliers } from "../model/network.ts";
import type { ModelShape, TensorKind } from "../model/shape.ts";
import { TENSOR_KINDS } from "../model/shape.ts";
import type { TensorHyperParameters } from "../model/trainer.ts";
import type { Configuration } from "../rule/configuration.ts";
import { parseConfiguration } from "../rule/configuration.ts";
import { ruleById } from "../rule/registry.ts";
import { canonicalJson, runKey } from "./plan.ts";
import type { BaseHyperParameters, Cell } from "./record.ts";
import type { Suite, SuiteProfile } from "./suite.ts";

/** Tokens the byte-level task knows. */
export const VOCABULARY = 256;

/** A cell ready to be trained. */
export interface Job {
  key: string;
  cell: Cell;
  shape: ModelShape;
  base: BaseHyperParameters;
  rows: Record<TensorKind, TensorHyperParameters & { initStd: number }>;
  multipliers: Multipliers;
  beta1: number;
  beta2: number;
}

/**
 * The model a configuration stands for.
 *
 * @param gate what the rule weighs experts by, unless the configuration says
 */
export function shapeOf(c: Configuration, gate: Gate = "sigmoid"): ModelShape {
  return {
    vocab: VOCABULARY,
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

/** What a run's identity holds beyond its cell. */
export interface Context {
  suite: Suite;
  profile: SuiteProfile;
  dataHash: string;
  /** where training ends and the held-out text begins */
  trainBytes: number;
  /** results differ in their last bits between adapters and kernel variants */
  adapter: string;
}

/**
 * Resolves a cell under its rule.
 *
 * @throws {RangeError} for a configuration or transfer that cannot be
 */
export function jobOf(cell: Cell, { suite, profile, dataHash, trainBytes, adapter }: Context): Job {
  const from = parseConfiguration(profile.reference);
  const to = parseConfiguration(cell.configuration, from);
  const base: BaseHyperParameters = {
    ...suite.base,
    initStd: 1 / Math.sqrt(from.width),
    lr: 2 ** cell.log2x,
  };
  const { rows, multipliers, beta1, beta2 } = ruleById(cell.rule).transfer(from, to, base);
  // a dense target has no router row; its entry is never used
  const none = { initStd: 0, lr: 0, weightDecay: 0, eps: base.eps };
  const table = Object.fromEntries(TENSOR_KINDS.map((kind) => {
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
  const plain = { residual, outputMultiplier, routeScale, logits };
  const key = runKey({
    task: "lm",
    configuration: cell.configuration,
    rule: "as in rows",
    rows: table,
    multipliers: plain,
    base,
    seed: cell.seed,
    steps: profile.steps,
    sequences: profile.sequences,
    seq: profile.seq,
    training: suite.training,
    evaluationBatches: profile.evaluationBatches,
    dataHash,
    trainBytes,
    kernelsVersion: KERNELS_VERSION,
    adapter,
  });
  return { key, cell, shape: shapeOf(to), base, rows: table, multipliers: plain, beta1, beta2 };
}
