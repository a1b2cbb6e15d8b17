/** Clipping and AdamW against float64. */
import assert from "node:assert/strict";
import { adamw, clipNorm, clipScratch, ratesTable } from "../../../kernels/optimizer/optimizer.ts";
import type { Tensor } from "../../../kernels/gpu/tensor.ts";
import { scheduleTable } from "../../../model/schedule.ts";
import { assertApart, assertClose } from "../../close.ts";
import { gaussians } from "../../random.ts";
import { adamw as reference, clip } from "../../reference/optimizer.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile } from "../../with_device.ts";
import { Stage } from "../stage.ts";

const R = 2;

Deno.test("the global norm and the clip scale of each replica match float64, and the schedule's row goes with them", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "optimizer"), draw = gaussians(30);
    // 70 chunks of 64 vec4: more than lanes, the last one not full
    for (const n4 of [69 * 64 + 5, 3]) {
      const stage = new Stage(device);
      const g = Array.from(
        { length: R },
        (_, z) => Array.from({ length: n4 * 4 }, () => draw() * (z ? 1e-3 : 1)),
      );
      for (const limit of [1, 0]) {
        const partial = stage.output("f32", R * clipScratch(n4)),
          out = stage.output("f32x4", 4 * 2 * R);
        const steps = 3, now = [2, 0];
        const schedule = Float32Array.from({ length: R * steps * 4 }, (_, i) => i + 0.5);
        await stage.run((program) =>
          clipNorm(program, R, { n4, steps }, limit, {
            g: stage.input("f32x4", g.flat()),
            partial,
            schedule: stage.input("f32x4", schedule),
            state: stage.input("u32", now),
            rates: out,
          })
        );
        const rowOf = (floats: Float32Array, i: number) => floats.subarray(4 * i, 4 * i + 4);
        for (let z = 0; z < R; z++) {
          assert.deepEqual(
            rowOf(stage.floats(out), R + z),
            rowOf(schedule, z * steps + now[z]),
          );
          const [scale, norm, ...rest] = rowOf(stage.floats(out), z);
          const want = clip(g[z], limit);
          assertClose("scale", [scale], [want.scale], bound);
          assertClose("norm", [norm], [want.norm], bound);
          assert.deepEqual(rest, [0, 0]);
          assertApart("the other replica's norm", [norm], [clip(g[1 - z], limit).norm], bound);
        }
      }
      stage.destroy();
    }
  }));

Deno.test("AdamW updates weights and moments per tensor, replica and step as in float64", () =>
  onEveryProfile(async (device) => {
    const bound = tolerance(device, "optimizer"), stage = new Stage(device), draw = gaussians(31);
    // blocks of 16 vec4: tensor 0 takes two, tensor 1 one, tensor 2 one
    const n4 = 64, n = n4 * 4, tensorOf = [0, 0, 1, 2], tensors = 3, steps = 5;
    const schedule = { kind: "wsd" as const, warmup: 0.4, decay: 0.4 };
    const hp = [
      [[0.01, 0.1, 1e-8], [0.02, 0, 1e-3], [0.5, 0.3, 1e-8]],
      [[0.03, 0.2, 1e-8], [0.04, 0.1, 1e-2], [0, 0, 1e-8]],
    ];
    const betas = [[0.9, 0.95], [0.8, 0.999]], scales = [0.25, 1], step = [1, 4];
    const make = (f: () => number) =>
      Array.from({ length: R }, () => Array.from({ length: n }, () => Math.fround(f())));
    const w = make(draw),
      m = make(() => draw() / 10),
      v = make(() => draw() ** 2 / 10),
      g = make(draw);
    const pair = (values: number[][]) => {
      const pair: [Tensor, Tensor] = [
        stage.input("f32x4", values.flat()),
        stage.output("f32x4", R * n),
      ];
      return { pair };
    };
    const p = pair(w), pm = pair(m), pv = pair(v);
    const rates = ratesTable(
      betas.map(([a, b], z) => ({
        betas: [a, 1 - a, b, 1 - b],
        hp: hp[z].flatMap((row) => [...row, 0]),
      })),
      tensors,
      n4,
      tensorOf,
    );
    betas.forEach(([a, b], z) => {
      const row = 4 * step[z];
      rates.set([scales[z], NaN, 0, 0], 4 * z);
      rates.set(scheduleTable(schedule, steps, a, b).slice(row, row + 4), 4 * (R + z));
    });
    await stage.run((program) =>
      adamw(program, R, { n4, tensors }, {
        p,
        m: pm,
        v: pv,
        g: stage.input("f32x4", g.flat()),
        rates: stage.input("f32x4", rates),
      })
    );
    // 2 warm-up steps to 1, then the last 2 of 5 fall: factors 1/2, 1, 1, 1, 1/2
    const factor = [0.5, 1, 1, 1, 0.5];
    for (let z = 0; z < R; z++) {
      const update = (t: number, scale: number, decay = 1) =>
        w[z].map((x, i) => {
          const [lr, weightDecay, eps] = hp[z][tensorOf[Math.floor(i / 64)]];
          return reference(x, m[z][i], v[z][i], g[z][i] * scale, t, {
            lr: lr * factor[step[z]],
            weightDecay: weightDecay * decay,
            eps,
            beta1: betas[z][0],
            beta2: betas[z][1],
          });
        });
      const want = update(step[z] + 1, scales[z]);
      const got = (t: { pair: [Tensor, Tensor] }) =>
        stage.floats(t.pair[1]).subarray(z * n, (z + 1) * n);
      for (let b = 0; b < tensorOf.length; b++) {
        const part = (x: ArrayLike<number>) => Array.from(x).slice(b * 64, (b + 1) * 64);
        assertClose(`w of block ${b}`, part(got(p)), part(want.map((x) => x.w)), bound);
        assertClose(`m of block ${b}`, part(got(pm)), part(want.map((x) => x.m)), bound);
        assertClose(`v of block ${b}`, part(got(pv)), part(want.map((x) => x.v)), bound);
      }
      const wrong = {
        "another step": update(step[z], scales[z]),
        "no decay": update(step[z] + 1, scales[z], 0),
      };
      for (const [name, of] of Object.entries(wrong)) {
        assertApart(name, got(p), of.map((x) => x.w), bound);
      }
      assertApart(
        "not clipped",
        got(pm),
        update(step[z] + 1, scales[z] * 2).map((x) => x.m),
        bound,
      );
    }
    // learning rate 0 leaves every bit
    const frozen = stage.floats(p.pair[1]).subarray(n + 192, 2 * n);
    assert.deepEqual(frozen, Float32Array.from(w[1].slice(192)));
    stage.destroy();
  }));
