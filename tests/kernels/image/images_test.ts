/** Batches of noisy images against exact integers and float64, and what they must have in common. */
import assert from "node:assert/strict";
import {
  drawImages,
  type ImageDraw,
  imagesOf,
  patchLength,
} from "../../../kernels/image/images.ts";
import { assertApart, assertClose } from "../../close.ts";
import { uniforms } from "../../random.ts";
import { gaussian, pcg3d } from "../../reference/pcg3d.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";
import type { Device } from "../../../kernels/gpu/device.ts";
import { Stage } from "../stage.ts";

const HELD_OUT = 0x9e3779b9;
const draw: ImageDraw = {
  first: 3,
  range: 11,
  spacing: 0,
  none: 6,
  drop: 0.3,
  times: "logit-normal",
};

interface Size {
  channels: number;
  side: number;
  patch: number;
}

/** A batch on the device: seeds 5 and 9, of `images` images at a step. */
async function batch(device: Device, of: Size, images: number, step: number, how: ImageDraw) {
  const stage = new Stage(device), u = uniforms(of.side), across = of.side / of.patch;
  const seq = across * across, tokens = images * seq, rows = Math.ceil(tokens / 4) * 4;
  const sizes = { replicas: 2, tokens, seq, rows }, width = Math.ceil(patchLength(of) / 4) * 4;
  const count = 30, each = of.channels * of.side * of.side;
  const pixels = Uint8Array.from({ length: count * each }, () => Math.floor(256 * u()));
  const labels = Array.from({ length: count }, () => Math.floor(6 * u()));
  const packed = new Uint8Array(Math.ceil(pixels.length / 4) * 4);
  packed.set(pixels);
  const { rows: imageRows } = imagesOf(sizes);
  const out = {
    picked: stage.output("u32", 2 * imageRows),
    classes: stage.output("u32", 2 * imageRows),
    time: stage.output("f32", 2 * imageRows),
    xt: stage.output("f32x4", 2 * rows * width),
    target: stage.output("f32x4", 2 * rows * width),
  };
  await stage.run((program) =>
    drawImages(program, sizes, of, how, {
      corpus: stage.input("u32", new Uint32Array(packed.buffer)),
      labels: stage.input("u32", labels),
      seeds: stage.input("u32", [5, 9]),
      state: stage.input("u32", [step, step]),
      ...out,
    })
  );
  const of2 = <T>(all: ArrayLike<T>, n: number, length: number, z: number) =>
    Array.from({ length }, (_, i) => all[z * n + i]);
  const replicas = [0, 1].map((z) => ({
    picked: of2(stage.integers(out.picked), imageRows, images, z),
    classes: of2(stage.integers(out.classes), imageRows, images, z),
    time: of2(stage.floats(out.time), imageRows, images, z),
    xt: of2(stage.floats(out.xt), rows * width, tokens * width, z),
    target: of2(stage.floats(out.target), rows * width, tokens * width, z),
  }));
  stage.destroy();
  return { replicas, pixels, labels, seq, width, across };
}

for (const  of of[{ channels: 1, side: 9, patch: 3 }, { channels: 3, side: 4, patch: 2 }]) {
  Deno.test(`noisy patches of ${of.channels} x ${of.side} x ${of.side} images are those of their seeds`, () =>
    onEveryProfile(async (device) => {
      const step = 7, images = 5, bound = tolerance(device, "noise");
      const { replicas, pixels, labels, seq, width, across } = await batch(
        device,
        of,
        images,
        step,
        draw,
      );
      [5, 9].forEach((seed, z) => {
        const got = replicas[z], xt: number[] = [], target: number[] = [], still: number[] = [];
        for (let row = 0; row < images; row++) {
          const [a, b] = pcg3d([seed, step, row]), image = 3 + a % 11;
          assert.equal(got.picked[row], image);
          const dropped = b < Math.round(0.3 * 2 ** 32);
          assert.equal(got.classes[row], dropped ? 6 : labels[image]);
          const [c, d] = pcg3d([seed, step, (row | 0x40000000) >>> 0]);
          const t = 1 / (1 + Math.exp(-gaussian(c, d)[0]));
          assertClose("t", [got.time[row]], [t], bound);
          for (let token = 0; token < seq; token++) {
            for (let v = 0; v < width / 4; v++) {
              const at = (row * seq + token) * (width / 4) + v;
              const key = (k: number) => pcg3d([seed, step, (0x80000000 | (2 * at + k)) >>> 0]);
              const [a, b] = [key(0), key(1)];
              const eps = [...gaussian(a[0], a[1]), ...gaussian(b[0], b[1])];
              for (let i = 0; i < 4; i++) {
                const e = 4 * v + i, channel = Math.floor(e / of.patch ** 2);
                const inside = e % of.patch ** 2;
                const y = Math.floor(token / across) * of.patch + Math.floor(inside / of.patch);
                const x = token % across * of.patch + inside % of.patch;
                const real = channel < of.channels;
                const byte = pixels[((image * of.channels + channel) * of.side + y) * of.side + x];
                const x0 = real ? byte / 127.5 - 1 : 0, noise = real ? eps[i] : 0;
                xt.push((1 - t) * x0 + t * noise);
                target.push(noise - x0);
                still.push(x0 - noise);
              }
            }
          }
        }
        assertClose("x_t", got.xt, xt, bound);
        assertClose("target", got.target, target, bound);
        assertApart("target of the other sign", got.target, still, bound);
      });
    }));
}

Deno.test("held-out images are the same for every replica and however they are cut into batches", () =>
  withDevice({}, async (device) => {
    const of = { channels: 1, side: 6, patch: 2 };
    const held = { ...draw, first: 10, range: 0, spacing: 2, drop: 0 };
    const [a, b, whole] = [
      await batch(device, of, 3, 0, held),
      await batch(device, of, 3, 1, held),
      await batch(device, of, 6, 0, held),
    ];
    assert.deepEqual(a.replicas[0], a.replicas[1]);
    for (const what of ["picked", "classes", "time", "xt", "target"] as const) {
      assert.deepEqual([...a.replicas[0][what], ...b.replicas[0][what]], whole.replicas[0][what]);
    }
    assert.deepEqual(whole.replicas[0].picked, [10, 12, 14, 16, 18, 20]);
    assert.deepEqual(
      whole.replicas[0].classes,
      whole.replicas[0].picked.map((i) => whole.labels[i]),
    );
    const [c, d] = pcg3d([HELD_OUT, 4, 0x40000000]);
    assertClose("t", [whole.replicas[0].time[4]], [1 / (1 + Math.exp(-gaussian(c, d)[0]))], 1e-6);
  }));

Deno.test("times, noise and dropped classes have the distribution they are named for", () =>
  withDevice({}, async (device) => {
    const of = { channels: 1, side: 8, patch: 4 }, images = 4096;
    const moments = (x: number[]) => {
      const mean = x.reduce((a, b) => a + b) / x.length;
      return { mean, sd: Math.sqrt(x.reduce((a, b) => a + (b - mean) ** 2, 0) / x.length) };
    };
    const normal = await batch(device, of, images, 1, draw);
    const { time, classes, xt, target } = normal.replicas[0];
    const logits = moments(time.map((t) => Math.log(t / (1 - t))));
    // 5 standard errors of 4096 values
    assert.ok(
      Math.abs(logits.mean) < 5 / 64 && Math.abs(logits.sd - 1) < 5 / 90,
      JSON.stringify(logits),
    );
    // eps = x_t + (1 − t) target
    const eps = moments(xt.map((x, i) => x + (1 - time[Math.floor(i / (4 * 16))]) * target[i]));
    assert.ok(Math.abs(eps.mean) < 0.01 && Math.abs(eps.sd - 1) < 0.01, JSON.stringify(eps));
    const dropped = classes.filter((c) => c === 6).length / images;
    assert.ok(Math.abs(dropped - 0.3) < 5 * Math.sqrt(0.21 / images), `${dropped}`);
    const even = await batch(device, of, images, 1, { ...draw, times: "uniform" });
    const uniform = moments(even.replicas[0].time);
    assert.ok(
      Math.abs(uniform.mean - 0.5) < 5 * 0.289 / 64 && Math.abs(uniform.sd - 0.289) < 0.015,
    );
    assert.ok(even.replicas[0].time.every((t) => t > 0 && t < 1));
  }));
