/** `deno task rule` with files of Hugging Face: a table per kind of layer, in every form. */

import assert from "node:assert/strict";
import { ruleCommand } from "../../commands/rule.ts";
import { said } from "./said.ts";
import { formatConfiguration, parseConfiguration } from "../../rule/configuration.ts";

const FROM = ["--from", "dense:d=64,L=4,H=64,B=256K,D=1B", "--lr", "0.01"];

/** Two kinds of layers, low-rank attention, groups with a limit. */
const STACK = {
  model_type: "deepseek_v3",
  hidden_size: 128,
  num_hidden_layers: 8,
  num_attention_heads: 8,
  v_head_dim: 32,
  qk_nope_head_dim: 32,
  qk_rope_head_dim: 16,
  kv_lora_rank: 24,
  intermediate_size: 512,
  moe_intermediate_size: 64,
  n_routed_experts: 32,
  num_experts_per_tok: 4,
  n_shared_experts: 1,
  first_k_dense_replace: 2,
  n_group: 4,
  topk_group: 2,
  vocab_size: 5000,
};
const DENSE = {
  model_type: "llama",
  hidden_size: 64,
  num_hidden_layers: 4,
  num_attention_heads: 4,
  intermediate_size: 64,
  vocab_size: 5000,
};
const TEXTS = [
  "dense:d=128,L=8,H=512,B=1000000,D=1000000000,dh=32,heads=8,vocab=5000",
  "32e4a4g1s:d=128,L=8,h=64,B=1000000,D=1000000000,dh=32,gate=sigmoid,limit=2,heads=8,vocab=5000",
];

const run = (...args: string[]) => said(ruleCommand, ...args);

async function withFile<T>(content: object, use: (path: string) => Promise<T>): Promise<T> {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await Deno.writeTextFile(path, JSON.stringify(content));
    return await use(path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("a stack of unlike layers gives one table per kind, the same as its configuration's", async () => {
  await withFile(STACK, async (path) => {
    const { code, out, err: error } = await run(...FROM, "--to", `${path}:B=1M`);
    assert.equal(code, 0, error);
    const lines = out.split("\n");
    assert.equal(lines[0], `${path}: deepseek_v3`);
    assert.equal(
      lines[1],
      "  8 heads of 32, 8 of keys and values; layers 0-1 dense, 2-7 32e4a4g1s",
    );
    assert.equal(lines.filter((line) => line.startsWith("  not covered by the rule: ")).length, 2);
    assert.ok(lines.slice(1).every((line) => line.length <= 100));
    const [head, dense, moe] = out.trimEnd().split(/^Layers .*\n\n/m);
    assert.match(head, /note: queries and keys have no norms/);
    assert.deepEqual(out.match(/^Layers .*$/gm), ["Layers 0-1 (dense)", "Layers 2-7 (32e4a4g1s)"]);
    for (const [i, table] of [dense, moe].entries()) {
      const alone = await run(...FROM, "--to", TEXTS[i]);
      assert.equal(table.trimEnd(), alone.out.trimEnd());
    }
  });
});

Deno.test("JSON and CSV of a file hold every table, and what is not covered", async () => {
  await withFile(STACK, async (path) => {
    const to = [...FROM, "--to", `${path}:B=1M`];
    const { files, tables } = JSON.parse((await run(...to, "--json")).out);
    assert.equal(files.length, 1);
    assert.deepEqual([files[0].modelType, files[0].notCovered.length], ["deepseek_v3", 2]);
    assert.deepEqual(tables.map((t: { layers: string }) => t.layers), ["0-1", "2-7"]);
    assert.deepEqual(
      tables.map((t: { table: { to: { text: string } } }) => t.table.to.text),
      TEXTS,
    );
    const csv = (await run(...to, "--csv")).out.trimEnd().split("\n");
    assert.equal(csv[0], "layers,tensor,quantity,value,formula,source");
    assert.equal(csv.filter((line) => /^0-1,wdown,/.test(line)).length, 4);
    assert.equal(csv.filter((line) => /^2-7,wrouter,/.test(line)).length, 4);
    assert.equal(csv.filter((line) => /^,model,not covered,/.test(line)).length, 2);
    const explained = JSON.parse((await run(...to, "--explain", "wo", "--json")).out);
    assert.match(explained.tables[1].table[0].factors.at(-1).why, /W_o sums over heads \* dh/);
    const compared = JSON.parse((await run(...to, "--compare", "--json")).out);
    assert.equal(compared.tables[0].table.to, TEXTS[0]);
    assert.match((await run(...to, "--compare", "--csv")).out, /^0-1,wdown,lr,/m);
  });
});

Deno.test("a file may be the reference; kinds are carried to their like", async () => {
  await withFile(DENSE, async (path) => {
    const same = await run("--from", path, "--to", "16e4a:d=256", "--lr", "0.01", "--json");
    assert.equal(same.code, 0, same.err);
    const [{ layers, table }] = JSON.parse(same.out).tables;
    assert.equal(layers, null);
    assert.equal(table.from.text, "dense:d=64,L=4,H=64,vocab=5000");
    assert.equal(table.to.text, "16e4a:d=256,L=4,h=64");
  });
  await withFile(STACK, async (path) => {
    const { out } = await run("--from", path, "--to", path, "--lr", "0.01", "--json");
    const { tables } = JSON.parse(out);
    for (const { table } of tables) {
      assert.equal(table.from.text, table.to.text);
      assert.ok(Object.values(table.ratios).every((ratio) => ratio === 1));
    }
    // a target that is like none takes the kind of most layers
    const small = await run("--from", path, "--to", "dense:d=64,H=64", "--lr", "0.01", "--json");
    assert.match(JSON.parse(small.out).tables[0].table.from.text, /^dense:/);
  });
});

Deno.test("without permission to read, a file costs one line and a configuration works", async () => {
  const command = new URL("../../commands/rule.ts", import.meta.url);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", command.href, ...FROM, "--to", "config.json"],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 2);
  const said = "error: Cannot read config.json: Deno was started without that permission\n";
  assert.equal(new TextDecoder().decode(stderr), said);
  const text = formatConfiguration(parseConfiguration("dense:d=64,L=1,H=64"));
  assert.equal((await run("--from", text, "--to", text, "--lr", "1")).code, 0);
});
