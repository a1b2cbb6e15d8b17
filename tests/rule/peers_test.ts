/** The peer rules' multipliers per tensor, worked out by hand; no number here came from the code. */

import assert from "node:assert/strict";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import type { HyperParameters, RuleOptions, TensorKind } from "../../rule/rule.ts";

const UNIT: HyperParameters = {
  lr: 1,
  weightDecay: 1,
  eps: 1,
  beta1: 0.9,
  beta2: 0.95,
  initStd: 1,
  embedInitStd: 1,
  unembedInitStd: 1,
};

// rho_d 4, rho_L 4, rho_h 128/64 = 2, rho_H (4·128/256)/(64/64) = 2, rho_a 4/16, rho_D 4, q 1/2
const FROM = "dense:d=64,L=2,H=64,B=1024,D=1048576";
const TO = "16e4a:d=256,L=8,h=128,D=4194304";
const R2 = 0.70710678118654757; // 1/sqrt(2)

function transfer(id: string, options: RuleOptions = {}, from = FROM, to = TO) {
  const reference = parseConfiguration(from);
  return ruleById(id).transfer(reference, parseConfiguration(to, reference), UNIT, options);
}

type Cells = [initStd: number, lr: number, weightDecay: number, eps: number];
type Rows = [tensors: string, ...cells: Cells][];

function check(id: string, rows: Rows, model: Record<string, number>, options: RuleOptions = {}) {
  const t = transfer(id, options);
  const close = (x: number, y: number, what: string) =>
    assert.ok(Math.abs(x - y) <= 1e-12 * Math.max(1e-300, Math.abs(y)), `${what}: ${x}, not ${y}`);
  const seen = new Set<string>();
  for (const [tensors, ...cells] of rows) {
    for (const tensor of tensors.split(" ")) {
      const row = t.rows.find((r) => r.tensor === tensor)!;
      [row.initStd, row.lr, row.weightDecay, row.eps]
        .forEach((x, i) => close(x, cells[i], `${id} ${tensor} ${i}`));
      seen.add(tensor);
    }
  }
  assert.equal(seen.size, t.rows.length, "every row is listed");
  const { residual, outputMultiplier: A, routeScale: R, logits } = t.multipliers;
  const found: Record<string, number> = {
    residual,
    A,
    R,
    logits,
    oneMinusBeta: (1 - t.beta1) * 10,
  };
  for (const [name, x] of Object.entries(model)) close(found[name], x, `${id} ${name}`);
  assert.equal(Object.keys(model).length, 5);
}

const NORMS = "attnNorm qNorm kNorm ffnNorm norm";
const ATTENTION = "wq wk wv wo";

Deno.test("moe-dmft gives the numbers worked out by hand", () => {
  // absolute W_down init (h/d)^-1 d^-1/2: 1/8 at the reference, 2/16 at the target; LR 1/64, 1/128
  // eps: embedding 1/d, attention 1/(d L), up 1/(h L), W_down d/(h^2 L)
  const rows: Rows = [
    ["embed", 1, 1, 1, 0.25],
    [NORMS, 0, 1, 0, 1],
    [ATTENTION, 0.5, 0.25, 1, 0.0625],
    ["wgate wup", 0.5, 0.25, 1, 0.125],
    ["wrouter", 0.25, 0.25, 1, 0.0625],
    ["wdown", 1, 0.5, 1, 0.25],
    ["unembed", 0.25, 0.25, 1, 1],
  ];
  const model = { residual: 0.25, A: 1, R: 0.25, logits: 1, oneMinusBeta: 1 };
  check("moe-dmft", rows, model);
  check("moe-dmft", rows, model, { unembedding: "completed-p" });
  const [, , attention, up, router, down] = rows;
  check(
    "moe-dmft",
    [
      ...rows.slice(0, 2),
      [attention[0], 0.5, 0.25, 4, 0.0625],
      [up[0], 0.5, 0.25, 4, 0.125],
      [router[0], 0.25, 0.25, 4, 0.0625],
      [down[0], 1, 0.5, 2, 0.25],
      rows[6],
    ],
    model,
    { decoupledDecay: true },
  );
});

Deno.test("moe-dmft: where h / d stays, the experts' eps are those of hidden matrices, and which are second-hand is said", () => {
  const from = parseConfiguration("dense:d=64,L=2,H=64");
  const to = parseConfiguration("16e4a:d=256,L=8,h=256", from);
  const { rows } = ruleById("moe-dmft").transfer(from, to, UNIT);
  const row = (tensor: TensorKind) => rows.find((r) => r.tensor === tensor)!;
  for (const tensor of ["wq", "wrouter", "wgate", "wup", "wdown"] as const) {
    assert.equal(row(tensor).eps, 1 / 16, tensor);
  }
  for (const tensor of ["embed", "wq", "wup", "wdown"] as const) {
    assert.equal(row(tensor).sources.eps, "2601.20205 at second hand", tensor);
  }
  for (const tensor of ["wrouter", "wgate"] as const) {
    assert.match(row(tensor).sources.eps, /^\[ours\]/, tensor);
  }
});

Deno.test("moe-dmft brings its gate, and only moe-dmft", () => {
  assert.deepEqual(
    RULES.filter((rule) => rule.gate !== undefined).map(({ id, gate }) => [id, gate]),
    [["moe-dmft", "sigmoid-raw"]],
  );
  assert.match(ruleById("moe-dmft").title, /fixed a\/N only/);
});

Deno.test("moe-mup gives the numbers worked out by hand", () => {
  const rows: Rows = [
    ["embed", 1, 1, 1, 1],
    [NORMS, 0, 1, 0, 1],
    [`${ATTENTION} wgate wup`, 0.5, 0.25, 1, 0.25],
    ["wrouter", 0.25, 0.25, 1, 1],
    ["wdown", R2, 0.5, 1, 0.25],
    ["unembed", 0.25, 0.25, 1, 1],
  ];
  const model = { residual: 1, A: 1, R: 1, logits: 1, oneMinusBeta: 1 };
  check("moe-mup", rows, model);
  check("moe-mup", rows, model, { unembedding: "completed-p", depthAlpha: 0.5 });
  check(
    "moe-mup",
    [
      ...rows.slice(0, 2),
      [rows[2][0], 0.5, 0.25, 4, 0.25],
      ["wrouter", 0.25, 0.25, 4, 1],
      ["wdown", R2, 0.5, 2, 0.25],
      rows[5],
    ],
    model,
    { decoupledDecay: true },
  );
});

Deno.test("moe-mup differs from mup in the router, W_down and the final projection alone", () => {
  const [ours, plain] = [transfer("moe-mup"), transfer("mup")];
  const differing = ours.rows.filter((row, i) =>
    ["initStd", "lr", "weightDecay", "eps"].some((knob) =>
      row[knob as "lr"] !== plain.rows[i][knob as "lr"]
    )
  );
  assert.deepEqual(differing.map((row) => row.tensor), ["wrouter", "wdown", "unembed"]);
});

Deno.test("embedding-lr-only is standard but for the embedding's LR", () => {
  const rows: Rows = [
    ["embed", 1, 4, 1, 1],
    [NORMS, 0, 1, 0, 1],
    [`${ATTENTION} wrouter wgate wup unembed`, 0.5, 1, 1, 1],
    ["wdown", R2, 1, 1, 1],
  ];
  const model = { residual: 1, A: 1, R: 1, logits: 1, oneMinusBeta: 1 };
  check("embedding-lr-only", rows, model);
  rows[0][2] = 1;
  check("standard", rows, model);
});

Deno.test("sqrt-sparsity is complete-mue but for the experts' LR, × sqrt(4/16)", () => {
  const rows = (experts: number): Rows => [
    ["embed", 1, 0.5, 0.5, 2],
    [NORMS, 0, 0.5, 0, 2],
    [`${ATTENTION} wrouter`, 0.5, 0.125, 0.5, 0.125],
    ["wgate wup", 0.5, experts, 0.5, 0.125],
    ["wdown", R2, experts, 0.5, 0.0625],
    ["unembed", 0.5, 0.125, 0.5, 2],
  ];
  const model = { residual: 0.25, A: 0.5, R: 4, logits: 0.25, oneMinusBeta: 0.25 };
  check("complete-mue", rows(0.125), model);
  check("sqrt-sparsity", rows(0.0625), model);
});

Deno.test("sqrt-sparsity takes a/N over the reference's own: dense and a Dense MoE count as 1", () => {
  const lr = (from: string, to: string) =>
    transfer("sqrt-sparsity", {}, from, to).rows.find((r) => r.tensor === "wup" as TensorKind)!.lr;
  assert.equal(lr("16e4a:d=64,L=2,h=64", "64e4a"), 0.5);
  assert.equal(lr("16e4a:d=64,L=2,h=64", "16e16a"), 2);
  assert.equal(lr("16e4a:d=64,L=2,h=64", "dense:H=64"), 2);
  assert.equal(lr("dense:d=64,L=2,H=64", "8e8a"), 1);
});
