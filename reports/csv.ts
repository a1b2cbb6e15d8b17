/**
 * `runs.csv`: one row per run, numbers unrounded, an empty field where nothing was measured.
 *
 * @module
 */
import { csvFormat } from "d3-dsv";
import type { BenchRecord, Run } from "../lab/record/record.ts";
import { loadMultiples } from "./charts/expert_load.ts";

/** The columns, in order. */
export const COLUMNS = [
  "key",
  "panel",
  "configuration",
  "label",
  "rule",
  "role",
  "swept",
  "log2x",
  "lr",
  "weight_decay",
  "init_std",
  "seed",
  "steps",
  "tokens",
  "validation_loss_nats",
  "final_train_loss_nats",
  "diverged_at_step",
  "parameters",
  "wall_s",
  "replicas",
  "load_max_over_uniform",
  "load_min_over_uniform",
] as const;

/** One row; `null` becomes an empty field. */
export type CsvRow = Record<typeof COLUMNS[number], string | number | null>;

/** The row of one run. */
export function csvRow(run: Run): CsvRow {
  const { cell, base } = run;
  const loads = run.expertLoad?.flatMap(loadMultiples) ?? [];
  return {
    key: run.key,
    panel: cell.panel,
    configuration: cell.configuration,
    label: cell.label,
    rule: cell.rule,
    role: cell.role,
    swept: cell.swept,
    log2x: cell.log2x,
    lr: base.lr,
    weight_decay: base.weightDecay,
    init_std: base.initStd,
    seed: cell.seed,
    steps: run.steps,
    tokens: run.steps * run.batchTokens,
    validation_loss_nats: run.validationLoss,
    final_train_loss_nats: run.trainLoss.at(-1) ?? null,
    diverged_at_step: run.divergedAtStep,
    parameters: run.parameters,
    wall_s: run.wall_s,
    replicas: run.replicas,
    load_max_over_uniform: loads.length > 0 ? Math.max(...loads) : null,
    load_min_over_uniform: loads.length > 0 ? Math.min(...loads) : null,
  };
}

/** The whole file, with a header line and a final newline. */
export function runsCsv(record: Pick<BenchRecord, "runs">): string {
  return csvFormat(record.runs.map(csvRow), [...COLUMNS]) + "\n";
}
