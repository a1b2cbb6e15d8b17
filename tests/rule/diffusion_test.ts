/** What the rules set on the tensors of a diffusion model, listed by hand. */
import assert from "node:assert/strict";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import { type HyperParameters, type Row, TASK_KINDS, type TensorKind } from "../../rule/rule.ts";
import { KNOBS } from "../../rule/table.ts";

const HPS: HyperParameters = {
  lr: 4.52e-3,
  weightDecay: 0.02,
  eps: 1e-8,
  beta1: 0.9,
  beta2: 0.95,
  initStd: 0.02,
  embedInitStd: 0.1,
  unembedInitStd: 0,
  patchInitStd: 0.25,
  timeInitStd: 0.0625,
};
const from = parseConfiguration("dense:d=128,L=32,H=128,B=65536,D=1638400000");
const to = parseConfiguration("128e8a1s:d=1024,h=1024,D=6553600000", from);
const transfer = (id = "complete-mue", hps = HPS) =>
  ruleById(id).transfer(from, to, hps, { task: "diffusion" });

function near(found: number, wanted: number, what: string) {
  const off = Math.abs(found - wanted);
  assert.ok(off <= 1e-12 * Math.max(1, Math.abs(wanted)), `${what}: ${found}, not ${wanted}`);
}

Deno.test("the authors' worked example for diffusion: every tensor's learning rate and init", () => {
  const t = transfer(), rows = new Map(t.rows.map((row) => [row.tensor, row]));
  assert.deepEqual([...rows.keys()], [...TASK_KINDS.diffusion]);
  // q = 1/2: LR 4.52e-3 → 2.26e-3, WD 0.02 → 0.01; hidden and output LR another 1/8
  const input: [TensorKind, number][] = [["patch", 0.25], ["time1", 0.0625], ["class", 0.1]];
  for (const [tensor, std] of input) {
    near(rows.get(tensor)!.lr, 2.26e-3, tensor);
    near(rows.get(tensor)!.initStd, std, tensor);
  }
  const hidden: [TensorKind, number][] = [
    ...(["time2", "wq", "wk", "wv", "wo", "wrouter", "wgate", "wup"] as const)
      .map((tensor): [TensorKind, number] => [tensor, 0.02 / Math.sqrt(8)]),
    ["wdown", 0.02 * 3 / Math.sqrt(8)],
    ["mod", 0], // adaLN-zero
    ["velocity", 0],
  ];
  for (const [tensor, std] of hidden) {
    near(rows.get(tensor)!.lr, 2.26e-3 / 8, tensor);
    near(rows.get(tensor)!.initStd, std, tensor);
  }
  for (const { tensor, weightDecay } of t.rows) {
    near(weightDecay, /Norm$/.test(tensor) ? 0 : 0.01, `${tensor} WD`);
  }
  near(t.multipliers.logits, 1 / 8, "velocity");
  near(t.multipliers.outputMultiplier, 1 / 9, "A");
  assert.equal(t.multipliers.routeScale, 8);
});

Deno.test("in every rule input, hidden and output tensors take the rows of their kind", () => {
  const alike: Partial<Record<TensorKind, TensorKind>> = {
    patch: "embed",
    time1: "embed",
    class: "embed",
    time2: "wq",
    mod: "wq",
    velocity: "unembed",
  };
  for (const rule of RULES) {
    const { rows } = rule.factors(from, to);
    for (const [tensor, as] of Object.entries(alike) as [TensorKind, TensorKind][]) {
      for (const knob of KNOBS) {
        assert.equal(rows[tensor][knob], rows[as][knob], `${rule.id} ${tensor}`);
      }
    }
  }
});

Deno.test("a language model has no tensor of a diffusion model, and the other way round", () => {
  const kinds = (rows: Row[]): TensorKind[] => rows.map((row) => row.tensor);
  const text: TensorKind[] = kinds(ruleById("complete-mue").transfer(from, to, HPS).rows);
  assert.equal(text.join(), TASK_KINDS.language.join());
  for (const tensor of ["patch", "mod", "velocity"] as const) assert.ok(!text.includes(tensor));
  const images = kinds(transfer().rows);
  for (const tensor of ["embed", "attnNorm", "ffnNorm", "norm", "unembed"] as const) {
    assert.ok(!images.includes(tensor));
  }
  assert.ok(!kinds(transfer("complete-mue").rows).includes("norm"));
});

Deno.test("init stds that are not said are sigma, modulations start at zero, and may start elsewhere", () => {
  const { patchInitStd: _p, timeInitStd: _t, ...plain } = HPS;
  const std = (hps: HyperParameters, tensor: TensorKind) =>
    transfer("complete-mue", hps).rows.find((row) => row.tensor === tensor)!.initStd;
  assert.equal(std(plain, "patch"), 0.02);
  assert.equal(std(plain, "time1"), 0.02);
  assert.equal(std(plain, "mod"), 0);
  near(std({ ...plain, modInitStd: 0.08 }, "mod"), 0.08 / Math.sqrt(8), "mod");
});

Deno.test("a task that no rule knows is refused", () => {
  const options = { task: "video" as "language" };
  assert.throws(() => ruleById("mup").transfer(from, to, HPS, options), /Cannot use task=video/);
});
