/** Images drawn from models: against float64, by the order of the solvers, and what is refused. */
import assert from "node:assert/strict";
import type { Device } from "../../../kernels/gpu/device.ts";
import { Program } from "../../../kernels/gpu/program.ts";
import { downloadFloats, upload } from "../../../kernels/gpu/tensor.ts";
import { forward } from "../../../model/forward.ts";
import { type Diffusion, diffusion, imageDataset } from "../../../model/tasks/diffusion.ts";
import { timedLosses } from "../../../model/tasks/timed_losses.ts";
import { diffusionOf } from "../../../model/tasks/diffusion_kernels.ts";
import { positionTable } from "../../../model/tasks/image_facts.ts";
import {
  bytesOfPixels,
  fromPatches,
  Sampler,
  type Sampling,
} from "../../../model/tasks/sampler.ts";
import { initialParameters, type InitStd } from "../../../model/init.ts";
import { layoutOf, type ModelShape } from "../../../model/shape.ts";
import type { TaskData } from "../../../model/task.ts";
import { unpack } from "../../../model/stored.ts";
import { type Replica, Trainer } from "../../../model/trainer.ts";
import { TASK_KINDS } from "../../../rule/rule.ts";
import { assertClose } from "../../close.ts";
import { gaussian, pcg3d } from "../../reference/pcg3d.ts";
import { SMALL, SMALL_MOE } from "./small.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";

const FACTS = {
  channels: 2,
  side: 6,
  patch: 3,
  classes: 3,
  timeFeatures: 16,
  times: "logit-normal",
  classDropout: 0.1,
} as const;
const TASK: Diffusion = diffusion(FACTS), SEQ = 4, LENGTH = 18, STRIDE = 20, IMAGES = 3;
const DENSE: ModelShape = { task: TASK, ...SMALL };
const MOE: ModelShape = { ...DENSE, ffn: { ...SMALL_MOE, shared: 0, biasRate: 0.001 } };

/** 20 images, of which 8 are held out. */
function images(device: Device): TaskData {
  const pixels = Uint8Array.from({ length: 20 * 72 }, (_, i) => (i * 37) % 256);
  const labels = Uint8Array.from({ length: 20 }, (_, i) => i % 3);
  const about = { name: "made up", channels: 2, side: 6, classes: 3, hash: "h", licence: "none" };
  return imageDataset({ ...about, pixels, labels, trained: 12 }, 3).upload(device);
}

/** A trainer of untrained replicas whose velocity is far from 0. */
function trainer(
  device: Device,
  shape: ModelShape,
  mod: number,
  seeds = [1, 2],
  data = images(device),
): Trainer {
  const kinds = TASK_KINDS.diffusion, hp = { lr: 0.01, weightDecay: 0, eps: 1e-8 };
  const std = Object.fromEntries(kinds.map((k) => [k, k === "mod" ? mod : 0.25])) as InitStd;
  const replicas = seeds.map((seed): Replica => ({
    seed,
    parameters: initialParameters(layoutOf(shape), seed, std),
    hyperParameters: Object.fromEntries(kinds.map((k) => [k, hp])) as Replica["hyperParameters"],
    multipliers: { residual: 0.7, outputMultiplier: 0.8, routeScale: 2, logits: 0.9 },
    beta1: 0.9,
    beta2: 0.95,
  }));
  const options = {
    steps: 9,
    schedule: { kind: "constant", warmup: 0, decay: 0 } as const,
    clipNorm: 1,
    balanceCoef: 0.01,
    zCoef: 0,
  };
  const batch = { sequences: IMAGES, seq: SEQ };
  return new Trainer(device, shape, batch, replicas, options, data);
}

/** Noise of images from number `first` on, rows of patches. */
const noise = (seed: number, first: number, images: number): number[] =>
  Array.from({ length: images }, (_, i) =>
    Array.from({ length: SEQ * STRIDE / 4 }, (_, v) => {
      const [a, b] = [0, 1].map((k) => pcg3d([seed, first + i, (0xc0000000 | (2 * v + k)) >>> 0]));
      return [...gaussian(a[0], a[1]), ...gaussian(b[0], b[1])]
        .map((e, j) => 4 * (v % (STRIDE / 4)) + j < LENGTH ? e : 0);
    }).flat()).flat();

/** Velocities of a trainer's model at x, t and classes, read back from the device; replica z's. */
function field(device: Device, of: Trainer) {
  const net = of.network, task = diffusionOf(net), program = new Program(device), R = 2;
  of.still(() => forward(net, program, false));
  return async (z: number, x: number[], t: number, classes: number[]): Promise<number[]> => {
    upload(
      device,
      task.batch.xt,
      Float32Array.from({ length: R * x.length }, (_, i) => x[i % x.length]),
    );
    upload(device, task.of.time, new Float32Array(R * 4).fill(t));
    upload(
      device,
      task.of.classes,
      Uint32Array.from({ length: R * 4 }, (_, i) => classes[i % 4] ?? 0),
    );
    program.submit();
    const all = await downloadFloats(device, task.velocity);
    return [...all.subarray(z * x.length, (z + 1) * x.length)];
  };
}

/** The equations in float64, step by step. */
async function drawn(
  velocity: (x: number[], t: number, classes: number[]) => Promise<number[]> | number[],
  { solver, steps, guidance }: Sampling,
  start: number[],
  classes: number[],
): Promise<number[]> {
  const guided = async (x: number[], t: number) => {
    const v = await velocity(x, t, classes);
    if (guidance === 1) return v;
    const none = await velocity(x, t, classes.map(() => FACTS.classes));
    return v.map((a, i) => none[i] + guidance * (a - none[i]));
  };
  let x = start;
  for (let s = 0; s < steps; s++) {
    const t = 1 - s / steps, h = -1 / steps, k1 = await guided(x, t);
    const moved = x.map((a, i) => a + h * k1[i]);
    if (solver === "euler") x = moved;
    else {
      const k2 = await guided(moved, t + h);
      x = x.map((a, i) => a + h * (k1[i] + k2[i]) / 2);
    }
  }
  return x;
}

for (const [name, shape] of [["dense", DENSE], ["MoE", MOE]] as const) {
  Deno.test(`images of a ${name} model are those of its velocities, step by step in float64`, () =>
    onEveryProfile(async (device) => {
      const of = trainer(device, shape, 0.1), classes = [2, 0, 1];
      await of.run(1); // weights lie in the odd half
      for (
        const how of [
          { solver: "euler", steps: 3, guidance: 1 },
          { solver: "heun", steps: 2, guidance: 1 },
          { solver: "euler", steps: 2, guidance: 3 },
          { solver: "heun", steps: 3, guidance: 2 },
        ] as const
      ) {
        const sampler = new Sampler(device, of, how);
        const got = await sampler.draw({ seed: 5, first: 4, classes });
        sampler.destroy();
        for (const z of [0, 1]) {
          const v = field(device, of);
          const want = await drawn((x, t, c) => v(z, x, t, c), how, noise(5, 4, IMAGES), classes);
          const pixels = fromPatches(Float32Array.from(want), STRIDE, IMAGES, FACTS);
          // 12 velocities, each of float32 sums; a router may not pick another expert by it
          assertClose(`${how.solver} ${how.guidance}, ${z}`, got[z], pixels, 2e-5);
        }
      }
      of.destroy();
    }));
}

/**
 * The velocity of a model without modulation in float64: unit(patch xᵀ + positions) · velocityᵀ · multiplier. It
 * depends on x alone, so that the order of a solver shows.
 */
function smooth(of: Trainer, stored: Float32Array) {
  const { layout } = of.network, d = layout.shape.width, table = positionTable(2, d);
  const named = (name: string) => unpack(layout.parameters.find((p) => p.name === name)!, stored);
  const patch = named("patch"), out = named("out");
  return (x: number[]): number[] =>
    Array.from({ length: IMAGES * SEQ }, (_, t) => {
      const z = Array.from({ length: d }, (_, i) => {
        let sum = table[t % SEQ * d + i];
        for (let j = 0; j < LENGTH; j++) sum += patch[i * LENGTH + j] * x[t * STRIDE + j];
        return sum;
      });
      const unit = 1 / Math.sqrt(z.reduce((sum, v) => sum + v * v, 0) / d + 1e-6);
      return Array.from({ length: STRIDE }, (_, j) => {
        let sum = 0;
        if (j < LENGTH) { for (let i = 0; i < d; i++) sum += out[j * d + i] * z[i] * unit; }
        return 0.9 * sum;
      });
    }).flat();
}

Deno.test("errors fall with the steps as Euler's first and Heun's second order say, on a field in float64", () =>
  withDevice({}, async (device) => {
    const of = trainer(device, DENSE, 0), classes = [0, 1, 2], start = noise(9, 0, IMAGES);
    const v = smooth(
      of,
      (await downloadFloats(device, of.parameters)).slice(0, of.network.layout.floats),
    );
    const whole = await drawn(v, { solver: "heun", steps: 2000, guidance: 1 }, start, classes);
    const exact = fromPatches(Float32Array.from(whole), STRIDE, IMAGES, FACTS);
    const error = async (solver: Sampling["solver"], steps: number) => {
      const sampler = new Sampler(device, of, { solver, steps, guidance: 1 });
      const [got] = await sampler.draw({ seed: 9, first: 0, classes });
      sampler.destroy();
      return Math.sqrt(got.reduce((sum, x, i) => sum + (x - exact[i]) ** 2, 0) / got.length);
    };
    for (const [solver, order] of [["euler", 1], ["heun", 2]] as const) {
      const errors: number[] = [];
      for (const steps of [8, 16, 32]) errors.push(await error(solver, steps));
      for (const i of [0, 1]) {
        const power = Math.log2(errors[i] / errors[i + 1]);
        assert.ok(Math.abs(power - order) < 0.25, `${solver}: errors ${errors}`);
      }
    }
    of.destroy();
  }));

Deno.test("noise and images do not depend on the model's seed, its replicas or how they are cut into batches", () =>
  withDevice({}, async (device) => {
    const of = trainer(device, MOE, 0.1), alone = trainer(device, MOE, 0.1, [2]);
    const how: Sampling = { solver: "heun", steps: 2, guidance: 2 },
      classes = [0, 1, 2, 3, 2, 1, 0];
    const both = new Sampler(device, of, how), one = new Sampler(device, alone, how);
    const all = await both.draw({ seed: 1, first: 10, classes });
    const [same] = await one.draw({ seed: 1, first: 10, classes });
    assert.deepEqual(same, all[1]);
    const [late] = await one.draw({ seed: 1, first: 12, classes: classes.slice(2) });
    assert.deepEqual(late, all[1].slice(2 * 72));
    const [other] = await one.draw({ seed: 2, first: 10, classes });
    assert.notDeepEqual(other, all[1]);
    [both, one].forEach((sampler) => sampler.destroy());
    [of, alone].forEach((made) => made.destroy());
  }));

Deno.test("losses by time are those of the evaluation, image by image, with the times of the draw", () =>
  withDevice({}, async (device) => {
    const data = images(device), of = trainer(device, MOE, 0.1, [1, 2], data);
    await of.run(3);
    const timed = await timedLosses(device, of, data, 2), whole = await of.evaluate(2);
    timed.forEach(({ time, loss }, z) => {
      assert.equal(loss.length, 2 * IMAGES);
      const mean = loss.reduce((sum, v) => sum + v, 0) / loss.length;
      assert.ok(Math.abs(mean / whole[z].loss - 1) < 1e-6, `${mean} is not ${whole[z].loss}`);
      const want = Array.from({ length: 6 }, (_, i) => {
        const [a, b] = pcg3d([0x9e3779b9, i, 0x40000000]);
        return 1 / (1 + Math.exp(-gaussian(a, b)[0]));
      });
      assertClose("times", time, want, 2e-6);
    });
    assert.deepEqual(timed[1].time, timed[0].time);
    of.destroy();
    data.destroy();
  }));

Deno.test("what cannot be drawn is refused, with what is wrong", () =>
  withDevice({}, async (device) => {
    const of = trainer(device, DENSE, 0.1),
      how: Sampling = { solver: "euler", steps: 2, guidance: 1 };
    const refused = (changed: Partial<Sampling>, why: RegExp) =>
      assert.throws(() => new Sampler(device, of, { ...how, ...changed }), why);
    refused({ steps: 0 }, /Cannot draw images: steps = 0 is not a whole number >= 1/);
    refused({ steps: 1.5 }, /steps = 1.5/);
    refused({ guidance: NaN }, /guidance = NaN is not finite/);
    refused({ solver: "rk4" as "heun" }, /rk4 is no solver/);
    const sampler = new Sampler(device, of, how);
    const draw = (classes: number[]) => sampler.draw({ seed: 0, first: 0, classes });
    await assert.rejects(draw([4]), /Cannot draw class 4: there are 3 from 0/);
    await of.run(1);
    await assert.rejects(draw([1]), /the model is at step 1, the sampler was made at 0/);
    sampler.destroy();
    of.destroy();
  }));

Deno.test("pixels come from patches in rows, and bytes hold what lies beyond black and white", () => {
  const rows = Float32Array.from({ length: SEQ * STRIDE }, (_, i) => i);
  const pixels = fromPatches(rows, STRIDE, 1, FACTS);
  // channel 1, row 4, column 2: patch 2, in it channel 1, row 1, column 2
  assert.equal(pixels[36 + 4 * 6 + 2], 2 * STRIDE + 9 + 3 + 2);
  assert.deepEqual([...bytesOfPixels(Float32Array.of(-3, -1, 0, 1, 7))], [0, 0, 128, 255, 255]);
});
