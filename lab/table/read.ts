/**
 * Reads a table's file: CSV with commas or semicolons, TSV, JSON Lines or a JSON list.
 *
 * @module
 */
import { dsvFormat } from "d3-dsv";
import { readText } from "../record/bounds.ts";
import { causeOf, LabError } from "../record/failure.ts";
import { type Table, TableError } from "./cells.ts";

/** Bare words that Python writes for what JSON cannot: found outside texts. */
const NOT_JSON = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

/** Keys of an object in objects: `{"config": {"lr": 1}}` has `config.lr`. */
function flat(value: object, above = ""): [string, unknown][] {
  return Object.entries(value).flatMap(([key, one]): [string, unknown][] => {
    const name = above === "" ? key : `${above}.${key}`;
    const inside = typeof one === "object" && one !== null && !Array.isArray(one);
    return inside && above.split(".").length < 4 ? flat(one, name) : [[name, one]];
  });
}

type Parsed = Pick<Table, "columns" | "rows" | "lines">;

function parseJson(text: string, name: string, line: number): unknown {
  try {
    return JSON.parse(text.replace(NOT_JSON, (word) => word.startsWith('"') ? word : "null"));
  } catch {
    throw new TableError(`Cannot read ${name}: line ${line} is not JSON, or cut short`);
  }
}

/** One object per line, or one list of them. */
function ofJson(text: string, name: string): Parsed {
  const whole = /^\s*\[/.test(text);
  const items = whole
    ? [parseJson(text, name, 1)].flat().map((value, i) => ({ value, line: i + 1 }))
    : text.split(/\r\n|\r|\n/).flatMap((line, i) =>
      line.trim() === "" ? [] : [{ value: parseJson(line, name, i + 1), line: i + 1 }]
    );
  const places = new Map<string, number>();
  const rows = items.map(({ value, line }) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      const place = `${whole ? "item" : "line"} ${line}`;
      throw new TableError(`Cannot read ${name}: ${place} is no object with a run's columns`);
    }
    const row: unknown[] = [];
    for (const [key, cell] of flat(value)) {
      const at = places.get(key) ?? places.size;
      places.set(key, at);
      row[at] = cell;
    }
    return row;
  });
  return { columns: [...places.keys()], rows, lines: items.map(({ line }) => line) };
}

/** What stands between the cells, by the header. */
function delimiterOf(header: string): string {
  const bare = header.replace(/"[^"]*"/g, "");
  const count = (of: string) => bare.split(of).length - 1;
  return count("\t") > 0 ? "\t" : count(";") > count(",") ? ";" : ",";
}

/** Lines of cells; a cell in quotes may have lines of its own. */
function ofCells(text: string, name: string, delimiter: string): Parsed {
  const all = dsvFormat(delimiter).parseRows(text), rows: string[][] = [], lines: number[] = [];
  let line = 1, columns: string[] | null = null;
  for (const row of all) {
    const at = line;
    line += 1 + row.reduce((sum, cell) => sum + (cell.match(/\r\n|\r|\n/g)?.length ?? 0), 0);
    if (row.every((cell) => cell.trim() === "")) continue;
    if (columns === null) {
      columns = row.map((cell) => cell.trim());
      continue;
    }
    if (row.length !== columns.length) {
      const more = row.slice(columns.length);
      if (row.length < columns.length || more.some((cell) => cell.trim() !== "")) {
        throw new TableError(
          `Cannot read ${name}: line ${at} has ${row.length} cells, the header has ${columns.length}`,
        );
      }
    }
    rows.push(row);
    lines.push(at);
  }
  return { columns: columns ?? [], rows, lines };
}

/**
 * A table's text.
 *
 * @param name of the file: by `.jsonl`, `.ndjson`, `.json`, or its first character, it is JSON
 * @param decimalComma numbers have decimal commas; those of cells between semicolons or tabs have
 * @throws {TableError} one line with file and line
 */
export function parseTable(text: string, name: string, decimalComma = false): Table {
  const bare = text.replace(/^\uFEFF/, "");
  if (bare.trim() === "") throw new TableError(`Cannot read ${name}: it is empty`);
  if (bare.includes("\0")) throw new TableError(`Cannot read ${name}: it is no text`);
  if (/\.(jsonl|ndjson|json)(\.gz)?$/i.test(name) || /^\s*[[{]/.test(bare)) {
    return { name, ...ofJson(bare, name), noun: "line", decimalComma };
  }
  const delimiter = delimiterOf(bare.trimStart().split(/\r\n|\r|\n/, 1)[0]);
  const comma = decimalComma || delimiter !== ",";
  return { name, ...ofCells(bare, name, delimiter), noun: "line", decimalComma: comma };
}

/**
 * Reads a file, also one that gzip packed.
 *
 * @throws {LabError} when there is none @throws {TableError} as {@link parseTable}
 */
export async function readTable(path: string, decimalComma = false): Promise<Table> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  return parseTable(text, path, decimalComma);
}
