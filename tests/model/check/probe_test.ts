/** Probes: what they read is what the model computed, and looking changes nothing. */
import assert from "node:assert/strict";
import { downloadFloats } from "../../../kernels/gpu/tensor.ts";
import { initialParameters, type InitStd } from "../../../model/init.ts";
import {
  Probe,
  readActivations,
  readCounts,
  readGradients,
  readPicks,
} from "../../../model/check/probe.ts";
import { layoutOf, type ModelShape } from "../../../model/shape.ts";
import { unpack } from "../../../model/stored.ts";
import { TENSOR_KINDS } from "../../../rule/rule.ts";
import { language } from "../../../model/tasks/language.ts";
import { uploadText } from "../../../model/tasks/text.ts";
import { type Replica, Trainer } from "../../../model/trainer.ts";
import type { Device } from "../../../kernels/gpu/device.ts";
import { assertApart, assertClose } from "../../close.ts";
import { text } from "../../lab/claims/workbench.ts";
import { expertForward } from "../../reference/feed_forward.ts";
import { matrix } from "../../reference/matrix.ts";
import { tolerance } from "../../tolerances.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";

const BATCH = { sequences: 3, seq: 11 }, TOKENS = 33;
const DENSE: ModelShape = {
  task: language(251),
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
    active: 3,
    expertWidth: 7,
    shared: 0,
    groups: 1,
    gate: "sigmoid",
  },
};

function replica(shape: ModelShape, seed: number, lr = 0.01): Replica {
  const std = Object.fromEntries(TENSOR_KINDS.map((k) => [k, 0.3])) as InitStd;
  const hp = { lr, weightDecay: 0.1, eps: 1e-8 };
  return {
    seed,
    parameters: initialParameters(layoutOf(shape), seed, std),
    hyperParameters: Object.fromEntries(
      TENSOR_KINDS.map((k) => [k, hp]),
    ) as Replica["hyperParameters"],
    multipliers: { residual: 0.7, outputMultiplier: 0.8, routeScale: 3, logits: 1 },
    beta1: 0.9,
    beta2: 0.95,
  };
}

function make(device: Device, shape: ModelShape, replicas: Replica[], steps = 4) {
  const corpus = uploadText(device, text(), 3000);
  const schedule = { kind: "constant" as const, warmup: 0, decay: 0 };
  const options = { steps, schedule, clipNorm: 1, balanceCoef: 0.01, zCoef: 0 };
  const trainer = new Trainer(device, shape, BATCH, replicas, options, corpus);
  return { trainer, corpus, probe: new Probe(device, trainer, corpus) };
}

Deno.test("block input and FFN output are those of the float64 reference, replica by replica", () =>
  onEveryProfile(async (device) => {
    const replicas = [replica(DENSE, 1), replica(DENSE, 2)];
    const { trainer, probe } = make(device, DENSE, replicas), net = trainer.network;
    const looks = await probe.look(), { rows } = net.sizes, d = 18, stride = net.layout.width;
    const spacing = Math.floor((1000 - 11 - 1) / 3), bytes = text();
    for (const [z, { blocks, output }] of looks.entries()) {
      assert.equal(output.length, TOKENS * 251);
      const named = new Map(
        net.layout.parameters.map((p) => [p.name, unpack(p, replicas[z].parameters)]),
      );
      const embed = named.get("embed")!;
      const embedded = Array.from({ length: TOKENS }, (_, t) => {
        const byte = bytes[3000 + Math.floor(t / 11) * spacing + t % 11];
        return [...embed.subarray(byte * d, (byte + 1) * d)];
      });
      assert.deepEqual([...blocks[0].input], embedded.flat());
      for (const [l, block] of blocks.entries()) {
        const u = await downloadFloats(device, net.blocks[l].u2);
        const part = (name: string, r: number, c: number) =>
          matrix(r, c, (i, j) => named.get(`blocks.${l}.ffn.${name}`)![i * c + j]);
        const { y } = expertForward(
          matrix(TOKENS, d, (t, j) => u[(z * rows + t) * stride + j]),
          { gate: part("wgate", 13, d), up: part("wup", 13, d), down: part("wdown", d, 13) },
        );
        const bound = 10 * tolerance(device, "layer"); // the stream is some times larger
        assertClose(`block ${l}`, block.ffn, y.flat().map((v) => 0.7 * 0.8 * v), bound);
        assertApart("without A", block.ffn, y.flat().map((v) => 0.7 * v), bound);
        assert.equal(block.router, null);
        assert.equal(block.gates, null);
      }
    }
    probe.destroy();
    trainer.destroy();
  }));

Deno.test("gates sum to one, picked experts are counted, and the router's logits pick them", () =>
  withDevice({}, async (device) => {
    const { trainer, probe } = make(device, MOE, [replica(MOE, 1), replica(MOE, 2)]);
    const looks = await probe.look(), counts = await readCounts(trainer.network);
    const picks = await probe.picks();
    assert.deepEqual(await readPicks(trainer.network), picks);
    looks.forEach(({ blocks }, z) =>
      blocks.forEach(({ gates, router }, l) => {
        const wanted = new Array(5).fill(0);
        for (let t = 0; t < TOKENS; t++) {
          const sum = gates!.subarray(3 * t, 3 * t + 3).reduce((a, b) => a + b);
          assert.ok(Math.abs(sum - 1) < 1e-6);
          const row = [...router!.subarray(5 * t, 5 * t + 5)];
          const best = row.map((v, e) => ({ v, e })).sort((a, b) => b.v - a.v).slice(0, 3);
          best.forEach(({ e }) => wanted[e]++);
          assert.deepEqual(
            [...picks[z][l].subarray(3 * t, 3 * t + 3)].sort(),
            best.map(({ e }) => e).sort(),
          );
        }
        assert.equal(picks[z][l].length, 3 * TOKENS);
        assert.deepEqual(counts[z][l], wanted);
      })
    );
    assert.notDeepEqual(counts[0], counts[1]);
    probe.destroy();
    trainer.destroy();
    const dense = make(device, DENSE, [replica(DENSE, 1)]);
    await assert.rejects(readCounts(dense.trainer.network), {
      name: "TypeError",
      message: /Cannot count tokens per expert: the network is dense/,
    });
    await assert.rejects(dense.probe.picks(), {
      name: "TypeError",
      message: /Cannot read the picks: the network is dense/,
    });
    dense.probe.destroy();
    dense.trainer.destroy();
  }));

Deno.test("looking moves nothing, shows every step, and gradients are named as the weights", () =>
  withDevice({}, async (device) => {
    const seen = make(device, MOE, [replica(MOE, 1)]), plain = make(device, MOE, [replica(MOE, 1)]);
    const first = await seen.probe.look();
    assert.deepEqual(await seen.probe.look(), first);
    for (let i = 0; i < 3; i++) {
      await seen.trainer.run(1);
      assert.notDeepEqual(await readActivations(seen.trainer.network), first, "another batch");
      const look = await seen.probe.look();
      assert.notDeepEqual(look[0].blocks[0].ffn, first[0].blocks[0].ffn);
    }
    await plain.trainer.run(3);
    assert.deepEqual(await seen.trainer.log(), await plain.trainer.log());
    const [gradients] = await readGradients(plain.trainer.network);
    const { parameters } = plain.trainer.network.layout;
    assert.deepEqual([...gradients.keys()], parameters.map((p) => p.name));
    let sum = 0;
    for (const g of gradients.values()) for (const v of g) sum += v * v;
    const { gradNorm } = (await plain.trainer.log())[0][2];
    assert.ok(Math.abs(Math.sqrt(sum) / gradNorm - 1) < 1e-5, `${Math.sqrt(sum)} ${gradNorm}`);
    for (const { probe, trainer } of [seen, plain]) {
      probe.destroy();
      trainer.destroy();
    }
  }));

Deno.test("a held-out text with fewer windows than the batch is refused", () =>
  withDevice({}, async (device) => {
    const { trainer, probe } = make(device, DENSE, [replica(DENSE, 1)]);
    const short = uploadText(device, text().slice(0, 3010), 3000);
    assert.throws(() => new Probe(device, trainer, short), {
      name: "RangeError",
      message: /Cannot draw 3 held-out windows: the held-out text has 10 bytes, want 15/,
    });
    probe.destroy();
    trainer.destroy();
    await Promise.resolve();
  }));

Deno.test("a probe of several batches looks at each, evenly spaced, and at no other", () =>
  withDevice({}, async (device) => {
    const { trainer, probe, corpus } = make(device, MOE, [replica(MOE, 1), replica(MOE, 2)]);
    const several = new Probe(device, trainer, corpus, 4), one = await probe.look();
    const looks = [];
    for (const b of [0, 1, 2, 3]) looks.push(await several.look(b));
    // the first window of either probe is the held-out text's first; the later ones lie elsewhere
    const first = (look: typeof one) => look[0].blocks[0].input.slice(0, 11 * 18);
    assert.deepEqual(first(looks[0]), first(one));
    for (const b of [1, 2, 3]) assert.notDeepEqual(first(looks[b]), first(looks[b - 1]));
    // each replica sees them, and one is the same whatever was looked at before
    const picks = await several.picks(2);
    assert.notDeepEqual(picks, await several.picks(1));
    assert.deepEqual(await several.picks(2), picks);
    const [, second] = await several.picks(3), [first3] = await several.picks(1);
    assert.deepEqual(await several.picks([1, 3]), [first3, second]);
    await assert.rejects(several.picks([1]), /Cannot look: 1 batches for 2 replicas/);
    for (const b of [4, -1, 0.5]) {
      await assert.rejects(several.picks(b), {
        name: "RangeError",
        message: `Cannot look at batch ${b}: there are 4`,
      });
    }
    several.destroy();
    probe.destroy();
    trainer.destroy();
  }));
