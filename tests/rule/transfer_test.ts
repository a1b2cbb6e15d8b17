/** Multipliers per tensor, worked out by hand from the rule; no number here came from the code. One file because a reader checks the tables side by side. */

import assert from "node:assert/strict";
import { parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import type { HyperParameters, RuleOptions, TensorKind, Transfer } from "../../rule/rule.ts";

const TOLERANCE = 1e-12; // float64 rounding of a handful of products

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

function close(actual: number, expected: number, what: string): void {
  const bound = TOLERANCE * Math.max(Math.abs(expected), 1e-300);
  assert.ok(Math.abs(actual - expected) <= bound, `${what}: ${actual}, expected ${expected}`);
}

function transfer(
  from: string,
  to: string,
  id = "complete-mue",
  options: RuleOptions = {},
  hps = UNIT,
): Transfer {
  const reference = parseConfiguration(from);
  return ruleById(id).transfer(reference, parseConfiguration(to, reference), hps, options);
}

function rowOf(t: Transfer, tensor: TensorKind) {
  const row = t.rows.find((r) => r.tensor === tensor);
  assert.ok(row, `no row for ${tensor}`);
  return row;
}

/** What one pair must give; absent means exactly what the reference has: 1. */
interface Expected {
  residual?: number;
  A?: number;
  R?: number;
  logits?: number;
  init?: number;
  downInit?: number;
  lr?: number;
  wd?: number;
  eps?: number;
  downEps?: number;
  freeLr?: number;
  freeEps?: number;
  unembedEps?: number;
  oneMinusBeta?: number;
}

function check(t: Transfer, e: Expected): void {
  const m = t.multipliers;
  close(m.residual, e.residual ?? 1, "residual");
  close(m.outputMultiplier, e.A ?? 1, "A");
  close(m.routeScale, e.R ?? 1, "R");
  close(m.logits, e.logits ?? 1, "logits");
  for (const row of t.rows) {
    const { tensor } = row;
    if (/[nN]orm$/.test(tensor)) {
      assert.equal(row.initStd, 0, `${tensor} init`);
      assert.equal(row.weightDecay, 0, `${tensor} wd`);
      close(row.lr, e.freeLr ?? 1, `${tensor} lr`);
      close(row.eps, e.freeEps ?? 1, `${tensor} eps`);
    } else if (tensor === "embed") {
      assert.equal(row.initStd, 1, "embed init");
      close(row.lr, e.freeLr ?? 1, "embed lr");
      close(row.weightDecay, e.wd ?? 1, "embed wd");
      close(row.eps, e.freeEps ?? 1, "embed eps");
    } else {
      const [init, eps] = tensor === "wdown"
        ? [e.downInit, e.downEps]
        : [e.init, tensor === "unembed" ? e.unembedEps ?? e.freeEps : e.eps];
      close(row.initStd, init ?? 1, `${tensor} init`);
      close(row.lr, e.lr ?? 1, `${tensor} lr`);
      close(row.weightDecay, e.wd ?? 1, `${tensor} wd`);
      close(row.eps, eps ?? 1, `${tensor} eps`);
    }
  }
  close(1 - t.beta1, 0.1 * (e.oneMinusBeta ?? 1), "1 - beta1");
  close(1 - t.beta2, 0.05 * (e.oneMinusBeta ?? 1), "1 - beta2");
}

const D128 = "dense:d=128,L=4,H=128";
const D64 = "dense:d=64,L=2,H=64";
const TRAINED = "dense:d=64,L=2,H=64,B=1024,D=1048576";
const R8 = 0.35355339059327376; // 1/sqrt(8)

const COMPLETE_MUE: [string, string, string, Expected][] = [
  ["nothing changes", D128, "dense", {}],
  [
    "dense to sparse at the same width: H_act = 8d",
    D128,
    "64e8a",
    { A: 0.125, R: 8, downInit: 2.8284271247461903, downEps: 0.125 },
  ],
  [
    "dense to sparse, wider and deeper: H_act = d, eight narrow experts",
    D128,
    "64e8a:d=1024,L=24,h=128",
    {
      residual: 0.16666666666666667,
      R: 8,
      logits: 0.125,
      init: R8,
      downInit: R8,
      lr: 0.125,
      eps: 0.020833333333333333,
      downEps: 0.020833333333333333,
    },
  ],
  [
    "capacity 4 of 256: H_act = 4d",
    D64,
    "256e4a",
    { A: 0.25, R: 4, downInit: 2, downEps: 0.25 },
  ],
  [
    "capacity 4 of 4 (Dense MoE, Bridge I): as 4 of 256",
    D64,
    "4e4a",
    { A: 0.25, R: 4, downInit: 2, downEps: 0.25 },
  ],
  [
    "granularity 4: as 4e4a but R = 16",
    D64,
    "64e16a:h=16",
    { A: 0.25, R: 16, downInit: 2, downEps: 0.25 },
  ],
  [
    "hybrid in four groups: H_act = 9·64 = 4.5d",
    "dense:d=128,L=2,H=128",
    "128e8a4g1s:h=64",
    {
      A: 0.2222222222222222,
      R: 8,
      downInit: 2.1213203435596426,
      downEps: 0.2222222222222222,
    },
  ],
  [
    "reference of expansion 4, target of expansion 1: rho_H = 1/4",
    "dense:d=64,L=4,H=256",
    "dense:d=256,H=256",
    {
      A: 4,
      logits: 0.25,
      init: 0.5,
      downInit: 0.25,
      lr: 0.25,
      eps: 0.25,
      downEps: 1,
    },
  ],
  [
    "depth 4 to 32 alone",
    "dense:d=64,L=4,H=64",
    "dense:L=32",
    { residual: 0.125, eps: 0.125, downEps: 0.125 },
  ],
  [
    "tokens fixed, batch × 4: q = 2",
    TRAINED,
    "dense:B=4096",
    {
      lr: 2,
      wd: 2,
      eps: 0.5,
      downEps: 0.5,
      freeLr: 2,
      freeEps: 0.5,
      oneMinusBeta: 4,
    },
  ],
  ["steps fixed, batch × 4: q = 1", TRAINED, "dense:B=4096,D=4194304", {}],
  [
    "batch fixed, steps × 9: q = 1/3",
    TRAINED,
    "dense:D=9437184",
    {
      lr: 0.3333333333333333,
      wd: 0.3333333333333333,
      eps: 3,
      downEps: 3,
      freeLr: 0.3333333333333333,
      freeEps: 3,
      oneMinusBeta: 0.1111111111111111,
    },
  ],
  [
    "to a smaller target: rho_d = rho_L = 1/4, H_act = 4d",
    "dense:d=256,L=8,H=256",
    "16e4a:d=64,L=2,h=64",
    {
      residual: 4,
      A: 0.25,
      R: 4,
      logits: 4,
      init: 2,
      downInit: 4,
      lr: 4,
      eps: 16,
      downEps: 4,
    },
  ],
  [
    "between two MoE (width figure): R stays 4",
    "16e4a:d=16,L=2,h=16",
    "16e4a:d=64,h=64",
    { R: 4, logits: 0.25, init: 0.5, downInit: 0.5, lr: 0.25, eps: 0.25, downEps: 0.25 },
  ],
  [
    "everything at once: rho_d 3, rho_L 4, rho_H 2, rho_B 2, rho_D 8, q 1/2",
    "dense:d=96,L=3,H=192,B=512,D=1000000",
    "24e6a2g2s:d=288,L=12,h=144,B=1024,D=8000000",
    {
      residual: 0.25,
      A: 0.5,
      R: 6,
      logits: 0.3333333333333333,
      init: 0.5773502691896258,
      downInit: 0.816496580927726,
      lr: 0.16666666666666667,
      wd: 0.5,
      eps: 0.16666666666666667,
      downEps: 0.08333333333333333,
      freeLr: 0.5,
      freeEps: 2,
      oneMinusBeta: 0.25,
    },
  ],
];

for (const [what, from, to, expected] of COMPLETE_MUE) {
  Deno.test(`complete-mue gives the numbers worked out by hand: ${what}`, () => {
    check(transfer(from, to), expected);
  });
}

const CONTROLS: [string, string, string, string, Expected][] = [
  [
    "standard",
    "wider and sparse: W_down's fan-in stays 128",
    "dense:d=128,L=4,H=128,B=64,D=6400",
    "64e8a:d=1024,L=24,h=128,D=640000",
    { init: R8 },
  ],
  [
    "standard",
    "narrow experts: fan-in 256 to 16",
    "dense:d=64,L=2,H=256",
    "16e4a:h=16",
    { downInit: 4 },
  ],
  ["standard", "nothing changes", "16e4a:d=16,L=2,h=16", "16e4a", {}],
  [
    "mup",
    "wider, deeper, longer and sparse: only the width counts",
    "dense:d=128,L=4,H=128,B=64,D=6400",
    "64e8a:d=1024,L=24,h=256,D=640000",
    {
      logits: 0.125,
      init: R8,
      downInit: 0.7071067811865476,
      lr: 0.125,
      eps: 0.125,
      downEps: 0.125,
      unembedEps: 0.125,
    },
  ],
  ["mup", "nothing changes", "16e4a:d=16,L=2,h=16", "16e4a", {}],
];

for (const [id, what, from, to, expected] of CONTROLS) {
  Deno.test(`${id} gives the numbers worked out by hand: ${what}`, () => {
    check(transfer(from, to, id), expected);
  });
}

Deno.test("the authors' worked example comes out, every number: 128e8a1s from a dense proxy", () => {
  // B = 65536 tokens is ours (any will do); T 25k to 100k makes D 1638400000 to 6553600000
  const from = "dense:d=128,L=32,H=128,B=65536,D=1638400000";
  const to = "128e8a1s:d=1024,h=1024,D=6553600000";
  const cases = [
    // [lr, wd, init] at the reference; [lr, wd] × q; init of W_down and of the others to 4 digits
    { lr: 1e-3, wd: 0.1, std: 0.01, lrQ: 5e-4, wdQ: 0.05, down: "0.0106", others: "0.0035" },
    { lr: 4.52e-3, wd: 0.02, std: 0.02, lrQ: 2.26e-3, wdQ: 0.01, down: "0.0212", others: "0.0071" },
  ];
  for (const c of cases) {
    const hps = { ...UNIT, lr: c.lr, weightDecay: c.wd, initStd: c.std, unembedInitStd: c.std };
    const t = transfer(from, to, "complete-mue", {}, hps);
    close(t.multipliers.outputMultiplier, 0.1111111111111111, "A = 1/9");
    assert.equal(t.multipliers.routeScale, 8, "R = 8 on the routed sum");
    close(t.multipliers.logits, 0.125, "output × 1/8");
    close(t.multipliers.residual, 1, "residual");
    close(rowOf(t, "embed").lr, c.lrQ, "base LR");
    for (const row of t.rows.filter((r) => r.weightDecay !== 0)) {
      close(row.weightDecay, c.wdQ, `${row.tensor} WD`);
    }
    for (const tensor of ["wup", "wgate", "wrouter", "wq", "wk", "wv", "wo", "unembed"] as const) {
      close(rowOf(t, tensor).lr, c.lrQ / 8, `${tensor} LR × 1/8`);
      close(rowOf(t, tensor).initStd, c.std * R8, `${tensor} init × 1/sqrt(8)`);
      assert.equal(rowOf(t, tensor).initStd.toFixed(4), c.others);
    }
    close(rowOf(t, "wdown").lr, c.lrQ / 8, "W_down LR × 1/8");
    close(rowOf(t, "wdown").initStd, c.std * 1.0606601717798212, "W_down init × 3/sqrt(8)");
    assert.equal(rowOf(t, "wdown").initStd.toFixed(4), c.down);
    close(t.beta1, 0.975, "beta1: 1 - 0.1/4");
    close(t.beta2, 0.9875, "beta2: 1 - 0.05/4");
  }
});

Deno.test("options change what they say and nothing else", () => {
  const [from, to] = [
    "dense:d=64,L=4,H=64,B=1024,D=1024000",
    "dense:d=256,L=64,H=256,D=16384000",
  ];
  // rho_d 4, rho_L 16, rho_D 16, q 1/4
  const base = { residual: 0.0625, logits: 0.25, init: 0.5, downInit: 0.5, lr: 0.0625, wd: 0.25 };
  const batch = { freeLr: 0.25, freeEps: 4, oneMinusBeta: 0.0625 };
  check(transfer(from, to), { ...base, ...batch, eps: 0.0625, downEps: 0.0625 });

  const half = transfer(from, to, "complete-mue", { depthAlpha: 0.5 });
  close(half.multipliers.residual, 0.25, "residual × 16^-1/2");
  close(rowOf(half, "wq").lr, 0.015625, "hidden LR × 16^-1/2 more");
  close(rowOf(half, "wq").eps, 0.25, "hidden eps: 4/4/4");
  close(rowOf(half, "unembed").lr, 0.0625, "final projection knows no depth");
  close(rowOf(half, "attnNorm").lr, 0.25, "norms know no depth");

  const slow = transfer(from, to, "complete-mue", { durationExponent: 0.25 });
  close(rowOf(slow, "embed").lr, 0.5, "q = 16^-1/4");
  close(rowOf(slow, "embed").eps, 2, "1/q");
  close(1 - slow.beta1, 0.1 * 0.0625, "betas keep rho_B/rho_D");

  const decay = transfer(from, to, "complete-mue", { decoupledDecay: true });
  for (const tensor of ["wq", "wo", "wup", "wdown"] as const) {
    close(rowOf(decay, tensor).weightDecay, 1, `${tensor}: q · rho_d`);
    close(rowOf(decay, tensor).lr * rowOf(decay, tensor).weightDecay, 0.0625, "lr·wd is q²");
  }
  close(rowOf(decay, "embed").weightDecay, 0.25, "embedding keeps q");
  close(rowOf(transfer(from, to, "mup", { decoupledDecay: true }), "wup").weightDecay, 4, "mup");

  for (const id of ["complete-mue", "mup"]) {
    const completed = transfer(from, to, id, { unembedding: "completed-p" });
    close(completed.multipliers.logits, 1, `${id} logits`);
    close(rowOf(completed, "unembed").initStd, 0.25, `${id} init × 1/rho_d`);
    close(rowOf(completed, "unembed").lr, id === "mup" ? 0.25 : 0.0625, `${id} LR × 1/rho_d`);
    close(rowOf(completed, "wq").initStd, 0.5, `${id} hidden init`);
  }
});

Deno.test("a zero-initialized final projection stays zero under every rule", () => {
  for (const { id } of RULES) {
    const t = transfer(D128, "64e8a:d=1024", id, {}, { ...UNIT, unembedInitStd: 0 });
    assert.equal(rowOf(t, "unembed").initStd, 0);
    assert.ok(t.rows.every((row) => Number.isFinite(row.initStd + row.lr + row.eps)));
  }
});

Deno.test("the three initial deviations are those of the reference's own tensors", () => {
  const hps = { ...UNIT, initStd: 0.03, embedInitStd: 0.5, unembedInitStd: 0.07 };
  const t = transfer(D128, "dense", "complete-mue", {}, hps);
  assert.deepEqual(
    [rowOf(t, "wq").initStd, rowOf(t, "embed").initStd, rowOf(t, "unembed").initStd],
    [0.03, 0.5, 0.07],
  );
});

Deno.test("a router row exists for an MoE target only", () => {
  assert.equal(transfer(D64, "dense").rows.length, 14);
  assert.equal(transfer(D64, "16e4a").rows.length, 15);
  assert.ok(
    !transfer("16e4a:d=64,L=2,h=64", "dense:H=64").rows.some((r) => r.tensor === "wrouter"),
  );
});

Deno.test("formulas and sources say where each number is from", () => {
  const t = transfer(TRAINED, "16e4a:d=128,L=4,h=64");
  assert.equal(rowOf(t, "wdown").formulas.initStd, "sigma * sqrt(rho_H / rho_d)");
  assert.equal(rowOf(t, "wdown").formulas.eps, "eps / q / rho_d / rho_L / rho_H");
  assert.match(rowOf(t, "wdown").sources.eps, /\[ours\]/);
  assert.equal(rowOf(t, "wq").formulas.lr, "eta * q / rho_d");
  assert.equal(rowOf(t, "unembed").formulas.initStd, "sigma_unembed / sqrt(rho_d)");
  assert.equal(t.multiplierNotes.residual.formula, "1 / rho_L");
  assert.equal(t.multiplierNotes.beta1.formula, "1 - (1 - beta1) * rho_B / rho_D");
  assert.equal(t.multiplierNotes.routeScale.formula, "a");
  const third = transfer(TRAINED, "dense:L=8", "complete-mue", { depthAlpha: 0.75 });
  assert.equal(rowOf(third, "wq").formulas.lr, "eta * q / rho_d * rho_L^-0.25");
  assert.match(rowOf(third, "wq").sources.lr, /2505\.01618/);
  for (const { id } of RULES) {
    for (const row of transfer(TRAINED, "16e4a", id).rows) {
      for (const text of [...Object.values(row.formulas), ...Object.values(row.sources)]) {
        assert.notEqual(text, "");
      }
    }
  }
});

Deno.test("a beta that would leave [0, 1) is refused, and the nearest reference named does", () => {
  // 4096 times fewer steps per token: 1 - beta1 = 0.1 · 16
  assert.throws(() => transfer(TRAINED, "dense:B=16384"), {
    name: "RangeError",
    message: "Cannot transfer to dense:d=64,L=2,H=64,B=16384,D=1048576: 1 - beta1 = 0.1 times 16 " +
      "is above 1; the nearest reference that would do is dense:d=64,L=2,H=64,B=1639,D=1048576",
  });
  const near = "dense:d=64,L=2,H=64,B=1639,D=1048576";
  assert.ok(transfer(near, "dense:B=16384").beta1 >= 0);
  assert.throws(
    () => transfer("dense:d=64,L=2,H=64,B=1638,D=1048576", "dense:B=16384"),
    RangeError,
  );
  assert.throws(
    () => transfer("dense:d=64,L=2,H=64,D=1000000", "dense:D=50000"),
    { message: /is dense:d=64,L=2,H=64,D=500000$/ },
  );
  const least = transfer("dense:d=64,L=2,H=64,D=500000", "dense:D=50000").beta1;
  assert.ok(least >= 0 && least < TOLERANCE, `1 - 0.1 * 10 = ${least}`);
  // rules without a batch rule do not care
  assert.equal(transfer(TRAINED, "dense:B=16384", "standard").beta1, 0.9);
});

Deno.test("impossible hyperparameters, options and configurations are refused", () => {
  const from = parseConfiguration(D64);
  const rule = ruleById("complete-mue");
  const bad: [Partial<HyperParameters>, string][] = [
    [{ lr: 0 }, "Cannot use lr=0: not a positive number"],
    [{ lr: NaN }, "Cannot use lr=NaN: not a positive number"],
    [{ weightDecay: -1 }, "Cannot use weightDecay=-1: not a number, 0 or more"],
    [{ eps: Infinity }, "Cannot use eps=Infinity: not a number, 0 or more"],
    [{ beta1: 1 }, "Cannot use beta1=1: not in [0, 1)"],
    [{ beta2: -0.1 }, "Cannot use beta2=-0.1: not in [0, 1)"],
  ];
  for (const [change, message] of bad) {
    assert.throws(() => rule.transfer(from, from, { ...UNIT, ...change }), {
      name: "RangeError",
      message,
    });
  }
  assert.throws(() => rule.transfer(from, from, UNIT, { depthAlpha: NaN }), {
    message: "Cannot use depthAlpha=NaN: not a number, 0 or more",
  });
  assert.throws(
    () => rule.transfer(from, from, UNIT, { unembedding: "other" as unknown as "authors" }),
    { message: "Cannot use unembedding=other: not authors or completed-p" },
  );
  assert.throws(() => rule.transfer(from, { ...from, width: NaN }, UNIT), RangeError);
  assert.throws(() => ruleById("mu-p"), {
    name: "RangeError",
    message: /^Cannot find rule mu-p: the rules are complete-mue, standard, mup/,
  });
});
