/**
 * `--format torch`: the file's patterns and rows, read as Python reads them. That a training with it lands on the
 * suites' losses is measured by docs/torch_rule.py (docs/validation.md).
 */

import assert from "node:assert/strict";
import { ruleCommand } from "../../commands/rule.ts";
import { said } from "./said.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById } from "../../rule/registry.ts";

const PAIR = [
  ...["--from", "dense:d=12,L=2,H=12", "--to", "16e4a:d=48,dh=12,h=12", "--lr", "0.03125"],
  ...["--init-std", "0.25", "--embed-init-std", "1", "--unembed-init-std", "0"],
];

const run = (...args: string[]) => said(ruleCommand, ...args, "--format", "torch");

type Cells = Record<"init_std" | "lr" | "weight_decay" | "eps", number | null>;
interface Kind {
  layers: number[] | null;
  multipliers: Record<string, number>;
  rows: Record<string, Cells>;
}

/** PATTERNS and KINDS of a file: their Python is JSON once None, sets, comments and last commas are. */
function read(file: string): { patterns: [RegExp, string][]; kinds: Kind[] } {
  const patterns = [...file.matchAll(/^ {4}\(r"(.*)", "(\w+)"\),$/gm)]
    .map(([, pattern, kind]): [RegExp, string] => [new RegExp(pattern), kind]);
  const kinds = /^KINDS = (\[[\s\S]*?^\])/m.exec(file)![1].replaceAll(/ {2}#.*$/gm, "")
    .replaceAll(/"layers": \{([\d, ]*)\}/g, '"layers": [$1]').replaceAll("None", "null")
    .replaceAll(/,(\s*[}\]])/g, "$1");
  return { patterns, kinds: JSON.parse(kinds) };
}

/** As `row_of` of the file finds it. */
function tensorOf(
  { patterns }: { patterns: [RegExp, string][] },
  name: string,
): string | undefined {
  const plain = name.replace(/\.weight$/, "");
  return patterns.find(([pattern]) => pattern.test(plain))?.[1];
}

const NAMES: Record<string, string[]> = {
  embed: ["model.embed_tokens.weight", "transformer.wte.weight", "embed"],
  unembed: ["lm_head.weight", "unembed"],
  norm: ["model.norm.weight", "transformer.norm_f.weight", "model.final_layernorm.weight", "norm"],
  attnNorm: ["model.layers.0.input_layernorm.weight", "blocks.1.attn.norm"],
  ffnNorm: ["model.layers.0.post_attention_layernorm.weight", "blocks.1.ffn.norm"],
  qNorm: ["model.layers.3.self_attn.q_norm.weight", "blocks.0.attn.qnorm"],
  kNorm: ["model.layers.3.self_attn.k_norm.weight", "blocks.0.attn.knorm"],
  wq: ["model.layers.0.self_attn.q_proj.weight", "blocks.0.attn.wq"],
  wk: ["model.layers.0.self_attn.k_proj.weight", "blocks.0.attn.wk"],
  wv: ["model.layers.0.self_attn.v_proj.weight", "blocks.0.attn.wv"],
  wo: ["model.layers.0.self_attn.o_proj.weight", "blocks.0.attn.wo"],
  wrouter: [
    "model.layers.0.mlp.gate.weight",
    "model.layers.0.block_sparse_moe.gate.weight",
    "model.layers.0.block_sparse_moe.router.layer.weight",
    "model.layers.0.feed_forward.router.weight",
    "blocks.0.ffn.wrouter",
  ],
  wgate: [
    "model.layers.0.mlp.experts.7.gate_proj.weight",
    "model.layers.0.mlp.experts.gate_up_proj",
    "model.layers.0.mlp.shared_experts.gate_proj.weight",
    "model.layers.0.block_sparse_moe.experts.0.w1.weight",
    "blocks.0.ffn.shared.wgate",
  ],
  wup: ["model.layers.0.mlp.up_proj.weight", "model.layers.0.block_sparse_moe.experts.0.w3.weight"],
  wdown: ["model.layers.0.mlp.experts.7.down_proj.weight", "blocks.0.ffn.wdown"],
};
const WITHOUT_ROW = [
  "model.layers.0.self_attn.q_proj.bias",
  "model.layers.0.self_attn.kv_a_proj_with_mqa.weight",
  "model.layers.0.self_attn.sinks",
  "model.layers.0.mamba.in_proj.weight",
  "model.layers.0.mamba.out_proj.weight",
  "model.layers.0.mlp.shared_expert_gate.weight",
  "model.layers.0.mlp.experts.gate_up_proj_bias",
  "model.layers.0.mlp.router.bias",
];

Deno.test("every name of the families' parameters has its row, and what no rule covers has none", async () => {
  const { code, out, err: error } = await run(...PAIR);
  assert.equal(code, 0, error);
  const file = read(out);
  for (const [tensor, names] of Object.entries(NAMES)) {
    for (const name of names) assert.equal(tensorOf(file, name), tensor, name);
  }
  for (const name of WITHOUT_ROW) assert.equal(tensorOf(file, name), undefined, name);
  // no row is without a name
  assert.deepEqual(Object.keys(file.kinds[0].rows).sort(), Object.keys(NAMES).sort());
});

Deno.test("the file's numbers are the transfer's, unrounded; gains start at 1", async () => {
  const { out } = await run(...PAIR);
  const from = parseConfiguration(PAIR[1]), to = parseConfiguration(PAIR[3], from);
  const transfer = ruleById("complete-mue").transfer(from, to, {
    ...{ lr: 0.03125, weightDecay: 0.1, eps: 1e-8, beta1: 0.9, beta2: 0.95 },
    ...{ initStd: 0.25, embedInitStd: 1, unembedInitStd: 0 },
  });
  const [{ layers, multipliers, rows }] = read(out).kinds;
  assert.equal(layers, null);
  assert.deepEqual(multipliers, transfer.multipliers);
  for (const row of transfer.rows) {
    const { init_std, lr, weight_decay, eps } = rows[row.tensor];
    assert.deepEqual([lr, weight_decay, eps], [row.lr, row.weightDecay, row.eps]);
    assert.equal(init_std, /[nN]orm$/.test(row.tensor) ? null : row.initStd);
  }
  assert.match(out, /^BETAS = \(0\.9, 0\.95\)$/m);
});

Deno.test("a stack of unlike layers has a kind per layer, and what is not covered in comments", async () => {
  const path = await Deno.makeTempFile({ suffix: ".json" });
  try {
    const config = {
      model_type: "qwen2_moe",
      hidden_size: 64,
      num_hidden_layers: 4,
      num_attention_heads: 4,
      vocab_size: 256,
      intermediate_size: 128,
      moe_intermediate_size: 16,
      num_experts: 8,
      num_experts_per_tok: 2,
      mlp_only_layers: [0, 2],
      hidden_act: "a\nimport os", // a text of a file stays in its comment
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    const { code, out, err: error } = await run(...PAIR.slice(0, 3), path, ...PAIR.slice(4));
    assert.equal(code, 0, error);
    const { kinds } = read(out);
    assert.deepEqual(kinds.map(({ layers }) => layers), [[0, 2], [1, 3]]);
    assert.deepEqual(kinds.map(({ rows }) => "wrouter" in rows), [false, true]);
    assert.notEqual(kinds[0].rows.wdown.init_std, kinds[1].rows.wdown.init_std);
    assert.match(out, /^# not covered by the rule: biases of q, k and v/m);
    assert.match(out, /^# .*the activation a import os/m);
    assert.deepEqual(out.match(/^import .*$/gm), ["import re"]);
  } finally {
    await Deno.remove(path);
  }
});

const REFUSED: [string[], string][] = [
  [["--json"], "Cannot print --format torch and --json: choose one"],
  [["--explain"], "Cannot print --explain or --compare as --format torch: it is one transfer"],
  [["--compare"], "Cannot print --explain or --compare as --format torch: it is one transfer"],
  [
    ["--decay", "independent"],
    "Cannot print --format torch with --decay independent: torch.optim.AdamW applies lr * wd",
  ],
  [
    ["--task", "diffusion"],
    "Cannot print --format torch for --task diffusion: it names a language model's parameters",
  ],
];

Deno.test("what the file cannot be is refused in one line", async () => {
  for (const [more, message] of REFUSED) {
    const { code, out, err: error } = await run(...PAIR, ...more);
    assert.deepEqual([code, out, error], [2, "", `error: ${message}\n`]);
  }
});
