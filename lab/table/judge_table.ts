/**
 * Judges a table of runs that anyone's trainer made: is the tuned value still near-optimal on the others?
 *
 * Source: docs/judge.md, docs/verdicts.md.
 *
 * @module
 */
import { decide } from "../judge/decide.ts";
import type { Decision } from "../record/decision.ts";
import type { Optimum } from "../record/evidence.ts";
import type { Interval, Judgement } from "../record/findings.ts";
import type { CellRole } from "../record/run.ts";
import { REGRET, SHIFT } from "../record/measure_names.ts";
import type { RunsToAdd, TableRun } from "../record/table.ts";
import type { TransferLimits } from "../transfer/judge.ts";
import { type Table, TableError } from "./cells.ts";
import { PANEL, type Read, readRuns, type TableWords } from "./runs.ts";
import { judgeLines, linesOf } from "./sweeps.ts";
import { runsToAdd } from "./to_add.ts";

/** What counts as kept where nothing is said: as the suites of mue-bench have it. */
export const TABLE_LIMITS: TransferLimits = { tolerance_octaves: 1, minRegret: 0.01 };

/** How a table is read and judged; columns that are not named are found by their usual names. */
export interface TableOptions extends TableWords {
  /** largest shift that counts as transferred, octaves (1) */
  tolerance_octaves?: number;
  /** smallest regret limit, in the unit of the loss (0.01) */
  minRegret?: number;
  /** unit of the loss, e.g. `nats`; none by default */
  unit?: string;
  /** numbers have decimal commas */
  decimalComma?: boolean;
  /** what to call the table in an error (`the table`) */
  name?: string;
}

/** What a table says, for programs. */
export interface TableJudged {
  /** where every sweep has its optimum, on the reference's scale; null where none could be fitted */
  optima: {
    /** label of the configuration */
    configuration: string;
    /** what it is in the comparison */
    role: CellRole;
    /** log2 of the optimal value; an interval as wide as the grid says that it is not bounded */
    log2x: Interval | null;
    /** why it cannot be relied on, in words; null when it can */
    reason: string | null;
  }[];
  /** every target and control against the limits */
  judgements: {
    /** label of the configuration */
    configuration: string;
    /** a claim must pass, a control must fail */
    role: Judgement["role"];
    /** octaves by which the optimum moved */
    shift: Interval | null;
    /** what the transferred value costs, in the unit of the loss */
    regret: Interval | null;
    /** what follows */
    verdict: Judgement["verdict"];
    /** why nothing can be decided; null when something can */
    open: string | null;
  }[];
  /** the verdict of the whole, as {@link decide} makes it */
  verdict: Decision["verdict"];
  /** what it rests on */
  reason: Decision["reason"]["code"];
  /** runs that would tell what is left open */
  add: RunsToAdd[];
  /** what was made of rows that are no run of their own */
  notes: string[];
}

/** What follows from the runs of a table. */
export interface FromRuns {
  optima: Optimum[];
  judgements: Judgement[];
  add: RunsToAdd[];
}

/** Judges runs by limits. */
export function judgeRuns(
  runs: readonly TableRun[],
  limits: TransferLimits,
  unit: string,
): FromRuns {
  const lines = linesOf(runs), { swept } = runs[0].cell;
  const { optima, judgements } = judgeLines(lines, limits, unit, { panel: PANEL, swept });
  return { optima, judgements, add: runsToAdd(lines, judgements) };
}

/** The limits among options. */
export function limitsOf(
  { tolerance_octaves, minRegret }: Pick<TableOptions, "tolerance_octaves" | "minRegret">,
): TransferLimits {
  return {
    tolerance_octaves: tolerance_octaves ?? TABLE_LIMITS.tolerance_octaves,
    minRegret: minRegret ?? TABLE_LIMITS.minRegret,
  };
}

/** The result for programs. */
export function judgedOf(
  { optima, judgements, add }: FromRuns,
  { verdict, reason }: Decision,
  notes: string[],
): TableJudged {
  const valueOf = ({ measures }: Judgement, name: string) =>
    measures.find((measure) => measure.name === name)?.value ?? null;
  return {
    optima: optima.map(({ label, role, log2x, reason }) => ({
      configuration: label,
      role,
      log2x,
      reason,
    })),
    judgements: judgements.map((one) => ({
      configuration: one.subject,
      role: one.role,
      shift: valueOf(one, SHIFT),
      regret: valueOf(one, REGRET),
      verdict: one.verdict,
      open: one.open,
    })),
    verdict,
    reason: reason.code,
    add,
    notes,
  };
}

/** Rows as objects become a table; a column is whatever any of them has. */
function tableOf(rows: readonly object[], options: TableOptions): Table {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cells = rows.map((row) => {
    const own = new Map<string, unknown>(Object.entries(row));
    return columns.map((name) => own.get(name));
  });
  const { name = "the table", decimalComma = false } = options;
  return { name, columns, rows: cells, noun: "row", decimalComma };
}

/**
 * Judges rows of runs: per configuration a sweep of the learning rate (or of any positive value), each with its seeds;
 * one configuration was tuned, the others take its value over. What `deno task judge` does, without a file.
 *
 * Rows need no order; a run that is not there is a gap, one whose loss is `NaN`, infinite or nothing diverged.
 *
 * @param rows one per run, `{ lr, val_loss, seed, width }` by whatever names; columns that are not needed are ignored
 * @throws {RangeError} one line that names row and column, and says what was found
 */
export function judgeTable(
  rows: readonly object[],
  options: TableOptions = {},
): TableJudged {
  const read: Read = readRuns(tableOf(rows, options), options), limits = limitsOf(options);
  checkLimits(limits);
  const found = judgeRuns(read.runs, limits, options.unit ?? "");
  return judgedOf(found, decide(found.judgements), read.source.notes);
}

/**
 * Refuses limits that are none.
 *
 * @throws {TableError} for one that is negative or not finite
 */
export function checkLimits({ tolerance_octaves, minRegret }: TransferLimits): void {
  for (const [flag, value] of [["tolerance", tolerance_octaves], ["min-regret", minRegret]]) {
    if (!(Number(value) >= 0 && Number.isFinite(value))) {
      throw new TableError(`Cannot judge by --${flag} ${value}: it must be a number of 0 or more`);
    }
  }
}
