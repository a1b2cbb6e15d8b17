/** Training as a whole: repeatable, replica by replica independent, and honest about its inputs. */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { downloadFloats, upload } from "../../kernels/gpu/tensor.ts";
import { initialParameters } from "../../model/init.ts";
import { WSD } from "../../model/schedule.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import { unpack } from "../../model/stored.ts";
import { TENSOR_KINDS, type TensorKind } from "../../rule/rule.ts";
import { language } from "../../model/tasks/language.ts";
import { uploadText } from "../../model/tasks/text.ts";
import { type Replica, Trainer, type TrainingOptions } from "../../model/trainer.ts";
import { uniforms } from "../random.ts";
import { withDevice } from "../with_device.ts";

const VOCAB = 37, STEPS = 20, BATCH = { sequences: 3, seq: 11 };
const DENSE: ModelShape = {
  task: language(VOCAB),
  width: 20,
  depth: 2,
  headWidth: 10,
  ffn: { kind: "dense", hidden: 18 },
};
const MOE: ModelShape = {
  ...DENSE,
  ffn: {
    kind: "moe",
    experts: 6,
    active: 3,
    expertWidth: 9,
    shared: 1,
    groups: 3,
    gate: "sigmoid",
  },
};
const OPTIONS: TrainingOptions = {
  steps: STEPS,
  schedule: WSD,
  clipNorm: 1,
  balanceCoef: 0.01,
  zCoef: 0.001,
};

/** Bytes below VOCAB with structure: each is the one before plus 1, 2 or 3. */
function text(length = 600): Uint8Array {
  const u = uniforms(9);
  let last = 0;
  return Uint8Array.from({ length }, () => last = (last + 1 + Math.floor(3 * u())) % VOCAB);
}

function replica(shape: ModelShape, seed: number, lr = 0.01, unembed = 0.1): Replica {
  const std = Object.fromEntries(TENSOR_KINDS.map((k) => [k, k === "unembed" ? unembed : 0.1]));
  const hp = Object.fromEntries(TENSOR_KINDS.map((k) => [k, { lr, weightDecay: 0.1, eps: 1e-8 }]));
  return {
    seed,
    parameters: initialParameters(layoutOf(shape), seed, std as Record<TensorKind, number>),
    hyperParameters: hp as Replica["hyperParameters"],
    multipliers: { residual: 0.7, outputMultiplier: 0.8, routeScale: 3, logits: 1 },
    beta1: 0.9,
    beta2: 0.95,
  };
}

async function digest(floats: Float32Array): Promise<string> {
  const bytes = new Uint8Array(floats.buffer as ArrayBuffer, floats.byteOffset, floats.byteLength);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Trains and returns what there is to compare: logs and parameters of each replica. */
async function train(device: Device, shape: ModelShape, replicas: Replica[], pieces = [STEPS]) {
  const corpus = uploadText(device, text(), 500);
  const trainer = new Trainer(device, shape, BATCH, replicas, OPTIONS, corpus);
  for (const count of pieces) await trainer.run(count);
  const log = await trainer.log(), all = await downloadFloats(device, trainer.parameters);
  const floats = trainer.network.layout.floats;
  const parameters = replicas.map((_, z) => all.slice(z * floats, (z + 1) * floats));
  trainer.destroy();
  return { log, parameters, digest: await digest(all) };
}

for (const [name, shape] of [["dense", DENSE], ["MoE", MOE]] as const) {
  Deno.test(`two identical ${name} trainings give the same bits, alone or beside another`, () =>
    withDevice({}, async (device) => {
      const [a, b] = [replica(shape, 1), replica(shape, 2, 0.03)];
      const first = await train(device, shape, [a, b]);
      const again = await train(device, shape, [a, b]);
      assert.equal(again.digest, first.digest);
      assert.deepEqual(again.log, first.log);
      // how many steps a submit holds does not matter
      const pieces = await train(device, shape, [a, b], [1, 6, 13]);
      assert.equal(pieces.digest, first.digest);
      assert.deepEqual(pieces.log, first.log);

      const alone = await train(device, shape, [a]), other = await train(device, shape, [b]);
      assert.deepEqual(alone.log[0], first.log[0]);
      assert.deepEqual(other.log[0], first.log[1]);
      assert.equal(await digest(alone.parameters[0]), await digest(first.parameters[0]));
      assert.equal(await digest(other.parameters[0]), await digest(first.parameters[1]));

      // the twin: another seed, learning rate or data order shows
      assert.notDeepEqual(first.log[0], first.log[1]);
      for (const changed of [replica(shape, 1, 0.0101), { ...a, seed: 3 }]) {
        const run = await train(device, shape, [changed, b]);
        assert.notEqual(run.digest, first.digest);
        assert.notDeepEqual(run.log[0], first.log[0]);
        assert.deepEqual(run.log[1], first.log[1], "a change in one replica shows in another");
      }

      const losses = first.log[1].map((l) => l.loss);
      assert.equal(losses.length, STEPS);
      assert.ok(losses.every(Number.isFinite));
      assert.ok(losses.at(-1)! < losses[0] - 0.5, `no learning: ${losses[0]} to ${losses.at(-1)}`);
      assert.ok(first.log[0].every((l) => l.gradNorm > 0));
      const aux = first.log[0].map((l) => l.balanceLoss);
      // about 1 per block when balanced, none for dense
      assert.ok(shape === DENSE ? aux.every((x) => x === 0) : aux.every((x) => x > 1.5 && x < 6));
    }));
}

const FFN = { kind: "moe", experts: 6, active: 2, expertWidth: 9, shared: 0, groups: 1 } as const;
const ROUTERS: [string, ModelShape["ffn"]][] = [
  ["a bias", { ...FFN, gate: "sigmoid", biasRate: 0.01 }],
  ["limited groups, a bias and a capacity", {
    ...FFN,
    groups: 3,
    limit: 2,
    gate: "softmax-all",
    biasRate: 0.01,
    capacity: 1.1,
  }],
  ["experts that choose", { ...FFN, gate: "softmax-all", pick: "expert-choice" }],
  ["a hash", { ...FFN, gate: "sigmoid", pick: "hash", capacity: 1.5 }],
];

/** The replica with its routers' weights times a factor. */
function withRouter(one: Replica, shape: ModelShape, factor: number): Replica {
  for (const s of layoutOf(shape).stored.filter((s) => s.kind === "wrouter")) {
    const end = s.offset + s.rows * s.cols;
    for (let i = s.offset; i < end; i++) one.parameters[i] *= factor;
  }
  return one;
}

for (const [name, ffn] of ROUTERS) {
  Deno.test(`trainings with ${name} repeat to the bit, learn, and keep replicas apart`, () =>
    withDevice({}, async (device) => {
      const shape = { ...DENSE, ffn }, [a, b] = [replica(shape, 1), replica(shape, 2, 0.03)];
      const first = await train(device, shape, [a, b]);
      const pieces = await train(device, shape, [a, b], [1, 6, 13]);
      assert.equal(pieces.digest, first.digest);
      assert.deepEqual(pieces.log, first.log);
      const alone = await train(device, shape, [b]);
      assert.deepEqual(alone.log[0], first.log[1]);
      const losses = first.log[1].map((l) => l.loss);
      assert.ok(losses.at(-1)! < losses[0] - 0.5, `no learning: ${losses[0]} to ${losses.at(-1)}`);
      // the twin: the same model with the paper's router goes another way
      const plain = await train(device, { ...DENSE, ffn: { ...FFN, gate: "sigmoid" } }, [a, b]);
      assert.notDeepEqual(plain.log[0].at(-1), first.log[0].at(-1));
    }));
}

Deno.test("the bias evens out the load, moves by its rate alone, and stands still in evaluation", () =>
  withDevice({}, async (device) => {
    const ffn = { ...FFN, gate: "sigmoid" as const, biasRate: 0.02 }, shape = { ...DENSE, ffn };
    // enough tokens that chance moves the load by less than 0.02
    const corpus = uploadText(device, text(8000), 4000), batch = { sequences: 64, seq: 11 };
    // learning rate 0: the bias alone moves the load
    const one = withRouter(replica(shape, 1, 0), shape, 6);
    const trainer = new Trainer(device, shape, batch, [one], OPTIONS, corpus);
    const bias = trainer.network.blocks[1].routed!.bias!, start = [10, 10, 0, 0, 0, 0];
    upload(device, bias.pair[0], Float32Array.from(start, (n) => n * 0.02));
    const unevenness = async () => {
      const [{ load }] = await trainer.evaluate(4);
      return Math.max(...load![1]) - Math.min(...load![1]);
    };
    const before = await unevenness();
    await trainer.run(STEPS - 1);
    const now = () => downloadFloats(device, bias.pair[trainer.step & 1]);
    const moved = await now();
    moved.forEach((x, e) => {
      const steps = x / 0.02;
      assert.ok(Math.abs(steps - Math.round(steps)) < 1e-3, `${x} is no multiple of the rate`);
      assert.ok(e < 2 ? steps < 10 : Math.abs(steps) < STEPS, `expert ${e}: ${steps}`);
    });
    const after = await unevenness();
    assert.ok(before > 0.4 && after < before / 3, `${before} before, ${after} after`);
    assert.deepEqual(await now(), moved);
    trainer.destroy();
  }));

Deno.test("evaluation tells the gates' entropy, the largest logit, drops and dead experts", () =>
  withDevice({}, async (device) => {
    const corpus = uploadText(device, text(), 400);
    const facts = async (ffn: ModelShape["ffn"], router = 1) => {
      const shape = { ...DENSE, ffn }, one = withRouter(replica(shape, 1), shape, router);
      const trainer = new Trainer(device, shape, BATCH, [one], OPTIONS, corpus);
      const [{ router: found }] = await trainer.evaluate(4);
      trainer.destroy();
      return found;
    };
    assert.equal(await facts(DENSE.ffn), null);
    const even = (await facts({ ...FFN, gate: "sigmoid" }, 0))!;
    // without router weights every token picks experts 0 and 1, half and half
    for (const x of even.gateEntropy_nats) assert.ok(Math.abs(x - Math.LN2) < 1e-6, `${x}`);
    assert.deepEqual(even.maxLogit, [0, 0]);
    assert.deepEqual(even.deadExperts, [4, 4]);
    assert.deepEqual(even.dropRate, [0, 0]);
    const some = (await facts({ ...FFN, gate: "sigmoid" }, 10))!;
    for (const l of [0, 1]) {
      assert.ok(some.gateEntropy_nats[l] < Math.LN2 - 0.005 && some.maxLogit[l] > 0.5);
      assert.ok(some.deadExperts[l] < 4);
    }
    // 33 tokens: two experts serve 11 each where all 66 picks are theirs
    const tight = (await facts({ ...FFN, gate: "sigmoid", capacity: 1 }, 0))!;
    for (const l of [0, 1]) {
      assert.ok(Math.abs(tight.dropRate[l] - 2 / 3) < 1e-6, `${tight.dropRate[l]}`);
      assert.ok(Math.abs(tight.unserved[l] - 2 / 3) < 1e-6, `${tight.unserved[l]}`);
    }
    const chosen = (await facts({ ...FFN, gate: "softmax-all", pick: "expert-choice" }, 10))!;
    assert.deepEqual(chosen.dropRate, [0, 0]);
    assert.ok(chosen.unserved.every((x) => x >= 0 && x < 0.5), `${chosen.unserved}`);
    assert.deepEqual(chosen.deadExperts, [0, 0]);
  }));

Deno.test("padding stays zero through twenty steps", () =>
  withDevice({}, async (device) => {
    const { parameters: [stored] } = await train(device, MOE, [replica(MOE, 1)]);
    const layout = layoutOf(MOE), real = new Set<number>();
    for (const p of layout.parameters) {
      for (const [, to, n] of p.runs) for (let i = 0; i < n; i++) real.add(to + i);
      assert.ok(unpack(p, stored).every(Number.isFinite), p.name);
    }
    stored.forEach((x, i) => assert.ok(real.has(i) || x === 0, `padding at ${i} became ${x}`));
  }));

Deno.test("a model whose unembedding is zero has a loss of ln V, before and on held-out text", () =>
  withDevice({}, async (device) => {
    for (const shape of [DENSE, MOE]) {
      const corpus = uploadText(device, text(), 400);
      const replicas = [replica(shape, 1, 0, 0), replica(shape, 2, 0, 0.1)];
      const trainer = new Trainer(device, shape, BATCH, replicas, OPTIONS, corpus);
      const [zero, other] = await trainer.evaluate(3);
      // sums of equal float32 numbers round a few times: 4 ulp of ln 37
      const ulp = 2 ** -22;
      assert.ok(Math.abs(zero.loss - Math.log(VOCAB)) < 4 * ulp, `${zero.loss}`);
      assert.ok(Math.abs(other.loss - Math.log(VOCAB)) > 1e-3, "the twin has ln V as well");
      await trainer.run(1);
      const [[step]] = await trainer.log();
      assert.ok(Math.abs(step.loss - Math.log(VOCAB)) < 4 * ulp, `${step.loss}`);
      trainer.destroy();
    }
  }));

Deno.test("evaluation repeats to the bit, moves no weight, and its load sums to the active experts", () =>
  withDevice({}, async (device) => {
    const corpus = uploadText(device, text(), 400);
    const trainer = new Trainer(
      device,
      MOE,
      BATCH,
      [replica(MOE, 1), replica(MOE, 2)],
      OPTIONS,
      corpus,
    );
    const start = await trainer.evaluate(4);
    for (const steps of [1, 2]) {
      await trainer.run(steps);
      const before = await digest(await downloadFloats(device, trainer.parameters));
      const first = await trainer.evaluate(4);
      assert.deepEqual(await trainer.evaluate(4), first);
      assert.equal(await digest(await downloadFloats(device, trainer.parameters)), before);
      assert.notDeepEqual(first, start);
      for (const { load } of first) {
        assert.equal(load!.length, 2);
        for (const block of load!) {
          assert.ok(Math.abs(block.reduce((a, b) => a + b) - 3) < 1e-9);
          // three groups, one pick each
          for (const g of [0, 2, 4]) assert.ok(Math.abs(block[g] + block[g + 1] - 1) < 1e-9);
        }
      }
    }
    // evaluation between steps does not change training
    await trainer.run(STEPS - 3);
    const corpusAgain = uploadText(device, text(), 400);
    const plain = new Trainer(
      device,
      MOE,
      BATCH,
      [replica(MOE, 1), replica(MOE, 2)],
      OPTIONS,
      corpusAgain,
    );
    await plain.run(STEPS);
    assert.deepEqual(await trainer.log(), await plain.log());
    trainer.destroy();
    plain.destroy();
  }));

Deno.test("evaluation reads the current weights at every batch, whichever half holds them", () =>
  withDevice({}, async (device) => {
    const corpus = uploadText(device, text(), 400), still = replica(MOE, 1, 0);
    const trainer = new Trainer(device, MOE, BATCH, [still], OPTIONS, corpus);
    // a step with learning rate 0 copies the weights to the other half, which was empty before
    const start = await trainer.evaluate(4);
    await trainer.run(1);
    assert.deepEqual(await trainer.evaluate(4), start);
    trainer.destroy();
    const other = new Trainer(device, MOE, BATCH, [replica(MOE, 5, 0)], OPTIONS, corpus);
    assert.notDeepEqual(await other.evaluate(4), start);
    other.destroy();
  }));

Deno.test("impossible requests are range errors that say what was found", () =>
  withDevice({}, async (device) => {
    const one = [replica(DENSE, 1)], bytes = text();
    const make = (trainBytes: number, length = 600, replicas = one) =>
      new Trainer(
        device,
        DENSE,
        BATCH,
        replicas,
        OPTIONS,
        uploadText(device, bytes.slice(0, length), trainBytes),
      );
    assert.throws(() => make(12), {
      name: "RangeError",
      message: /sequences of 11 tokens.* has 12/,
    });
    assert.throws(() => make(0), { name: "RangeError" });
    assert.throws(() => make(500, 600, []), { name: "RangeError", message: /no replicas/ });
    const short = [{ ...one[0], parameters: one[0].parameters.slice(4) }];
    assert.throws(() => make(500, 600, short), {
      name: "RangeError",
      message: /Cannot load replica 0/,
    });
    const trainer = make(580);
    await assert.rejects(trainer.evaluate(3), {
      name: "RangeError",
      message: /Cannot draw 9 held-out windows: the held-out text has 20 bytes, want 21/,
    });
    await assert.rejects(trainer.run(STEPS + 1), {
      name: "RangeError",
      message: /Cannot run 21 steps: 20/,
    });
    await trainer.run(STEPS);
    await assert.rejects(trainer.run(1), {
      name: "RangeError",
      message: /0 of the schedule are left/,
    });
    trainer.destroy();
    const blind = new Trainer(device, DENSE, BATCH, one, OPTIONS, null);
    await assert.rejects(blind.evaluate(1), { name: "TypeError", message: /no data/ });
    blind.destroy();
    // the shortest text that can be drawn from
    const least = make(13);
    await least.run(1);
    least.destroy();
  }));
