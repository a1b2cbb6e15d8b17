/** The grammar of configurations, its messages, and that what is written reads back. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  activeWidth,
  attentionRatio,
  checkConfiguration,
  type Configuration,
  formatConfiguration,
  labelOf,
  parseConfiguration,
  ratios,
} from "../../rule/configuration.ts";
import { RULES } from "../../rule/registry.ts";
import type { Transfer } from "../../rule/rule.ts";
import { anyConfiguration } from "./arbitrary.ts";

Deno.test("a dense and an MoE configuration read as written", () => {
  assert.deepEqual(parseConfiguration("dense:d=128,L=4,H=512"), {
    width: 128,
    depth: 4,
    ffn: { kind: "dense", hidden: 512 },
    batchTokens: null,
    tokens: null,
    headWidth: 16,
  });
  assert.deepEqual(parseConfiguration("128e8a4g1s:d=24,L=4,h=12,B=1e4,D=1000000,dh=12"), {
    width: 24,
    depth: 4,
    ffn: { kind: "moe", experts: 128, active: 8, expertWidth: 12, shared: 1, groups: 4 },
    batchTokens: 10000,
    tokens: 1000000,
    headWidth: 12,
  });
  assert.deepEqual(
    parseConfiguration(" 128e8a : d = 24, L=4,h=12,groups=4, shared=1"),
    parseConfiguration("128e8a4g1s:d=24,L=4,h=12"),
  );
});

Deno.test("the head width is 16 if that divides d, else d", () => {
  assert.equal(parseConfiguration("dense:d=48,L=1,H=8").headWidth, 16);
  assert.equal(parseConfiguration("dense:d=24,L=1,H=8").headWidth, 24);
});

Deno.test("a target takes d, L, B and D from its reference, and h from its H", () => {
  const dense = parseConfiguration("dense:d=128,L=4,H=512,B=64,D=6400");
  const read = (text: string, from = dense) => formatConfiguration(parseConfiguration(text, from));
  assert.equal(read("64e8a"), "64e8a:d=128,L=4,h=512,B=64,D=6400");
  assert.equal(read("dense:L=8,D=9"), "dense:d=128,L=8,H=512,B=64,D=9");
  const moe = parseConfiguration("16e4a1s:d=128,L=4,h=32");
  assert.equal(read("64e8a", moe), "64e8a:d=128,L=4,h=32");
  assert.throws(() => read("dense", moe), {
    name: "RangeError",
    message: "Cannot read dense: H is missing",
  });
  const wideHeads = parseConfiguration("dense:d=128,L=4,H=128,dh=32");
  assert.equal(parseConfiguration("dense:d=256", wideHeads).headWidth, 32);
  assert.equal(parseConfiguration("dense:d=48", wideHeads).headWidth, 16);
});

Deno.test("an MoE may name its router; what it leaves out stays out, so that old texts stay as they were", () => {
  const text = "16e4a4g:d=64,L=2,h=16,gate=softmax-all,limit=2,cf=1.25,bias=0.001";
  const c = parseConfiguration(text);
  assert.deepEqual(c.ffn, {
    ...parseConfiguration("16e4a4g:d=64,L=2,h=16").ffn,
    gate: "softmax-all",
    limit: 2,
    capacity: 1.25,
    biasRate: 0.001,
  });
  assert.equal(formatConfiguration(c), text);
  for (
    const same of [
      "16e4a:d=64,L=2,h=16,router=hash,cf=1.5",
      "16e4a:d=64,L=2,h=16,gate=softmax-all,router=expert-choice",
      // an explicit gate is not the default, which a rule may change
      "16e4a:d=64,L=2,h=16,gate=sigmoid",
    ]
  ) assert.equal(formatConfiguration(parseConfiguration(same)), same);
  const plain = "16e4a:d=64,L=2,h=16";
  assert.equal(formatConfiguration(parseConfiguration(`${plain},router=top`)), plain);
  // a target does not take its reference's router, as it takes no groups
  const from = parseConfiguration("16e4a:d=64,L=2,h=16,gate=softmax,bias=0.1");
  assert.equal(formatConfiguration(parseConfiguration("8e2a", from)), "8e2a:d=64,L=2,h=16");
  // limited groups need not divide the picks
  assert.equal(labelOf(parseConfiguration("12e3a4g:d=64,L=2,h=16,limit=2")), "12e3a4g");
});

Deno.test("the router moves R alone, and normalized gates not even that", () => {
  const from = parseConfiguration("dense:d=16,L=2,H=16");
  const hps = { lr: 0.01, weightDecay: 0.1, eps: 1e-8, beta1: 0.9, beta2: 0.95 };
  const more = { initStd: 0.25, embedInitStd: 1, unembedInitStd: 0 };
  for (const rule of RULES) {
    const to = (text: string) =>
      rule.transfer(from, parseConfiguration(text, from), { ...hps, ...more });
    const numbers = (t: Transfer) => t.rows.map((r) => [r.initStd, r.lr, r.weightDecay, r.eps]);
    const plain = to("16e4a:d=64");
    for (const keys of ["gate=softmax,cf=2,bias=0.1", "router=hash", "gate=softmax-all"]) {
      const other = to(`16e4a:d=64,${keys}`);
      assert.deepEqual(numbers(other), numbers(plain));
      if (keys === "gate=softmax-all") continue;
      assert.deepEqual(other.multipliers, plain.multipliers);
    }
    // the reference's own gate changes nothing but what is said
    assert.deepEqual(to("16e4a:d=64,bias=0.1"), plain);
  }
});

const GRAMMAR: [string, string][] = [
  ["", 'Cannot read "": a configuration looks like'],
  ["16x4:d=64", "Cannot read 16x4: a configuration looks like"],
  ["16e4a1s4g:d=64", "Cannot read 16e4a1s4g: a configuration looks like"],
  ["-16e4a:d=64", "Cannot read -16e4a: a configuration looks like"],
  ["1.5e1a:d=64", "Cannot read 1.5e1a: a configuration looks like"],
  ["dense:d", 'Cannot read "d" in dense: write key=value, e.g. d=128'],
  ["dense:d=64,,L=2", 'Cannot read "" in dense: write key=value, e.g. d=128'],
  ["dense:d=6=4", 'Cannot read "d=6=4" in dense: write key=value, e.g. d=128'],
  ["dense:d=abc,L=2,H=64", "Cannot use d=abc: not a number"],
  ["dense:d=NaN,L=2,H=64", "Cannot use d=NaN: not a number"],
  ["dense:d=12x,L=2,H=64", "Cannot use d=12x: not a number"],
  ["16e4a:d=64,L=2,h=8,cf=big", "Cannot use cf=big: not a number"],
  ["dense:d=4Q,L=2,H=64", "Cannot use d=4Q: not a number"],
  ["dense:d=M,L=2,H=64", "Cannot use d=M: not a number"],
  ["dense:d=64,L=2,H=64,tied=no", 'Cannot read "tied=no" in dense: tied is a word without a value'],
  ["dense:d=64,L=2,H=64,kv", 'Cannot read "kv" in dense: write key=value'],
];

const SIZES: [string, string][] = [
  ["dense:d=-64,L=2,H=64", "Cannot use d=-64: not a positive whole number"],
  ["dense:d=64,L=0,H=64", "Cannot use L=0: not a positive whole number"],
  ["dense:d=64,L=2.5,H=64", "Cannot use L=2.5: not a positive whole number"],
  ["dense:d=64,L=2,H=1e400", "Cannot use H=Infinity: not a positive whole number"],
  ["dense:d=64,L=2,H=64,B=0", "Cannot use B=0: not a positive whole number"],
  ["dense:d=64,L=2,H=64,D=-1", "Cannot use D=-1: not a positive whole number"],
  ["dense:d=64,L=2,H=64,dh=0", "Cannot use dh=0: not a positive whole number"],
  ["16e4a:d=64,L=2,h=0", "Cannot use h=0: not a positive whole number"],
  ["16e4a:d=64,L=2,h=8,groups=0", "Cannot use groups=0: not a positive whole number"],
  ["16e4a:d=64,L=2,h=8,shared=-1", "Cannot use shared=-1: not a whole number, 0 or more"],
  ["dense:d=64,L=2", "Cannot read dense:d=64,L=2: H is missing"],
  ["16e4a:L=2,h=8", "Cannot read 16e4a:L=2,h=8: d is missing"],
  ["dense:d=64,L=2,H=64,heads=7", "Cannot use heads=7 in d=64: 64 does not divide by 7; give dh="],
  ["dense:d=64,L=2,H=64,heads=0,dh=8", "Cannot use heads=0: not a positive whole number"],
  ["dense:d=64,L=2,H=64,kv=3", "Cannot use kv=3 under 4 heads: 4 does not divide by 3"],
  ["dense:d=64,L=2,H=64,kv=8", "Cannot use kv=8 under 4 heads: 4 does not divide by 8"],
  ["dense:d=64,L=2,H=64,vocab=1.5", "Cannot use vocab=1.5: not a positive whole number"],
  ["dense:d=64,L=2,H=64,tied,tied", "Cannot use tied=1: tied is given twice"],
  ["16e4a:d=64,L=2,h=8,hs=16", "Cannot use hs=16 in 16e4a: it has no shared expert"],
  ["dense:d=1.0005K,L=2,H=64", "Cannot use d=1000.5: not a positive whole number"],
  ["dense:d=64,d=32,L=2,H=8", "Cannot use d=32: d is given twice"],
  ["16e4a4g:d=64,L=2,h=8,groups=2", "Cannot use groups= in 16e4a4g: the name says it"],
  ["dense:d=64,w=3", "Cannot use w=3 in dense: keys are d, L, H, B, D, dh"],
  ["16e4a:d=64,w=3", "Cannot use w=3 in 16e4a: keys are d, L, h, B, D, dh, shared, groups"],
  ["dense:d=64,shared=1", "Cannot use shared=1 in dense: keys are d, L, H, B, D, dh"],
  ["dense:d=64,gate=softmax", "Cannot use gate=softmax in dense: keys are d, L, H, B, D, dh"],
  [
    "16e4a:d=64,L=2,h=8,gate=relu",
    "Cannot use gate=relu in 16e4a: gates are sigmoid, softmax, softmax-all, sigmoid-raw",
  ],
  [
    "16e4a:d=64,L=2,h=8,router=best",
    "Cannot use router=best in 16e4a: routers are top, hash, expert-choice",
  ],
  ["16e4a:d=64,L=2,h=8,cf=1,cf=2", "Cannot use cf=2: cf is given twice"],
  ["16e4a:d=64,L=2,h=8,cf=0", "Cannot use cf=0 in 16e4a: not above 0"],
  ["16e4a:d=64,L=2,h=8,bias=-0.1", "Cannot use bias=-0.1 in 16e4a: not above 0"],
  ["16e4a4g:d=64,L=2,h=8,limit=1.5", "Cannot use limit=1.5 in 16e4a: not a whole number"],
  ["16e4a4g:d=64,L=2,h=8,limit=5", "Cannot use limit=5 in 16e4a: it has only 4 groups"],
  ["16e5a4g:d=64,L=2,h=8,limit=1", "Cannot use limit=1 in 16e5a: 1 of its groups have only 4"],
  ["15e4a4g:d=64,L=2,h=8,limit=2", "Cannot route 15e4a into 4 groups: 15 experts do not divide"],
  ["16e4a4g:d=64,L=2,h=8,router=hash", "Cannot use router=hash in 16e4a: only tokens that pick"],
  ["16e4a:d=64,L=2,h=8,router=hash,bias=1", "Cannot use bias=1 in 16e4a: router=hash knows no"],
  ["16e4a:d=64,L=2,h=8,router=hash,gate=softmax", "Cannot use gate=softmax in 16e4a: gates of a"],
  ["16e4a:d=64,L=2,h=8,router=expert-choice,cf=1", "Cannot use cf=1 in 16e4a: an expert that"],
  ["16e4a:H=64", "Cannot use H=64 in 16e4a: an MoE takes h, one expert's width"],
  ["dense:h=64", "Cannot use h=64 in dense: a dense FFN takes H, its hidden width"],
  ["16e0a:d=64,L=2,h=8", "Cannot route 16e0a: active is 0, at least 1 is needed"],
  ["0e1a:d=64,L=2,h=8", "Cannot route 0e1a: experts is 0, at least 1 is needed"],
  ["1048577e1a:d=64,L=2,h=8", "Cannot route 1048577e1a: experts is 1048577, at most 1048576"],
  ["4e8a:d=64,L=2,h=8", "Cannot activate 8 experts in 4e8a: it has only 4"],
  [
    "10e3a3g:d=64,L=2,h=8",
    "Cannot route 10e3a into 3 groups: 10 experts do not divide by 3",
  ],
  [
    "16e6a:d=64,L=2,h=8,groups=4",
    "Cannot route 16e6a into 4 groups: 6 active experts do not divide by 4",
  ],
  [
    "dense:d=64,L=2,H=64,dh=24",
    "Cannot split d=64 into heads of 24: 64 does not divide by 24",
  ],
  [
    "dense:d=13,L=2,H=64",
    "Cannot use heads of 13 in d=13: RoPE turns pairs, so dh must be even",
  ],
];

for (const [name, cases] of [["TypeError", GRAMMAR], ["RangeError", SIZES]] as const) {
  for (const [text, message] of cases) {
    Deno.test(`"${text}" is refused with a ${name}`, () => {
      assert.throws(() => parseConfiguration(text), (error: Error) => {
        assert.equal(error.name, name);
        assert.equal(error.message.slice(0, message.length), message);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
    });
  }
}

Deno.test("a configuration made in code is checked like a text", () => {
  const good = parseConfiguration("16e4a:d=64,L=2,h=8");
  assert.equal(checkConfiguration(good), good);
  const bad: [Partial<Configuration>, string][] = [
    [{ width: NaN }, "RangeError"],
    [{ depth: "2" as unknown as number }, "TypeError"],
    [{ batchTokens: 1.5 }, "RangeError"],
    [{ ffn: { ...good.ffn, active: 1.5 } as Configuration["ffn"] }, "RangeError"],
    [{ ffn: { ...good.ffn, experts: NaN } as Configuration["ffn"] }, "RangeError"],
    [{ ffn: { ...good.ffn, active: null } as unknown as Configuration["ffn"] }, "TypeError"],
    [{ ffn: { ...good.ffn, shared: null } as unknown as Configuration["ffn"] }, "TypeError"],
  ];
  for (const [change, name] of bad) {
    assert.throws(() => checkConfiguration({ ...good, ...change }), { name });
  }
});

Deno.test("what formatConfiguration writes, parseConfiguration reads back", () => {
  fc.assert(fc.property(anyConfiguration, (c) => {
    assert.deepEqual(parseConfiguration(formatConfiguration(c)), c);
    assert.ok(formatConfiguration(c).startsWith(`${labelOf(c)}:`));
  }));
});

Deno.test("labels are the paper's", () => {
  for (const name of ["dense", "64e8a", "128e8a1s", "128e8a4g", "128e8a4g1s"]) {
    const size = name === "dense" ? "H" : "h";
    assert.equal(labelOf(parseConfiguration(`${name}:d=64,L=2,${size}=8`)), name);
  }
});

Deno.test("active width counts shared experts, and ratios are target over reference", () => {
  const dense = parseConfiguration("dense:d=128,L=4,H=256,B=64");
  const moe = parseConfiguration("128e8a1s:d=512,L=2,h=32,B=192,D=10");
  assert.equal(activeWidth(dense), 256);
  assert.equal(activeWidth(moe), 288);
  assert.deepEqual(ratios(dense, moe), {
    width: 4,
    depth: 0.5,
    activeWidth: 0.28125, // (288/512) / (256/128)
    batch: 3,
    tokens: 1, // unknown in the reference
  });
});

Deno.test("numbers may end in K, M, B or T, and stay whole", () => {
  const c = parseConfiguration("dense:d=2K,L=4,H=8k,B=1.1M,D=1T");
  assert.deepEqual([c.width, c.batchTokens, c.tokens], [2000, 1_100_000, 1e12]);
  assert.equal(formatConfiguration(c), "dense:d=2000,L=4,H=8000,B=1100000,D=1000000000000");
  assert.equal(parseConfiguration("dense:d=64,L=1,H=64,D=0.3B").tokens, 300_000_000);
});

Deno.test("heads, KV heads, vocabulary and tied tables read as written, in one form", () => {
  const text = "128e8a1s:d=2048,L=48,h=768,dh=128,hs=512,heads=32,kv=4,vocab=151936,tied";
  const c = parseConfiguration(text);
  assert.deepEqual([c.heads, c.kvHeads, c.vocab, c.tied], [32, 4, 151936, true]);
  assert.equal(formatConfiguration(c), text);
  assert.equal(activeWidth(c), 8 * 768 + 512);
  assert.equal(attentionRatio(parseConfiguration("dense:d=64,L=2,H=64"), c), 2);
  // what follows is left out, so that one model has one text
  const plain = formatConfiguration(parseConfiguration("dense:d=64,L=2,H=64"));
  for (const more of ["heads=4", "heads=4,kv=4", "dh=16,heads=4", "kv=4"]) {
    assert.equal(formatConfiguration(parseConfiguration(`dense:d=64,L=2,H=64,${more}`)), plain);
  }
  assert.equal(
    formatConfiguration(parseConfiguration("dense:d=64,L=2,H=64,heads=2")),
    `${plain},dh=32`,
  );
  const shared = "4e2a1s:d=64,L=2,h=8";
  assert.equal(formatConfiguration(parseConfiguration(`${shared},hs=8`)), shared);
  // none of it is taken over by a target
  assert.equal(formatConfiguration(parseConfiguration("8e2a:d=64", c)), "8e2a:d=64,L=48,h=768");
});

Deno.test("heads that do not add up to d move the output projection alone, by its own fan-in", () => {
  const from = parseConfiguration("dense:d=64,L=2,H=64");
  const to = parseConfiguration("dense:d=128,dh=32,heads=16", from);
  const plain = parseConfiguration("dense:d=128,dh=32", from);
  const hps = { lr: 1, weightDecay: 1, eps: 1, beta1: 0.9, beta2: 0.95, initStd: 1 };
  const all = { ...hps, embedInitStd: 1, unembedInitStd: 1 };
  for (const rule of RULES) {
    const [own, without] = [to, plain].map((c) => rule.transfer(from, c, all));
    for (const row of own.rows) {
      const other = without.rows.find((r) => r.tensor === row.tensor)!;
      if (row.tensor !== "wo") assert.deepEqual(row, other);
      else {
        // fan-in 512 against 128: 4 times as wide
        assert.equal(row.initStd, other.initStd / 2, rule.id);
        const learns = other.lr !== 1; // SP has one rate
        assert.equal(row.lr, learns ? other.lr / 4 : 1, rule.id);
        assert.match(row.formulas.initStd, /rho_d \* rho_o/);
        assert.match(row.sources.initStd, /rho_o \[ours\]/);
        assert.deepEqual([row.eps, row.weightDecay], [other.eps, other.weightDecay]);
      }
    }
  }
});
