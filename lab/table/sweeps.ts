/**
 * From runs of a table to sweeps, optima and judgements.
 *
 * @module
 */
import type { Optimum } from "../record/evidence.ts";
import type { Judgement } from "../record/findings.ts";
import type { CellRole } from "../record/run.ts";
import type { TableRun } from "../record/table.ts";
import { type Sweep, sweepOptimum } from "../statistics/optimum.ts";
import { grouped } from "./cells.ts";
import type { TransferLimits } from "../transfer/judge.ts";
import { judgeSweep } from "../transfer/judge_sweep.ts";

/** One configuration under one rule. */
export interface TableLine {
  label: string;
  rule: string;
  role: CellRole;
  sweep: Sweep;
  /** by what a written value is multiplied to stand on the reference's scale */
  factor: number;
}

const ORDER: CellRole[] = ["reference", "target", "control"];

/**
 * Seeds as columns. Where no seed stands at two places they number runs, and pair nothing: the runs of a place are
 * then put side by side as they come.
 */
function columnsOf(
  runs: readonly TableRun[],
): { names: string[] | null; of: Map<TableRun, number> } {
  const bySeed = grouped(runs, ({ cell }) => cell.seed);
  if ([...bySeed.values()].some((own) => own.length > 1)) {
    const names = [...bySeed.keys()];
    const place = new Map(names.map((name, k) => [name, k]));
    return { names, of: new Map(runs.map((run) => [run, place.get(run.cell.seed)!])) };
  }
  const of = new Map<TableRun, number>();
  for (const own of grouped(runs, ({ cell }) => `${cell.log2x}`).values()) {
    own.forEach((run, k) => of.set(run, k));
  }
  return { names: null, of };
}

function sweepOf(runs: readonly TableRun[]): Sweep {
  const log2x = [...new Set(runs.map((run) => run.cell.log2x))].sort((a, b) => a - b);
  const { names, of } = columnsOf(runs);
  const seeds = names?.length ?? 1 + Math.max(...new Set(of.values()));
  const loss = log2x.map(() => new Array<number | null | undefined>(seeds).fill(undefined));
  const place = new Map(log2x.map((x, g) => [x, g]));
  for (const run of runs) loss[place.get(run.cell.log2x)!][of.get(run)!] = run.validationLoss;
  // names of their own: runs that no seed pairs are paired with nothing
  const { label, rule } = runs[0].cell;
  const own = Array.from({ length: seeds }, (_, k) => `${label}\n${rule}\n${k}`);
  return { log2x, loss, seeds: names ?? own };
}

/** The sweeps of runs, the reference's first, controls last. */
export function linesOf(runs: readonly TableRun[]): TableLine[] {
  const lines = grouped(runs, ({ cell }) => `${cell.label}\n${cell.rule}`);
  return [...lines.values()].map((own): TableLine => {
    const { cell: { label, rule, role, log2x }, written } = own[0];
    return { label, rule, role, sweep: sweepOf(own), factor: 2 ** log2x / written };
  }).sort((a, b) => ORDER.indexOf(a.role) - ORDER.indexOf(b.role));
}

/** The optimum of every sweep, and the judgement of every one but the reference's. */
export function judgeLines(
  lines: readonly TableLine[],
  limits: TransferLimits,
  unit: string,
  { panel, swept }: Pick<Optimum, "panel" | "swept">,
): { optima: Optimum[]; judgements: Judgement[] } {
  const reference = lines.find(({ role }) => role === "reference")!;
  const optima = lines.map(({ label, rule, role, sweep }): Optimum => {
    const { log2x, loss, atEdge, diverged, reason } = sweepOptimum(sweep);
    return { panel, label, rule, swept, role, log2x, loss, atEdge, diverged, reason };
  });
  const judgements = lines.filter((line) => line !== reference).map((line) => {
    const role = line.role === "control" ? "control" : "claim";
    const names = { panel, subject: line.label, variant: line.rule, role } as const;
    return judgeSweep(names, reference.sweep, line.sweep, limits, unit);
  });
  return { optima, judgements };
}
