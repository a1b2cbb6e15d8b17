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
export { type AnyRecord, readAnyRecord } from "./lab/record/any_record.ts";
export { CLAIM_SCHEMA } from "./lab/record/claim_record.ts";
export type {
  ClaimJudgement,
  ClaimRecord,
  ClaimTable,
  Findings,
  PanelFacts,
  Point,
} from "./lab/record/claim_record.ts";
export { GATE_NAMES, ROUTER_NAMES, type RouterChoice } from "./rule/router.ts";
export * from "./rule/rule.ts";
export type {
  BaseHyperParameters,
  BenchRecord,
  Cell,
  Cost,
  Environment,
  Estimated,
  Interval,
  Judgement,
  Optimum,
  PlanFacts,
  Role,
  RouterRecord,
  Run,
  SuiteFacts,
  Verdict,
} from "./lab/record/record.ts";
export { ROLES, SCHEMA, VERDICTS } from "./lab/record/record.ts";
export { readRecord } from "./lab/record/read.ts";
export type {
  LatencyJudgement,
  LatencyLimits,
  LatencyPanel,
  LatencyPass,
  LatencyPlan,
  LatencyPoint,
  LatencyRecord,
  LatencySeries,
  RooflineFacts,
} from "./lab/record/latency_record.ts";
export {
  LATENCY_PANELS,
  LATENCY_PASSES,
  LATENCY_SCHEMA,
  LATENCY_SERIES,
  readLatencyRecord,
} from "./lab/record/latency_record.ts";
