/**
 * The library face: the transfer rules, and the judge of sweeps of your own. Nothing here needs a GPU,
 * Deno or a package. The records that a bench leaves behind have a face of their own, record.ts.
 *
 * A rule carries hyperparameters from a tuned reference to a target:
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
 * {@link judgeTable} judges rows of runs as any trainer writes them. {@link judgeSweep} says whether a
 * target's optimum stayed where the reference has it, {@link judge} and {@link judgeOne} put any other
 * quantity against its limits, {@link decide} makes one verdict of several judgements; {@link
 * bracketGrid}, {@link nextPoints} and {@link sweepOptimum} say what to train next and where a sweep
 * has its minimum. docs/library.md shows them at work.
 *
 * @module
 */
export * from "./rule/configuration.ts";
export * from "./rule/registry.ts";
export * from "./rule/rule.ts";
export { GATE_NAMES, ROUTER_NAMES, type RouterChoice } from "./rule/router.ts";
export { type Beside, besideOf, type Transferred } from "./rule/beside.ts";
export type { Anatomy } from "./rule/anatomy.ts";
export {
  type HuggingFaceModel,
  type LayerKind,
  MODEL_TYPES,
  readHuggingFace,
} from "./rule/huggingface.ts";
export { explain, type Explanation, type Factor } from "./rule/explain.ts";

export { judgeSweep } from "./lab/transfer/judge_sweep.ts";
export type { TransferLimits } from "./lab/transfer/judge.ts";
export { decide, judge, judgeOne } from "./lab/judge/decide.ts";
export type { Single, Unjudged, UnjudgedMeasure } from "./lab/judge/decide.ts";
export { bracketGrid, nextPoints, sweepOptimum } from "./lab/statistics/optimum.ts";
export type { Sweep, SweepOptimum } from "./lab/statistics/optimum.ts";
export { judgeTable, TABLE_LIMITS } from "./lab/table/judge_table.ts";
export type { TableJudged, TableOptions } from "./lab/table/judge_table.ts";
export { TableError } from "./lab/table/cells.ts";
export type { NamedColumns } from "./lab/table/columns.ts";
export type { TableWords } from "./lab/table/runs.ts";
export type { RunsToAdd } from "./lab/record/table.ts";
export type { CellRole } from "./lab/record/run.ts";
export type { SeedNoise } from "./lab/statistics/power.ts";
export { REGRET, SHIFT } from "./lab/record/measure_names.ts";
export type {
  Interval,
  Judgement,
  Limits,
  Measure,
  Needs,
  Role,
  Verdict,
} from "./lab/record/findings.ts";
export type { Counts, Decision, Reason } from "./lab/record/decision.ts";
