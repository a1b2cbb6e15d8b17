/**
 * A small sweep of the regression task through job, group, pool and store: runs as a transfer suite has them, of a
 * task that is not language. For whatever reads runs: judges, records, reports.
 *
 * @module
 */
import type { Device } from "../../../kernels/gpu/device.ts";
import { formatConfiguration, labelOf, parseConfiguration } from "../../../rule/configuration.ts";
import type { Cell, Run } from "../../../lab/record/run.ts";
import { jobOf } from "../../../lab/train/job.ts";
import { checkData } from "../../../lab/train/data.ts";
import { TrainingPool } from "../../../lab/train/pool.ts";
import { openStore } from "../../../lab/train/store.ts";
import type { TrainingPlan } from "../../../lab/train/plan.ts";
import { WSD } from "../../../model/schedule.ts";
import type { Dataset } from "../../../model/task.ts";
import { vectors } from "./regression.ts";

/** The plan of the sweep: seconds on a CPU. */
export const REGRESSION_PLAN: TrainingPlan = {
  task: "regression",
  reference: "dense:d=8,L=1,H=8,dh=4",
  steps: 60,
  sequences: 4,
  seq: 6,
  evaluationBatches: 4,
  base: {
    lr: 2 ** -5,
    weightDecay: 0,
    eps: 1e-8,
    beta1: 0.9,
    beta2: 0.95,
    initStd: null,
    embedInitStd: 0.5,
    unembedInitStd: 0,
  },
  training: { schedule: WSD, clipNorm: 1, balanceCoef: 0.01, zCoef: 0 },
};

/** What is swept; roles as in a transfer suite. */
export interface RegressionSweep {
  lines: { configuration: string; role: Cell["role"]; rule: string }[];
  log2lr: number[];
  seeds: number[];
  plan: TrainingPlan;
  data: Dataset;
  /** a run counts as done when this folder's store has it; by default one that is removed afterwards */
  storeDir: string | null;
}

/** Reference, an MoE target and a control, three learning rates, two seeds. */
const SWEEP: RegressionSweep = {
  lines: [
    { configuration: "dense", role: "reference", rule: "complete-mue" },
    { configuration: "4e2a:d=16,h=8", role: "target", rule: "complete-mue" },
    { configuration: "4e2a:d=16,h=8", role: "control", rule: "standard" },
  ],
  log2lr: [-7, -5, -3],
  seeds: [0, 1],
  plan: REGRESSION_PLAN,
  data: vectors(),
  storeDir: null,
};

/**
 * Trains the sweep, or what the store lacks of it.
 *
 * @returns one run per line, learning rate and seed, in this order, and how many were trained and found
 */
export async function regressionRuns(
  device: Device,
  changes: Partial<RegressionSweep> = {},
): Promise<{ runs: Run[]; trained: number; reused: number }> {
  const { lines, log2lr, seeds, plan, data, storeDir } = { ...SWEEP, ...changes };
  const own = storeDir === null ? await Deno.makeTempDir() : null;
  try {
    using store = openStore(storeDir ?? own!);
    checkData(data, plan);
    const pool = new TrainingPool(device, data, store, new AbortController().signal, () => {});
    try {
      const reference = parseConfiguration(plan.reference);
      const jobs = lines.flatMap(({ configuration, role, rule }) => {
        const c = parseConfiguration(configuration, reference);
        return log2lr.flatMap((log2x) =>
          seeds.map((seed) =>
            jobOf(
              {
                cell: {
                  panel: "transfer",
                  configuration: formatConfiguration(c),
                  label: labelOf(c),
                  rule,
                  role,
                  swept: "lr",
                  log2x,
                  seed,
                },
                from: reference,
                to: c,
              },
              plan,
              pool.context,
            )
          )
        );
      });
      pool.expect(() => jobs);
      await pool.train(jobs);
      return {
        runs: jobs.map((job) => ({ ...pool.runOf(job)!, cell: job.cell })),
        trained: pool.trainedRuns,
        reused: pool.reusedRuns,
      };
    } finally {
      pool.close();
    }
  } finally {
    if (own) await Deno.remove(own, { recursive: true });
  }
}
