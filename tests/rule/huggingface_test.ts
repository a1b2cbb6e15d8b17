/** Every family's fields, on small configurations of our own: what is read, what is said, what is refused. */

import assert from "node:assert/strict";
import { formatConfiguration, parseConfiguration } from "../../rule/configuration.ts";
import { layerText, MODEL_TYPES, readHuggingFace } from "../../rule/huggingface.ts";
import { ruleById } from "../../rule/registry.ts";
import { CASES, DEEPSEEK, MIXTRAL, SIZES } from "./huggingface_cases.ts";

for (const { type, fields, kinds, notCovered = [], notes = [] } of CASES) {
  Deno.test(`${type} is read: ${kinds.map(([, text]) => text).join(" and ")}`, () => {
    const model = readHuggingFace({ model_type: type, ...fields });
    assert.deepEqual(
      model.kinds.map((k) => [layerText(k.layers), formatConfiguration(k.configuration)]),
      kinds,
    );
    // each form is one the grammar reads to the same configuration
    for (const { configuration } of model.kinds) {
      assert.deepEqual(parseConfiguration(formatConfiguration(configuration)), configuration);
    }
    for (
      const [found, wanted] of [[model.notCovered, notCovered], [model.notes, notes]] as const
    ) {
      assert.equal(found.length, wanted.length, found.join("\n"));
      wanted.forEach((pattern, i) => assert.match(found[i], pattern));
    }
  });
}

Deno.test("every family that is named is read by a test, or shares its fields with one that is", () => {
  const shared = ["mistral", "gemma", "gemma3", "gemma3_text", "granite", "llama4"];
  const tested = new Set([...CASES.map(({ type }) => type), ...shared]);
  assert.deepEqual(MODEL_TYPES.filter((type) => !tested.has(type)), []);
});

Deno.test("of a model of several media the text model is read, and that is said", () => {
  const text = { model_type: "llama4_text", ...SIZES, ...MIXTRAL, moe_layers: [0, 1, 2, 3, 4, 5] };
  const model = readHuggingFace({
    model_type: "llama4",
    tie_word_embeddings: true,
    text_config: text,
    vision_config: {},
  });
  assert.equal(model.modelType, "llama4_text");
  assert.deepEqual(model.kinds.length, 1);
  assert.equal(model.kinds[0].configuration.tied, true);
  assert.match(model.notCovered.at(-1)!, /only text_config is read/);
});

Deno.test("B and D are those that are handed over", () => {
  const file = { model_type: "mixtral", ...SIZES, ...MIXTRAL };
  const [{ configuration }] = readHuggingFace(file, "a", { batchTokens: 64, tokens: 640 }).kinds;
  assert.deepEqual([configuration.batchTokens, configuration.tokens], [64, 640]);
});

Deno.test("kinds of one stack differ in the FFN's rows and multipliers alone", () => {
  const { kinds } = readHuggingFace({ model_type: "deepseek_v3", ...SIZES, ...DEEPSEEK });
  const from = parseConfiguration("dense:d=48,L=2,H=48");
  const hps = { lr: 0.01, weightDecay: 0.1, eps: 1e-8, beta1: 0.9, beta2: 0.95, initStd: 0.02 };
  const [dense, moe] = kinds.map(({ configuration }) =>
    ruleById("complete-mue")
      .transfer(from, configuration, { ...hps, embedInitStd: 1, unembedInitStd: 0 })
  );
  for (const row of dense.rows.filter(({ tensor }) => tensor !== "wdown")) {
    assert.deepEqual(moe.rows.find(({ tensor }) => tensor === row.tensor), row);
  }
  // H_act: 200 in the dense layer, (4 + 2)·20 in the others, against the reference's 48/48 of d
  assert.equal(dense.multipliers.outputMultiplier, 96 / 200);
  assert.equal(moe.multipliers.outputMultiplier, 96 / 120);
  assert.equal(moe.multipliers.routeScale, 4);
});

const file = { model_type: "mixtral", ...SIZES, ...MIXTRAL };
const BAD: [string, unknown, string, string][] = [
  ["a list", [], "TypeError", "not a JSON object"],
  ["null", null, "TypeError", "not a JSON object"],
  ["no type", SIZES, "RangeError", "it has no model_type"],
  ["an unknown type", { model_type: "bert" }, "RangeError", "model_type bert is none of llama, "],
  ["a name that objects have", { model_type: "toString" }, "RangeError", "model_type toString is"],
  [
    "fields that are missing",
    { model_type: "mixtral", hidden_size: 96, num_hidden_layers: 6, vocab_size: 10 },
    "RangeError",
    "mixtral needs num_attention_heads, intermediate_size, num_local_experts, num_experts_per_tok, " +
    "missing here",
  ],
  [
    "nested fields that are missing",
    { model_type: "dbrx", d_model: 96, n_layers: 6, n_heads: 6, vocab_size: 10, ffn_config: {} },
    "RangeError",
    "dbrx needs ffn_config.ffn_hidden_size, ffn_config.moe_num_experts, ffn_config.moe_top_k, missing",
  ],
  [
    "a word for a size",
    { ...file, hidden_size: "big" },
    "TypeError",
    'hidden_size is "big", not a positive whole number',
  ],
  [
    "half a layer",
    { ...file, num_hidden_layers: 1.5 },
    "TypeError",
    "num_hidden_layers is 1.5, not",
  ],
  [
    "a type that is no word",
    { ...file, model_type: 3 },
    "TypeError",
    "model_type is 3, not a text",
  ],
  [
    "heads that do not fit",
    { ...file, num_attention_heads: 7 },
    "RangeError",
    "num_attention_heads does not divide hidden_size, and there is no head_dim",
  ],
  [
    "more active experts than experts",
    { ...file, num_experts_per_tok: 9 },
    "RangeError",
    "cannot activate 9 experts in 8e9a: it has only 8",
  ],
  [
    "too many layers",
    { ...file, num_hidden_layers: 1e9 },
    "RangeError",
    "num_hidden_layers is 10000",
  ],
];

for (const [what, config, name, message] of BAD) {
  Deno.test(`refused: ${what}`, () => {
    assert.throws(() => readHuggingFace(config, "x.json"), (error: Error) => {
      assert.equal(error.name, name);
      const start = `Cannot read x.json: ${message}`;
      assert.equal(error.message.slice(0, start.length), start);
      assert.ok(!error.message.includes("\n"));
      return true;
    });
  });
}

Deno.test("layers are written short", () => {
  const texts = [[0], [0, 1, 2], [1, 3, 5], [0, 3], [0, 1, 2, 5], [0, 2, 3, 7]].map(layerText);
  assert.deepEqual(texts, ["0", "0-2", "1-5 by 2", "0 3", "0-2 5", "0 2-3 7"]);
});
