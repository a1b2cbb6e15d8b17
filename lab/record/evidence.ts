/**
 * What a suite's findings rest on, by the kind of suite: the one part of a record that differs.
 *
 * @module
 */
import { z } from "zod";
import { type Interval, intervalSchema } from "./findings.ts";
import { CELL_ROLES, type CellRole, type Run, runSchema } from "./run.ts";
import { ANY_SWEPT, type AnySwept } from "./swept.ts";
import {
  type RunsToAdd,
  runsToAddSchema,
  type TableRun,
  tableRunSchema,
  type TableSource,
  tableSourceSchema,
} from "./table.ts";
import {
  type LatencyPoint,
  latencyPointSchema,
  type RooflineFacts,
  rooflineSchema,
} from "./timed.ts";

/** The optimum of one sweep: where a quadratic in log2 x has its minimum. */
export interface Optimum {
  /** panel of the figure */
  panel: string;
  /** short name of the configuration */
  label: string;
  /** rule id */
  rule: string;
  /** what it is in the comparison */
  role: CellRole;
  /** swept hyperparameter */
  swept: AnySwept;
  /** log2 of the optimal value, median and 95% bootstrap interval; null when it cannot be fitted */
  log2x: Interval | null;
  /** fitted loss at the optimum */
  loss: Interval | null;
  /** the best grid point lies on the edge of the widest grid that was tried */
  atEdge: boolean;
  /** share of runs that diverged */
  diverged: number;
  /** why it cannot be relied on, in words; null when it can */
  reason: string | null;
}
const optimumSchema: z.ZodType<Optimum> = z.object({
  panel: z.string(),
  label: z.string(),
  rule: z.string(),
  role: z.enum(CELL_ROLES),
  swept: z.enum(ANY_SWEPT),
  log2x: intervalSchema.nullable(),
  loss: intervalSchema.nullable(),
  atEdge: z.boolean(),
  diverged: z.number(),
  reason: z.string().nullable(),
});

/** Sweeps of a hyperparameter: is the tuned optimum kept? */
export interface TransferEvidence {
  /** which kind it is */
  kind: "transfer";
  /** every finished run, once per line it is drawn in */
  runs: Run[];
  /** optimum of every finished sweep */
  optima: Optimum[];
}

/** Quantities measured on models at fixed hyperparameters. */
export interface ClaimsEvidence {
  /** which kind it is */
  kind: "claims";
  /** every model it rests on, once per place it is drawn in; none where only probes were measured */
  runs: Run[];
}

/** Layers timed beside each other. */
export interface LatencyEvidence {
  /** which kind it is */
  kind: "latency";
  /** every work that was planned and is finished */
  points: LatencyPoint[];
  /** ceilings measured before the first point */
  roofline: RooflineFacts;
}

/** Sweeps that somebody else's trainer made, read from a table. */
export interface TableEvidence {
  /** which kind it is */
  kind: "table";
  /** the table, and what of it was read */
  source: TableSource;
  /** every run, as it was read */
  runs: TableRun[];
  /** optimum of every sweep */
  optima: Optimum[];
  /** runs that would tell what is left open */
  add: RunsToAdd[];
}

/** What findings rest on. */
export type Evidence = TransferEvidence | ClaimsEvidence | LatencyEvidence | TableEvidence;

/** The runs that mue-bench trained; none of timed layers, and of a table, whose runs others made. */
export function runsOf(evidence: Evidence): Run[] {
  return evidence.kind === "latency" || evidence.kind === "table" ? [] : evidence.runs;
}

/** zod form of {@link Evidence}. */
export const evidenceSchema: z.ZodType<Evidence> = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("transfer"),
    runs: z.array(runSchema),
    optima: z.array(optimumSchema),
  }),
  z.object({ kind: z.literal("claims"), runs: z.array(runSchema) }),
  z.object({
    kind: z.literal("latency"),
    points: z.array(latencyPointSchema),
    roofline: rooflineSchema,
  }),
  z.object({
    kind: z.literal("table"),
    source: tableSourceSchema,
    runs: z.array(tableRunSchema),
    optima: z.array(optimumSchema),
    add: z.array(runsToAddSchema),
  }),
]);
