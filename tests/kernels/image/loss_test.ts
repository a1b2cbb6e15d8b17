/** The flow-matching loss and its gradient against float64. */
import assert from "node:assert/strict";
import { velocityLoss } from "../../../kernels/image/loss.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, placeOf, Stage } from "../stage.ts";

const R = 2;

for (const [tokens, patch] of [[13, 9], [6, 48]]) {
  Deno.test(`squared error of ${tokens} patches of ${patch} numbers matches float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "product"),
        stage = new Stage(device),
        draw = gaussians(patch);
      const rows = Math.ceil(tokens / 4) * 4, cols = Math.ceil(patch / 4) * 4;
      const p = placeOf(R, rows, cols, 0);
      const make = () => Array.from({ length: R }, () => matrix(tokens, patch, draw));
      const v = make(), target = make(), multipliers = [0.5, 2];
      const t = { v: stage.matrices(p, v), target: stage.matrices(p, target) };
      const scales = stage.input("f32", [NaN, multipliers[0], NaN, multipliers[1]]);
      const loss = stage.output("f32", R * rows), only = stage.output("f32", R * rows);
      const dv = stage.output("f32x4", floatsOf(p)), scale = { slot: 1, stride: 2 };
      const sizes = { replicas: R, tokens, rows, seq: tokens };
      await stage.run((program) => {
        velocityLoss(program, sizes, patch, scale, { ...t, scales, loss, dv });
        velocityLoss(program, sizes, patch, scale, { ...t, scales, loss: only });
      });
      for (let z = 0; z < R; z++) {
        const of = (x: typeof loss) => stage.floats(x).subarray(z * rows, z * rows + tokens);
        const error = (i: number) => v[z][i].map((a, j) => a - target[z][i][j]);
        const mean = (i: number) => error(i).reduce((sum, e) => sum + e * e, 0) / patch;
        assertClose("loss", of(loss), v[z].map((_, i) => mean(i)), bound);
        assert.deepEqual(of(only), of(loss));
        const got = stage.matrix(dv, p, z, tokens, patch).flat();
        const gradient = v[z].flatMap((_, i) => error(i).map((e) => 2 * e / (tokens * patch)));
        assertClose("gradient", got, gradient.map((g) => g * multipliers[z]), bound);
        assertApart("without the multiplier", got, gradient, bound);
        const padded = stage.matrix(dv, p, z, tokens, cols).flatMap((row) => row.slice(patch));
        assert.ok(padded.every((x) => x === 0), "the padding is not zero");
      }
      stage.assertGapsUntouched(dv, p, tokens);
      stage.destroy();
    }));
}
