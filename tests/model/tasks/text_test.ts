/** The language task's data: what is refused before a device is opened is what the device would refuse. */
import assert from "node:assert/strict";
import { initialParameters, type InitStd } from "../../../model/init.ts";
import { layoutOf, type ModelShape } from "../../../model/shape.ts";
import { TENSOR_KINDS } from "../../../rule/rule.ts";
import { language, languageOf, textDataset } from "../../../model/tasks/language.ts";
import { checkText, type Text, uploadText } from "../../../model/tasks/text.ts";
import { Network } from "../../../model/network.ts";
import { type Replica, Trainer } from "../../../model/trainer.ts";
import { LabError } from "../../../lab/record/failure.ts";
import { checkData, dataFacts } from "../../../lab/train/data.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { textData } from "../../../fixtures/sotu.ts";
import { withDevice } from "../../with_device.ts";
import { regression } from "./regression.ts";

const PLAN = { seq: 7, sequences: 3, evaluationBatches: 2 };
const text = (length: number, trainBytes: number): Text => ({
  name: "poem.txt",
  bytes: new Uint8Array(length),
  trainBytes,
  hash: "h",
  licence: "l",
});

Deno.test("a text too short is refused by name, with what it has and what it would take", () => {
  assert.equal(checkText(text(600, 500), PLAN), null);
  assert.match(checkText(text(520, 500), PLAN)!, /held-out windows overlap/);
  assert.throws(() => checkText(text(40, 8), PLAN), {
    name: "RangeError",
    message:
      "Cannot draw sequences of 7 tokens from poem.txt: its training part has 8 of 40 bytes, want 9, as a text of about 45 bytes has",
  });
  assert.throws(() => checkText(text(513, 500), PLAN), {
    name: "RangeError",
    message:
      "Cannot validate on 6 windows of poem.txt: its held-out part has 13 of 513 bytes, want 14, as a text of about 553 bytes has",
  });
  // nothing to go by
  assert.throws(() => checkText(text(500, 500), PLAN), { message: /has 0 of 500 bytes, want 14$/ });
  assert.throws(() => checkText(text(0, 0), PLAN), { message: /has 0 of 0 bytes, want 9$/ });
});

Deno.test("a text as long as a refusal says is taken, one a hundredth shorter is refused", () => {
  const of = (length: number) => textDataset(textData("a", new Uint8Array(length), "l"));
  for (
    const plan of [
      { seq: 64, sequences: 2, evaluationBatches: 8 },
      { seq: 900, sequences: 1, evaluationBatches: 1 },
      quickPlan,
    ]
  ) {
    let said = 0;
    assert.throws(() => of(1000).check(plan), (error: unknown) => {
      said = Number(/as a text of about (\d+) bytes has$/.exec((error as Error).message)?.[1]);
      return error instanceof RangeError;
    });
    // the fixtures' split rounds: by a byte of the held-out 20th, 20 of the whole
    of(said + 20).check(plan);
    assert.throws(() => of(Math.floor(0.99 * said) - 20).check(plan), RangeError);
  }
});

Deno.test("the lab refuses what the task refuses, and keeps a data set's facts", () => {
  const data = textDataset(text(600, 500));
  assert.equal(checkData(data, { ...quickPlan, ...PLAN }), null);
  assert.throws(() => checkData(data, quickPlan), (error: unknown) => {
    assert.ok(error instanceof LabError);
    assert.match(error.message, /windows of poem.txt/);
    return true;
  });
  assert.deepEqual(dataFacts(data), {
    name: "poem.txt",
    hash: "h",
    unit: "tokens",
    trainUnits: 500,
    heldOutUnits: 100,
    licence: "l",
    file: null,
  });
  assert.deepEqual([data.task.id, data.task.facts.vocab, data.unit], ["language", 256, "tokens"]);
});

const SHAPE: ModelShape = {
  task: language(),
  width: 4,
  depth: 1,
  headWidth: 4,
  ffn: { kind: "dense", hidden: 4 },
};

Deno.test("the shortest text that is taken trains and is validated on, and a shorter one fails on the device too", () =>
  withDevice({}, async (device) => {
    const std = Object.fromEntries(TENSOR_KINDS.map((k) => [k, 0.1])) as InitStd;
    const hp = { lr: 0.01, weightDecay: 0, eps: 1e-8 };
    const one: Replica = {
      seed: 0,
      parameters: initialParameters(layoutOf(SHAPE), 0, std),
      hyperParameters: Object.fromEntries(
        TENSOR_KINDS.map((k) => [k, hp]),
      ) as Replica["hyperParameters"],
      multipliers: { residual: 1, outputMultiplier: 1, routeScale: 1, logits: 1 },
      beta1: 0.9,
      beta2: 0.95,
    };
    const run = async (length: number, trainBytes: number) => {
      const data = uploadText(device, new Uint8Array(length), trainBytes);
      const schedule = { kind: "constant" as const, warmup: 0, decay: 0 };
      const options = { steps: 1, schedule, clipNorm: 0, balanceCoef: 0, zCoef: 0 };
      try {
        const trainer = new Trainer(device, SHAPE, PLAN, [one], options, data);
        await trainer.run(1);
        await trainer.evaluate(PLAN.evaluationBatches);
        trainer.destroy();
      } finally {
        data.destroy();
      }
    };
    for (
      const [length, trainBytes, taken] of [[23, 9, true], [22, 8, false], [22, 9, false]] as const
    ) {
      if (taken) {
        checkText(text(length, trainBytes), PLAN);
        await run(length, trainBytes);
      } else {
        assert.throws(() => checkText(text(length, trainBytes), PLAN), RangeError);
        await assert.rejects(run(length, trainBytes), RangeError);
      }
    }
    const other = new Network(device, { ...SHAPE, task: regression() }, 3, 7, 1);
    assert.throws(() => languageOf(other), {
      name: "TypeError",
      message: "Cannot read tokens and logits: the model is for regression",
    });
    other.destroy();
  }));
