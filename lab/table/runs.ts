/**
 * From the rows of a table to runs of sweeps: who is the reference, who a control, on whose scale a rate is written,
 * and which rows are no run of their own.
 *
 * @module
 */
import type { CellRole } from "../record/run.ts";
import type { TableRun, TableSource } from "../record/table.ts";
import { grouped, nameIn, numberIn, placeOf, type Table, TableError, textOf } from "./cells.ts";
import {
  columnOf,
  type Columns,
  columnsOf,
  knobIn,
  type NamedColumns,
  shortName,
  unreadable,
} from "./columns.ts";
import { type Scale, scaleOf } from "./scale.ts";

/** What is said of a table. */
export interface TableWords extends NamedColumns {
  /** the tuned configuration: its value, or its values as its label has them */
  reference?: string;
  /**
   * what carries targets' values to the reference's scale: `CONFIGURATION=FACTOR`, or `COLUMN^POWER` for
   * (its value / the reference's)^POWER; none: they stand on it, as controls always do
   */
  scale?: readonly string[];
  /** `COLUMN=VALUE`: rows of targets under a rule that should fail */
  control?: readonly string[];
}

/** Panel of every run. */
export const PANEL = "transfer";
/** What targets are judged under. */
export const TRANSFERRED = "transferred";
/** More configurations than this are no sweep that anyone would read. */
const MOST = 100;
/** Values nearer than this are one place, octaves: 0.00098 is 2^-10. */
const SAME_OCTAVES = 0.01;
/** States of a logger in which a loss is not the last. */
const UNFINISHED = /^(running|pending|crashed|failed|killed|preempted|preempting)$/i;

/** A configuration of the table. */
export interface Configuration {
  label: string;
  /** its cells, in the order of the columns */
  values: string[];
}

function configurationOf(table: Table, { configuration }: Columns, row: readonly unknown[]) {
  const values = configuration.map((c) => nameIn(row[c]));
  const pairs = configuration.map((c, i) =>
    `${shortName(table.columns[c])}=${values[i] || "none"}`
  );
  const plain = configuration.length === 1 && !/^[\d.]*$/.test(values[0]);
  return { values, label: plain ? values[0] : pairs.join(" ") || "all rows" };
}

/** Whether a text names a configuration. */
export const isNamed = ({ label, values }: Configuration, text: string): boolean => {
  const said = text.split(/[,\s]+/).map((part) => nameIn(part.replace(/^[^=]*=/, "")));
  return text === label || nameIn(text) === values.join(",") ||
    said.join("\n") === values.join("\n") ||
    label.replaceAll(" ", ",") === text.replaceAll(" ", ",");
};

/** Which rows are controls, and under what name. */
function controlOf(table: Table, specs: readonly string[]) {
  const all = specs.map((spec) => {
    const at = spec.indexOf("=");
    if (at < 1) {
      throw new TableError(
        `Cannot use --control ${spec}: it looks like COLUMN=VALUE, e.g. rule=sp`,
      );
    }
    const column = columnOf(table, spec.slice(0, at)), value = nameIn(spec.slice(at + 1));
    if (!table.rows.some((row) => nameIn(row[column]) === value)) {
      const found = [...new Set(table.rows.map((row) => nameIn(row[column])))].slice(0, 6);
      throw new TableError(
        `Cannot use --control ${spec}: no row of ${table.name} has that, but ${found.join(", ")}`,
      );
    }
    return { spec, column, value };
  });
  const of = (row: readonly unknown[]) =>
    all.find(({ column, value }) => nameIn(row[column]) === value)?.spec ?? null;
  return { columns: all.map(({ column }) => column), of };
}

/** The tuned configuration among those there are. */
function referenceOf(name: string, all: Configuration[], text: string | undefined): string {
  const labels = all.map(({ label }) => label).join(", ");
  if (text === undefined) {
    if (all.length === 1) return all[0].label;
    throw new TableError(
      `Cannot judge ${name}: say by --reference which configuration was tuned; it has ${labels}`,
    );
  }
  const found = all.filter((one) => isNamed(one, text));
  if (found.length === 1) return found[0].label;
  if (all.length === 1 && all[0].values.length === 0) {
    throw new TableError(
      `Cannot judge ${name}: no column tells configurations apart by a usual name; name it by --configuration`,
    );
  }
  throw new TableError(
    `Cannot judge ${name}: ${
      found.length === 0 ? "no configuration" : `${found.length} configurations`
    } called ${text}; it has ${labels}`,
  );
}

/** What was read. */
export interface Read {
  runs: TableRun[];
  source: Omit<TableSource, "hash">;
  /** label of the reference */
  reference: string;
  /** by what a value as written is multiplied, for every label */
  scale: Scale;
}

const many = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;

/** Which columns tell two rows of one run apart, but for those that tell every row from every other. */
function differing(table: Table, columns: Columns, a: number, b: number): string[] {
  const used = [columns.knob, columns.loss, columns.seed, ...columns.configuration];
  return table.columns.flatMap((name, i) => {
    const [one, other] = [a, b].map((row) => textOf(table.rows[row][i]));
    if (used.includes(i) || one === other || name.trim() === "") return [];
    const values = new Set(table.rows.map((row) => textOf(row[i])));
    return values.size > Math.max(8, table.rows.length / 4) ? [] : [name.trim()];
  }).slice(0, 3);
}

/** Values a hair apart are one place: each is given the least of those beside it. */
function places(runs: readonly TableRun[]): void {
  const lines = grouped(runs, ({ cell }) => `${cell.label}\n${cell.rule}`);
  for (const line of lines.values()) {
    const sorted = [...line].sort((a, b) => a.cell.log2x - b.cell.log2x);
    let at = -Infinity;
    for (const run of sorted) {
      if (run.cell.log2x - at > SAME_OCTAVES) at = run.cell.log2x;
      run.cell.log2x = at;
    }
  }
}

/** One run per place and seed: of a run's log the last row, of equal rows the first. */
function once(table: Table, columns: Columns, all: { run: TableRun; row: number }[]) {
  const kept = new Map<string, { run: TableRun; row: number }>();
  let earlier = 0, equal = 0;
  const stepOf = (row: number) =>
    columns.step < 0 ? null : numberIn(table.rows[row][columns.step], table.decimalComma) ?? null;
  for (const one of all) {
    const { label, rule, log2x, seed } = one.run.cell;
    const key = [label, rule, log2x, seed].join("\n"), before = kept.get(key);
    if (before === undefined) kept.set(key, one);
    else {
      const was = stepOf(before.row), is = stepOf(one.row);
      if (was !== null && is !== null && was !== is) {
        earlier++;
        if (is > was) kept.set(key, one);
      } else if (before.run.validationLoss === one.run.validationLoss) equal++;
      else {
        const tell = differing(table, columns, before.row, one.row);
        const same =
          `${table.columns[columns.knob].trim()} ${textOf(table.rows[one.row][columns.knob])}, ` +
          `${label}${columns.seed < 0 ? "" : `, seed ${seed}`}`;
        throw new TableError(
          `Cannot read ${table.name}: ${placeOf(table, one.row)} is the run of ` +
            `${placeOf(table, before.row)} again (${same}) with another loss; ` +
            (tell.length > 0
              ? `they differ in ${
                tell.join(", ")
              }: name what tells them apart by --configuration or --seed`
              : columns.seed < 0
              ? "name the column of seeds by --seed"
              : "keep one of them"),
        );
      }
    }
  }
  const notes = [
    ...(earlier > 0
      ? [`${many(earlier, "row")} of earlier steps left out: of each run its last step counts`]
      : []),
    ...(equal > 0
      ? [`${many(equal, "row")} that repeat another in all that counts, left out`]
      : []),
  ];
  return { runs: [...kept.values()].map(({ run }) => run), notes };
}

/**
 * Reads a table.
 *
 * @throws {TableError} one line naming the row, the column and what was found; columns that are missing or may be
 * several; a run that is there twice; a reference or control that is not there
 */
export function readRuns(table: Table, said: TableWords): Read {
  if (table.rows.length === 0) throw new TableError(`Cannot read ${table.name}: it has no rows`);
  const control = controlOf(table, said.control ?? []);
  const columns = columnsOf(table, said, control.columns);
  const configurations = new Map<string, Configuration>();
  const labels = table.rows.map((row) => {
    const own = configurationOf(table, columns, row);
    configurations.set(own.label, own);
    return own.label;
  });
  const all = [...configurations.values()];
  if (all.length > MOST) {
    throw new TableError(
      `Cannot read ${table.name}: ${
        columns.configuration.map((c) => table.columns[c]).join(", ")
      } ` +
        `makes ${all.length} configurations, more than ${MOST}; name other columns by --configuration`,
    );
  }
  const reference = referenceOf(table.name, all, said.reference);
  const names = columns.configuration.map((c) => table.columns[c].trim());
  const called = columns.configuration.map((c) => shortName(table.columns[c]));
  const scale = scaleOf(said.scale ?? [], all, called, reference);
  const read: { run: TableRun; row: number }[] = [], states = new Map<string, number>();
  let beside = 0;
  table.rows.forEach((row, i) => {
    const place = placeOf(table, i), rule = control.of(row), label = labels[i];
    const { written, log2x } = knobIn(table, columns, i, place);
    const loss = numberIn(row[columns.loss], table.decimalComma);
    if (loss === undefined) {
      throw new TableError(
        `Cannot read ${table.name}: ${place}, column ${table.columns[columns.loss]}: ` +
          unreadable(row[columns.loss], table.decimalComma),
      );
    }
    if (rule !== null && label === reference) return void beside++;
    const state = columns.state < 0 ? "" : textOf(row[columns.state]);
    if (UNFINISHED.test(state)) states.set(state, (states.get(state) ?? 0) + 1);
    const role: CellRole = label === reference ? "reference" : rule ? "control" : "target";
    const seed = columns.seed < 0 ? "0" : nameIn(row[columns.seed]);
    const cell: TableRun["cell"] = {
      panel: PANEL,
      configuration: label,
      label,
      rule: rule ?? TRANSFERRED,
      role,
      swept: columns.swept,
      // a rule that carries nothing is written on the reference's scale
      log2x: rule === null ? log2x + Math.log2(scale.get(label)!) : log2x,
      seed,
    };
    const line = table.lines?.[i] ?? i + 1;
    read.push({ run: { cell, written, validationLoss: loss, line }, row: i });
  });
  places(read.map(({ run }) => run));
  const { runs, notes } = once(table, columns, read);
  if (!runs.some(({ cell }) => cell.role === "reference")) {
    throw new TableError(
      `Cannot judge ${table.name}: all rows of the reference ${reference} are marked as controls`,
    );
  }
  const unfinished = [...states].map(([state, n]) => `${n} ${state}`).join(", ");
  return {
    runs,
    reference,
    scale,
    source: {
      file: table.name,
      rows: table.rows.length,
      columns: {
        knob: table.columns[columns.knob].trim(),
        loss: table.columns[columns.loss].trim(),
        seed: columns.seed < 0 ? null : table.columns[columns.seed].trim(),
        configuration: names,
      },
      knob: columns.knobName,
      notes: [
        ...notes,
        ...(beside > 0
          ? [`${many(beside, "row")} of the reference marked as control, left out`]
          : []),
        ...(unfinished === "" ? [] : [
          `by their state not all runs ended (${unfinished}): the loss they have counts as their last`,
        ]),
      ],
    },
  };
}
