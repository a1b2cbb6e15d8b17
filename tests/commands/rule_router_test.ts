/** `deno task rule` for another router: what it says of R in every form, and its help's examples. */

import assert from "node:assert/strict";
import { ruleCommand } from "../../commands/rule.ts";
import { said } from "./said.ts";

const FROM = ["--from", "dense:d=128,L=4,H=128", "--lr", "0.01"];
const to = (keys: string) => [...FROM, "--to", `64e8a:d=1024,${keys}`];

const run = (...args: string[]) => said(ruleCommand, ...args);

/** One line again. */
const flat = (text: string) => text.replace(/\s+/g, " ");

Deno.test("the default router has no gate line, no warning, and R = a as always", async () => {
  for (const form of [[], ["--explain"], ["--compare"]]) {
    const { out } = await run(...to("h=128"), ...form);
    assert.doesNotMatch(out, /warning|^ {2}gate:|a \/ S/m);
  }
  const { warnings, gate, gateAsked, gateAssumed } = JSON.parse(
    (await run(...to("h=128"), "--json")).out,
  );
  assert.deepEqual([warnings, gate, gateAsked, gateAssumed], [[], "sigmoid", null, "sigmoid"]);
});

for (
  const [gate, R, words] of [
    ["softmax-all", 53.621, /S = 0\.149 being their sum at router logits of std 0\.113/],
    ["sigmoid-raw", 1.8335, /S = 4\.36 being their sum at router logits of std 0\.113/],
  ] as const
) {
  Deno.test(`gate=${gate}: R, its formula and its assumption in every form`, async () => {
    const keys = to(`gate=${gate}`);
    const table = (await run(...keys)).out;
    assert.match(table, RegExp(`routeScale +${R} +a / S +\\[authors\\] layer; S \\[ours\\]`));
    assert.match(flat(table), /as the target asks; complete-mue assumes sigmoid/);
    const explained = (await run("--explain", "routeScale", ...keys)).out;
    assert.match(explained, RegExp(`routeScale = a / S = 8 / [\\d.]+ = ${R}`));
    assert.doesNotMatch(explained, /The gates sum to 1/);
    const compared = (await run("--compare", ...keys)).out;
    assert.match(compared, RegExp(`routeScale +${R} +1 +1 +(0.125 +)?1 +1 +${R}`));
    const json = JSON.parse((await run("--json", ...keys)).out);
    assert.deepEqual([json.gate, json.gateAsked, json.gateAssumed], [gate, gate, "sigmoid"]);
    assert.ok(Math.abs(json.multipliers.routeScale / R - 1) < 1e-4);
    const csv = (await run("--csv", ...keys)).out;
    const said = [table, explained, compared, csv, json.warnings[0]];
    for (const text of said) {
      assert.match(flat(text), words);
      assert.match(flat(text), /drifts with training/);
    }
    for (const line of [table, explained, compared].join("\n").split("\n")) {
      assert.ok(line.length <= 100, line);
    }
  });
}

Deno.test("normalized gates that are not the paper's are named, and R = a holds without a warning", async () => {
  for (const [keys, gate] of [["gate=softmax", "softmax"], ["router=hash", "even"]]) {
    const { out } = await run(...to(keys));
    assert.match(out, /routeScale +8 +a +\[authors\] layer\n/);
    assert.match(out, /^ {2}gate: .*as the target asks; complete-mue assumes sigmoid$/m);
    assert.doesNotMatch(out, /warning/);
    assert.equal(JSON.parse((await run(...to(keys), "--json")).out).gate, gate);
  }
});

Deno.test("experts that choose: R says that a token's experts weigh R / k", async () => {
  const { out } = await run(...FROM, "--to", "8e2a:router=expert-choice");
  assert.match(out, /routeScale +2\.2225 +a \/ S/);
  assert.match(
    flat(out),
    /each expert of it has weight R \/ k;.*S = 0\.9 being the share of tokens/,
  );
});

Deno.test("moe-dmft is shown as its paper's rule under its own gate alone", async () => {
  for (const keys of ["h=128", "gate=sigmoid-raw"]) {
    const { out } = await run(...to(keys), "--rule", "moe-dmft");
    assert.match(out, /^moe-dmft: Mean-field MoE/);
    assert.match(out, /^ {2}gate: sigmoid, not normalized \(sigmoid-raw\): R weighs the raw sum$/m);
    assert.match(out, /routeScale +0\.125 +1 \/ a +2601\.20205/);
    assert.match((await run("--compare", ...to(keys))).out, /moe-dmft/);
  }
  for (const keys of ["gate=softmax", "gate=softmax-all", "router=hash", "router=expert-choice"]) {
    const { out } = await run(...to(keys), "--rule", "moe-dmft");
    assert.match(out, /^moe-dmft: its scaling under a router .* not that paper's rule$/m);
    assert.doesNotMatch(out, /Mean-field/);
    assert.match(out, /routeScale +0\.125 +1 \/ a +\[ours\] after 2601\.20205/);
    const compared = (await run("--compare", ...to(keys))).out;
    assert.match(compared, /routeScale( +[\d.]+){6}\n/);
    assert.match(
      flat(compared),
      /nothing here is that paper's rule, R least of all; it is left out/,
    );
    const json = JSON.parse((await run("--compare", "--json", ...to(keys))).out);
    assert.deepEqual(json.leftOut, ["moe-dmft"]);
    assert.ok(!("moe-dmft" in json.factors[0]));
  }
});

/** What may stand in the `config.json` of an example. */
const A_MODEL = {
  model_type: "mixtral",
  hidden_size: 512,
  num_hidden_layers: 8,
  num_attention_heads: 8,
  intermediate_size: 256,
  num_local_experts: 8,
  num_experts_per_tok: 2,
  vocab_size: 32000,
};

Deno.test("every example of the help runs as it stands", async () => {
  const { out } = await run("--help");
  const examples = out.replaceAll(/ \\\n +/g, " ").split("\n")
    .filter((line) => /^ {2}deno task rule /.test(line) && !line.includes("CONFIGURATION"));
  assert.equal(examples.length, 7);
  const file = await Deno.makeTempFile({ suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify(A_MODEL));
  for (const example of examples) {
    const args = example.replace("config.json", file).replace(/ > .*/, "").trim().split(/\s+/)
      .slice(3);
    const { code, out, err: error } = await run(...args);
    assert.equal(code, 0, `${example}: ${error}`);
    assert.ok(out.length > 300, example);
  }
  await Deno.remove(file);
  // configurations that it lists as such are read
  const texts = [...out.matchAll(/^ {2}(\S+:d=\S+) {2,}/gm)].map((m) => m[1]);
  assert.equal(texts.length, 3);
  for (const text of texts) {
    assert.equal((await run(...FROM, "--to", text)).code, 0, text);
  }
});
