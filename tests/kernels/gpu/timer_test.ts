/** The timer measures what is there: known sleeps, the device's own clock, and ratios by round. */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/gpu/device.ts";
import { busyShare } from "../../../kernels/gpu/host_load.ts";
import { f32 } from "../../../kernels/gpu/kernel.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { createTensor, destroyTensor } from "../../../kernels/gpu/tensor.ts";
import { Timestamps } from "../../../kernels/gpu/timestamps.ts";
import {
  orderOf,
  ratioOf,
  timeInterleaved,
  timeWork,
  type Timing,
  type Work,
} from "../../../kernels/gpu/timer.ts";
import { withDevice } from "../../with_device.ts";

const sleep = (s: number) => new Promise<void>((done) => setTimeout(done, 1000 * s));

/** A timing of which only the samples matter. */
const of = (...samples: number[]): Timing => ({
  median_s: 0,
  lo_s: 0,
  hi_s: 0,
  samples,
  repetitions: 1,
  compile_s: null,
  device_s: null,
  warnings: [],
});

Deno.test("known sleeps are measured, and what only the first call takes is set apart", async () => {
  let calls = 0;
  const t = await timeWork((n) => sleep(0.02 * n + (calls++ ? 0 : 0.3)), 6, 0.1);
  assert.equal(t.samples.length, 6);
  assert.ok(t.repetitions >= 3 && t.repetitions <= 5, `${t.repetitions} repetitions`);
  assert.ok(t.median_s >= 0.02 && t.median_s < 0.035, `${t.median_s} s`);
  assert.ok(t.lo_s <= t.median_s && t.median_s <= t.hi_s);
  assert.ok(t.compile_s! > 0.25 && t.compile_s! < 0.5, `${t.compile_s} s`);
  assert.equal(t.device_s, null);
  const twin = await timeWork((n) => sleep(0.02 * n), 6, 0.1);
  assert.equal(twin.compile_s, null, "a compilation where there was none");
});

Deno.test("a work that never settles is said not to be warm", async () => {
  let calls = 0;
  const restless = await timeWork((n) => sleep(calls++ & 1 ? 0.02 * n : 0.05 * n), 6, 0.05);
  assert.ok(restless.warnings.some((w) => w.startsWith("not warm:")), `${restless.warnings}`);
  const steady = await timeWork((n) => sleep(0.03 * n), 6, 0.12);
  assert.ok(!steady.warnings.some((w) => w.startsWith("not warm:")), `${steady.warnings}`);
});

Deno.test("the order changes from round to round and favours none", () => {
  assert.deepEqual([0, 1, 2, 3].map((r) => orderOf(r, 2)), [[0, 1], [1, 0], [1, 0], [0, 1]]);
  for (const count of [2, 3, 5]) {
    const places = Array.from({ length: count }, () => new Array<number>(count).fill(0));
    let zeroFirst = 0;
    for (let r = 0; r < 2 * count; r++) {
      const order = orderOf(r, count);
      assert.deepEqual(order.toSorted(), Array.from({ length: count }, (_, i) => i));
      order.forEach((work, place) => places[work][place]++);
      zeroFirst += +(order.indexOf(0) < order.indexOf(1));
    }
    assert.ok(places.flat().every((n) => n === 2), `${count} works: ${places}`);
    assert.equal(zeroFirst, count);
  }
});

Deno.test("a ratio is paired by round: a drift of both drops out, and no pair is no ratio", () => {
  const drift = [1, 1.3, 1.7, 2.2, 2.9, 3.1, 3.7];
  const ratio = ratioOf(of(...drift.map((d) => 1.5 * d)), of(...drift));
  for (const x of Object.values(ratio)) assert.ok(Math.abs(x - 1.5) < 1e-12);
  // the twin: the same samples in another order are another ratio
  const unpaired = ratioOf(of(...drift.map((d) => 1.5 * d).toReversed()), of(...drift));
  assert.ok(unpaired.hi / unpaired.lo > 2);
  assert.throws(
    () => ratioOf(of(1, 2), of(1)),
    /^RangeError: Cannot pair timings by round: 2 rounds against 1$/,
  );
});

Deno.test("interleaved works are told apart, each in every round", () =>
  withDevice({}, async (device) => {
    const calls: string[] = [];
    const work = (name: string, s: number): Work => ({
      name,
      run(n) {
        calls.push(name);
        return sleep(s * n);
      },
    });
    const timings = await timeInterleaved(device, [work("a", 0.02), work("b", 0.04)], {
      samples: 6,
      sample_s: 0.08,
    });
    assert.deepEqual(calls.slice(-12).join(""), "abbabaababba");
    const { estimate, lo, hi } = ratioOf(timings[1], timings[0]);
    assert.ok(lo <= estimate && estimate <= hi && estimate > 1.6 && estimate < 2.2, `${estimate}`);
    // sleeps take no stamps: nothing is claimed for the device
    assert.deepEqual(timings.map((t) => t.device_s), [null, null]);
    await assert.rejects(timeInterleaved(device, [], { samples: 0 }), /Cannot take 0 samples/);
  }));

/** A kernel that keeps the device busy: a chain of multiply-adds. */
function busy(device: Device, length: number) {
  const out = createTensor(device, "out", "f32", 8192), program = new Program(device);
  program.add(
    {
      name: "spin",
      source: `@compute @workgroup_size(64) fn spin(@builtin(global_invocation_id) id: vec3<u32>) {
        var x = f32(id.x);
        for (var i = 0u; i < dims.length; i++) { x = fma(x, 0.999, 0.001); }
        store_out(id.x, x);
      }`,
      inputs: {},
      outputs: { out: f32("X", "64") },
      dims: { length: "u32" },
    },
    { out },
    { length },
    [128, 1, 1],
  );
  return {
    program,
    free: () => {
      program.destroy();
      destroyTensor(out);
    },
  };
}

Deno.test("timestamps agree with the wall clock, and a clock that lies is found out", () =>
  withDevice({}, async (device) => {
    if (!device.gpu.features.has("timestamp-query")) {
      assert.equal(Timestamps.open(device), null);
      return;
    }
    const { program, free } = busy(device, 2000);
    const run: Work["run"] = async (n, stamps) => {
      program.submit(n, 0, undefined, stamps);
      await device.gpu.queue.onSubmittedWorkDone();
    };
    const t = await timeWork(run, 6, 0.2, device);
    assert.ok(t.device_s! > 0 && t.device_s! <= t.hi_s, `${t.device_s} of ${t.median_s} s`);
    const said = (t: Timing) => t.warnings.some((w) => w.startsWith("clocks disagree:"));
    assert.ok(!said(t), `${t.warnings}`);
    // the twin: stamps around a tenth of the work
    const tenth: Work["run"] = async (n, stamps) => {
      program.submit(Math.ceil(n / 10), 0, undefined, stamps);
      program.submit(n - Math.ceil(n / 10));
      await device.gpu.queue.onSubmittedWorkDone();
    };
    assert.ok(said(await timeWork(tenth, 6, 0.2, device)));
    // a device is needed for stamps
    assert.equal((await timeWork(run, 6, 0.05)).device_s, null);
    free();
  }));

Deno.test("the busy share is what is neither idle nor one's own", () => {
  const before = { wall: 10, idle: 100, own: 5, processors: 2 };
  const share = (idle: number, own: number) =>
    busyShare(before, { wall: 20, idle: 100 + idle, own: 5 + own, processors: 2 });
  assert.equal(share(20, 0), 0);
  assert.equal(share(0, 20), 0);
  assert.equal(share(10, 5), 0.25);
  assert.equal(share(0, 0), 1);
  assert.equal(share(20, 1), 0, "rounding of the counters never makes a negative share");
});
