/** The five PyTorch cases on our kernels, and the proof that the comparison can fail. */
import assert from "node:assert/strict";
import {
  type ParityCase,
  type ParityLine,
  parseParityCase,
  relativeError,
  runParityCase,
} from "../../../model/check/parity.ts";
import type { ImageCase, TextCase } from "../../../model/check/parity_case.ts";
import { onEveryProfile, withDevice } from "../../with_device.ts";

const FOLDER = new URL("../../../fixtures/parity/", import.meta.url);
const NAMES = [
  "dense",
  "moe_4e4a_dense",
  "moe_5e2a",
  "moe_6e3a_shared1",
  "moe_8e4a_groups2",
  "extra_9e6a_groups3_shared2",
  "extra_dense_t33",
];

function readAny(name: string): ParityCase {
  return parseParityCase(Deno.readTextFileSync(new URL(`${name}.json`, FOLDER)), name);
}

function read(name: string): TextCase {
  const c = readAny(name);
  assert.ok(c.schema === "parity-case/1");
  return c;
}

function readImages(name: string): ImageCase {
  const c = readAny(`diffusion/${name}`);
  assert.ok(c.schema === "parity-case/diffusion/1");
  return c;
}

const over = (lines: ParityLine[]) => lines.filter((l) => !(l.error <= l.bound));

for (const name of NAMES) {
  Deno.test(`the second of two replicas reproduces PyTorch's ${name} within every bound`, () =>
    withDevice({ storage: "texture" }, async (device) => {
      const c = read(name), lines = await runParityCase(device, c, 2);
      assert.deepEqual(over(lines), []);
      const quantities = lines.map((l) => l.quantity);
      // nothing is compared twice or left out: every weight has its gradient
      assert.equal(new Set(quantities).size, quantities.length);
      for (const weight of Object.keys(c.weights)) {
        assert.ok(quantities.includes(`gradient ${weight}`), `no gradient of ${weight}`);
      }
      for (
        const quantity of [
          "crossEntropy",
          "balanceLoss",
          "zLoss",
          "gradNorm",
          "logits",
          "crossEntropyAfter",
          "trajectory of 10 steps",
          ...(c.model.ffn.kind === "moe" ? ["load of block 0", "load of block 1"] : []),
        ]
      ) assert.ok(quantities.includes(quantity), `no ${quantity}`);
    }));
}

Deno.test("a dense and a grouped case pass with every other kernel variant and storage", () =>
  onEveryProfile(async (device) => {
    for (const name of [NAMES[0], NAMES[4]]) {
      assert.deepEqual(over(await runParityCase(device, read(name))), [], name);
    }
  }));

/** A case with one number of one weight moved; of the embedding, one of the first token's. */
function perturbed(c: TextCase, weight: string, by: number): TextCase {
  const bytes = Uint8Array.from(atob(c.weights[weight].f32), (x) => x.charCodeAt(0));
  const values = new Float32Array(bytes.buffer);
  values[weight === "embed" ? c.tokens[0][0][0] * c.model.width : values.length >> 1] += by;
  const f32 = btoa(String.fromCharCode(...bytes));
  return { ...c, weights: { ...c.weights, [weight]: { ...c.weights[weight], f32 } } };
}

Deno.test("a single weight moved by 1e-3 fails the case, whichever tensor it is in", () =>
  withDevice({ storage: "texture" }, async (device) => {
    const c = read("moe_6e3a_shared1");
    for (
      const weight of [
        "embed",
        "blocks.0.attn.wk",
        "blocks.0.attn.qnorm",
        "blocks.1.ffn.wrouter",
        "blocks.0.ffn.wup",
        "blocks.1.ffn.shared.wdown",
        "unembed",
      ]
    ) {
      const lines = over(await runParityCase(device, perturbed(c, weight, 1e-3)));
      assert.ok(lines.length > 0, `${weight} moved and nothing noticed`);
    }
  }));

Deno.test("a wrong multiplier, learning rate or token fails the case", () =>
  withDevice({ storage: "texture" }, async (device) => {
    const c = read("moe_8e4a_groups2"), { model, adamw, tokens } = c;
    const wrong: Record<string, ParityCase> = {
      residual: {
        ...c,
        model: { ...model, multipliers: { ...model.multipliers, residual: 0.51 } },
      },
      logits: { ...c, model: { ...model, multipliers: { ...model.multipliers, logits: 0.505 } } },
      lr: { ...c, adamw: { ...adamw, lr: adamw.lr * 1.01 } },
      weightDecay: { ...c, adamw: { ...adamw, weightDecay: 0 } },
      clipNorm: { ...c, adamw: { ...adamw, clipNorm: 0.9 } },
      balanceCoef: { ...c, adamw: { ...adamw, balanceCoef: adamw.balanceCoef * 1.1 } },
      token: { ...c, tokens: tokens.with(0, tokens[0].with(0, tokens[0][0].with(3, 1))) },
    };
    assert.notEqual(tokens[0][0][3], 1);
    for (const [name, other] of Object.entries(wrong)) {
      assert.ok(over(await runParityCase(device, other)).length > 0, `${name} went unnoticed`);
    }
  }));

Deno.test("a file that is not a parity case is a type error that says where", () => {
  const text = Deno.readTextFileSync(new URL("dense.json", FOLDER)), whole = JSON.parse(text);
  const refuse = (json: unknown, message: RegExp) =>
    assert.throws(() => parseParityCase(JSON.stringify(json), "x.json"), {
      name: "TypeError",
      message,
    });
  assert.throws(() => parseParityCase(text.slice(0, 1000), "x.json"), {
    name: "TypeError",
    message: /x\.json: it is not whole JSON/,
  });
  refuse({ ...whole, schema: "parity-case/2" }, /x\.json: schema: /);
  refuse({ ...whole, model: { ...whole.model, width: "24" } }, /x\.json: model\.width: /);
  refuse({ ...whole, expect: undefined }, /x\.json: expect: /);
  refuse([], /x\.json: /);
});

Deno.test("a case without one of its weights names it", () =>
  withDevice({}, async (device) => {
    const c = read("dense"), { embed: _, ...weights } = c.weights;
    await assert.rejects(runParityCase(device, { ...c, weights }), {
      name: "TypeError",
      message: /no weight embed/,
    });
  }));

Deno.test("the relative error is infinite for anything not finite or of another length", () => {
  const ref = Float32Array.of(3, 4);
  assert.equal(relativeError(ref, ref), 0);
  assert.equal(relativeError(Float32Array.of(3, 9), ref), 1);
  assert.equal(relativeError(Float32Array.of(NaN, 4), ref), Infinity);
  assert.equal(relativeError(Float32Array.of(3, 4, 5), ref), Infinity);
  assert.equal(relativeError(Float32Array.of(3), ref), Infinity);
  assert.equal(relativeError(Float32Array.of(3, 4), new Float32Array(2)), 5);
});

const IMAGES = ["dit_dense", "dit_7e3a", "dit_8e4a_groups2_shared1_rgb"];

for (const name of IMAGES) {
  Deno.test(`the second of two replicas reproduces PyTorch's ${name} within every bound`, () =>
    withDevice({ storage: "texture" }, async (device) => {
      const c = readImages(name), lines = await runParityCase(device, c, 2);
      assert.deepEqual(over(lines), []);
      const quantities = lines.map((l) => l.quantity);
      assert.equal(new Set(quantities).size, quantities.length);
      for (const weight of Object.keys(c.weights)) {
        assert.ok(quantities.includes(`gradient ${weight}`), `no gradient of ${weight}`);
      }
      for (const quantity of ["mse", "velocity", "trajectory of 8 steps", "mseAfter"]) {
        assert.ok(quantities.includes(quantity), `no ${quantity}`);
      }
    }));
}

Deno.test("a diffusion case passes with every other kernel variant and storage", () =>
  onEveryProfile(async (device) => {
    assert.deepEqual(over(await runParityCase(device, readImages(IMAGES[1]))), []);
  }));

Deno.test("a weight, a multiplier, a time or a class moved fails a diffusion case", () =>
  withDevice({ storage: "texture" }, async (device) => {
    const c = readImages("dit_8e4a_groups2_shared1_rgb"), { model, batches } = c;
    const moved = (weight: string) => {
      const bytes = Uint8Array.from(atob(c.weights[weight].f32), (x) => x.charCodeAt(0));
      const values = new Float32Array(bytes.buffer);
      // of the class table an entry that the first batch reads
      values[weight === "class" ? batches[0].classes[0] * model.width : values.length >> 1] += 3e-2;
      const f32 = btoa(String.fromCharCode(...bytes));
      return { ...c, weights: { ...c.weights, [weight]: { ...c.weights[weight], f32 } } };
    };
    const first = (batch: Partial<ImageCase["batches"][number]>): ImageCase => ({
      ...c,
      batches: batches.with(0, { ...batches[0], ...batch }),
    });
    const [t, ...times] = batches[0].t, [y, ...others] = batches[0].classes;
    const multipliers = (of: Partial<ImageCase["model"]["multipliers"]>): ImageCase => ({
      ...c,
      model: { ...model, multipliers: { ...model.multipliers, ...of } },
    });
    const wrong: Record<string, ImageCase> = {
      ...Object.fromEntries(
        ["patch", "time.w1", "time.w2", "class", "blocks.0.mod", "blocks.1.mod", "final.mod", "out"]
          .map((weight) => [weight, moved(weight)]),
      ),
      velocity: multipliers({ velocity: 1.01 }),
      residual: multipliers({ residual: 1.01 }),
      time: first({ t: [t + 1e-3, ...times] }),
      class: first({ classes: [(y + 1) % (model.classes + 1), ...others] }),
    };
    for (const [what, changed] of Object.entries(wrong)) {
      assert.ok(over(await runParityCase(device, changed)).length > 0, `${what} went unnoticed`);
    }
  }));

Deno.test("a diffusion case with a batch that is not whole is its author's mistake", () =>
  withDevice({ storage: "texture" }, async (device) => {
    const c = readImages("dit_dense"), [batch, ...rest] = c.batches;
    const short = { ...c, batches: [{ ...batch, classes: batch.classes.slice(1) }, ...rest] };
    await assert.rejects(runParityCase(device, short), /batch 0 is not whole/);
    const odd = { ...c, model: { ...c.model, patch: 3 } };
    await assert.rejects(
      runParityCase(device, odd),
      /patches of 3 pixels do not divide a side of 10/,
    );
  }));
