/** Cross-entropy and its gradient against float64. */
import assert from "node:assert/strict";
import { crossEntropy } from "../../../kernels/text/loss.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians, uniforms } from "../../random.ts";
import {
  crossEntropy as reference,
  crossEntropyBackward as referenceBackward,
} from "../../reference/loss.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { floatsOf, type Place, Stage } from "../stage.ts";

const R = 2;

for (const [tokens, vocab] of [[33, 37], [5, 300]]) {
  Deno.test(`cross-entropy of ${tokens} rows over ${vocab} entries matches float64`, () =>
    onEveryProfile(async (device) => {
      const bound = tolerance(device, "crossEntropy"), stage = new Stage(device);
      const draw = gaussians(vocab), u = uniforms(vocab), multipliers = [0.5, 1.5];
      const rows = Math.ceil(tokens / 4) * 4, cols = Math.ceil(vocab / 4) * 4;
      const p: Place = { replicas: R, rows, cols, base: 0, stride: cols, replica: rows * cols };
      // the last row's logits are large: exp of the raw logit would overflow
      const logits = Array.from(
        { length: R },
        () => matrix(tokens, vocab, (t) => t === tokens - 1 ? 200 + 50 * draw() : 3 * draw()),
      );
      const targets = Array.from(
        { length: R },
        () =>
          Array.from(
            { length: rows },
            (_, t) => t === 0 ? vocab - 1 : t === 1 ? 0 : Math.floor(u() * vocab),
          ),
      );
      const t = { logits: stage.matrices(p, logits), targets: stage.input("u32", targets.flat()) };
      const scales = stage.input("f32", [NaN, NaN, multipliers[0], NaN, NaN, multipliers[1]]);
      const loss = stage.output("f32", R * rows), only = stage.output("f32", R * rows);
      const dlogits = stage.output("f32x4", floatsOf(p));
      const sizes = { replicas: R, tokens, rows, seq: tokens }, scale = { slot: 2, stride: 3 };
      await stage.run((program) => {
        crossEntropy(program, sizes, vocab, scale, { ...t, scales, loss, dlogits });
        crossEntropy(program, sizes, vocab, scale, { ...t, scales, loss: only });
      });
      for (let z = 0; z < R; z++) {
        const of = (x: typeof loss) => stage.floats(x).subarray(z * rows, z * rows + tokens);
        const want = logits[z].map((row, i) => reference(row, targets[z][i]));
        assertClose("loss", of(loss), want, bound);
        assert.deepEqual(of(only), of(loss));
        const other = logits[z].map((row, i) => reference(row, targets[1 - z][i]));
        assertApart("the other targets", of(loss), other, bound);
        const got = stage.matrix(dlogits, p, z, tokens, vocab).flat();
        const gradient = logits[z].flatMap((row, i) => referenceBackward(row, targets[z][i]));
        const scaled = gradient.map((g) => g * multipliers[z] / tokens);
        assertClose("gradient", got, scaled, bound);
        assertApart("not divided by the tokens", got, gradient, bound);
        const padded = stage.matrix(dlogits, p, z, tokens, cols).flatMap((row) => row.slice(vocab));
        assert.ok(padded.every((x) => x === 0), "the padding is not zero");
      }
      stage.assertGapsUntouched(dlogits, p, tokens);
      stage.destroy();
    }));
}
