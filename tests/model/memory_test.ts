/** What a trainer holds on the device is what it says, and training holds no more the longer it lasts. */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { createTensor, destroyTensor, type Tensor } from "../../kernels/gpu/tensor.ts";
import { initialParameters } from "../../model/init.ts";
import { WSD } from "../../model/schedule.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import { TENSOR_KINDS, type TensorKind } from "../../rule/rule.ts";
import { language } from "../../model/tasks/language.ts";
import { uploadText } from "../../model/tasks/text.ts";
import { type Replica, Trainer } from "../../model/trainer.ts";
import { onEveryProfile, withDevice } from "../with_device.ts";

const STEPS = 2600;
const SHAPE: ModelShape = {
  task: language(16),
  width: 8,
  depth: 1,
  headWidth: 8,
  ffn: {
    kind: "moe",
    experts: 4,
    active: 2,
    expertWidth: 8,
    shared: 0,
    groups: 1,
    gate: "sigmoid",
  },
};
const perKind = <T>(value: T) =>
  Object.fromEntries(TENSOR_KINDS.map((kind) => [kind, value])) as Record<TensorKind, T>;

/** A tiny trainer and its text. */
function tiny(device: Device) {
  const text = Uint8Array.from({ length: 600 }, (_, i) => (i * i) % 16);
  const corpus = uploadText(device, text, 500);
  const replica: Replica = {
    seed: 1,
    parameters: initialParameters(layoutOf(SHAPE), 1, perKind(0.1)),
    hyperParameters: perKind({ lr: 0.01, weightDecay: 0.1, eps: 1e-8 }),
    multipliers: { residual: 1, outputMultiplier: 1, routeScale: 2, logits: 1 },
    beta1: 0.9,
    beta2: 0.95,
  };
  const options = { steps: STEPS, schedule: WSD, clipNorm: 1, balanceCoef: 0.01, zCoef: 0.001 };
  const before = device.memory.alive_bytes;
  const batch = { sequences: 1, seq: 8 };
  const trainer = new Trainer(
    device,
    SHAPE,
    batch,
    [replica, { ...replica, seed: 2 }],
    options,
    corpus,
  );
  return { trainer, corpus, before };
}

Deno.test("a trainer's bytes are all that it holds on the device, and destroy frees them", () =>
  onEveryProfile(async (device) => {
    const { trainer, corpus, before } = tiny(device);
    assert.ok(trainer.bytes > trainer.network.bytes);
    assert.equal(device.memory.alive_bytes - before, trainer.bytes);
    await trainer.run(3);
    await trainer.log();
    await trainer.evaluate(2);
    assert.equal(device.memory.alive_bytes - before, trainer.bytes, "something was left behind");
    trainer.destroy();
    corpus.destroy();
    assert.equal(device.memory.alive_bytes, 0);
  }));

/** Bytes by which the process may grow for reasons of its own: allocator, driver caches. */
const ALLOWANCE = 16 * 2 ** 20;
/** Bytes by which the heap of JavaScript may grow before its collector tidies. */
const HEAP = 64 * 2 ** 20;

/** Bytes of the process outside the heap of JavaScript, and of that heap. */
function held(): { outside: number; heap: number } {
  const { rss, heapTotal: heap } = Deno.memoryUsage();
  return { outside: rss - heap, heap };
}

/** Why a piece of work holds on to memory, or nothing; one call of it is 100 steps. */
async function growth(device: Device, hundred: (i: number) => Promise<void>): Promise<string[]> {
  for (let i = 0; i < 5; i++) await hundred(i); // compiles, fills pools
  const alive = device.memory.alive_bytes, before = held();
  for (let i = 5; i < 25; i++) await hundred(i);
  const faults: string[] = [], { outside, heap } = held(), grown = outside - before.outside;
  const more = device.memory.alive_bytes - alive;
  if (more !== 0) faults.push(`${more} bytes more on the device`);
  if (grown > ALLOWANCE) faults.push(`${(grown / 2 ** 20).toFixed(0)} MiB more in the process`);
  if (heap - before.heap > HEAP) faults.push(`${heap - before.heap} bytes more of JavaScript`);
  return faults;
}

Deno.test("2,000 steps, their logs and evaluations hold no more memory at their end", () =>
  withDevice({}, async (device) => {
    const { trainer } = tiny(device);
    const faults = await growth(device, async () => {
      for (let i = 0; i < 10; i++) await trainer.run(10);
      await trainer.log();
      await trainer.evaluate(2);
    });
    assert.equal(trainer.step, 2500);
    assert.deepEqual(faults, []);
  }));

Deno.test("a tensor kept every 100 steps, or memory kept beside the count, is found", () =>
  withDevice({}, async (device) => {
    const tensors: Tensor[] = [];
    const kept = await growth(device, async () => {
      tensors.push(createTensor(device, "kept", "f32", 1));
      await device.gpu.queue.onSubmittedWorkDone();
    });
    assert.equal(kept.length, 1);
    assert.match(kept[0], /^\d+ bytes more on the device$/);
    tensors.forEach(destroyTensor);

    const arrays: Float32Array[] = [];
    const beside = await growth(device, async () => {
      arrays.push(new Float32Array(2 ** 20).fill(1));
      await device.gpu.queue.onSubmittedWorkDone();
    });
    assert.match(beside[0], /^\d+ MiB more in the process$/);
    assert.equal(arrays.length, 25);
  }));
