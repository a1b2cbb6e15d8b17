/** Features of the time, SiLU with and without classes, and the gradient, against float64. */
import { silu, siluBackward, timeFeatures, turnTable } from "../../../kernels/image/condition.ts";
import assert from "node:assert/strict";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, placeOf, Stage } from "../stage.ts";

const R = 2, IMAGES = 5, ROWS = 8;

Deno.test("features of the time are exact to 2e-6, whole turns and all", () =>
  onEveryProfile(async (device) => {
    for (const count of [8, 256]) {
      const stage = new Stage(device), times = [0, 1, 0.5, 1 - 2 ** -24, 2 ** -30];
      // as float32 has them: the first number of the other replica is no sum of few powers of 2
      const other = [0.1, 0.7183, 0.9991, 0.33333334, 0.0078125].map(Math.fround);
      const given = [times, other].flatMap((t) => [...t, 0, 0, 0]);
      const features = stage.output("f32x4", R * ROWS * count);
      await stage.run((program) =>
        timeFeatures(program, { replicas: R, images: IMAGES, rows: ROWS }, count, {
          time: stage.input("f32", given),
          turns: stage.input("f32x4", turnTable(count)),
          features,
        })
      );
      const got = stage.floats(features), half = count / 2;
      [times, other].forEach((t, z) =>
        t.forEach((time, i) => {
          for (let k = 0; k < half; k++) {
            const angle = 1000 * time * 10000 ** (-k / half), at = (z * ROWS + i) * count + k;
            const off = Math.max(
              Math.abs(got[at] - Math.cos(angle)),
              Math.abs(got[at + half] - Math.sin(angle)),
            );
            assert.ok(off < 2e-6, `t = ${time}, k = ${k} of ${count}: ${off} off`);
          }
        })
      );
      stage.destroy();
    }
  }));

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

Deno.test("SiLU of what a layer gives, and of that plus a class, and their gradients match float64", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "swiglu"), stage = new Stage(device), draw = gaussians(4);
    const d = 12, classes = 3, p = placeOf(R, ROWS, d, 0), pt = placeOf(R, classes, d, 0);
    const make = () => Array.from({ length: R }, () => matrix(IMAGES, d, () => 3 * draw()));
    const x = make(),
      dy = make(),
      table = Array.from({ length: R }, () => matrix(classes, d, draw));
    const ids = [[0, 2, 1, 2, 0], [1, 1, 0, 2, 2]],
      of = { replicas: R, images: IMAGES, rows: ROWS };
    const by = {
      classes: stage.input("u32", ids.flatMap((row) => [...row, 0, 0, 0])),
      table: { tensor: stage.matrices(pt, table), base: pt.base / 4, replica: pt.replica / 4 },
    };
    const tx = stage.matrices(p, x), tdy = stage.matrices(p, dy);
    const out = () => stage.output("f32x4", floatsOf(p));
    const [plain, dPlain, withClass, dWithClass] = [out(), out(), out(), out()];
    await stage.run((program) => {
      silu(program, of, d / 4, null, { x: tx, y: plain });
      silu(program, of, d / 4, by, { x: tx, y: withClass });
      siluBackward(program, of, d / 4, null, { x: tx, dy: tdy, dx: dPlain });
      siluBackward(program, of, d / 4, by, { x: tx, dy: tdy, dx: dWithClass });
    });
    for (let z = 0; z < R; z++) {
      const got = (t: typeof plain) => stage.matrix(t, p, z, IMAGES, d).flat();
      const want = (entry: (i: number) => number[], gradient: boolean) =>
        x[z].flatMap((row, i) =>
          row.map((v, j) => {
            const a = v + entry(i)[j], s = sigmoid(a);
            return gradient ? dy[z][i][j] * s * (1 + a * (1 - s)) : a * s;
          })
        );
      const none = () => Array(d).fill(0), entry = (i: number) => table[z][ids[z][i]];
      assertClose("silu", got(plain), want(none, false), bound);
      assertClose("its gradient", got(dPlain), want(none, true), bound);
      assertClose("silu with a class", got(withClass), want(entry, false), bound);
      assertClose("its gradient", got(dWithClass), want(entry, true), bound);
      const wrong = want((i) => table[z][(ids[z][i] + 1) % classes], false);
      assertApart("another class", got(withClass), wrong, bound);
    }
    stage.destroy();
  }));
