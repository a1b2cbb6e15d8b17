/**
 * The task seam, proved by a second task: tests/model/tasks/regression.ts trains through the same trainer, probe,
 * group, pool and store, and none of them names anything of a task.
 */
import { placed } from "../lab/runs.ts";
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { settle } from "../../kernels/gpu/device.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  downloadFloats,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { type Context, jobOf } from "../../lab/train/job.ts";
import { Probe, readGradients } from "../../model/check/probe.ts";
import { forward } from "../../model/forward.ts";
import { initialParameters, type InitStd, normals } from "../../model/init.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import { pack, unpack } from "../../model/stored.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import { language } from "../../model/tasks/language.ts";
import { taskById, TASKS } from "../../model/tasks/registry.ts";
import { uploadText } from "../../model/tasks/text.ts";
import { unturned } from "../../model/task.ts";
import { type Replica, Trainer, type TrainingOptions } from "../../model/trainer.ts";
import { onEveryProfile, withDevice } from "../with_device.ts";
import { regression, vectors } from "./tasks/regression.ts";
import { learns, mean, train } from "./tasks/training.ts";
import { REGRESSION_PLAN, regressionRuns } from "./tasks/regression_runs.ts";

const BATCH = { sequences: 3, seq: 7 }, STEPS = 60;
const DENSE: ModelShape = {
  task: regression(),
  width: 18,
  depth: 2,
  headWidth: 6,
  ffn: { kind: "dense", hidden: 13 },
};
const MOE: ModelShape = {
  ...DENSE,
  ffn: {
    kind: "moe",
    experts: 5,
    active: 2,
    expertWidth: 7,
    shared: 1,
    groups: 1,
    gate: "sigmoid",
  },
};
const OPTIONS: TrainingOptions = {
  steps: STEPS,
  schedule: { kind: "constant", warmup: 0, decay: 0 },
  clipNorm: 1,
  balanceCoef: 0.01,
  zCoef: 0,
};

function replica(shape: ModelShape, seed: number, lr = 0.01): Replica {
  const std = Object.fromEntries(TENSOR_KINDS.map((k) => [k, 0.3])) as InitStd;
  const hp = { lr, weightDecay: 0, eps: 1e-8 };
  return {
    seed,
    parameters: initialParameters(layoutOf(shape), seed, std),
    hyperParameters: Object.fromEntries(
      TENSOR_KINDS.map((k) => [k, hp]),
    ) as Replica["hyperParameters"],
    multipliers: { residual: 0.7, outputMultiplier: 0.8, routeScale: 2, logits: 0.9 },
    beta1: 0.9,
    beta2: 0.95,
  };
}

for (const [name, shape] of [["dense", DENSE], ["MoE", MOE]] as const) {
  Deno.test(`a ${name} model of a second task learns, repeats to the bit, and keeps replicas apart`, () =>
    withDevice({}, async (device) => {
      const given = { device, data: vectors(), shape, batch: BATCH, options: OPTIONS };
      await learns(given, [replica(shape, 1), replica(shape, 2, 0.02)]);
    }));
}

Deno.test("evaluation of the second task repeats to the bit, and every batch is another", () =>
  withDevice({}, async (device) => {
    const data = vectors().upload(device), shape = MOE;
    const trainer = new Trainer(device, shape, BATCH, [replica(shape, 1)], OPTIONS, data);
    await trainer.run(3);
    const first = await trainer.evaluate(4);
    assert.deepEqual(await trainer.evaluate(4), first);
    assert.notEqual((await trainer.evaluate(1))[0].loss, first[0].loss);
    for (const block of first[0].load!) {
      assert.ok(Math.abs(block.reduce((a, b) => a + b) - 2) < 1e-9);
    }
    const probe = new Probe(device, trainer, data), [look] = await probe.look();
    assert.equal(look.output.length, 21 * 4);
    assert.deepEqual(await probe.look(), [look]);
    assert.equal(device.memory.alive_bytes > trainer.bytes, true);
    probe.destroy();
    trainer.destroy();
    data.destroy();
    assert.equal(device.memory.alive_bytes, 0);
  }));

/** Losses of step 0's batch under given parameters, summed in float64. */
async function lossAt(
  device: Device,
  trainer: Trainer,
  data: ReturnType<ReturnType<typeof vectors>["upload"]>,
  candidates: Float32Array[],
): Promise<number[]> {
  const net = trainer.network, program = new Program(device), owned: Tensor[] = [];
  const counter = (label: string, values: number[]) => {
    const tensor = createTensor(device, label, "u32", values.length);
    upload(device, tensor, Uint32Array.from(values));
    owned.push(tensor);
    return tensor;
  };
  net.task.draw(program, data, { seeds: counter("seeds", [1]), state: counter("state", [0]) });
  forward(net, program, false);
  const losses: number[] = [], { tokens } = net.sizes;
  for (const parameters of candidates) {
    upload(device, net.parameters.pair[0], parameters);
    program.submit(1);
    await settle(device);
    const rows = await downloadFloats(device, net.task.loss);
    losses.push(mean([...rows.subarray(0, tokens)]));
  }
  program.destroy();
  owned.forEach(destroyTensor);
  return losses;
}

Deno.test("every gradient of the second task is that of finite differences, also through the mask it chose", () =>
  onEveryProfile(async (device) => {
    for (const causal of [false, true]) {
      const shape = { ...DENSE, task: regression({ causal }) }, one = replica(shape, 1, 0);
      const data = vectors().upload(device), h = 1e-2;
      const options = { ...OPTIONS, clipNorm: 0 };
      const trainer = new Trainer(device, shape, BATCH, [one], options, data);
      await trainer.run(1);
      const [gradients] = await readGradients(trainer.network), { layout } = trainer.network;
      const candidates: Float32Array[] = [], slopes: number[] = [], sizes: number[] = [];
      for (const p of layout.parameters) {
        const g = gradients.get(p.name)!, base = unpack(p, one.parameters);
        // a direction in which the gradient shows, and is not all there is
        const noise = normals(7, p.name, g.length), norm = Math.hypot(...g);
        const u = g.map((x, i) => x / norm + 0.3 * noise[i] / Math.sqrt(g.length));
        slopes.push(u.reduce((sum, x, i) => sum + x * g[i], 0));
        sizes.push(norm);
        for (const sign of [1, -1]) {
          const moved = one.parameters.slice();
          pack(p, base.map((x, i) => x + sign * h * u[i]), moved);
          candidates.push(moved);
        }
      }
      const losses = await lossAt(device, trainer, data, candidates);
      layout.parameters.forEach(({ name }, i) => {
        const found = (losses[2 * i] - losses[2 * i + 1]) / (2 * h);
        assert.ok(
          Math.abs(found - slopes[i]) < 5e-3 * sizes[i] + 2e-5,
          `${name}: differences ${found}, gradient ${slopes[i]}`,
        );
      });
      // the twin: the gradient of one tensor is not that of the next
      assert.ok(Math.abs(slopes[0] - slopes[1]) > 5e-3 * sizes[0] + 2e-5);
      trainer.destroy();
      data.destroy();
    }
  }));

Deno.test("the mask is the task's: without it the first token knows the mean, with it it cannot", () =>
  withDevice({}, async (device) => {
    const held = async (causal: boolean) => {
      const shape = { ...DENSE, task: regression({ causal }) };
      const { held: [{ loss }] } = await train(
        { device, data: vectors(), shape, batch: BATCH, options: OPTIONS },
        [replica(shape, 1)],
      );
      return loss;
    };
    const [open, masked] = [await held(false), await held(true)];
    assert.ok(open < masked, `${open} without a mask, ${masked} with one`);
  }));

Deno.test("a sweep of the second task goes through job, group, pool and store, and is not trained again", () =>
  withDevice({}, async (device) => {
    const storeDir = await Deno.makeTempDir();
    try {
      const first = await regressionRuns(device, { storeDir });
      assert.equal(first.runs.length, 18);
      assert.equal(first.trained, 18);
      const again = await regressionRuns(device, { storeDir });
      assert.deepEqual([again.trained, again.reused], [0, 18]);
      assert.deepEqual(again.runs, first.runs);
      for (const run of first.runs) {
        assert.equal(run.trainLoss.length, REGRESSION_PLAN.steps);
        assert.equal(run.divergedAtStep, null);
        assert.equal(run.expertLoad === null, run.cell.role === "reference");
      }
      const best = first.runs.filter((r) => r.cell.role === "target" && r.cell.log2x === -5);
      for (const { trainLoss, validationLoss } of best) {
        assert.ok(validationLoss! < trainLoss[0], `${trainLoss[0]} to ${validationLoss}`);
      }
    } finally {
      await Deno.remove(storeDir, { recursive: true });
    }
  }));

Deno.test("a run whose loss exceeds what the task allows has diverged, though it is finite", () =>
  withDevice({}, async (device) => {
    const lines = [{ configuration: "dense", role: "reference" as const, rule: "complete-mue" }];
    const of = (divergedAbove: number) =>
      regressionRuns(device, {
        lines,
        log2lr: [-5],
        seeds: [0],
        data: vectors(regression({ divergedAbove })),
      });
    const { runs: [whole] } = await of(1e4), top = Math.max(...whole.trainLoss.slice(1));
    const { runs: [cut] } = await of((Math.min(...whole.trainLoss) + top) / 2);
    assert.equal(whole.divergedAtStep, null);
    assert.equal(cut.validationLoss, null);
    assert.equal(cut.divergedAtStep, cut.trainLoss.length);
    assert.deepEqual(cut.trainLoss, whole.trainLoss.slice(0, cut.trainLoss.length));
  }));

Deno.test("runs of two tasks, or of one task at two sizes, are never one run", () => {
  const cell = {
    panel: "p",
    configuration: "dense",
    label: "dense",
    rule: "complete-mue",
    role: "reference",
    swept: "lr",
    log2x: -5,
    seed: 0,
  } as const;
  const plan = { ...REGRESSION_PLAN, task: undefined };
  const tasks = [
    language(),
    language(255),
    regression(),
    regression({ causal: true }),
    regression({ divergedAbove: 5 }),
  ];
  const jobs = tasks.map((task): ReturnType<typeof jobOf> => {
    const context: Context = {
      task,
      dataHash: "d",
      trainUnits: 1000,
      adapter: "a",
      kernelsVersion: "k",
    };
    return jobOf(placed(cell, plan), plan, context);
  });
  assert.equal(new Set(jobs.map((job) => job.key)).size, tasks.length);
  assert.equal(new Set(jobs.map((job) => job.group)).size, tasks.length);
});

Deno.test("another task's data and a plan for another task are type errors, a router without ids a range error", () =>
  withDevice({}, async (device) => {
    const text = uploadText(device, new Uint8Array(600), 500), data = vectors().upload(device);
    const make = (shape: ModelShape, given: typeof text | typeof data) =>
      new Trainer(device, shape, BATCH, [replica(shape, 1)], OPTIONS, given);
    const before = device.memory.alive_bytes;
    assert.throws(() => make(DENSE, text), {
      name: "TypeError",
      message: "Cannot draw vectors: the data is for language",
    });
    assert.throws(() => make({ ...DENSE, task: language() }, data), {
      name: "TypeError",
      message: "Cannot draw tokens: the data is for regression",
    });
    const hash = { ...MOE, ffn: { ...MOE.ffn, pick: "hash" as const } } as ModelShape;
    assert.throws(() => make(hash, data), {
      name: "RangeError",
      message: /routes by the ids of tokens/,
    });
    assert.equal(device.memory.alive_bytes, before, "a refused trainer left tensors behind");
    const context = {
      task: language(),
      dataHash: "",
      trainUnits: 0,
      adapter: "",
      kernelsVersion: "",
    };
    const cell = {
      panel: "",
      configuration: "dense",
      label: "",
      rule: "complete-mue",
      role: "reference",
      swept: "lr",
      log2x: 0,
      seed: 0,
    } as const;
    assert.throws(() => jobOf(placed(cell, REGRESSION_PLAN), REGRESSION_PLAN, context), {
      name: "TypeError",
      message: "Cannot train for regression: the data is for language",
    });
    text.destroy();
    data.destroy();
    await Promise.resolve();
  }));

Deno.test("the registry knows the language task, and says what there is", () => {
  assert.equal(taskById(), TASKS.language);
  assert.equal(taskById("language").loss.unit, "nats");
  assert.throws(() => taskById("chess"), { name: "RangeError", message: /task chess.* language/ });
  assert.throws(() => taskById("toString"), { name: "RangeError" });
});

Deno.test("a table that turns nothing is cos 1 and sin 0 at every position", () => {
  // heads of 6: 3 angles, padded to 4
  assert.deepEqual([...unturned(2, 6)], [1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0]);
});

Deno.test("trainer, network, blocks, probe and the training lab name nothing of a task", () => {
  const files = [
    ..."trainer network forward backward ffn shape stored layout_builder init workspace router_samples task"
      .split(" ").map((name) => `model/${name}.ts`),
    "model/check/probe.ts",
    ..."job group pool identity".split(" ").map((name) => `lab/train/${name}.ts`),
  ];
  const words =
    /\bvocab|\bcorpus|kernels\/text\/|model\/tasks\/|"\.\.?\/tasks\/|\bembedding|\bcrossEntropy\b/i;
  // docstrings of the seam may give examples
  const code = (source: string) => source.replace(/\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");
  for (const file of files) {
    const source = code(Deno.readTextFileSync(new URL(`../../${file}`, import.meta.url)));
    assert.equal(source.match(words)?.[0], undefined, file);
  }
  const own = code(
    Deno.readTextFileSync(new URL("../../model/tasks/language.ts", import.meta.url)),
  );
  assert.match(own, words);
});
