/** Every power of every law has a reason, no reason is idle, and the numbers put in recompute. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseConfiguration } from "../../rule/configuration.ts";
import { explain } from "../../rule/explain.ts";
import { type Group, groupOf, reasonsFor, type Subject } from "../../rule/reasons.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import type {
  HyperParameters,
  Knob,
  Law,
  Multipliers,
  Rule,
  RuleOptions,
} from "../../rule/rule.ts";
import { fixedOnNorms } from "../../rule/table.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import { trainedConfiguration } from "./arbitrary.ts";

const KNOBS: Knob[] = ["initStd", "lr", "weightDecay", "eps"];
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

/** Every combination that changes an exponent. */
const OPTIONS: RuleOptions[] = (["authors", "completed-p"] as const).flatMap((unembedding) =>
  [false, true].flatMap((decoupledDecay) =>
    [0.5, 1].flatMap((depthAlpha) =>
      (["coupled", "independent"] as const).map((decay) => ({
        ...{ unembedding, decoupledDecay, depthAlpha, decay },
      }))
    )
  )
);

function lawsOf(rule: Rule, options: RuleOptions): [Subject, Law][] {
  const { rows, multipliers, oneMinusBeta } = rule.laws(options);
  return [
    ...Object.entries(multipliers) as [keyof Multipliers, Law][],
    ["oneMinusBeta", oneMinusBeta],
    ...TENSOR_KINDS.flatMap((tensor) =>
      KNOBS.filter((knob) => !fixedOnNorms(tensor, knob))
        .map((knob): [Subject, Law] => [`${groupOf(tensor)}.${knob}`, rows[tensor][knob]])
    ),
  ];
}

const powersOf = ({ exponents }: Law) =>
  Object.entries(exponents).filter(([, e]) => e !== 0).map(([quantity]) => quantity);

const GROUPS: Group[] = [...new Set(TENSOR_KINDS.map(groupOf))];
const SUBJECTS: Subject[] = [
  "residual",
  "outputMultiplier",
  "routeScale",
  "logits",
  "oneMinusBeta",
  ...GROUPS.flatMap((group) => KNOBS.map((knob): Subject => `${group}.${knob}`)),
];

for (const rule of RULES) {
  Deno.test(`${rule.id}: every power of every law has a reason, under all options`, () => {
    let powers = 0;
    for (const options of OPTIONS) {
      for (const [subject, law] of lawsOf(rule, options)) {
        const reasons = reasonsFor(rule.id, subject, options) as Record<string, string>;
        for (const quantity of powersOf(law)) {
          assert.ok(reasons[quantity]?.length > 20, `${subject} ${quantity}: no reason`);
          powers++;
        }
      }
    }
    assert.ok(powers > 0);
  });

  Deno.test(`${rule.id}: no reason is given for what no law holds`, () => {
    for (const subject of SUBJECTS) {
      const held = new Set(
        OPTIONS.flatMap((options) =>
          lawsOf(rule, options).filter(([s]) => s === subject).flatMap(([, law]) => powersOf(law))
        ),
      );
      for (const options of OPTIONS) {
        for (const [quantity, why] of Object.entries(reasonsFor(rule.id, subject, options))) {
          if (quantity === "always" || why === undefined) continue;
          assert.ok(held.has(quantity), `${subject}: a reason for ${quantity}, which it lacks`);
        }
      }
    }
  });

  Deno.test(`${rule.id}: base and powers of an explanation recompute to the rule's number`, () => {
    const any = trainedConfiguration;
    fc.assert(fc.property(any, any, fc.constantFrom(...OPTIONS), (from, c, options) => {
      const to = { ...c, batchTokens: from.batchTokens, tokens: from.tokens };
      const t = rule.transfer(from, to, HPS, options);
      const explained = new Map<string, number>();
      for (const e of explain(rule, from, to, HPS, options)) {
        const product = e.factors.reduce((x, f) => x * f.value ** f.exponent, e.base[1]);
        const value = e.names[0].startsWith("beta") ? 1 - product : product;
        for (const name of e.names) explained.set(e.knob ? `${name}.${e.knob}` : name, value);
        assert.ok(Math.abs(value - e.value) <= 1e-12 * Math.abs(value), `${e.names} ${e.knob}`);
      }
      const close = (name: string, x: number) =>
        assert.ok(Math.abs(explained.get(name)! - x) <= 1e-12 * Math.abs(x), name);
      for (const row of t.rows) for (const knob of KNOBS) close(`${row.tensor}.${knob}`, row[knob]);
      for (const [name, x] of Object.entries(t.multipliers)) close(name, x);
      close("beta1", t.beta1);
      close("beta2", t.beta2);
      assert.equal(explained.size, 4 * t.rows.length + 6);
    }));
  });
}

Deno.test("betas recompute where batch and duration move them", () => {
  const from = parseConfiguration("dense:d=64,L=2,H=64,B=1024,D=1048576");
  const to = parseConfiguration("16e4a:B=4096,D=8388608", from);
  const beta2 = explain(ruleById("complete-mue"), from, to, HPS)
    .find((e) => e.names[0] === "beta2")!;
  assert.deepEqual(beta2.factors.map((f) => [f.quantity, f.exponent, f.value]), [
    ["rho_B", 1, 4],
    ["rho_D", -1, 8],
  ]);
  assert.ok(Math.abs(beta2.value - (1 - 0.013 / 2)) < 1e-12);
});

Deno.test("a law without a reason is refused, not passed over", () => {
  const rule = ruleById("standard");
  const changed: Rule = {
    ...rule,
    laws(options) {
      const table = rule.laws(options);
      table.rows.embed = { ...table.rows.embed, lr: { exponents: { rho_L: 2 }, source: "" } };
      return table;
    },
  };
  const c = parseConfiguration("dense:d=64,L=2,H=64");
  assert.throws(() => explain(changed, c, c, HPS), {
    message: "Cannot explain rho_L of embed.lr in standard: no reason",
  });
});
