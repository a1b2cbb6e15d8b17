/**
 * Which columns of a table hold what: by the names they usually have, in whatever spelling and below whatever
 * `config.` or `summary/` a logger put them.
 *
 * @module
 */
import { type AnySwept, SWEPT_NAME } from "../record/swept.ts";
import { grouped, nameIn, numberIn, type Table, TableError, textOf } from "./cells.ts";

const words = (text: string) => text.split(" ");

/** Usual names of a swept hyperparameter, the first found first. */
const KNOB_NAMES: [knob: AnySwept, names: string[]][] = [
  ["lr", words("lr learning_rate learningrate eta base_lr peak_lr max_lr optimizer_lr optim_lr")],
  ["weightDecay", words("weight_decay weightdecay wd optimizer_weight_decay")],
  ["initStd", words("init_std initstd init_scale init_sigma sigma_init initializer_range")],
];
const LOSS_NAMES = words(
  "val_loss validation_loss valid_loss eval_loss final_val_loss loss_val heldout_loss test_loss " +
    "loss final_loss train_loss training_loss",
);
const SEED_NAMES = words("seed random_seed rng_seed random_state init_seed manual_seed replicate");
const STEP_NAMES = words("step global_step trainer_global_step iteration iter epoch tokens");
const STATE_NAMES = words("state status");
const CONFIGURATION_NAMES = words(
  "configuration config model model_name model_size size arch architecture width d_model " +
    "hidden_size hidden_dim n_embd embed_dim dim depth n_layer n_layers num_layers layers " +
    "num_hidden_layers n_experts num_experts experts top_k params n_params rule parametrization " +
    "parameterization batch_size global_batch_size batch steps max_steps",
);

/** Where loggers put names: `config.lr`, `summary/val_loss`. */
const ABOVE =
  /^(?:config|summary|params?|hparams|hyperparameters|hyperparams|metrics?|args|cfg|data|model|optim|optimizer|training|trainer)[./:]+/;

/** A column's name as it is compared: `val/loss`, `Val Loss` and `summary.val_loss` are one. */
export const plainName = (name: string): string =>
  name.trim().replace(/^\uFEFF/, "").toLowerCase().replace(ABOVE, "")
    .replace(/[^a-z0-9]+/g, "_").replace(/^_+|_+$/g, "");

/** A column's name as labels have it: without what a logger put before it. */
export const shortName = (name: string): string =>
  name.trim().replace(new RegExp(ABOVE.source, "i"), "");

/** What the columns of a table are. */
export interface Columns {
  /** the swept value */
  knob: number;
  /** which it is */
  swept: AnySwept;
  /** base of the logarithm that the column has; null: the value itself */
  log: 2 | 10 | null;
  /** what was swept, in words */
  knobName: string;
  loss: number;
  /** −1 where there is none */
  seed: number;
  /** by which earlier rows of a run are told from its last; −1 where there is none */
  step: number;
  /** whether a run finished; −1 where there is none */
  state: number;
  configuration: number[];
}

/** Columns that a user names. */
export interface NamedColumns {
  /** column of the swept value */
  knob?: string;
  /** column of the loss */
  loss?: string;
  /** column of the seed */
  seed?: string;
  /** columns that tell configurations apart */
  configuration?: readonly string[];
  /** the column of the swept value has its logarithm to this base */
  log?: 2 | 10;
}

/** Every name of a table, for a message. */
const listed = ({ columns }: Table): string => {
  const names = columns.filter((name) => name.trim() !== "");
  const more = names.length - 12;
  return names.slice(0, 12).join(", ") + (more > 0 ? ` and ${more} more` : "");
};

/**
 * The column of a name: as it is written, else as it is compared.
 *
 * @throws {TableError} when there is none, or two
 */
export function columnOf(table: Table, name: string): number {
  const { columns } = table;
  const exact = columns.flatMap((column, i) => column.trim() === name.trim() ? [i] : []);
  const alike = columns.flatMap((column, i) => plainName(column) === plainName(name) ? [i] : []);
  const found = exact.length > 0 ? exact : alike;
  if (found.length === 1) return found[0];
  throw new TableError(
    found.length > 1
      ? `Cannot read ${table.name}: ${found.length} columns are called ${name}`
      : `Cannot read ${table.name}: it has no column ${name}, but ${listed(table)}`,
  );
}

/** The columns that have one of these names, in the order of the names. */
const known = ({ columns }: Table, names: readonly string[]): number[] =>
  names.flatMap((name) => columns.flatMap((column, i) => plainName(column) === name ? [i] : []));

/** Whether a column has more than one value. */
function varies({ rows }: Table, column: number): boolean {
  const first = nameIn(rows[0]?.[column]);
  return rows.some((row) => nameIn(row[column]) !== first);
}

/** Which of several configurations columns say something that those before them do not. */
function telling({ rows }: Table, candidates: number[]): number[] {
  const chosen: number[] = [];
  for (const column of candidates) {
    const value = new Map<string, string>();
    const more = rows.some((row) => {
      const before = chosen.map((c) => nameIn(row[c])).join("\n"), own = nameIn(row[column]);
      const was = value.get(before);
      value.set(before, was ?? own);
      return was !== undefined && was !== own;
    });
    if (more) chosen.push(column);
  }
  return chosen;
}

/** A column that may hold a swept value. */
interface Candidate {
  column: number;
  swept: AnySwept;
  log: 2 | 10 | null;
}

/** What a column's name says of the value it holds. */
function candidateOf(table: Table, column: number): Candidate {
  const name = plainName(table.columns[column]);
  const [, base, rest = name] = /^log_?(2|10)_(.+)$/.exec(name) ?? [];
  const found = KNOB_NAMES.find(([, names]) => names.includes(rest));
  return {
    column,
    swept: found?.[0] ?? "other",
    log: base === "2" ? 2 : base === "10" ? 10 : null,
  };
}

/** The swept column: the one that varies within a configuration. */
function knobOf(table: Table, configuration: number[]): Candidate {
  const all = table.columns.map((_, i) => candidateOf(table, i))
    .filter(({ swept, column }) => swept !== "other" && !configuration.includes(column));
  if (all.length <= 1) {
    if (all.length === 1) return all[0];
    throw new TableError(
      `Cannot read ${table.name}: no column is called lr or learning_rate; name the swept one by ` +
        `--knob; it has ${listed(table)}`,
    );
  }
  const groups = grouped(
    table.rows,
    (row) => configuration.map((c) => nameIn(row[c])).join("\n"),
  );
  const swept = all.filter(({ column }) =>
    [...groups.values()].some((rows) => varies({ ...table, rows }, column))
  );
  if (swept.length === 1) return swept[0];
  const names = (of: Candidate[]) => of.map(({ column }) => table.columns[column]).join(", ");
  throw new TableError(
    `Cannot read ${table.name}: ${
      swept.length === 0
        ? `none of ${names(all)} varies`
        : `${swept.length} columns vary (${names(swept)})`
    } within a configuration; name the swept one by --knob`,
  );
}

/** The first usual name that is there; a name two columns have is refused. */
function usual(table: Table, names: readonly string[], flag: string): number {
  const found = known(table, names);
  if (found.length === 0) return -1;
  const alike = found.filter((i) =>
    plainName(table.columns[i]) === plainName(table.columns[found[0]])
  );
  if (alike.length === 1) return found[0];
  throw new TableError(
    `Cannot read ${table.name}: ${alike.map((i) => table.columns[i]).join(" and ")} may both be ` +
      `meant; name one by ${flag}`,
  );
}

/**
 * Finds the columns.
 *
 * @param control columns that mark controls, which tell no configuration
 * @throws {TableError} for one that is missing, or may be several
 */
export function columnsOf(table: Table, named: NamedColumns, control: number[]): Columns {
  const loss = named.loss === undefined
    ? usual(table, LOSS_NAMES, "--loss")
    : columnOf(table, named.loss);
  if (loss < 0) {
    throw new TableError(
      `Cannot read ${table.name}: no column is called val_loss or loss; name it by --loss; it has ` +
        listed(table),
    );
  }
  const seed = named.seed === undefined
    ? usual(table, SEED_NAMES, "--seed")
    : columnOf(table, named.seed);
  const given = named.knob === undefined ? null : columnOf(table, named.knob);
  const taken = [loss, seed, given, ...control];
  const configuration = named.configuration?.map((name) => columnOf(table, name)) ??
    telling(table, known(table, CONFIGURATION_NAMES).filter((i) => !taken.includes(i)));
  const found = given === null ? knobOf(table, configuration) : candidateOf(table, given);
  const free = (i: number) => i === found.column || configuration.includes(i) ? -1 : i;
  const name = table.columns[found.column].trim();
  return {
    knob: found.column,
    swept: found.swept,
    log: named.log ?? found.log,
    knobName: found.swept === "other" ? name : SWEPT_NAME[found.swept],
    loss,
    seed,
    step: free(known(table, STEP_NAMES)[0] ?? -1),
    state: free(known(table, STATE_NAMES)[0] ?? -1),
    configuration,
  };
}

/**
 * The swept value of a row: what is written, and its log2.
 *
 * @throws {TableError} naming the row, the column and what was found
 */
export function knobIn(
  table: Table,
  { knob, log }: Columns,
  row: number,
  place: string,
): { written: number; log2x: number } {
  const cell = table.rows[row][knob], value = numberIn(cell, table.decimalComma);
  const cannot = (why: string) =>
    new TableError(`Cannot read ${table.name}: ${place}, column ${table.columns[knob]}: ${why}`);
  if (value === null || value === undefined) {
    throw cannot(unreadable(cell, table.decimalComma));
  }
  if (log !== null) {
    return { written: log ** value, log2x: value * Math.log2(log) };
  }
  if (!(value > 0)) {
    throw cannot(
      `${value} is not above 0` +
        (value < 0 ? "; a column of logarithms is said by --log 2 or --log 10" : ""),
    );
  }
  return { written: value, log2x: Math.log2(value) };
}

/** What is wrong with a cell that should hold a number. */
export function unreadable(cell: unknown, decimalComma: boolean): string {
  const text = textOf(cell);
  if (text === "") return "nothing is there, where a number should be";
  const comma = !decimalComma && /^[+-]?\d*,\d+(e[+-]?\d+)?$/i.test(text);
  return `"${text.length > 40 ? `${text.slice(0, 39)}…` : text}" is no number` +
    (comma ? "; if its comma is a decimal one, say so by --decimal-comma" : "");
}
