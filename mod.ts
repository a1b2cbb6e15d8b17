/**
 * The library face: transfer rules, and the records a bench leaves behind.
 *
 * ```ts
 * import { parseConfiguration, ruleById } from "./mod.ts";
 *
 * const from = parseConfiguration("dense:d=128,L=4,H=128");
 * const to = parseConfiguration("64e8a:d=1024,h=128", from);
 * const { rows } = ruleById("complete-mue").transfer(from, to, {
 *   lr: 0.01,
 *   weightDecay: 0.1,
 *   eps: 1e-8,
 *   beta1: 0.9,
 *   beta2: 0.95,
 *   initStd: 0.01,
 *   embedInitStd: 0.01,
 *   unembedInitStd: 0.01,
 * });
 * const wq = rows.find((row) => row.tensor === "wq")!;
 * if (wq.lr !== 0.01 / 8) throw new Error("hidden matrices divide the learning rate by rho_d");
 * ```
 *
 * @module
 */
export * from "./rule/configuration.ts";
export * from "./rule/registry.ts";
export * from "./rule/rule.ts";
export { GATE_NAMES, ROUTER_NAMES, type RouterChoice } from "./rule/router.ts";
export { readRecord } from "./lab/record/read.ts";
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
  TransferEvidence,
} from "./lab/record/evidence.ts";
export type { Cell, CellRole, RouterRecord, Run, Swept } from "./lab/record/run.ts";
export { CELL_ROLES, SWEPT } from "./lab/record/run.ts";
export type {
  LatencyPanel,
  LatencyPass,
  LatencyPoint,
  LatencySeries,
  RooflineFacts,
} from "./lab/record/timed.ts";
export { LATENCY_PANELS, LATENCY_PASSES, LATENCY_SERIES } from "./lab/record/timed.ts";
