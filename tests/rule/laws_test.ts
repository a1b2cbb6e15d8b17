/** Laws 1 to 3 of docs/rule.md over random configurations, and twins that must break them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type Configuration, type MoeFfn, parseConfiguration } from "../../rule/configuration.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import {
  type Factors,
  type HyperParameters,
  type RuleOptions,
  TENSOR_KINDS,
} from "../../rule/rule.ts";
import { law } from "../../rule/table.ts";
import { anyConfiguration, trainedConfiguration } from "./arbitrary.ts";

const HPS: HyperParameters = {
  lr: 0.0123,
  weightDecay: 0.07,
  eps: 3e-9,
  beta1: 0.3,
  beta2: 0.987,
  initStd: 0.017,
  embedInitStd: 0.4,
  unembedInitStd: 0.009,
};

/** Each number of one times the number of the same key of the other. */
const products = <K extends string>(a: Record<K, number>, b: Record<K, number>) =>
  Object.fromEntries(Object.keys(a).map((k) => [k, a[k as K] * b[k as K]])) as Record<K, number>;

/** The product of two transfers, A→B and B→C of one rule and options: equals A→C (law 2). */
function composeFactors(ab: Factors, bc: Factors): Factors {
  const rows = TENSOR_KINDS.map((t) => [t, products(ab.rows[t], bc.rows[t])] as const);
  return {
    rows: Object.fromEntries(rows) as Factors["rows"],
    multipliers: products(ab.multipliers, bc.multipliers),
    oneMinusBeta: ab.oneMinusBeta * bc.oneMinusBeta,
  };
}

const anyOptions: fc.Arbitrary<RuleOptions> = fc.record({
  unembedding: fc.constantFrom("authors" as const, "completed-p" as const),
  decoupledDecay: fc.boolean(),
  decay: fc.constantFrom("coupled" as const, "independent" as const),
  depthAlpha: fc.constantFrom(0, 0.5, 0.75, 1),
  durationExponent: fc.constantFrom(0.28, 0.32, 0.5),
});

function numbers(f: Factors): [string, number][] {
  return [
    ...Object.entries(f.rows).flatMap(([tensor, row]) =>
      Object.entries(row).map(([knob, x]): [string, number] => [`${tensor}.${knob}`, x])
    ),
    ...Object.entries(f.multipliers),
    ["oneMinusBeta", f.oneMinusBeta],
  ];
}

function disagreement(a: Factors, b: Factors): number {
  const other = new Map(numbers(b));
  return Math.max(...numbers(a).map(([name, x]) => Math.abs(x / other.get(name)! - 1)));
}

/** R = a to this power: a on a normalized sum, 1/a on raw sigmoids, 1 where a rule knows no MoE. */
const ROUTE_POWERS: Record<string, number> = {
  "complete-mue": 1,
  standard: 0,
  mup: 0,
  "moe-dmft": -1,
  "moe-mup": 0,
  "embedding-lr-only": 0,
  "sqrt-sparsity": 1,
};

for (const rule of RULES) {
  Deno.test(`law 1, identity: ${rule.id} to the reference itself is exactly 1`, () => {
    fc.assert(fc.property(anyConfiguration, anyOptions, (c, options) => {
      for (const [name, x] of numbers(rule.factors(c, c, options))) assert.equal(x, 1, name);
      const t = rule.transfer(c, c, HPS, options);
      assert.deepEqual([t.beta1, t.beta2], [HPS.beta1, HPS.beta2]);
      for (const row of t.rows) {
        assert.equal(row.lr, HPS.lr);
        assert.equal(row.eps, HPS.eps);
        if (/[nN]orm$/.test(row.tensor)) continue;
        assert.equal(row.weightDecay, HPS.weightDecay);
        const std = { embed: HPS.embedInitStd, unembed: HPS.unembedInitStd };
        assert.equal(row.initStd, std[row.tensor as "embed"] ?? HPS.initStd);
      }
      const { routeScale, ...relative } = t.multipliers;
      for (const x of Object.values(relative)) assert.equal(x, 1);
      const a = c.ffn.kind === "moe" ? c.ffn.active : 1;
      const normalized = c.ffn.kind === "dense" || c.ffn.gate === undefined ||
        ["sigmoid", "softmax"].includes(c.ffn.gate) || ROUTE_POWERS[rule.id] !== 1;
      if (!normalized) return assert.ok(routeScale >= 1, "R = a / S: tests/rule/gates_test.ts");
      assert.equal(routeScale, a ** ROUTE_POWERS[rule.id], "R belongs to the block, not to a pair");
    }));
  });

  Deno.test(`law 2, composition: ${rule.id} A to B to C is A to C`, () => {
    const three = [trainedConfiguration, trainedConfiguration, trainedConfiguration] as const;
    fc.assert(fc.property(...three, anyOptions, (a, b, c, options) => {
      const steps = composeFactors(rule.factors(a, b, options), rule.factors(b, c, options));
      assert.ok(disagreement(steps, rule.factors(a, c, options)) <= 1e-12);
    }));
  });

  Deno.test(`${rule.id}: a transfer is its factors on the hyperparameters`, () => {
    fc.assert(fc.property(anyConfiguration, anyConfiguration, anyOptions, (a, b, options) => {
      const c: Configuration = { ...b, batchTokens: null };
      const f = rule.factors(a, { ...c, tokens: a.tokens }, options);
      const t = rule.transfer(a, { ...c, tokens: a.tokens }, HPS, options);
      for (const row of t.rows) {
        assert.equal(row.lr, HPS.lr * f.rows[row.tensor].lr);
        assert.equal(row.eps, HPS.eps * f.rows[row.tensor].eps);
      }
      assert.equal(t.rows.some((r) => r.tensor === "wrouter"), c.ffn.kind === "moe");
      assert.equal(t.multipliers.outputMultiplier, f.multipliers.outputMultiplier);
      assert.ok(Math.abs((1 - t.beta2) - (1 - HPS.beta2) * f.oneMinusBeta) < 1e-12);
    }));
  });
}

Deno.test("law 2 has teeth: A to B to C is not A to a wider C", () => {
  fc.assert(fc.property(trainedConfiguration, trainedConfiguration, (a, b) => {
    const rule = ruleById("complete-mue");
    const wider = { ...a, width: 2 * a.width };
    const back = composeFactors(rule.factors(a, b), rule.factors(b, a));
    assert.ok(disagreement(back, rule.factors(a, wider)) > 0.1);
  }));
});

const anyMoe = anyConfiguration.filter((c) => c.ffn.kind === "moe");
const withFfn = (c: Configuration, change: Partial<MoeFfn>): Configuration => ({
  ...c,
  ffn: { ...(c.ffn as MoeFfn), ...change },
});
/** Same B and D as the target, so that no beta leaves [0, 1). */
const reference = (c: Configuration, to: Configuration): Configuration => ({
  ...c,
  batchTokens: to.batchTokens,
  tokens: to.tokens,
});

/** The same experts under the default router. */
function withoutRouter(c: Configuration): Configuration {
  const { gate: _, capacity: __, biasRate: ___, ...ffn } = c.ffn as MoeFfn;
  return { ...c, ffn };
}

/** The control that must break law 3: its experts' LR asks for a/N. */
const BREAKS_CAPACITY = "sqrt-sparsity";

Deno.test("law 3, capacity: N alone never changes a row or a multiplier of normalized gates", () => {
  const some = anyMoe.map(withoutRouter);
  fc.assert(fc.property(anyConfiguration, some, fc.integer({ min: 2, max: 9 }), (c, to, k) => {
    const from = reference(c, to);
    const larger = withFfn(to, { experts: k * (to.ffn as MoeFfn).experts });
    for (const rule of RULES.filter((r) => r.id !== BREAKS_CAPACITY)) {
      assert.deepEqual(rule.transfer(from, larger, HPS), rule.transfer(from, to, HPS));
    }
  }));
});

Deno.test("law 3, capacity: sqrt-sparsity breaks it, in the experts' LR by 1/sqrt(k) alone", () => {
  const rule = ruleById(BREAKS_CAPACITY);
  fc.assert(fc.property(anyConfiguration, anyMoe, fc.integer({ min: 2, max: 9 }), (c, to, k) => {
    const from = reference(c, to);
    const larger = withFfn(to, { experts: k * (to.ffn as MoeFfn).experts });
    const [a, b] = [rule.factors(from, to), rule.factors(from, larger)];
    for (const [name, x] of numbers(a)) {
      const expected = ["wgate.lr", "wup.lr", "wdown.lr"].includes(name) ? x / Math.sqrt(k) : x;
      const found = new Map(numbers(b)).get(name)!;
      assert.ok(Math.abs(found / expected - 1) < 1e-12, `${name}: ${found}, expected ${expected}`);
    }
  }));
});

Deno.test("law 3, granularity: h/m, a·m, N·m, s·m changes R alone, to a·m", () => {
  const some = anyMoe.map(withoutRouter);
  fc.assert(fc.property(anyConfiguration, some, fc.integer({ min: 2, max: 9 }), (c, to, m) => {
    const from = reference(c, to);
    const { experts, active, expertWidth, shared, sharedWidth } = to.ffn as MoeFfn;
    const own = sharedWidth === undefined ? {} : { sharedWidth: sharedWidth * m };
    const coarse = withFfn(to, { expertWidth: expertWidth * m, ...own });
    const fine = withFfn(to, { experts: experts * m, active: active * m, shared: shared * m });
    const rule = ruleById("complete-mue");
    const [a, b] = [rule.transfer(from, coarse, HPS), rule.transfer(from, fine, HPS)];
    assert.equal(a.multipliers.routeScale, active);
    assert.equal(b.multipliers.routeScale, active * m);
    b.multipliers.routeScale = active;
    assert.deepEqual(b, a);
  }));
});

Deno.test("groups change nothing, shared experts only what H_act does", () => {
  const base: Configuration = {
    width: 64,
    depth: 2,
    ffn: { kind: "moe", experts: 16, active: 4, expertWidth: 16, shared: 0, groups: 1 },
    batchTokens: null,
    tokens: null,
    headWidth: 16,
  };
  const rule = ruleById("complete-mue");
  const plain = rule.factors(base, withFfn(base, {}));
  assert.deepEqual(rule.factors(base, withFfn(base, { groups: 4 })), plain);
  const hybrid = rule.factors(base, withFfn(base, { shared: 4 }));
  assert.equal(hybrid.multipliers.outputMultiplier, 0.5);
  assert.equal(hybrid.multipliers.routeScale, 1);
  assert.deepEqual(hybrid.rows.wup, plain.rows.wup);
  assert.equal(hybrid.rows.wdown.lr, 1);
});

const COARSE: Configuration = {
  width: 64,
  depth: 2,
  ffn: { kind: "moe", experts: 16, active: 4, expertWidth: 64, shared: 0, groups: 1 },
  batchTokens: null,
  tokens: null,
  headWidth: 16,
};
const FINE = withFfn(COARSE, { experts: 64, active: 16, expertWidth: 16 });

Deno.test("the controls do break granularity: rules by fan-in start finer experts larger", () => {
  for (const id of ["standard", "mup", "moe-mup", "embedding-lr-only"]) {
    assert.equal(ruleById(id).factors(COARSE, FINE).rows.wdown.initStd, 2);
    assert.equal(ruleById(id).factors(COARSE, FINE).multipliers.outputMultiplier, 1);
  }
});

Deno.test("granularity under moe-dmft: a narrower expert starts and learns 1/h larger, R = 1/a", () => {
  const { rows, multipliers } = ruleById("moe-dmft").factors(COARSE, FINE);
  assert.deepEqual([rows.wdown.initStd, rows.wdown.lr, rows.wup.lr], [4, 4, 1]);
  assert.equal(multipliers.routeScale, 0.25);
});

Deno.test("granularity under sqrt-sparsity: a/N stays, so only R moves", () => {
  const f = ruleById("sqrt-sparsity").factors(COARSE, FINE);
  assert.deepEqual(f, ruleById("complete-mue").factors(COARSE, FINE));
});

Deno.test("an expert taken for the dense FFN of its width has the rule's A·R, and W_down's init over sqrt(a)", () => {
  const from = parseConfiguration("dense:d=48,L=2,H=96,dh=12"), rule = ruleById("complete-mue");
  for (const [N, a] of [[16, 4], [32, 2], [8, 8]]) {
    const moe = rule.factors(from, parseConfiguration(`${N}e${a}a:d=192,h=12`, from));
    const naive = rule.factors(from, parseConfiguration("dense:d=192,H=12", from));
    const near = (x: number, y: number) => assert.ok(Math.abs(x / y - 1) < 1e-12, `${x} for ${y}`);
    near(
      naive.multipliers.outputMultiplier,
      moe.multipliers.outputMultiplier * moe.multipliers.routeScale,
    );
    near(naive.rows.wdown.initStd * Math.sqrt(a), moe.rows.wdown.initStd);
    for (const tensor of ["wgate", "wup", "wq", "unembed"] as const) {
      assert.deepEqual(naive.rows[tensor], moe.rows[tensor], tensor);
    }
  }
});

Deno.test("a law keeps its exponents and its source", () => {
  assert.deepEqual(law({ q: 1 }, "[ours]"), { exponents: { q: 1 }, source: "[ours]" });
});

Deno.test("independent decay takes off a weight what AdamW's lr * wd does, under every rule", () => {
  fc.assert(fc.property(trainedConfiguration, trainedConfiguration, anyOptions, (from, to, o) => {
    for (const rule of RULES) {
      const [coupled, alone] = (["coupled", "independent"] as const).map((decay) =>
        rule.factors(from, to, { ...o, decay })
      );
      for (const [tensor, row] of Object.entries(coupled.rows)) {
        const other = alone.rows[tensor as keyof Factors["rows"]];
        // gains do not decay under either
        const wanted = /[nN]orm$/.test(tensor) ? 1 : row.lr * row.weightDecay;
        assert.ok(Math.abs(other.weightDecay / wanted - 1) < 1e-12, `${rule.id} ${tensor}`);
        assert.deepEqual({ ...other, weightDecay: 0 }, { ...row, weightDecay: 0 });
      }
    }
  }));
});
