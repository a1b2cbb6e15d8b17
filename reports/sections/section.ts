/**
 * The way into a report: a record becomes sections, each medium turns sections into a file. A section
 * holds words and numbers already written; a medium only lays them out and escapes them.
 *
 * @module
 */
import type { Interval, Picture, Role, Verdict } from "../../lab/record/findings.ts";
import type { Chart } from "../words/caption.ts";
import { finite } from "../words/format.ts";

/** A table of text. */
export interface Table {
  /** names of the columns, units included */
  head: string[];
  /** the cells, row by row */
  rows: string[][];
}

/** A column of a table: its head, and the cell of an item. */
export type Column<T> = [head: string, cell: (item: T) => string];

/** A table with a row per item. */
export const tableOf = <T>(items: readonly T[], columns: Column<T>[]): Table => ({
  head: columns.map(([head]) => head),
  rows: items.map((item) => columns.map(([, cell]) => cell(item))),
});

/** What a row of a table says of something judged. */
export interface JudgedRow {
  /** what was judged, in one line */
  name: string;
  /** what it is for */
  role: Role;
  verdict: Verdict;
  /** why, in one sentence with the values */
  reason: string;
  /** the same for a place beside the values, without them; may be empty */
  note: string;
  /** what the values do not show: why there is none, or why they decide nothing; may be empty */
  hidden: string;
}

/** A piece of a section. */
export type Block =
  /**
   * `judged` has an entry per row where the rows are judgements; the column `verdict` is theirs, and
   * why they are so stands in none: a medium with room adds one. `links` leads from the cells of one
   * column to other pages or places
   */
  | {
    kind: "table";
    table: Table;
    caption: string;
    judged?: JudgedRow[];
    links?: { column: string; to: string[] };
    stem: string;
  }
  | { kind: "pairs"; pairs: [name: string, value: string][] }
  | { kind: "list"; items: string[] }
  | { kind: "code"; text: string }
  | { kind: "chart"; chart: Chart }
  | { kind: "picture"; picture: Picture }
  | { kind: "note"; text: string }
  /** a claim with its verdict, `phrase` with what qualifies it, then why, with counts that it does not say */
  | {
    kind: "verdict";
    claim: string;
    verdict: Verdict;
    phrase: string;
    counts: string;
    reason: string;
  }
  | { kind: "link"; text: string; to: string }
  | { kind: "folded"; title: string; blocks: Block[] };

/** A table as a block. */
export const tableBlock = (
  stem: string,
  table: Table,
  caption = "",
): Block & { kind: "table" } => ({ kind: "table", stem, table, caption });

/** A table with a last column for why its judgements are what they are, where that is said. */
export function withReasons({ table, judged }: Block & { kind: "table" }): Table {
  if (!judged?.some(({ note }) => note !== "")) return table;
  return {
    head: [...table.head, "reason"],
    rows: table.rows.map((cells, row) => [...cells, judged[row].note]),
  };
}

/** Rows for a program, numbers unrounded; a medium that writes data makes a file of each. */
export interface Data {
  /** name of its file, without an ending, e.g. `runs` */
  stem: string;
  /** the columns, in order */
  columns: string[];
  /** a value per column; null where nothing was measured */
  rows: Record<string, string | number | null>[];
}

/** The columns of an estimate: itself, and both ends of its interval. */
export const intervalCells = (
  name: string,
  value: Interval | null | undefined,
): Record<string, number | null> => ({
  [name]: finite(value?.estimate),
  [`${name}_lo`]: finite(value?.lo),
  [`${name}_hi`]: finite(value?.hi),
});

/** A part of a report under one heading. */
export interface Section {
  /** the heading; empty where what it holds needs none */
  title: string;
  /** place that links lead to, letters, digits and hyphens; none where no link does */
  id?: string;
  blocks: Block[];
  /** where it is shown: everywhere, or not in a terminal, where only what is decided has room */
  in: "all" | "documents";
}

/** Blocks under a heading. */
export const section = (
  title: string,
  blocks: Block[],
  where: Section["in"] = "documents",
): Section => ({ title, in: where, blocks });

/** Sentences under a heading; no section where there are none. */
export const listSection = (
  title: string,
  items: string[],
  where?: Section["in"],
): Section[] => items.length === 0 ? [] : [section(title, [{ kind: "list", items }], where)];

/** Charts under no heading. */
export const chartSection = (charts: Chart[]): Section =>
  section("", charts.map((chart) => ({ kind: "chart", chart })));

/** What stands above all sections. */
export interface Head {
  /** of the suite */
  id: string;
  title: string;
  /** `After the paper's Fig. 3`, or that it is after none */
  after: string;
  /** where the claim stands */
  source: string;
  claim: string;
  verdict: Verdict;
  /** the verdict with what qualifies it: `pass (incomplete)` */
  phrase: string;
  /** why, in one sentence */
  reason: string;
  /** the same for a place above the judgements, whose own reasons it leaves to them */
  brief: string;
  /** adapter by name */
  machine: string;
  /** what it cost, and under which profile */
  cost: string;
  /** seconds it took, as a number for a program */
  wall_s: number;
  /** ISO time of the judgement */
  createdAt: string;
}

/** A record as words: what every medium is made from. */
export interface Report {
  head: Head;
  sections: Section[];
  /** the same numbers for programs */
  data: Data[];
  /** what could not be made, one sentence each */
  problems: string[];
  /** what it is beside earlier records; absent where it was held against none */
  against?: { name: string; worse: boolean; message: string }[];
}

/** The pictures of a report, in its order. */
export function picturesOf({ sections }: Pick<Report, "sections">): Picture[] {
  return sections.flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.kind === "picture" ? [block.picture] : [])
  );
}
