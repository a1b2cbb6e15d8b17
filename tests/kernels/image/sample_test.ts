/** What images are drawn with: noise by seed and number alone, guided velocities, steps of both solvers. */
import assert from "node:assert/strict";
import {
  sampleCondition,
  sampleGuide,
  sampleMove,
  sampleNoise,
} from "../../../kernels/image/sample.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { matrix } from "../../reference/matrix.ts";
import { gaussian, pcg3d } from "../../reference/pcg3d.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import type { Device } from "../../../kernels/gpu/device.ts";
import { floatsOf, placeOf, Stage } from "../stage.ts";

const R = 2, LENGTH = 9, WIDTH = 12, SEQ = 5;

/** Noise of `images` images from number `first` on: rows of WIDTH floats, by replica. */
async function noise(device: Device, images: number, first: number, seed: number) {
  const tokens = images * SEQ, rows = Math.ceil(tokens / 4) * 4, stage = new Stage(device);
  const x = stage.output("f32x4", R * rows * WIDTH);
  const sizes = { replicas: R, tokens, rows, seq: SEQ };
  await stage.run((program) => sampleNoise(program, sizes, LENGTH, { seed, first }, x));
  const all = stage.floats(x);
  stage.destroy();
  return Array.from(
    { length: R },
    (_, z) => [...all.subarray(z * rows * WIDTH, (z * rows + tokens) * WIDTH)],
  );
}

Deno.test("starting noise is that of seed and image number, for every replica and cut into rounds", () =>
  onEveryProfile(async (device) => {
    const seed = 77, first = 3, all = await noise(device, 6, first, seed);
    const want = Array.from(
      { length: 6 },
      (_, i) =>
        Array.from({ length: SEQ * WIDTH / 4 }, (_, v) => {
          const key = (k: number) => pcg3d([seed, first + i, (0xc0000000 | (2 * v + k)) >>> 0]);
          const [a, b] = [key(0), key(1)];
          return [...gaussian(a[0], a[1]), ...gaussian(b[0], b[1])]
            .map((e, j) => 4 * (v % (WIDTH / 4)) + j < LENGTH ? e : 0);
        }).flat(),
    ).flat();
    assertClose("noise", all[0], want, tolerance(device, "noise"));
    assert.deepEqual(all[1], all[0], "a replica has noise of its own");
    const later = await noise(device, 2, first + 4, seed);
    assert.deepEqual(later[0], all[0].slice(4 * SEQ * WIDTH));
    const other = await noise(device, 6, first, seed + 1);
    assertApart("another seed", other[0], want, tolerance(device, "noise"));
  }));

Deno.test("time and class are those of the step, and no class where none is asked for", () =>
  onEveryProfile(async (device) => {
    const stage = new Stage(device), sizes = { replicas: R, tokens: 15, rows: 16, seq: SEQ };
    const steps = 4, times = stage.input("f32", [1, 0.75, 0.5, 0.25, 0]);
    const asked = stage.input("u32", [2, 0, 1, 9]), state = stage.input("u32", [1, 1]);
    const made = ([[0, true], [1, true], [1, false]] as const).map(([stage_, asks]) => ({
      stage_,
      asks,
      time: stage.output("f32", R * 4),
      classes: stage.output("u32", R * 4),
    }));
    await stage.run((program) => {
      for (const { stage_, asks, time, classes } of made) {
        const of = { steps, none: 7, asked: asks, stage: stage_ };
        sampleCondition(program, sizes, of, { times, asked, state, time, classes });
      }
    });
    for (const { stage_, asks, time, classes } of made) {
      for (let z = 0; z < R; z++) {
        const t = stage.floats(time).subarray(4 * z, 4 * z + 3);
        assert.deepEqual([...t], Array(3).fill(stage_ ? 0.5 : 0.75));
        const c = stage.integers(classes).slice(4 * z, 4 * z + 3);
        assert.deepEqual(c, asks ? [2, 0, 1] : [7, 7, 7]);
      }
    }
    stage.destroy();
  }));

Deno.test("guided velocities and steps of no, one and two slopes match float64", () =>
  onEveryProfile(async (device) => {
    const tokens = 10, bound = tolerance(device, "combine"), stage = new Stage(device);
    const p = placeOf(R, 12, WIDTH, 0), draw = gaussians(4);
    const sizes = { replicas: R, tokens, rows: 12, seq: SEQ };
    const make = () => Array.from({ length: R }, () => matrix(tokens, LENGTH, draw));
    const [x, v, none] = [make(), make(), make()];
    const t = {
      x: stage.matrices(p, x),
      v: stage.matrices(p, v),
      none: stage.matrices(p, none),
    };
    const times = stage.input("f32", [1, 0.7, 0]), state = stage.input("u32", [1, 1]);
    const next = stage.output("u32", R),
      last = { pair: [state, next] as [typeof state, typeof next] };
    const out = () => stage.output("f32x4", floatsOf(p));
    const guided = out(), plain = out(), still = out(), one = out(), two = out(), h = -0.7;
    await stage.run((program) => {
      sampleGuide(program, sizes, LENGTH, 2.5, { v: t.v, none: t.none, k: guided });
      sampleGuide(program, sizes, LENGTH, 2.5, { v: t.v, k: plain });
      const at = { x: t.x, times, state };
      sampleMove(program, sizes, LENGTH, 2, { ...at, y: still }, false);
      sampleMove(program, sizes, LENGTH, 2, { ...at, k1: t.v, y: one }, false);
      sampleMove(
        program,
        sizes,
        LENGTH,
        2,
        { ...at, state: last, k1: t.v, k2: t.none, y: two },
        true,
      );
    });
    for (let z = 0; z < R; z++) {
      const got = (from: typeof guided) => stage.matrix(from, p, z, tokens, LENGTH).flat();
      const [fx, fv, fn] = [x, v, none].map((m) => m[z].flat());
      const want = (f: (x: number, v: number, none: number) => number) =>
        fx.map((a, i) => f(a, fv[i], fn[i]));
      assertClose("guided", got(guided), want((_, v, n) => n + 2.5 * (v - n)), bound);
      assertClose("one slope", got(one), want((x, v) => x + h * v), bound);
      assertClose("two slopes", got(two), want((x, v, n) => x + h * (v + n) / 2), bound);
      assertApart("no guidance", got(guided), fv, bound);
      assertApart("a step of one slope", got(two), got(one), bound);
      const copied = tolerance(device, "copy");
      assertClose("no guidance", got(plain), want((_, v) => Math.fround(v)), copied);
      assertClose("no slope", got(still), want((x) => Math.fround(x)), copied);
    }
    assert.deepEqual(stage.integers(next), [2, 2]);
    for (const made of [guided, plain, still, one, two]) stage.assertGapsUntouched(made, p, tokens);
    stage.destroy();
  }));
