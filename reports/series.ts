/**
 * From runs to the numbers a chart draws: means over seeds, standard errors, panels, references.
 * Pure: no chart library is named here.
 *
 * @module
 */
import type { BenchRecord, Cell, Run } from "../lab/record.ts";
import { capital } from "./format.ts";

/** The hyperparameter a curve sweeps. */
export type Swept = Cell["swept"];

/** Mean over seeds at one place of one curve. */
export interface CurvePoint {
  /** short name of the configuration */
  label: string;
  /** the configuration in full */
  configuration: string;
  /** what the curve is in the plan */
  role: Cell["role"];
  /** log2 of the swept value on the reference's scale */
  log2x: number;
  /** mean of the seeds that did not diverge; null when all did */
  mean_nats: number | null;
  /** standard error of that mean; null with fewer than two seeds */
  standardError_nats: number | null;
  /** seeds in the mean */
  seeds: number;
  /** seeds that diverged */
  diverged: number;
}

/** One panel of the figure: the reference's curve and the curves of one rule. */
export interface Panel {
  /** the record's name for it, e.g. `transfer` */
  panel: string;
  /** id of its rule */
  rule: string;
  /** the rule is the control's */
  control: boolean;
  /** two lines: `Transfer, d = 16 → 64` and `rule: complete-mue` */
  title: [string, string];
  /** reference and own curves, in order of log2 x */
  points: CurvePoint[];
}

/** The distinct values in order of first appearance. */
export function distinct<T>(values: Iterable<T>): T[] {
  return [...new Set(values)];
}

/** Mean and standard error (sample deviation over the root of n). */
export function meanAndError(values: number[]): { mean: number | null; error: number | null } {
  if (values.length === 0) return { mean: null, error: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** The runs of one sweep, averaged over seeds, in order of log2 x. */
export function averageOverSeeds(runs: Run[]): CurvePoint[] {
  const places = new Map<string, Run[]>();
  for (const run of runs) {
    const { label, role, rule, log2x } = run.cell;
    const place = `${label}\n${role}\n${rule}\n${log2x}`;
    places.set(place, [...places.get(place) ?? [], run]);
  }
  return [...places.values()].map((group) => {
    const losses = group.map((run) => run.validationLoss_nats).filter((loss) => loss !== null);
    const { mean, error } = meanAndError(losses);
    const { label, configuration, role, log2x } = group[0].cell;
    return {
      label,
      configuration,
      role,
      log2x,
      mean_nats: mean,
      standardError_nats: error,
      seeds: losses.length,
      diverged: group.length - losses.length,
    };
  }).sort((a, b) => a.log2x - b.log2x);
}

/** The items of role `reference` that belong to a panel; another panel's where it has none. */
export function referencesOf<T extends { panel: string; role: string; swept: Swept }>(
  items: T[],
  panel: string,
  swept: Swept,
): T[] {
  const references = items.filter((item) => item.role === "reference" && item.swept === swept);
  const own = references.filter((item) => item.panel === panel);
  return own.length > 0 ? own : references.filter((item) => item.panel === references[0].panel);
}

/** The panels of one sweep: each rule of each panel by itself, controls after targets. */
export function panelsOf(record: BenchRecord, swept: Swept): Panel[] {
  const cells = record.runs.filter((run) => run.cell.swept === swept);
  const tried = cells.filter((run) => run.cell.role !== "reference");
  const panels = distinct(cells.map((run) => run.cell.panel)).flatMap((panel) => {
    const inside = tried.filter((run) => run.cell.panel === panel);
    const ruled = inside.sort((a, b) => order(a.cell) - order(b.cell));
    return distinct(ruled.map((run) => run.cell.rule)).map((rule) => {
      const own = inside.filter((run) => run.cell.rule === rule);
      const reference = referencesOf(cells.map(flat), panel, swept).map((item) => item.run);
      const points = averageOverSeeds([...reference, ...own]);
      const control = own[0].cell.role === "control";
      return { panel, rule, control, title: titleOf(panel, rule, control, points), points };
    });
  });
  if (panels.length > 0 || cells.length === 0) return panels;
  const { panel, rule } = cells[0].cell;
  const points = averageOverSeeds(cells);
  return [{ panel, rule, control: false, title: titleOf(panel, rule, false, points), points }];
}

const order = (cell: Cell): number => cell.role === "control" ? 1 : 0;
const flat = (run: Run): Cell & { run: Run } => ({ ...run.cell, run });

function titleOf(panel: string, rule: string, control: boolean, points: CurvePoint[]): [
  string,
  string,
] {
  const widths = (reference: boolean) =>
    distinct(
      points.filter((point) => (point.role === "reference") === reference)
        .map((point) => /\bd=(\d+)/.exec(point.configuration)?.[1] ?? ""),
    ).filter((width) => width !== "").join(", ");
  const [from, to] = [widths(true), widths(false)];
  const width = from === ""
    ? ""
    : to === "" || from === to
    ? `, d = ${from}`
    : `, d = ${from} → ${to}`;
  return [capital(panel) + width, control ? `control: ${rule}` : `rule: ${rule}`];
}

/** The labels of a sweep, the reference's first. */
export function labelsOf(record: BenchRecord, swept: Swept): string[] {
  const cells = record.runs.map((run) => run.cell).filter((cell) => cell.swept === swept);
  const first = cells.filter((cell) => cell.role === "reference");
  return distinct([...first, ...cells].map((cell) => cell.label));
}

/** The sweeps of a record, in the order in which the paper's figure has them. */
export function sweptOf(record: BenchRecord): Swept[] {
  const present = new Set(record.runs.map((run) => run.cell.swept));
  return (["lr", "weightDecay", "initStd"] as const).filter((swept) => present.has(swept));
}
