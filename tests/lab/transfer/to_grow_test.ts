/** The time left counts what grids are expected to grow by, and no more of it once they are settled. */
import assert from "node:assert/strict";
import { contextFor } from "../../../lab/estimate.ts";
import type { Run } from "../../../lab/record/run.ts";
import type { Job } from "../../../lab/train/job.ts";
import type { TrainingPool } from "../../../lab/train/pool.ts";
import { workOf } from "../../../lab/train/size.ts";
import { linesOf } from "../../../lab/transfer/cells.ts";
import { Sweeps } from "../../../lab/transfer/sweeps.ts";
import { width } from "../../../suites/width.ts";

Deno.test("work is expected beyond the grids as declared while they may grow, and none at the end", async () => {
  const profile = width.profiles.quick, finished = new Map<string, Run>();
  const lines = linesOf({ control: { rule: "standard", on: "" } }, profile);
  const growing: number[] = [];
  let toGrow = () => NaN;
  const pool = {
    context: contextFor(profile.plan),
    runOf: (job: Job) => finished.get(job.key),
    expect: (_: () => Job[], more: () => number) => void (toGrow = more),
    train: (jobs: Job[]) => {
      growing.push(toGrow());
      for (const { key, cell } of jobs) {
        const optimum = cell.role === "control" ? -8 : -5;
        const loss = 2 + 0.05 * (cell.log2x - optimum) ** 2 + 1e-4 * (cell.seed % 3);
        finished.set(key, { cell, validationLoss: loss } as Run);
      }
      return Promise.resolve();
    },
  } as unknown as TrainingPool;
  const sweeps = new Sweeps(lines, pool), first = sweeps.jobsOf(lines);
  const declared = first.reduce((sum, job) => sum + workOf(job), 0);
  await sweeps.train(pool);
  assert.ok(growing[0] > 0.05 * declared && growing[0] < declared, `${growing[0] / declared}`);
  assert.ok(growing.at(-1)! < growing[0]);
  assert.equal(toGrow(), 0);
});
