/** Faults put in on purpose: each is noticed, and named. */
import assert from "node:assert/strict";
import { DeviceError, openDevice } from "../../kernels/gpu/device.ts";
import { type Run, signed } from "../../lab/record/run.ts";
import { Canary } from "../../lab/train/canary.ts";
import { strayLines } from "../../lab/train/divergence.ts";
import { type Hand, ownHand } from "../../lab/train/hand.ts";
import type { Context, Job } from "../../lab/train/job.ts";
import { TrainingPool } from "../../lab/train/pool.ts";
import { WorkerHand } from "../../lab/train/worker.ts";
import { layoutOf } from "../../model/shape.ts";
import { type FaultyDevice, faultyDevice } from "../faulty_device.ts";
import { withDevice } from "../with_device.ts";
import { contextOn, DATA, knownJob, workerHere } from "./known_jobs.ts";
import { memoryStore } from "../../lab/train/memory_store.ts";

const CONTEXT: Context = {
  task: DATA.task,
  dataHash: "",
  trainUnits: 1000,
  adapter: "",
  kernelsVersion: "",
};
const LAYOUT = layoutOf(knownJob(CONTEXT, -5).shape);
/** Where the first weight of attention lies, which every token reads. */
const WEIGHT = LAYOUT.blocks[0].wqkv.offset;

const NAN = 0x7fc00000, THREE = 0x40400000;

/** The body on a device whose faults it chooses. */
const withFaults = (body: (faulty: FaultyDevice) => Promise<void>) =>
  withDevice({}, (device) => body(faultyDevice(device)));

/** A pool over a store in memory. */
function poolOn({ device }: Pick<FaultyDevice, "device">, workers: Hand[] = []): TrainingPool {
  const { signal } = new AbortController();
  return new TrainingPool(device, DATA, memoryStore(), signal, () => {}, workers);
}

/** Trains models of these learning rates in one group. */
async function trained(
  faulty: FaultyDevice,
  rates: number[],
  workers: Hand[] = [],
): Promise<{ pool: TrainingPool; runs: Run[] }> {
  const pool = poolOn(faulty, workers);
  const jobs = rates.map((log2x) => knownJob(contextOn(faulty.device), log2x));
  await pool.train(jobs);
  return { pool, runs: jobs.map((job) => pool.runOf(job)!) };
}

/** Does something once, before the third submit from now. */
function midRun({ faults }: FaultyDevice, what: () => void): void {
  let submits = 0;
  faults.beforeSubmit = () => {
    if (submits++ !== 2) return;
    faults.beforeSubmit = null;
    what();
  };
}

/** Both halves of the weights, of which only one is read next. */
function corruptWeights({ corrupt }: FaultyDevice, at: number, bits: number): void {
  for (const half of ["even", "odd"]) corrupt(`p.${half}`, at, bits);
}

const PARTS =
  /dense:d=8.*, complete-mue, log2 lr -5, seed 0 \(run \w+\) was trained again and .* on, loss/;

Deno.test("a run trained again without a fault is equal to the bit, one of each bench", () =>
  withFaults(async (faulty) => {
    const { pool } = await trained(faulty, [-6, -5]);
    assert.equal(await pool.trainAgain(), 1);
    assert.equal(await poolOn(faulty).trainAgain(), 0);
  }));

Deno.test("a weight that changed while a model trained is noticed by training it again", () =>
  withFaults(async (faulty) => {
    midRun(faulty, () => corruptWeights(faulty, WEIGHT, THREE));
    const { pool } = await trained(faulty, [-5]);
    assert.equal(faulty.faults.beforeSubmit, null, "nothing was corrupted");
    await assert.rejects(pool.trainAgain(), PARTS);
  }));

Deno.test("a dispatch that was dropped is noticed by training again, a step that was not counted at once", () =>
  withFaults(async (faulty) => {
    faulty.faults.drop = (kernel, n) => kernel === "adamw" && n === 7;
    const { pool } = await trained(faulty, [-5]);
    await assert.rejects(pool.trainAgain(), PARTS);
    let steps = 0;
    faulty.faults.drop = (kernel) => kernel === "log_step" && steps++ === 7;
    await assert.rejects(
      trained(faulty, [-4]),
      /Cannot trust what replica 0 of 1 trained: the device holds steps \d+, it should be 40 \(while training dense/,
    );
  }));

Deno.test("a seed or a rate that changed on the device is named with its replica", () =>
  withFaults(async (faulty) => {
    midRun(faulty, () => faulty.corrupt("seeds", 1, 77));
    const seed = /what replica 1 of 2 trained: the device holds seed 77, it should be 0/;
    await assert.rejects(trained(faulty, [-6, -5]), seed);
    midRun(faulty, () => faulty.corrupt("rates", 12 + 4, THREE));
    const rate =
      /what replica 0 of 1 trained: the device holds hyperparameters 3, it should be 0\.0/;
    await assert.rejects(trained(faulty, [-4]), rate);
  }));

Deno.test("a lost device ends the bench by its name and that of the group, here and in a worker", () =>
  withDevice({}, async (good) => {
    for (const where of ["here", "worker"]) {
      const faulty = faultyDevice(await openDevice());
      midRun(faulty, () => faulty.device.gpu.destroy());
      const worker = where === "worker" ? new WorkerHand(workerHere(faulty.device)) : null;
      const on = worker ? { ...faulty, device: good } : faulty;
      await assert.rejects(trained(on, [-5], worker ? [worker] : []), (error) => {
        assert.ok(error instanceof DeviceError, `${error}`);
        assert.match(error.message, /device lost: .* \(while training dense.* complete-mue\)/);
        return true;
      });
      await worker?.close();
    }
  }));

/** A hand that changes what another gives. */
function changing(hand: Hand, change: (runs: Run[], jobs: Job[]) => Run[]): Hand {
  return {
    own: true,
    pid: null,
    use: null,
    train: async (context, jobs, onSteps, signal) =>
      change(await hand.train(context, jobs, onSteps, signal), jobs),
    close: () => Promise.resolve(),
  };
}

Deno.test("results of two replicas in each other's place are noticed by training again", () =>
  withFaults(async (faulty) => {
    const data = DATA.upload(faulty.device), own = ownHand(faulty.device, () => data);
    const named = (of: Run, { key, cell, rows }: Run) => signed({ ...of, key, cell, rows });
    const swapping = changing(
      own,
      (runs) => runs.length < 2 ? runs : [named(runs[1], runs[0]), named(runs[0], runs[1])],
    );
    const { pool } = await trained(faulty, [-6, -5], [swapping]);
    await assert.rejects(pool.trainAgain(), /was trained again and came out otherwise from step/);
    // those of other jobs are not kept at all
    const reversing = changing(own, (runs) => runs.toReversed());
    const strangers = /Cannot keep dense.*: the runs that came back are not those that were given/;
    await assert.rejects(trained(faulty, [-6, -5], [reversing]), strangers);
    data.destroy();
  }));

Deno.test("a kernel that reads the wrong replica silences the canary before anything is trained", () =>
  withFaults(async (faulty) => {
    let changed = 0;
    faulty.faults.shader = (name, code) => {
      if (name !== "log_step") return code;
      changed++;
      return code.replace("load_loss(group.z * dims.rows + t)", "load_loss(t)");
    };
    await assert.rejects(
      new Canary(faulty.device).before("language"),
      /Cannot trust this process's device: the canary trains otherwise alone than beside another/,
    );
    assert.ok(changed > 0, "no kernel was changed");
  }));

Deno.test("a model that becomes NaN is lost alone, named between rates that train, and trained again", () =>
  withFaults(async (faulty) => {
    const rates = [-7, -6, -5], { runs: clean } = await trained(faulty, rates);
    midRun(faulty, () => corruptWeights(faulty, LAYOUT.floats + WEIGHT, NAN));
    const { pool, runs } = await trained(faulty, rates);
    assert.deepEqual([runs[0].digest, runs[2].digest], [clean[0].digest, clean[2].digest]);
    const step = runs[1].divergedAtStep!;
    assert.ok(step > 0 && step < 40, `${step}`);
    const [line, ...more] = strayLines(runs);
    assert.equal(more.length, 0);
    assert.match(
      line,
      new RegExp(`dense:.* log2 lr -6, seed 0: its loss left .* at step ${step},`),
    );
    await assert.rejects(
      pool.trainAgain(),
      /log2 lr -6.* otherwise from step \d+ on, loss not finite/,
    );
    // the twins: none where nothing trained above it, or nothing diverged
    assert.deepEqual([strayLines(runs.slice(0, 2)), strayLines(clean)], [[], []]);
  }));

Deno.test("a canary that changed is named with whose it is, here and in a worker", () =>
  withFaults(async (faulty) => {
    const canary = new Canary(faulty.device), known = await canary.before("language");
    assert.equal(await canary.after("language"), known);
    assert.equal(await canary.before("no such task"), null);
    faulty.faults.drop = (kernel, n) => kernel === "adamw" && n % 2 === 1;
    await assert.rejects(
      canary.after("language"),
      new RegExp(`Cannot trust this process's device: the canary changed, .* and was ${known}`),
    );
    // a worker that cannot be trusted gets nothing to train
    const worker = canary.watch(new WorkerHand(workerHere(faulty.device)));
    await assert.rejects(
      trained({ ...faulty, device: faulty.device }, [-5], [worker]),
      new RegExp(`Cannot trust a worker process: its canary's digest is .*device ${known}`),
    );
    // one that can is asked again after the suite
    faulty.faults.drop = null;
    const { pool } = await trained(faulty, [-5], [worker]);
    assert.equal(await pool.trainAgain(), 1);
    assert.equal(await canary.after("language"), known);
    await worker.close();
  }));
