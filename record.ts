/**
 * The face of records: what a bench leaves behind in `record.json`, read and checked field by field, with
 * the types of all of it. Needs zod.
 *
 * ```ts
 * import { LabError, parseRecord } from "./record.ts";
 *
 * try {
 *   parseRecord("{}", "record.json");
 * } catch (error) {
 *   if (!(error instanceof LabError)) throw error;
 *   console.error(error.message); // one line: the file, what was found, what to do
 * }
 * ```
 *
 * @module
 */
export { parseRecord, readRecord } from "./lab/record/read.ts";
export { LabError } from "./lab/record/failure.ts";
export { decideSuite } from "./lab/judge/decide.ts";
export type {
  BenchRecord,
  Cost,
  DataFacts,
  Environment,
  PlanFacts,
  SuiteFacts,
  TaskFacts,
  Trust,
} from "./lab/record/record.ts";
export { SCHEMA } from "./lab/record/record.ts";
export type {
  Column,
  Findings,
  FindingsTable,
  Interval,
  Judgement,
  Limits,
  Measure,
  Needs,
  Panel,
  Picture,
  Point,
  Role,
  Scale,
  TableCell,
  Verdict,
} from "./lab/record/findings.ts";
export { ROLES, SCALES, VERDICTS } from "./lab/record/findings.ts";
export type { Counts, Decision, Reason } from "./lab/record/decision.ts";
export { REASONS } from "./lab/record/decision.ts";
export type {
  ClaimsEvidence,
  Evidence,
  LatencyEvidence,
  Optimum,
  TableEvidence,
  TransferEvidence,
} from "./lab/record/evidence.ts";
export type { AnySwept, Cell, CellRole, RouterRecord, Run, Swept } from "./lab/record/run.ts";
export { ANY_SWEPT, CELL_ROLES, SWEPT } from "./lab/record/run.ts";
export type { RunsToAdd, TableColumns, TableRun, TableSource } from "./lab/record/table.ts";
export type {
  LatencyPanel,
  LatencyPass,
  LatencyPoint,
  LatencySeries,
  RooflineFacts,
} from "./lab/record/timed.ts";
export { LATENCY_PANELS, LATENCY_PASSES, LATENCY_SERIES } from "./lab/record/timed.ts";
