/**
 * What is kept of a table of runs that were made elsewhere: where each stood, its loss, and which columns said so.
 * Nothing is known of how they were trained, and nothing is said.
 *
 * @module
 */
import { z } from "zod";
import { type Cell, CELL_ROLES } from "./run.ts";
import { ANY_SWEPT, type AnySwept } from "./swept.ts";

/** One run of a table. */
export interface TableRun {
  /** where it stands in the comparison; its seed is a name, as the table has it */
  cell: Omit<Cell, "swept" | "seed"> & { swept: AnySwept; seed: string };
  /** the swept value as the table has it, not its logarithm; `cell.log2x` is on the reference's scale */
  written: number;
  /** its loss; null if it diverged */
  validationLoss: number | null;
  /** line of the file, or row of the data, from 1 */
  line: number;
}

/** zod form of {@link TableRun}. */
export const tableRunSchema: z.ZodType<TableRun> = z.object({
  cell: z.object({
    panel: z.string(),
    configuration: z.string(),
    label: z.string(),
    rule: z.string(),
    role: z.enum(CELL_ROLES),
    swept: z.enum(ANY_SWEPT),
    log2x: z.number(),
    seed: z.string(),
  }),
  written: z.number(),
  validationLoss: z.number().nullable(),
  line: z.number().int(),
});

/** Names of the columns that were read. */
export interface TableColumns {
  /** the swept value, or its logarithm */
  knob: string;
  /** the loss */
  loss: string;
  /** the seed; null where no column has it */
  seed: string | null;
  /** what tells configurations apart; may be none */
  configuration: string[];
}

/** A table, and what of it was read. */
export interface TableSource {
  /** the file as it was given, or a name for the data */
  file: string;
  /** hash of its columns and cells */
  hash: string;
  /** rows it has */
  rows: number;
  /** the columns that were read */
  columns: TableColumns;
  /** what was swept, in words */
  knob: string;
  /** what the reader made of rows that are no run of their own, one sentence each */
  notes: string[];
}

/** Runs to add to one sweep. */
export interface RunsToAdd {
  /** label of the configuration */
  configuration: string;
  /** what it is under, `transferred` or the control's name */
  rule: string;
  /** what they are for */
  why: string;
  /** values, as the table writes that configuration's */
  values: number[];
  /** at these values, how many seeds there should be in all */
  seeds: number;
}

/** zod form of {@link RunsToAdd}. */
export const runsToAddSchema: z.ZodType<RunsToAdd> = z.object({
  configuration: z.string(),
  rule: z.string(),
  why: z.string(),
  values: z.array(z.number()),
  seeds: z.number().int(),
});

/** zod form of {@link TableSource}. */
export const tableSourceSchema: z.ZodType<TableSource> = z.object({
  file: z.string(),
  hash: z.string(),
  rows: z.number().int(),
  columns: z.object({
    knob: z.string(),
    loss: z.string(),
    seed: z.string().nullable(),
    configuration: z.array(z.string()),
  }),
  knob: z.string(),
  notes: z.array(z.string()),
});
