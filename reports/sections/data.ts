/**
 * The numbers of a record for programs: one row per run, point and measure, unrounded, null where
 * nothing was measured.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import { loadMultiples } from "../charts/expert_load.ts";
import { extent, finite } from "../words/format.ts";
import { lossUnit, runsOf } from "../words/phrases.ts";
import { worst } from "./caveats.ts";
import { type Data, intervalCells } from "./section.ts";

type Row = Data["rows"][number];

/** Rows under the columns that the first of them names; `columns` where there is none. */
const data = (stem: string, rows: Row[], columns: string[] = []): Data => ({
  stem,
  columns: rows.length > 0 ? Object.keys(rows[0]) : columns,
  rows,
});

/** `runs`: one row per trained model and place it is drawn in; none where no model was trained. */
export function runsData(record: BenchRecord): Data[] {
  const rows = runsOf(record).map((run): Row => {
    const { cell, base } = run;
    const load = extent(run.expertLoad?.flatMap(loadMultiples) ?? []);
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
      loss_unit: lossUnit(record),
      validation_loss: finite(run.validationLoss),
      final_train_loss: finite(run.trainLoss.at(-1)),
      diverged_at_step: run.divergedAtStep,
      parameters: run.parameters,
      wall_s: run.wall_s,
      replicas: run.replicas,
      load_max_over_uniform: load && load[1],
      load_min_over_uniform: load && load[0],
      drop_rate: worst(run, "dropRate"),
      unserved: worst(run, "unserved"),
    };
  });
  return rows.length > 0 ? [data("runs", rows)] : [];
}

/** `points`: one row per place of a line of a panel. */
export function pointsData({ findings }: BenchRecord): Data {
  const columns = ["panel", "line", "series", "x", "y", "lo", "hi"];
  return data(
    "points",
    findings.points.map(({ panel, line, series, x, y, lo, hi }): Row => ({
      panel,
      line,
      series,
      x: typeof x === "string" ? x : finite(x),
      y: finite(y),
      lo: finite(lo),
      hi: finite(hi),
    })),
    columns,
  );
}

/** `judgements`: one row per measure of a judgement, of one shape for every kind of suite. */
export function judgementsData({ findings }: BenchRecord): Data {
  const columns =
    "panel subject variant role measure unit value value_lo value_hi limit_lo limit_hi " +
    "need measure_verdict verdict open missing";
  const rows = findings.judgements.flatMap((judgement): Row[] => {
    const { panel, subject, variant, role, need, verdict, open } = judgement;
    const measures = judgement.measures.length > 0 ? judgement.measures : [null];
    return measures.map((measure) => ({
      panel,
      subject,
      variant,
      role,
      measure: measure?.name ?? null,
      unit: measure?.unit ?? null,
      ...intervalCells("value", measure?.value),
      limit_lo: finite(measure?.limits.lo),
      limit_hi: finite(measure?.limits.hi),
      need,
      measure_verdict: measure?.verdict ?? null,
      verdict,
      open,
      missing: measure?.missing ?? null,
    }));
  });
  return data("judgements", rows, columns.split(" "));
}
