/** Worker processes: the same runs to the bit, one killed, one on another device, none left behind. */
import assert from "node:assert/strict";
import { defaultWorkers, mainOf, workersFor, workersOf } from "../../commands/workers.ts";
import { UsageError } from "../../commands/arguments.ts";
import { BUILT_IN } from "../../commands/data.ts";
import { loadSotu } from "../../fixtures/sotu.ts";
import type { Device } from "../../kernels/gpu/device.ts";
import type { Hand } from "../../lab/train/hand.ts";
import type { Run } from "../../lab/record/run.ts";
import { type Job, jobOf } from "../../lab/train/job.ts";
import { TrainingPool } from "../../lab/train/pool.ts";
import { openStore } from "../../lab/train/store.ts";
import { textDataset } from "../../model/tasks/language.ts";
import { smokePlan } from "../../suites/plans.ts";
import { placed, targetCell } from "../lab/runs.ts";
import { withDevice } from "../with_device.ts";

const SIZES = ["dense:d=16,L=1,H=16", "4e2a:d=32,L=1,h=16"];
const PLAN = { ...smokePlan, steps: 60 };

function jobsOf(pool: TrainingPool): Job[] {
  return SIZES.flatMap((configuration) =>
    Array.from({ length: 6 }, (_, seed) => {
      const cell = targetCell(configuration, -5, seed);
      return jobOf(placed(cell, PLAN), PLAN, pool.context);
    })
  );
}

/** Trains all, told of every progress, and gives what a run is but for its times. */
async function trained(
  device: Device,
  workers: Hand[],
  onProgress: () => void = () => {},
): Promise<{ runs: string[]; warnings: string[]; busy: number }> {
  const dir = await Deno.makeTempDir(), data = textDataset(await loadSotu());
  try {
    using store = openStore(dir);
    const { signal } = new AbortController();
    const pool = new TrainingPool(device, data, store, signal, onProgress, workers);
    const jobs = jobsOf(pool);
    await pool.train(jobs);
    const what = ({ wall_s: _, replicas: __, ...run }: Run) => JSON.stringify(run);
    const { coresBusy, workers: count, peakDevice_bytes } = pool.cost();
    assert.equal(count, Math.max(1, workers.length));
    assert.ok(peakDevice_bytes! > 1e5);
    pool.close();
    const runs = jobs.map((job) => what(pool.runOf(job)!));
    return { runs, warnings: pool.warnings, busy: coresBusy };
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await Deno.remove(dir, { recursive: true });
  }
}

const alive = (pid: number) => {
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
};

Deno.test("two workers train what one process trains, to the bit, also when one is killed", () =>
  withDevice({}, async (device) => {
    const alone = await trained(device, []);
    const workers = workersFor(device, 2, BUILT_IN), pids = new Set<number>();
    let killed = false;
    const { runs, warnings, busy } = await trained(device, workers, () => {
      for (const { pid } of workers) if (pid !== null) pids.add(pid);
      if (!killed && workers[0].pid !== null) {
        Deno.kill(workers[0].pid, "SIGKILL");
        killed = true;
      }
    });
    assert.deepEqual(runs, alone.runs);
    assert.equal(new Set(runs).size, 12);
    assert.match(warnings.join(), /a worker process was lost, its runs trained again: .*SIGKILL/);
    assert.ok(busy > 0 && busy < 1.1, `${busy}`);
    assert.ok(pids.size >= 2);
    for (const pid of pids) assert.ok(!alive(pid), `worker ${pid} is still there`);
  }));

Deno.test("a worker on another adapter, or whose text changed, is refused by one line", () =>
  withDevice({}, async (device) => {
    const other = { ...device, adapter: { ...device.adapter, description: "llvmpipe of old" } };
    await assert.rejects(
      trained(other, workersFor(device, 2, BUILT_IN)),
      /Cannot train in worker processes: theirs is llvmpipe.*, this one llvmpipe of old/,
    );
    const file = await Deno.makeTempFile();
    await Deno.writeTextFile(file, "another text altogether");
    await assert.rejects(
      trained(device, workersFor(device, 2, { text: file, data: null })),
      /Cannot train on .*: it changed since the bench began/,
    );
    await Deno.remove(file);
  }));

Deno.test("as many workers as the flag says; by default one per core, on llvmpipe alone", () => {
  assert.equal(workersOf("3"), 3);
  for (const bad of ["0", "-1", "two", "1.5", "1e1", "1000", ""]) {
    assert.throws(() => workersOf(bad), UsageError);
  }
  const on = (description: string) =>
    defaultWorkers({ adapter: { description } } as Pick<Device, "adapter">);
  const cores = navigator.hardwareConcurrency;
  assert.ok(on("llvmpipe (LLVM 15.0.6, 256 bits)") <= cores);
  assert.equal(on("NVIDIA H100"), 1);
  assert.equal(on("SwiftShader"), 1);
  const device = { adapter: { description: "NVIDIA H100" } } as Device;
  assert.deepEqual(workersFor(device, null, BUILT_IN), []);
  // a pipe can be read once only
  assert.deepEqual(workersFor(device, 4, { text: "/dev/stdin-that-is-not", data: null }), []);
  assert.equal(workersFor(device, 4, BUILT_IN).length, 4);
});

Deno.test("a worker starts from a folder with a space and an umlaut in its name", async () => {
  const folder = await Deno.makeTempDir({ prefix: "mü bench " });
  try {
    await Deno.writeTextFile(`${folder}/main.ts`, "console.log(Deno.args.join());");
    const here = new URL(`file://${folder.replaceAll(" ", "%20")}/commands/workers.ts`).href;
    const args = ["run", "--no-prompt", mainOf(here), "worker"];
    const { success, stdout } = await new Deno.Command(Deno.execPath(), { args }).output();
    assert.deepEqual([success, new TextDecoder().decode(stdout).trim()], [true, "worker"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
