/**
 * From runs to the numbers a chart draws: means over seeds, standard errors, panels, references.
 * Pure: no chart library is named here.
 *
 * @module
 */
import type { TableEvidence, TransferEvidence } from "../../lab/record/evidence.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import type { Cell, Run } from "../../lab/record/run.ts";
import { ANY_SWEPT, type AnySwept } from "../../lab/record/swept.ts";
import type { TableRun } from "../../lab/record/table.ts";
import { finite } from "../words/format.ts";
import { capital, distinct } from "../words/phrases.ts";

/** A record of sweeps, of models trained here or elsewhere. */
export type TransferRecord = BenchRecord & { evidence: TransferEvidence | TableEvidence };

/** A record of sweeps of models that were trained here. */
export type TrainedRecord = BenchRecord & { evidence: TransferEvidence };

/** A run of a sweep, whoever trained it. */
export type SweptRun = Run | TableRun;

/** Mean over seeds at one place of one curve. */
export interface CurvePoint {
  /** short name of the configuration */
  label: string;
  rule: string;
  /** what the legend calls its line: the label, or the rule where rules are compared */
  line: string;
  /** the configuration in full */
  configuration: string;
  /** what the curve is in the plan */
  role: Cell["role"];
  /** log2 of the swept value on the reference's scale */
  log2x: number;
  /** mean of the seeds that did not diverge; null when all did */
  mean: number | null;
  /** standard error of that mean; null with fewer than two seeds */
  standardError: number | null;
  /** seeds in the mean */
  seeds: number;
  /** seeds that diverged */
  diverged: number;
}

/**
 * One panel of a chart: the reference's curve and the curves of one rule, or, where rivals are
 * compared, the curves of every rule on one configuration.
 */
export interface Panel {
  /** the record's name for it, e.g. `transfer` */
  panel: string;
  /** two lines: `Transfer, d = 16 → 64` and `rule: complete-mue` */
  title: [string, string];
  /** whether a line of the record is drawn here, its references aside */
  shows(line: { panel: string; label: string; rule: string }): boolean;
  /** reference and own curves, in order of log2 x */
  points: CurvePoint[];
}

/** Mean and standard error (sample deviation over the root of n). */
function meanAndError(values: number[]): { mean: number | null; error: number | null } {
  if (values.length === 0) return { mean: null, error: null };
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  if (values.length < 2) return { mean, error: null };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) /
    (values.length - 1);
  return { mean, error: Math.sqrt(variance / values.length) };
}

/** The runs of one sweep, averaged over seeds, in order of log2 x. */
export function averageOverSeeds(runs: readonly SweptRun[]): CurvePoint[] {
  const places = Map.groupBy(
    runs,
    ({ cell: { label, role, rule, log2x } }) => `${label}\n${role}\n${rule}\n${log2x}`,
  );
  return [...places.values()].map((group) => {
    const losses = group.map((run) => finite(run.validationLoss)).filter((loss) => loss !== null);
    const { mean, error } = meanAndError(losses);
    const { label, rule, configuration, role, log2x } = group[0].cell;
    return {
      label,
      rule,
      line: label,
      configuration,
      role,
      log2x,
      mean,
      standardError: error,
      seeds: losses.length,
      diverged: group.length - losses.length,
    };
  }).sort((a, b) => a.log2x - b.log2x);
}

/** The runs of a record of sweeps. */
export const sweptRuns = ({ evidence }: TransferRecord): SweptRun[] => evidence.runs;

/** The items of role `reference` that belong to a panel; another panel's where it has none. */
export function referencesOf<T extends { panel: string; role: string; swept: AnySwept }>(
  items: T[],
  panel: string,
  swept: AnySwept,
): T[] {
  const references = items.filter((item) => item.role === "reference" && item.swept === swept);
  const own = references.filter((item) => item.panel === panel);
  return own.length > 0 ? own : references.filter((item) => item.panel === references[0].panel);
}

/**
 * How a chart calls the lines of a record: by configuration, but by rule in panels that compare rules.
 */
export function lineNames(
  record: TransferRecord,
): (line: { panel: string; label: string; rule: string; role: Cell["role"] }) => string {
  const compared = new Set(rivalPanels(record));
  return ({ panel, label, rule, role }) =>
    role !== "reference" && compared.has(panel) ? rule : label;
}

/** The panels in which rules are compared. */
export function rivalPanels(record: TransferRecord): string[] {
  const items = [
    ...sweptRuns(record).map((run) => run.cell),
    ...record.findings.judgements,
  ];
  return distinct(items.filter(({ role }) => role === "rival").map(({ panel }) => panel));
}

/** The panels of one sweep: each rule of each panel by itself, controls after targets. */
export function panelsOf(record: TransferRecord, swept: AnySwept): Panel[] {
  const cells = sweptRuns(record).filter((run) => run.cell.swept === swept);
  const compared = rivalPanels(record), name = lineNames(record);
  const panels = distinct(cells.map((run) => run.cell.panel)).flatMap((panel) => {
    const inside = cells.filter(({ cell }) => cell.panel === panel && cell.role !== "reference")
      .sort((a, b) => order(a.cell) - order(b.cell));
    const reference = referencesOf(cells.map(flat), panel, swept).map((item) => item.run);
    const key = compared.includes(panel) ? "label" : "rule";
    return distinct(inside.map(({ cell }) => cell[key])).map((value): Panel => {
      const own = inside.filter(({ cell }) => cell[key] === value);
      const points = averageOverSeeds([...reference, ...own])
        .map((point) => ({ ...point, line: name({ ...point, panel }) }));
      const title: Panel["title"] = [
        capital(panel) + variedOf(points),
        key === "label"
          ? `${value}, one line per rule`
          : `${own[0].cell.role === "control" ? "control" : "rule"}: ${value}`,
      ];
      return { panel, title, points, shows: (line) => line.panel === panel && line[key] === value };
    });
  });
  if (panels.length > 0 || cells.length === 0) return panels;
  const { panel, rule } = cells[0].cell, points = averageOverSeeds(cells);
  const title: Panel["title"] = [capital(panel) + variedOf(points), `rule: ${rule}`];
  return [{ panel, title, points, shows: () => true }];
}

const order = (cell: SweptRun["cell"]): number => cell.role === "control" ? 1 : 0;
const flat = (run: SweptRun): SweptRun["cell"] & { run: SweptRun } => ({ ...run.cell, run });

/** What differs between reference and targets, for a title: `, d = 16 → 64` or `, L = 2 → 4, 8`. */
function variedOf(points: CurvePoint[]): string {
  const values = (key: string, reference: boolean) =>
    distinct(
      points.filter((point) => (point.role === "reference") === reference)
        .map((point) => new RegExp(`[:,]${key}=(\\d+)`).exec(point.configuration)?.[1] ?? ""),
    ).filter((value) => value !== "").join(", ");
  const changed = ["d", "L", "B", "D"].flatMap((key) => {
    const [from, to] = [values(key, true), values(key, false)];
    return from === "" || to === "" || from === to ? [] : [`, ${key} = ${from} → ${to}`];
  });
  const width = values("d", true);
  return changed.length > 0 || width === "" ? changed.join("") : `, d = ${width}`;
}

/** What the legend of a sweep lists, the reference's first. */
export function legendOf(record: TransferRecord, swept: AnySwept): string[] {
  const cells = sweptRuns(record).map((run) => run.cell).filter((cell) => cell.swept === swept);
  const first = cells.filter((cell) => cell.role === "reference");
  return distinct([...first, ...cells].map(lineNames(record)));
}

/** What a panel of a record sweeps; null for a panel that nothing was trained for. */
export function sweptIn(record: TransferRecord, panel: string): AnySwept | null {
  const cells = [...sweptRuns(record).map((run) => run.cell), ...record.evidence.optima];
  return cells.find((cell) => cell.panel === panel)?.swept ?? null;
}

/** The sweeps of a record, in the order in which the paper's figure has them. */
export function sweptOf(record: TransferRecord): AnySwept[] {
  const present = new Set(sweptRuns(record).map((run) => run.cell.swept));
  return ANY_SWEPT.filter((swept) => present.has(swept));
}
