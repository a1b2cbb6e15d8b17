/** Ratios compare equal work, in the same rounds, and leave nothing on the device. */
import assert from "node:assert/strict";
import { flopsOf } from "../../../model/feed_forward.ts";
import {
  GROUPED_CONFIGS,
  GROUPED_SIZE,
  timeGrouped,
  timeReplicas,
} from "../../../model/measure/ratio_bench.ts";
import type { Timing } from "../../../kernels/gpu/timer.ts";
import {
  onImages,
  STEPS,
  stepTrainer,
  taskRatios,
  timeGemms,
} from "../../../model/measure/step_bench.ts";
import { withDevice } from "../../with_device.ts";

const SHORT = { samples: 6, sample_s: 0.02 };

Deno.test("grouped products are a share of dense ones, with the skew's cost and the padding", () =>
  withDevice({}, async (device) => {
    const size = { width: 16, tokens: 128, expertWidth: 8 };
    for (const config of GROUPED_CONFIGS) {
      const [uniform, zipf] = await timeGrouped(device, config, SHORT, size);
      assert.deepEqual([uniform.routing, zipf.routing], ["uniform", "zipf"]);
      for (const { percentOfDense, lo, hi, paddingShare } of [uniform, zipf]) {
        assert.ok(lo > 0 && lo <= percentOfDense && percentOfDense <= hi);
        // tiny shares in tiles of 8 rows and more: some padding, never all
        assert.ok(paddingShare! > 0 && paddingShare! < 1);
      }
      assert.equal(uniform.timeOverUniform, null);
      assert.ok(zipf.timeOverUniform!.estimate > 0);
    }
    assert.equal(device.memory.alive_bytes, 0);
  }));

Deno.test("the dense layer that grouped products are held against has as many operations", () => {
  const { width, tokens, expertWidth } = GROUPED_SIZE;
  const moe = { kind: "moe", experts: 16, active: 4, expertWidth } as const;
  for (const [hidden, equal] of [[4 * expertWidth, true], [16 * expertWidth, false]] as const) {
    const [a, b] = [moe, { kind: "dense", hidden } as const].map((ffn) =>
      flopsOf({ width, tokens, ffn }, "forward+backward")
    );
    assert.equal(a === b, equal);
  }
});

Deno.test("side by side is held against one after the other, not against one", () =>
  withDevice({}, async (device) => {
    const r = await timeReplicas(device, 3, { samples: 6, sample_s: 0.1 });
    assert.equal(r.replicas, 3);
    assert.ok(r.lo <= r.timeOverSeparate && r.timeOverSeparate <= r.hi);
    // three in a row take about three times as long as one; side by side less, but not a third
    assert.ok(r.timeOverSeparate > 0.4 && r.timeOverSeparate < 1.3, `${r.timeOverSeparate}`);
    const near = r.together_s / r.separate_s / r.timeOverSeparate;
    assert.ok(near > 0.6 && near < 1.7, `${near}`);
    assert.equal(device.memory.alive_bytes, 0);
  }));

Deno.test("a diffusion step stands beside a language step of equal size, tokens against tokens", () =>
  withDevice({}, (device) => {
    const timing = (samples: number[]) => ({ samples }) as Timing;
    const timings = new Map(Object.keys(STEPS).map((name) => [name, timing([2, 2, 2])]));
    for (const { name, ...ratio } of taskRatios(timings)) {
      const [tokens, other] = [name, onImages(name)].map((one) => {
        const trainer = stepTrainer(device, STEPS[one]), { tokens } = trainer.network.sizes;
        trainer.destroy();
        return tokens;
      });
      assert.ok(Math.abs(other / tokens - 1) < 0.01, `${other} tokens beside ${tokens}`);
      const { task: _, ...shape } = STEPS[name], { task, ...same } = STEPS[onImages(name)];
      assert.deepEqual(same, shape);
      assert.equal(task.id, "diffusion");
      assert.deepEqual(ratio, {
        tokensRatio: other / tokens,
        lo: other / tokens,
        hi: other / tokens,
      });
      // twice the time is half the tokens
      const slow = new Map(timings).set(onImages(name), timing([4, 4, 4]));
      const found = taskRatios(slow).find((one) => one.name === name)!;
      assert.equal(found.tokensRatio, other / tokens / 2);
    }
    assert.equal(device.memory.alive_bytes, 0);
    return Promise.resolve();
  }));

Deno.test("a bench trainer frees its data, and products their tensors", () =>
  withDevice({}, async (device) => {
    stepTrainer(device, STEPS["16e4a-h32"]).destroy();
    assert.equal(device.memory.alive_bytes, 0);
    const { NN, NT, TN } = await timeGemms(device, 32, 32, 32, SHORT);
    for (const t of [NN, NT, TN]) assert.ok(t.median_s > 0);
    assert.equal(device.memory.alive_bytes, 0);
  }));
