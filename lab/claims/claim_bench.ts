/**
 * One bench of a suite of claims: plan → models and probes → judgement → record.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Dataset } from "../../model/task.ts";
import { formatConfiguration, labelOf, parseConfiguration } from "../../rule/configuration.ts";
import { type Job, jobOf } from "../train/job.ts";
import { judgeClaims } from "./claim_judge.ts";
import { CLAIM_SCHEMA, type ClaimRecord, type Findings } from "../record/claim_record.ts";
import type { ClaimSuite, Wanted, Workbench } from "./claim_suite.ts";
import { settlePlan } from "../transfer/lines.ts";
import { hashOf } from "../train/identity.ts";
import { type BenchProgress, checkData, dataFacts, TrainingPool } from "../train/pool.ts";
import type { Environment, Run } from "../record/record.ts";
import { routerWarningLines } from "../train/router_warnings.ts";
import { openStore } from "../train/store.ts";
import { factsOf, type ProfileName, type TrainingPlan } from "../suite.ts";

/** What a progress line says of a measurement that trains nothing. */
export interface ProbeProgress {
  label: string;
  /** of the suite, 0 … 1 */
  share: number;
}

/** What to bench and where to put it. */
export interface ClaimOptions {
  suite: ClaimSuite;
  profile: ProfileName;
  /** folder of the runs and the plan; several suites share it, and with it the runs */
  storeDir: string;
  /** aborted: what is finished is kept, and there is no record */
  signal: AbortSignal;
  onProgress(progress: BenchProgress): void;
  onProbe(progress: ProbeProgress): void;
  /** what happened before that a reader of the record must know */
  warnings?: string[];
}

/** The plan of a suite of claims; its hash covers the profile and how it is judged. */
export function claimPlanOf(suite: ClaimSuite, profile: ProfileName, dataHash: string) {
  const { suiteVersion } = suite, decided = suite.profiles[profile];
  const hash = hashOf({ suite: suite.id, suiteVersion, profile, decided, dataHash });
  return { profile, suiteVersion, decided, hash, exploratory: false };
}

/** The job of a wanted model. */
export function jobOfWanted(w: Wanted, plan: TrainingPlan, pool: TrainingPool["context"]): Job {
  const c = parseConfiguration(w.configuration, parseConfiguration(plan.reference));
  const cell = {
    panel: w.panel,
    configuration: formatConfiguration(c),
    label: labelOf(c),
    rule: w.rule,
    role: w.role,
    swept: "lr" as const,
    log2x: w.log2lr ?? Math.log2(plan.base.lr),
    seed: w.seed,
  };
  const { multipliers, training } = w;
  return jobOf(cell, plan, pool, { multipliers, training });
}

/**
 * Runs or resumes a bench of a suite of claims.
 *
 * @returns the record, not written yet, null when it was stopped before everything was measured (the
 *   trained models are kept); and the error that ended it early, null also after an interruption
 * @throws {LabError} when the store cannot be used, or for a text too short
 */
export async function runClaims(
  device: Device,
  environment: Environment,
  data: Dataset,
  options: ClaimOptions,
): Promise<{ record: ClaimRecord | null; failure: unknown }> {
  const { suite, storeDir, signal } = options, profile = suite.profiles[options.profile];
  const planned = suite.wanted(profile);
  const warnings = [...options.warnings ?? []];
  for (const { plan } of planned) {
    const overlap = checkData(data, plan);
    if (overlap && !warnings.includes(overlap)) warnings.push(overlap);
  }
  using store = openStore(storeDir);
  warnings.push(...store.warnings);
  const plan = settlePlan(
    storeDir,
    suite.id,
    claimPlanOf(suite, options.profile, data.hash),
    store.runs.size > 0,
  );
  if (plan.exploratory) warnings.push("this suite was begun here under another plan: exploratory");
  const pool = new TrainingPool(device, data, store, signal, options.onProgress);
  const used = new Map<string, Run>();
  const jobsOf = (p: TrainingPlan, wanted: Wanted[]) =>
    wanted.map((w) => jobOfWanted(w, p, pool.context));
  const bench: Workbench = {
    device,
    corpus: pool.data,
    signal,
    async train(p, wanted) {
      const jobs = jobsOf(p, wanted);
      await pool.train(jobs);
      return jobs.map((job) => {
        const run = { ...pool.runOf(job)!, cell: job.cell };
        used.set(JSON.stringify([run.key, job.cell]), run);
        return run;
      });
    },
    progress: (label, share) => options.onProbe({ label, share }),
    warn: (text) => void warnings.push(text),
  };
  let findings: Findings | null = null, failure: unknown = null;
  try {
    const all = planned.flatMap(({ plan: p, wanted }) => jobsOf(p, wanted));
    pool.expect(() => all);
    findings = await suite.measure(profile, bench);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) failure = error;
  } finally {
    pool.close();
  }
  if (!findings) return { record: null, failure };
  const runs = [...used.values()];
  const diverged = new Set(runs.filter((r) => r.divergedAtStep !== null).map((r) => r.key)).size;
  if (diverged) warnings.push(`${diverged} runs diverged`);
  warnings.push(...routerWarningLines(runs));
  const record: ClaimRecord = {
    schema: CLAIM_SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    plan,
    environment,
    data: dataFacts(data),
    ...findings,
    runs,
    ...judgeClaims(findings.judgements),
    incomplete: false,
    cost: pool.cost(),
    warnings,
  };
  return { record, failure };
}
