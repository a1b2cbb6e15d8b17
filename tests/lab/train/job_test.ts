import { type Context, jobOf } from "../../../lab/train/job.ts";
import type { Cell } from "../../../lab/record/run.ts";
import { language } from "../../../model/tasks/language.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { placed } from "../runs.ts";
import { assert, assertEquals, throws } from "../assert.ts";

const context: Context = {
  task: language(),
  dataHash: "d",
  trainUnits: 1000,
  adapter: "a",
  kernelsVersion: "k",
};
const cell = (configuration: string, more: Partial<Cell> = {}): Cell => ({
  panel: "p",
  configuration,
  label: "l",
  rule: "complete-mue",
  role: "target",
  swept: "lr",
  log2x: -5,
  seed: 0,
  ...more,
});
const plan = { ...quickPlan, reference: "dense:d=16,L=2,H=16", steps: 600, sequences: 16, seq: 32 };
const job = (configuration: string, more: Partial<Cell> = {}) =>
  jobOf(placed(cell(configuration, more), plan), plan, context);

Deno.test("a configuration's B and D set batch and steps, and the rule sees their ratios to the plan's", () => {
  const plain = job("dense"), large = job("dense:B=2048,D=307200"), long = job("dense:D=1228800");
  assertEquals([plain.sequences, plain.steps], [16, 600]);
  assertEquals([large.sequences, large.steps, large.evaluationBatches], [64, 150, 8]);
  assertEquals([long.sequences, long.steps], [16, 2400]);
  assertEquals(large.rows.wq.lr, 2 * plain.rows.wq.lr);
  assertEquals(long.rows.wq.lr, plain.rows.wq.lr / 2);
  assert(Math.abs(1 - large.beta1 - 4 * (1 - plain.beta1)) < 1e-12);
  assert(Math.abs(1 - long.beta2 - (1 - plain.beta2) / 4) < 1e-12);
});

Deno.test("a batch that is no whole number of sequences, or steps that are not whole, are refused", () => {
  throws(() => job("dense:B=500,D=300000"), /Cannot train dense with B = 500/);
  throws(() => job("dense:B=512,D=307000"), /whole steps/);
  throws(() => job("dense:B=1536,D=307200"), /divisor of 512 validation windows/);
});

Deno.test("the swept value replaces the plan's, whatever it is", () => {
  const decay = job("dense", { swept: "weightDecay", log2x: -3 });
  assertEquals(decay.base.weightDecay, 1 / 8);
  assertEquals(decay.base.lr, plan.base.lr);
  const init = job("dense", { swept: "initStd", log2x: -2 });
  assertEquals(init.rows.wq.initStd, 1 / 4);
  assertEquals(job("dense").rows.wq.initStd, 1 / 4); // 1/sqrt(16)
});

Deno.test("equal training is one run, whatever panel, role or rule it is drawn under", () => {
  const reference = job("dense");
  assertEquals(job("dense", { panel: "q", role: "control", rule: "standard" }).key, reference.key);
  assert(job("dense:d=32,H=32").key !== job("dense:d=32,H=32", { rule: "standard" }).key);
  const twin = jobOf(placed(cell("4e2a:h=16"), plan), plan, context, {
    multipliers: { routeScale: 1 },
  });
  assert(twin.key !== job("4e2a:h=16").key);
  assertEquals(twin.group, job("4e2a:h=16").group);
  const balanced = jobOf(placed(cell("4e2a:h=16"), plan), plan, context, {
    training: { zCoef: 0.1 },
  });
  assert(balanced.group !== twin.group);
});

Deno.test("a router that a configuration names is the model's, part of its identity, and above the rule's gate", () => {
  const texts = [
    "4e2a:h=16",
    "4e2a:h=16,gate=softmax",
    "4e2a:h=16,router=hash",
    "4e2a:h=16,router=expert-choice",
    "4e2a2g:h=16",
    "4e2a2g:h=16,limit=1",
    "4e2a:h=16,cf=1.25",
    "4e2a:h=16,bias=0.01",
    "4e2a:h=16,bias=0.02",
  ];
  assertEquals(new Set(texts.map((text) => job(text).key)).size, texts.length);
  assertEquals(job("4e2a:h=16,gate=sigmoid,router=top").key, job("4e2a:h=16").key);
  assertEquals(job("4e2a:h=16").shape.ffn, {
    kind: "moe",
    experts: 4,
    active: 2,
    expertWidth: 16,
    shared: 0,
    groups: 1,
    gate: "sigmoid",
  });
  const gate = (text: string) => {
    const { ffn } = job(text, { rule: "moe-dmft" }).shape;
    return ffn.kind === "moe" && ffn.gate;
  };
  assertEquals(gate("4e2a:h=16"), "sigmoid-raw");
  assertEquals(gate("4e2a:h=16,gate=softmax"), "softmax");
});

Deno.test("what models here do not have is refused in one line, and their own vocabulary is not", () => {
  const bad: [string, string][] = [
    ["4e2a:h=16,heads=8,dh=16", "heads=8 of 16, and models here have d / dh heads"],
    ["dense:d=32,dh=8,kv=2", "kv=2, and models here have keys and values for every head"],
    ["dense:tied", "tied embeddings, and models here have two tables"],
    ["dense:vocab=50257", "vocab=50257, and models here have 256"],
    ["4e2a1s:h=16,hs=8", "hs=8, and models here have shared experts as wide as the others"],
  ];
  for (const [text, why] of bad) {
    throws(() => job(text), ({ name, message }: Error) => {
      assertEquals(name, "RangeError");
      return /^Cannot train [^\n]*$/.test(message) && message.endsWith(`: ${why}`);
    }, text);
  }
  assertEquals(job("dense:vocab=256").key, job("dense").key);
});
