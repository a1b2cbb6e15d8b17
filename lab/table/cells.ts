/**
 * Cells of a table that people and their tools write: numbers in every usual form, and what stands for none.
 *
 * @module
 */

/** A table that cannot be read as runs of a sweep: one line that says where and what was found. */
export class TableError extends RangeError {
  /** Name of the class. */
  override name = "TableError";
}

/** A table as it was read: names of columns, and cells in their order. */
export interface Table {
  /** what to call it in an error, e.g. its path */
  name: string;
  /** names of the columns */
  columns: readonly string[];
  /** the cells, row by row: texts, or what JSON has */
  rows: readonly (readonly unknown[])[];
  /** what a row is called: a line of a file, a row of data */
  noun: "line" | "row";
  /** the line of each row; absent: rows are counted from 1 */
  lines?: readonly number[];
  /** a comma in a number is a decimal one */
  decimalComma: boolean;
}

/** Where a row stands, as messages say it: `line 7`. */
export const placeOf = ({ noun, lines }: Table, row: number): string =>
  `${noun} ${lines?.[row] ?? row + 1}`;

/** What stands where a run has no loss: it diverged, or left none. */
const NONE = /^(?:|[+-]?nan|[+-]?inf(?:inity)?|none|null|n\/?a|#n\/a|<na>|-|diverged)$/i;

const DIGITS = String.raw`[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?`;
const PLAIN = new RegExp(`^${DIGITS}$`, "i");
/** `2^-6`, `2**-6`, `10^(-3)` */
const POWER = new RegExp(String.raw`^(${DIGITS})\s*(?:\^|\*\*)\s*\(?(${DIGITS})\)?$`, "i");
/** `3×10^-4`, `3*10**-4` */
const TIMES = new RegExp(
  String.raw`^(${DIGITS})\s*[*x×·]\s*10\s*(?:\^|\*\*)\s*\(?([+-]?\d+)\)?$`,
  "i",
);
/** `1/64` */
const SHARE = new RegExp(String.raw`^(${DIGITS})\s*/\s*(${DIGITS})$`, "i");

/** Items by a key, in their order (`Map.groupBy`, which Node 20 has not). */
export function grouped<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item), group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

/** The text of a cell; nothing where there is none. */
export const textOf = (cell: unknown): string =>
  cell === null || cell === undefined
    ? ""
    : typeof cell === "object"
    ? JSON.stringify(cell)
    : String(cell).trim();

/**
 * The number in a cell.
 *
 * @param decimalComma a comma stands before the decimals
 * @returns null where it says that there is none (`NaN`, `inf`, nothing); undefined where it is something else
 */
export function numberIn(cell: unknown, decimalComma: boolean): number | null | undefined {
  if (typeof cell === "number") return Number.isFinite(cell) ? cell : null;
  const written = textOf(cell).replaceAll("−", "-");
  if (NONE.test(written)) return null;
  if (typeof cell === "object" || typeof cell === "boolean") return undefined;
  const text = decimalComma && !written.includes(".") ? written.replace(",", ".") : written;
  const value = valueOf(text);
  return value === undefined || Number.isFinite(value) ? value : null;
}

function valueOf(text: string): number | undefined {
  if (PLAIN.test(text)) return Number(text);
  const times = TIMES.exec(text);
  if (times) return Number(`${Number(times[1])}e${times[2]}`);
  const power = POWER.exec(text);
  if (power) return Number(power[1]) ** Number(power[2]);
  const share = SHARE.exec(text);
  return share ? Number(share[1]) / Number(share[2]) : undefined;
}

/** A cell as a name: numbers in one form, so that `64`, `64.0` and 64 are one configuration. */
export function nameIn(cell: unknown): string {
  const text = textOf(cell);
  return PLAIN.test(text) && text.length < 16 ? String(Number(text)) : text;
}
