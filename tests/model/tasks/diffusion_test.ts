/** The diffusion task: it learns, repeats to the bit, keeps replicas apart, and refuses what does not fit. */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/gpu/device.ts";
import { initialParameters, type InitStd } from "../../../model/init.ts";
import { Network } from "../../../model/network.ts";
import { layoutOf, type ModelShape } from "../../../model/shape.ts";
import { Probe } from "../../../model/check/probe.ts";
import { diffusion, imageDataset } from "../../../model/tasks/diffusion.ts";
import { readConditions } from "../../../model/tasks/diffusion_kernels.ts";
import { positionTable } from "../../../model/tasks/image_facts.ts";
import { checkImages, type Images } from "../../../model/tasks/images.ts";
import { language } from "../../../model/tasks/language.ts";
import { uploadText } from "../../../model/tasks/text.ts";
import { type Replica, Trainer, type TrainingOptions } from "../../../model/trainer.ts";
import { TASK_KINDS } from "../../../rule/rule.ts";
import { uniforms } from "../../random.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";
import { SMALL, SMALL_MOE } from "./small.ts";
import { learns, mean, train } from "./training.ts";

const FACTS = {
  channels: 1,
  side: 6,
  patch: 2,
  classes: 2,
  timeFeatures: 16,
  times: "logit-normal",
  classDropout: 0.1,
} as const;
const BATCH = { sequences: 5, seq: 9 }, STEPS = 60;
const OPTIONS: TrainingOptions = {
  steps: STEPS,
  schedule: { kind: "constant", warmup: 0, decay: 0 },
  clipNorm: 1,
  balanceCoef: 0.01,
  zCoef: 0,
};
const DENSE: ModelShape = { task: diffusion(FACTS), ...SMALL };
const MOE: ModelShape = { ...DENSE, ffn: SMALL_MOE };

/** Images whose left half is bright in one class and whose right half is in the other. */
function images(count = 60, trained = 40): Images {
  const u = uniforms(3), labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const pixels = Uint8Array.from({ length: count * 36 }, (_, i) => {
    const bright = (i % 6 < 3) === (labels[Math.floor(i / 36)] === 0);
    return Math.floor((bright ? 220 : 10) + 30 * u());
  });
  const about = { name: "halves", channels: 1, side: 6, classes: 2, hash: "h", licence: "none" };
  return { ...about, pixels, labels, trained };
}
const set = (of = images()) => imageDataset(of, 2);

function replica(shape: ModelShape, seed: number, lr = 0.02): Replica {
  const kinds = TASK_KINDS.diffusion, hp = { lr, weightDecay: 0, eps: 1e-8 };
  const zero = new Set<string>(["mod", "velocity"]);
  const std = Object.fromEntries(kinds.map((k) => [k, zero.has(k) ? 0 : 0.3])) as InitStd;
  return {
    seed,
    parameters: initialParameters(layoutOf(shape), seed, std),
    hyperParameters: Object.fromEntries(kinds.map((k) => [k, hp])) as Replica["hyperParameters"],
    multipliers: { residual: 0.7, outputMultiplier: 0.8, routeScale: 2, logits: 0.9 },
    beta1: 0.9,
    beta2: 0.95,
  };
}

const given = (device: Device, shape: ModelShape) => ({
  device,
  data: set(),
  shape,
  batch: BATCH,
  options: OPTIONS,
});

for (const [name, shape] of [["dense", DENSE], ["MoE", MOE]] as const) {
  Deno.test(`a ${name} diffusion model learns, repeats to the bit, and keeps replicas apart`, () =>
    withDevice({}, async (device) => {
      const starts = await learns(given(device, shape), [
        replica(shape, 1),
        replica(shape, 2, 0.03),
      ]);
      // velocity and modulations start at zero: the loss is that of saying 0
      for (const start of starts) assert.ok(start > 1 && start < 2.6, `it begins at ${start}`);
    }));
}

Deno.test("every kernel variant trains the same diffusion model", () =>
  onEveryProfile(async (device) => {
    const { log } = await train(given(device, MOE), [replica(MOE, 1)]);
    const last = mean(log[0].slice(-5).map((s) => s.loss));
    assert.ok(last < 0.6 * log[0][0].loss, `${last} of ${log[0][0].loss}`);
  }));

Deno.test("held-out loss does not depend on how the images are cut into batches", () =>
  withDevice({}, async (device) => {
    const data = set().upload(device), losses: number[] = [];
    for (const [sequences, batches] of [[5, 4], [10, 2], [4, 5]]) {
      const trainer = new Trainer(
        device,
        DENSE,
        { sequences, seq: 9 },
        [replica(DENSE, 1)],
        OPTIONS,
        data,
      );
      losses.push((await trainer.evaluate(batches))[0].loss);
      trainer.destroy();
    }
    data.destroy();
    for (const loss of losses) assert.ok(Math.abs(loss / losses[0] - 1) < 1e-6, `${losses}`);
  }));

Deno.test("held-out images keep their class, and their time however they are cut into batches", () =>
  withDevice({}, async (device) => {
    const given = images(), data = set(given).upload(device);
    const read = async (sequences: number, batches: number) => {
      const batch = { sequences, seq: 9 }, replicas = [replica(MOE, 1), replica(MOE, 2)];
      const trainer = new Trainer(device, MOE, batch, replicas, OPTIONS, data);
      const probe = new Probe(device, trainer, data, batches), times: number[] = [];
      const classes: number[] = [];
      for (let b = 0; b < batches; b++) {
        await probe.picks(b);
        const [one, other] = await readConditions(trainer.network);
        assert.deepEqual(one, other);
        times.push(...one.time);
        classes.push(...one.classes);
      }
      // each replica a batch of its own
      await probe.picks([1, 0]);
      const apart = await readConditions(trainer.network);
      const parts = apart.map(({ time }) => [...time]);
      assert.deepEqual(parts, [times.slice(sequences, 2 * sequences), times.slice(0, sequences)]);
      probe.destroy();
      trainer.destroy();
      return { times, classes };
    };
    const fives = await read(5, 4), tens = await read(10, 2);
    assert.deepEqual(fives, tens);
    assert.deepEqual(fives.classes, [...given.labels.subarray(40)]);
    assert.equal(new Set(fives.times).size, 20);
    assert.ok(fives.times.every((t) => t > 0 && t < 1), `${fives.times}`);
    data.destroy();
    const other = new Network(device, { ...MOE, task: language() }, 5, 9, 1);
    await assert.rejects(readConditions(other), {
      name: "TypeError",
      message: /Cannot read velocities: the model is for language/,
    });
    other.destroy();
  }));

Deno.test("positions in two dimensions: the row in the first half, the column in the second", () => {
  const table = positionTable(3, 8), row = (t: number) => [...table.subarray(8 * t, 8 * t + 8)];
  const angles = [1, 10000 ** -0.5];
  const one = (index: number) => [
    ...angles.map((a) => Math.sin(index * a)),
    ...angles.map((a) => Math.cos(index * a)),
  ];
  for (let t = 0; t < 9; t++) {
    const want = [...one(Math.floor(t / 3)), ...one(t % 3)];
    row(t).forEach((v, j) => assert.ok(Math.abs(v - want[j]) < 1e-6, `token ${t}, column ${j}`));
  }
});

Deno.test("sizes that do not fit together are refused, with what does not", () =>
  withDevice({}, (device) => {
    const refused = (facts: Partial<typeof FACTS>, why: RegExp) =>
      assert.throws(() => diffusion({ ...FACTS, ...facts } as typeof FACTS), why);
    refused({ patch: 4 as 2 }, /patches of 4 pixels do not divide a side of 6/);
    refused({ timeFeatures: 12 as 16 }, /timeFeatures = 12 is no multiple of 8/);
    refused({ classes: 0 as 2 }, /classes = 0/);
    refused({ classDropout: 1.5 as 0.1 }, /classDropout = 1.5/);
    assert.throws(
      () => layoutOf({ ...DENSE, width: 18, headWidth: 6 }),
      /width = 18 is no multiple of 4/,
    );
    const make =
      (batch: { sequences: number; seq: number }, data: Parameters<typeof set>[0]) => () => {
        const uploaded = set(data).upload(device);
        try {
          new Trainer(device, DENSE, batch, [replica(DENSE, 1)], OPTIONS, uploaded);
        } finally {
          uploaded.destroy();
        }
      };
    assert.throws(
      make({ sequences: 5, seq: 8 }, images()),
      /sequences of 8 tokens for images of 9/,
    );
    const large = { ...images(), side: 12, pixels: new Uint8Array(60 * 144) };
    assert.throws(make(BATCH, large), /Cannot draw images of 1 × 6 × 6: the data has 1 × 12 × 12/);
    const text = uploadText(device, new Uint8Array(500), 400);
    const wrong = () => new Trainer(device, DENSE, BATCH, [replica(DENSE, 1)], OPTIONS, text);
    assert.throws(wrong, /Cannot draw images: the data is for language/);
    text.destroy();
    const data = set().upload(device), shape = { ...DENSE, task: language() };
    const none = () => new Trainer(device, shape, BATCH, [replica(shape, 1)], OPTIONS, data);
    assert.throws(none, /Cannot draw tokens: the data is for diffusion/);
    data.destroy();
    return Promise.resolve();
  }));

Deno.test("too few images are named, with how many are wanted", () => {
  const draws = { seq: 9, sequences: 5, evaluationBatches: 4 };
  assert.equal(checkImages(images(), 9, draws), null);
  assert.throws(() => checkImages(images(), 9, { ...draws, seq: 49 }), /are 9 patches each/);
  assert.throws(() => checkImages(images(60, 3), 9, draws), /halves: 3 images to train on, want 5/);
  const few = { ...images(50, 40), file: "my.idx" };
  assert.throws(() => checkImages(few, 9, draws), /20 images of my.idx: 10 of 50 are held out/);
});
