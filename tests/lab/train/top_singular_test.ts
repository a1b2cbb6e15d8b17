/** What a run keeps of the spectra of its weights: measured on what it has become, replica by replica. */
import assert from "node:assert/strict";
import { trainGroup } from "../../../lab/train/group.ts";
import { contextOf, type Job, jobOf } from "../../../lab/train/job.ts";
import { digestOf, type Run, runSchema, signed } from "../../../lab/record/run.ts";
import { initialParameters, type InitStd } from "../../../model/init.ts";
import { SINGULAR_KINDS, topSingulars } from "../../../model/measure/top_singular.ts";
import { layoutOf } from "../../../model/shape.ts";
import { smokePlan } from "../../../suites/plans.ts";
import { withDevice } from "../../with_device.ts";
import { DATA } from "../made_up.ts";
import { placed, runWith, targetCell } from "../runs.ts";

/** Of what a job starts from. */
function atInit({ shape, cell, rows }: Job) {
  const std = Object.fromEntries(Object.entries(rows).map(([kind, row]) => [kind, row.initStd]));
  const layout = layoutOf(shape);
  return topSingulars(layout, initialParameters(layout, cell.seed, std as InitStd))!;
}

const near = (run: Run, want: Record<string, number>, within: number) =>
  SINGULAR_KINDS.every((kind) => Math.abs(run.topSingular![kind] / want[kind] - 1) < within);

Deno.test("a run keeps the singular values of its own weights, those of its init where it learns nothing", () =>
  withDevice({}, async (device) => {
    const uploaded = DATA.upload(device), { signal } = new AbortController();
    const plan = { ...smokePlan, steps: 6, evaluationBatches: 1 };
    const context = contextOf(DATA, device);
    const job = (seed: number, log2x: number) =>
      jobOf(placed(targetCell("5e2a:d=20,L=2,h=6,dh=10", log2x, seed), plan), plan, context);
    const jobs = [job(0, -40), job(1, -40), job(1, -4)];
    const [still, other, learnt] = await trainGroup(device, uploaded, jobs, () => {}, signal);
    uploaded.destroy();
    assert.deepEqual(Object.keys(still.topSingular!), [...SINGULAR_KINDS]);
    assert.ok(near(still, atInit(jobs[0]), 1e-4) && near(other, atInit(jobs[1]), 1e-4));
    assert.ok(!near(still, other.topSingular!, 1e-3) && !near(learnt, other.topSingular!, 1e-2));
    assert.deepEqual(runSchema.parse(JSON.parse(JSON.stringify(learnt))), learnt);
  }));

Deno.test("a run without them is read and keeps its digest; with others it has another", () => {
  const old = runWith("k"), now = signed({ ...old, topSingular: { wq: 2 } });
  assert.deepEqual(runSchema.parse(old), old);
  assert.equal(digestOf({ ...old, topSingular: undefined }), old.digest);
  assert.notEqual(now.digest, old.digest);
  assert.notEqual(digestOf({ ...now, topSingular: { wq: 2.1 } }), now.digest);
});
