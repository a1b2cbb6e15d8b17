/** A bench of made-up losses, without a device: runs by the plan and the rule, each with a bowl's loss. */
import { assemble } from "../../lab/assemble.ts";
import { planOf } from "../../lab/assemble.ts";
import { derive } from "../../lab/derive.ts";
import type { BenchRecord, Cost } from "../../lab/record/record.ts";
import { type Run, signed } from "../../lab/record/run.ts";
import type { ProfileName, Suite } from "../../lab/suite.ts";
import type { Context, Job } from "../../lab/train/job.ts";
import { FinishedModels } from "../../lab/train/models.ts";
import { SINGULAR_KINDS } from "../../model/measure/top_singular.ts";
import { layoutOf } from "../../model/shape.ts";
import { textDataset } from "../../model/tasks/language.ts";
import { uniforms } from "../random.ts";
import { ENVIRONMENT } from "./runs.ts";

/** Data that nobody trains on. */
export const DATA = textDataset({
  name: "made up",
  bytes: Uint8Array.from({ length: 20_000 }, (_, i) => (i * i) % 251),
  trainBytes: 16_000,
  hash: "made-up",
  licence: "none",
});

/** What the keys rest on. */
export const CONTEXT: Context = {
  task: DATA.task,
  dataHash: DATA.hash,
  trainUnits: DATA.trainUnits,
  adapter: ENVIRONMENT.identity,
  kernelsVersion: ENVIRONMENT.kernelsVersion,
};

/** A run of a job: its loss a bowl around log2 x = −5, under the standard rule around −7. */
function runOf(job: Job): Run {
  const { cell: { log2x, rule, seed }, key, cell, base, rows, multipliers, steps } = job;
  const { ffn, width } = job.shape;
  const centre = rule === "standard" ? -7 : -5, noise = uniforms(seed + 100 * log2x)();
  return signed({
    key,
    cell,
    base,
    rows,
    multipliers,
    parameters: layoutOf(job.shape).count,
    steps,
    batchTokens: job.sequences * job.seq,
    trainLoss: Array.from({ length: steps }, (_, i) => 5.5 - (1 + noise) * i / steps),
    validationLoss: 2 + 0.05 * (log2x - centre) ** 2 + 0.001 * noise,
    divergedAtStep: null,
    expertLoad: ffn.kind === "dense" ? null : Array.from(
      { length: job.shape.depth },
      () => Array<number>(ffn.experts).fill(ffn.active / ffn.experts),
    ),
    router: null,
    trainZLoss: ffn.kind === "dense" ? null : Array<number>(steps).fill(1),
    topSingular: Object.fromEntries(
      SINGULAR_KINDS.map((kind) => [kind, width ** (rule === "standard" ? 0.75 : 0.25) + noise]),
    ),
    wall_s: 1,
    replicas: 1,
  });
}

/** All runs that a suite asks for until it is done, by key. */
export function madeUpRuns(
  suite: Suite,
  profile: ProfileName,
  context: Context = CONTEXT,
): Map<string, Run> {
  const runs = new Map<string, Run>();
  for (;;) {
    const jobs = suite.ahead!(profile, new FinishedModels(runs, context));
    const missing = jobs.filter((job) => !runs.has(job.key));
    if (missing.length === 0) return runs;
    for (const job of missing) runs.set(job.key, runOf(job));
  }
}

/** A cost of nothing. */
export const COST: Cost = {
  wall_s: 1,
  trainedRuns: 1,
  reusedRuns: 0,
  trainedTokens: 1,
  workers: 1,
  coresBusy: 0.5,
  peakDevice_bytes: 1,
  peakRss_bytes: null,
};

/** The record of a suite by its made-up runs. */
export async function madeUpRecord(suite: Suite, profile: ProfileName): Promise<BenchRecord> {
  const runs = madeUpRuns(suite, profile);
  const derived = await derive(suite, profile, runs, CONTEXT, ENVIRONMENT);
  if (derived.kind !== "whole") throw new Error(`not whole: ${derived.kind}`);
  const record = assemble(suite, {
    plan: planOf(suite, profile, DATA.hash),
    environment: ENVIRONMENT,
    data: DATA,
    measured: derived.measured,
    incomplete: false,
    cost: COST,
    trust: { canary: null, trainedAgain: 0 },
    warnings: derived.warnings,
  });
  return JSON.parse(JSON.stringify(record));
}
