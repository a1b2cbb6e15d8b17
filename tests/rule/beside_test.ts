/** What is said besides the rows: when, with which numbers, and when it is not. */

import assert from "node:assert/strict";
import { type Beside, besideOf } from "../../rule/beside.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import type { RuleOptions } from "../../rule/rule.ts";

const HPS = { lr: 0.01, weightDecay: 0.1, eps: 1e-8, beta1: 0.9, beta2: 0.95, initStd: 0.01 };
const FROM = "dense:d=64,L=2,H=64,B=1024,D=1048576";

function beside(to: string, id = "complete-mue", from = FROM, options: RuleOptions = {}): Beside[] {
  const rule = ruleById(id), reference = parseConfiguration(from);
  const target = parseConfiguration(to, reference);
  const hps = { ...HPS, embedInitStd: 1, unembedInitStd: options.unembedding ? 0.01 : 0 };
  const transfer = rule.transfer(reference, target, hps, options);
  return besideOf({ rule, from: reference, to: target, hps, options, transfer });
}

const warnings = (all: Beside[]) => all.filter((b) => b.warning).map((b) => b.topic);
const text = (all: Beside[], topic: string) => all.find((b) => b.topic === topic)?.text ?? "";

Deno.test("a plain target has a sentence on decay, schedule, clipping and readout, and no warning", () => {
  for (const { id } of RULES) {
    const all = beside("16e4a:d=256,h=64", id);
    assert.deepEqual(
      all.map((b) => b.topic),
      ["decay", "warm-up, decay", "clipping", "readout"],
      id,
    );
    assert.deepEqual(warnings(all), [], id);
    for (const { text, source } of all) {
      assert.ok(source !== "" && !text.endsWith("."), text);
    }
  }
});

Deno.test("beta1 near 0 is warned of, with the batch that would do; the nearest that does is silent", () => {
  const all = beside("dense:B=8192");
  assert.deepEqual(warnings(all), ["beta1"]);
  // 1 - 0.1 * 8 = 0.2: 1 / 0.8 steps; 0.5 / 0.1 = 5 times the batch
  assert.match(all[0].text, /from 0\.9 to 0\.2, an average over 1\.25 steps/);
  assert.match(all[0].text, /B of at most 5120 keeps beta1 at 0\.5/);
  assert.deepEqual(warnings(beside("dense:B=5120")), []);
  assert.deepEqual(warnings(beside("dense:B=5121")), ["beta1"]);
  // four times the tokens allow four times the batch
  assert.match(beside("dense:B=32768,D=4194304")[0].text, /at most 20480 /);
  // a rule that leaves the betas alone has nothing to warn of
  assert.deepEqual(warnings(beside("dense:B=8192", "mup")), []);
});

Deno.test("one expert per token: the router has no gradient where the gate is normalized", () => {
  assert.deepEqual(warnings(beside("128e1a1s:h=64")), ["router"]);
  assert.match(beside("128e1a1s:h=64")[0].text, /^128e1a has gates that are always 1/);
  for (
    const to of ["128e2a:h=64", "1e1a:h=64", "8e1a:h=64,gate=softmax-all", "8e1a:h=64,router=hash"]
  ) {
    assert.deepEqual(warnings(beside(to)), [], to);
  }
  assert.deepEqual(warnings(beside("8e1a:h=64", "moe-dmft")), []); // sigmoids that are not normalized
});

Deno.test("the attention's scale is spoken of where dh changes, with muP's number", () => {
  const said = text(beside("dense:d=256,dh=64"), "attentionScale");
  assert.match(said, /dh changes by 4: .* grow by 2, .* 1\/dh keeps them, which is 0\.0625 here/);
  assert.equal(text(beside("dense:d=256"), "attentionScale"), "");
});

Deno.test("tied tables: the embedding's row, with logits / rho_d or a warning", () => {
  const tied = `${FROM},tied`;
  assert.match(
    text(beside("dense:d=256,tied", "complete-mue", tied), "tied"),
    /and logits \/ rho_d/,
  );
  assert.deepEqual(warnings(beside("dense:d=256,tied", "complete-mue", tied)), []);
  assert.match(text(beside("dense:d=256,tied", "standard", tied), "tied"), /both ends have/);
  const completedP = { unembedding: "completed-p" as const };
  assert.deepEqual(warnings(beside("dense:d=256,tied", "complete-mue", tied, completedP)), [
    "tied",
  ]);
  for (const id of ["moe-dmft", "moe-mup", "embedding-lr-only"]) {
    assert.deepEqual(warnings(beside("dense:d=256,tied", id, tied)), ["tied"], id);
  }
  // the reference has two tables
  assert.deepEqual(warnings(beside("dense:d=256,tied")), ["tied"]);
  const rows = ruleById("complete-mue").transfer(
    parseConfiguration(tied),
    parseConfiguration("dense:d=256,tied", parseConfiguration(tied)),
    { ...HPS, embedInitStd: 1, unembedInitStd: 0 },
  ).rows.map((row) => row.tensor as string);
  assert.ok(rows.includes("embed") && !rows.includes("unembed"));
});

Deno.test("the rest follows what is asked: schedule in steps, decay, readout, vocabulary, shared width", () => {
  assert.match(text(beside("dense:D=4194304"), "warm-up, decay"), /steps \* 4 = rho_D \/ rho_B/);
  assert.doesNotMatch(
    text(beside("dense", "mup", "dense:d=64,L=2,H=64"), "warm-up, decay"),
    /steps/,
  );
  const alone = beside("dense", "complete-mue", FROM, { decay: "independent" });
  assert.match(text(alone, "decay"), /without lr/);
  assert.match(text(beside("dense"), "readout"), /^it starts at 0/);
  const other = { unembedding: "authors" as const }; // a readout that does not start at 0
  assert.match(text(beside("dense", "mup", FROM, other), "readout"), /^it may start at 0/);
  assert.match(
    text(beside("dense:vocab=50K", "mup", `${FROM},vocab=256`), "vocabulary"),
    /from 256 to 50000/,
  );
  assert.match(text(beside("8e2a1s:h=64,hs=32", "mup"), "shared experts"), /32 wide .* of 64/);
  assert.equal(text(beside("8e2a1s:h=64,hs=32"), "shared experts"), "");
});
