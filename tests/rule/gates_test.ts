/** R under every gate and choice: the sums worked out by hand, then against drawn tokens. */

import assert from "node:assert/strict";
import { parseConfiguration } from "../../rule/configuration.ts";
import { gatesOf, gateSum, sumsToOne } from "../../rule/gates.ts";
import { ruleById, RULES } from "../../rule/registry.ts";
import { routeScaleNote } from "../../rule/route_scale.ts";
import type { HyperParameters } from "../../rule/rule.ts";
import { gates, pick, type RouterShape } from "../reference/routing.ts";
import { uniforms } from "../random.ts";

const REFERENCE = parseConfiguration("dense:d=128,L=4,H=128");
const HPS: HyperParameters = {
  lr: 0.01,
  weightDecay: 0.1,
  eps: 1e-8,
  beta1: 0.9,
  beta2: 0.95,
  initStd: 0.01,
  embedInitStd: 0.01,
  unembedInitStd: 0.01,
};
const RULE = ruleById("complete-mue");

const target = (text: string) => parseConfiguration(text, REFERENCE);
/** Normal numbers, tails and all (Box-Muller). */
function normal(seed: number): () => number {
  const u = uniforms(seed);
  return () => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u());
}

const sumOf = (text: string, logitStd = 0, rule = RULE) => {
  const to = target(text);
  return gateSum(to, gatesOf(to, rule), logitStd);
};
const transfer = (text: string, initStd = HPS.initStd, id = RULE.id) =>
  ruleById(id).transfer(REFERENCE, target(text), { ...HPS, initStd });

/** Configuration, S and R at zero router logits. */
const AT_ZERO: [string, number, number][] = [
  ["64e8a", 1, 8],
  ["64e8a:gate=sigmoid", 1, 8],
  ["64e8a:gate=softmax", 1, 8],
  ["64e8a4g:gate=softmax", 1, 8],
  ["64e8a:router=hash", 1, 8],
  ["64e8a:bias=0.001,cf=1.25", 1, 8],
  ["64e8a:gate=softmax-all", 8 / 64, 64],
  ["64e8a4g1s:gate=softmax-all", 8 / 64, 64],
  ["64e8a4g:gate=softmax-all,limit=2", 8 / 64, 64],
  ["64e8a:gate=softmax-all,router=expert-choice", 8 / 64, 64],
  ["64e8a:gate=softmax-all,cf=0.5", 8 / 64, 64],
  ["8e8a:gate=softmax-all", 1, 8],
  ["64e8a:gate=sigmoid-raw", 8 / 2, 2],
  ["64e8a4g:gate=sigmoid-raw", 8 / 2, 2],
  ["64e8a:gate=sigmoid-raw,router=expert-choice", 8 / 2, 2],
  ["8e8a:gate=sigmoid-raw", 8 / 2, 2],
  // 1 - (3/4)^8: a token that no expert picks has no gates
  ["8e2a:router=expert-choice", 0.8998870849609375, 2 / 0.8998870849609375],
  ["8e8a:router=expert-choice", 1, 8],
];

for (const [text, S, R] of AT_ZERO) {
  Deno.test(`at zero router logits ${text} has R = ${R}`, () => {
    assert.equal(sumOf(text), S);
    assert.ok(Math.abs(transfer(text, 0).multipliers.routeScale / R - 1) < 1e-15);
  });
}

Deno.test("64 random logits of std 0.3: the top 8 of softmax-all sum to about 0.2, R is about 41", () => {
  // sigma_router sqrt(d) = sigma sqrt(d*) at any width: 0.3 / sqrt(128) at the reference
  for (const width of [128, 1024]) {
    const { multipliers, multiplierNotes } = transfer(
      `64e8a:d=${width},gate=softmax-all`,
      0.3 / Math.sqrt(128),
    );
    assert.ok(Math.abs(multipliers.routeScale - 41) < 0.5, `${multipliers.routeScale}`);
    assert.deepEqual(multiplierNotes.routeScale, {
      formula: "a / S",
      source: "[authors] layer; S [ours]",
    });
  }
});

Deno.test("S is within 5% of what drawn tokens give, up to logits of std 1", () => {
  const shapes = ["4e1a", "4e2a", "8e2a", "16e4a", "16e4a4g", "64e8a", "64e2a", "128e8a4g"];
  for (const name of shapes) {
    for (const gate of ["softmax-all", "sigmoid-raw"] as const) {
      for (const std of [0.1, 0.3, 1]) {
        const to = target(`${name}:gate=${gate}`), r = { ...to.ffn, gate } as RouterShape;
        const draw = normal(7), tokens = 600;
        let sum = 0;
        for (let t = 0; t < tokens; t++) {
          const logits = Array.from({ length: r.experts }, () => std * draw());
          const [ids] = pick([logits], r);
          sum += gates(logits, ids, gate).reduce((x, y) => x + y, 0) / tokens;
        }
        const found = sumOf(`${name}:gate=${gate}`, std);
        assert.ok(Math.abs(found / sum - 1) < 0.055, `${name} ${gate} ${std}: ${found}, ${sum}`);
      }
    }
  }
});

Deno.test("where experts choose, S is the share of drawn tokens that any of them picks", () => {
  const draw = normal(11),
    r: RouterShape = {
      experts: 8,
      active: 2,
      groups: 1,
      gate: "sigmoid",
      pick: "expert-choice",
    };
  const logits = Array.from({ length: 2000 }, () => Array.from({ length: 8 }, draw));
  const served = pick(logits, r).filter((ids) => ids.length > 0).length / 2000;
  assert.ok(Math.abs(sumOf("8e2a:router=expert-choice") - served) < 0.02, `${served}`);
});

Deno.test("R falls from its value at zero logits to that of a sure router", () => {
  const R = (text: string, std: number) =>
    target(text).ffn.kind === "moe" ? 8 / sumOf(text, std) : 1;
  for (const [gate, zero, sure] of [["softmax-all", 64, 8], ["sigmoid-raw", 2, 1]] as const) {
    const all = [0, 0.1, 1, 3, 100].map((std) => R(`64e8a:gate=${gate}`, std));
    assert.deepEqual(all, all.toSorted((x, y) => y - x));
    assert.equal(all[0], zero);
    assert.ok(Math.abs(all[4] / sure - 1) < 0.01, `${all}`);
  }
});

Deno.test("a note where R does not follow, none where it does", () => {
  const note = (text: string, id = "complete-mue", std = 0) =>
    routeScaleNote(target(text), ruleById(id), std);
  for (const keys of ["d=64", "gate=sigmoid", "gate=softmax", "router=hash", "bias=0.1", "cf=16"]) {
    assert.equal(note(`64e8a:${keys}`), null, keys);
  }
  assert.equal(note("dense"), null);
  assert.equal(note("8e8a:gate=softmax-all"), null);
  assert.match(
    note("64e8a:gate=softmax-all", "complete-mue", 0.3)!,
    /^gate=softmax-all does not sum to 1 .*R = a \/ S = 41 .* \[ours\], S = 0\.195 .* of std 0\.3.*N = 64 at zero logits and nears a = 8 .*drifts with training$/,
  );
  assert.match(note("64e8a:gate=softmax-all")!, /R = a \/ S = 64 .* at zero router logits;/);
  assert.match(note("64e8a:gate=sigmoid-raw")!, /R = a \/ S = 2 .*nears 1/);
  assert.match(note("8e2a:router=expert-choice")!, /has k of them.*weight R \/ k.*S = 0\.9 /);
  assert.match(note("8e2a:cf=1")!, /^cf=1 drops picks.*missing from the routed sum$/);
  assert.match(note("8e2a:gate=sigmoid-raw,cf=1")!, /drifts with training\. cf=1 drops/);
  // rules that set R = 1 whatever the gates promise no weight
  for (const id of ["standard", "mup", "moe-mup", "embedding-lr-only"]) {
    assert.equal(note("64e8a:gate=softmax-all", id), null);
  }
  assert.notEqual(note("64e8a:gate=softmax-all", "sqrt-sparsity"), null);
});

Deno.test("moe-dmft under another router than its own is not that paper's rule", () => {
  const own = transfer("16e4a", 0.01, "moe-dmft");
  assert.deepEqual(own.warnings, []);
  assert.deepEqual(transfer("16e4a:gate=sigmoid-raw", 0.01, "moe-dmft"), own);
  for (const keys of ["gate=sigmoid", "gate=softmax-all", "router=hash", "router=expert-choice"]) {
    const t = transfer(`16e4a:${keys}`, 0.01, "moe-dmft");
    assert.match(t.warnings[0], /^moe-dmft \(arXiv 2601\.20205\) is made for .*gate=sigmoid-raw/);
    const sources = [
      ...t.rows.flatMap((row) => Object.values(row.sources)),
      ...Object.values(t.multiplierNotes).map((n) => n.source),
    ];
    for (const source of sources) {
      assert.ok(!/\d{4}\.\d{5}/.test(source) || source.startsWith("[ours] "), source);
    }
    assert.deepEqual(t.multipliers, own.multipliers);
  }
});

Deno.test("a reference under another router than the target's is said", () => {
  const from = parseConfiguration("16e4a:d=64,L=2,h=16,gate=softmax-all");
  const [warning, ...more] = RULE.transfer(from, parseConfiguration("16e4a", from), HPS).warnings;
  assert.match(warning, /tuned under gate=softmax-all and the target has gate=sigmoid/);
  assert.deepEqual(more, []);
  // the same router, named or not: nothing to say
  const named = parseConfiguration("16e4a:gate=sigmoid", from);
  assert.deepEqual(RULE.transfer(parseConfiguration("8e2a", from), named, HPS).warnings, []);
});

Deno.test("default rows, formulas and sources are those they were under every rule", () => {
  const R: Record<string, [number, string]> = {
    "complete-mue": [8, "a"],
    standard: [1, "1"],
    mup: [1, "1"],
    "moe-dmft": [1 / 8, "1 / a"],
    "moe-mup": [1, "1"],
    "embedding-lr-only": [1, "1"],
    "sqrt-sparsity": [8, "a"],
  };
  for (const rule of RULES) {
    const t = rule.transfer(REFERENCE, target("64e8a:d=1024,L=24"), HPS);
    const { formula, source } = t.multiplierNotes.routeScale;
    assert.deepEqual([t.multipliers.routeScale, formula], R[rule.id]);
    assert.ok(!source.includes("; S "), source);
    assert.deepEqual(t.warnings, []);
    assert.ok(sumsToOne(target("64e8a"), gatesOf(target("64e8a"), RULE)));
  }
});
