/** The log of a step against float64. */
import assert from "node:assert/strict";
import { logStep } from "../../../kernels/optimizer/log_step.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { Stage } from "../stage.ts";

const R = 2;

Deno.test("the log holds mean loss, summed balance and z-loss and the norm, step by step", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "crossEntropy"), stage = new Stage(device);
    const tokens = 75, rows = 76, layers = 3, steps = 4, draw = gaussians(6);
    const loss = matrix(R, rows, (_, t) => t < tokens ? draw() ** 2 : NaN);
    const aux = Array.from(
      { length: layers * R * rows },
      (_, i) => i % rows < tokens ? [Math.abs(draw()), draw() ** 2, 0, 0] : [NaN, NaN, NaN, NaN],
    );
    const clip = [[0.5, 7, 0, 0], [1, 0.25, 0, 0]];
    const counter = () => ({
      pair: [stage.output("u32", R, [1, 1]), stage.output("u32", R, [0, 0])] as [
        ReturnType<Stage["output"]>,
        ReturnType<Stage["output"]>,
      ],
    });
    const state = counter(), bare = counter();
    const log = stage.output("f32x4", 4 * R * steps), plain = stage.output("f32x4", 4 * R * steps);
    const sizes = { replicas: R, tokens, rows, seq: tokens };
    const l = stage.input("f32", loss.flat());
    await stage.run((program) => {
      logStep(program, sizes, steps, layers, {
        loss: l,
        aux: stage.input("f32x4", aux.flat()),
        clip: stage.input("f32x4", clip.flat()),
        state,
        log,
      });
      logStep(program, sizes, steps, 0, { loss: l, state: bare, log: plain });
    }, 2);
    assert.deepEqual(stage.integers(state.pair[0]), [3, 3]);
    assert.deepEqual(stage.integers(state.pair[1]), [2, 2]);
    for (let z = 0; z < R; z++) {
      const mean = loss[z].slice(0, tokens).reduce((a, b) => a + b) / tokens;
      const mine = aux.filter((_, i) => Math.floor(i / rows) % R === z && i % rows < tokens);
      const sum = (c: number) => mine.reduce((a, v) => a + v[c], 0);
      const line = (t: typeof log, step: number) =>
        stage.floats(t).subarray((z * steps + step) * 4, (z * steps + step + 1) * 4);
      for (const step of [1, 2]) {
        // entry by entry: a large z-loss must not hide a wrong mean
        [mean, sum(0), sum(1), clip[z][1]].forEach((want, i) =>
          assertClose(`entry ${i}`, [line(log, step)[i]], [want], bound)
        );
        assertApart("the sum for the mean", [line(log, step)[0]], [mean * tokens], bound);
        assertClose("mean alone", line(plain, step), [line(log, step)[0], 0, 0, 0], 0);
      }
      for (const step of [0, 3]) {
        assert.ok(line(log, step).every(Number.isNaN), "not this step's line");
      }
    }
    stage.destroy();
  }));
