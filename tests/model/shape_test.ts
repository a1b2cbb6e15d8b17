/** How parameters lie in memory: nothing overlaps, nothing is lost, padding stays zero. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { GATES } from "../../kernels/routing/routing.ts";
import { BLOCK_FLOATS } from "../../model/layout_builder.ts";
import { type Layout, layoutOf, type ModelShape } from "../../model/shape.ts";
import { pack, unpack } from "../../model/stored.ts";
import { TENSOR_KINDS } from "../../rule/rule.ts";
import { diffusion } from "../../model/tasks/diffusion.ts";
import { language } from "../../model/tasks/language.ts";

/** Head width 10, expert width 9, 37 entries, 2 shared experts, 3 groups: nothing divides by 4. */
const ODD: ModelShape = {
  task: language(37),
  width: 30,
  depth: 2,
  headWidth: 10,
  ffn: {
    kind: "moe",
    experts: 9,
    active: 3,
    expertWidth: 9,
    shared: 2,
    groups: 3,
    gate: "sigmoid",
  },
};

/** Any shape of a small model. */
const shapes: fc.Arbitrary<ModelShape> = fc.record({
  task: fc.integer({ min: 2, max: 41 }).map(language),
  depth: fc.integer({ min: 1, max: 3 }),
  half: fc.integer({ min: 1, max: 7 }),
  heads: fc.integer({ min: 1, max: 3 }),
  ffn: fc.oneof(
    fc.record({ kind: fc.constant("dense" as const), hidden: fc.integer({ min: 1, max: 21 }) }),
    fc.record({
      groups: fc.integer({ min: 1, max: 3 }),
      perGroup: fc.integer({ min: 1, max: 3 }),
      spare: fc.integer({ min: 0, max: 3 }),
      expertWidth: fc.integer({ min: 1, max: 13 }),
      shared: fc.integer({ min: 0, max: 2 }),
      gate: fc.constantFrom(...GATES),
    }).map(({ groups, perGroup, spare, ...rest }) => ({
      kind: "moe" as const,
      groups,
      active: groups * perGroup,
      experts: groups * (perGroup + spare),
      ...rest,
    })),
  ),
}).map(({ half, heads, ...rest }) => ({ ...rest, headWidth: 2 * half, width: 2 * half * heads }));

/** Parameters of a shape, by the definition in fixtures/parity. */
function countOf({ task, width: d, depth, headWidth: dh, ffn }: ModelShape): number {
  const vocab = Number(task.facts.vocab);
  const gated = (h: number) => 3 * d * h;
  const branch = ffn.kind === "dense"
    ? gated(ffn.hidden)
    : ffn.experts * d + (ffn.experts + ffn.shared) * gated(ffn.expertWidth);
  return 2 * vocab * d + d + depth * (2 * d + 4 * d * d + 2 * dh + branch);
}

/** Packs 1, 2, 3, … into every tensor; no number twice. */
function numbered(layout: Layout) {
  const stored = new Float32Array(layout.floats), logical = new Map<string, Float32Array>();
  let next = 1;
  for (const p of layout.parameters) {
    const values = Float32Array.from({ length: p.shape.reduce((a, b) => a * b, 1) }, () => next++);
    pack(p, values, stored);
    logical.set(p.name, values);
  }
  return { stored, logical };
}

function checkRoundTrip(shape: ModelShape): void {
  const layout = layoutOf(shape), { stored, logical } = numbered(layout);
  for (const p of layout.parameters) {
    assert.deepEqual(unpack(p, stored), logical.get(p.name), p.name);
    assert.ok(TENSOR_KINDS.includes(p.kind));
  }
  // every logical number has one place of its own, the rest is zero
  const real = stored.filter((x) => x !== 0);
  assert.equal(real.length, layout.count);
  assert.equal(new Set(real).size, layout.count);
  assert.equal(layout.count, countOf(shape));
  // stored tensors tile the memory from block to block, and hold only numbers of their kind
  let end = 0;
  layout.stored.forEach((s, i) => {
    assert.equal(s.tensor, i);
    assert.equal(s.offset, end);
    assert.equal(s.offset % BLOCK_FLOATS, 0);
    assert.equal(s.cols % 4, 0);
    end = s.offset + Math.ceil(s.rows * s.cols / BLOCK_FLOATS) * BLOCK_FLOATS;
  });
  assert.equal(layout.floats, end);
  for (const p of layout.parameters) {
    for (const [, to, n] of p.runs) {
      const home = layout.stored.find((s) =>
        to >= s.offset && to + n <= s.offset + s.rows * s.cols
      );
      assert.ok(home, `${p.name} leaves its tensor`);
      const family = (kind: string) => kind.replace(/^w[qkv]$/, "wq").replace("wup", "wgate");
      assert.equal(family(home.kind), family(p.kind));
    }
  }
}

Deno.test("packing and unpacking any shape gives the same numbers back, each in its own place", () => {
  checkRoundTrip(ODD);
  fc.assert(fc.property(shapes, checkRoundTrip), { numRuns: 60, seed: 1 });
});

Deno.test("the odd shape lies in memory as its kernels expect", () => {
  const layout = layoutOf(ODD), { stored, logical } = numbered(layout), [block] = layout.blocks;
  const { width, heads, attention, experts } = layout, vocab = layout.task.unembed.rows;
  assert.deepEqual({ width, heads, attention, vocab, experts }, {
    width: 32,
    heads: 3,
    attention: 36,
    vocab: 40,
    experts: 12,
  });
  const at = (name: string, i: number) => logical.get(name)![i];
  // column 7 of row 13 of wk: head 1, its row 3; q, k, v lie one below the other
  assert.equal(
    stored[block.wqkv.offset + (36 + 1 * 12 + 3) * 32 + 7],
    at("blocks.0.attn.wk", 13 * 30 + 7),
  );
  // wo[5][23]: head 2, its column 3
  assert.equal(stored[block.wo.offset + 5 * 36 + 2 * 12 + 3], at("blocks.0.attn.wo", 5 * 30 + 23));
  // row 4 of expert 6's up matrix: after 12 padded gate rows
  const routed = block.routed!;
  assert.equal(
    stored[routed.wgu.offset + 6 * routed.expertGu + (12 + 4) * 32 + 29],
    at("blocks.0.ffn.wup", (6 * 9 + 4) * 30 + 29),
  );
  assert.equal(
    stored[routed.wdown.offset + 6 * routed.expertDown + 11 * 12 + 8],
    at("blocks.0.ffn.wdown", (6 * 30 + 11) * 9 + 8),
  );
  // shared experts lie side by side: column 3 of the second is column 12 + 3
  assert.equal(
    stored[block.dense!.wdown.offset + 11 * 24 + 12 + 3],
    at("blocks.0.ffn.shared.wdown", (30 + 11) * 9 + 3),
  );
  assert.equal(
    stored[block.dense!.wgu.offset + (24 + 12 + 2) * 32 + 1],
    at("blocks.0.ffn.shared.wup", (9 + 2) * 30 + 1),
  );
});

Deno.test("an impossible shape is a range error that names what was found", () => {
  const refuse = (change: Partial<ModelShape>, message: RegExp) =>
    assert.throws(() => layoutOf({ ...ODD, ...change }), { name: "RangeError", message });
  const moe = ODD.ffn as Extract<ModelShape["ffn"], { kind: "moe" }>;
  assert.throws(() => language(1), { name: "RangeError", message: /vocab = 1/ });
  refuse({ width: 0 }, /width = 0/);
  refuse({ depth: 1.5 }, /depth = 1.5/);
  refuse({ headWidth: 15 }, /heads of width 15 in width 30/);
  refuse({ headWidth: 4 }, /heads of width 4 in width 30/);
  refuse({ ffn: { kind: "dense", hidden: NaN } }, /hidden = NaN/);
  refuse({ ffn: { ...moe, active: 10 } }, /Cannot route 9e10a/);
  refuse({ ffn: { ...moe, groups: 2 } }, /Cannot route 9e3a into 2 groups/);
  refuse({ ffn: { ...moe, active: 4 } }, /Cannot route 9e4a into 3 groups/);
  refuse({ ffn: { ...moe, shared: -1 } }, /shared = -1/);
  refuse({ ffn: { ...moe, expertWidth: 0 } }, /expertWidth = 0/);
  // what no adapter or host can hold, before anything of it is made
  const blocks = "Cannot build the model: its blocks have ";
  refuse({ width: 30 * 2 ** 10 }, new RegExp(`${blocks}.* parameters, of which one binding`));
  refuse({ ffn: { kind: "dense", hidden: 2 ** 22 } }, new RegExp(`${blocks}.* rows of parameters`));
  // a hash of ids that the tokens do not have
  refuse(
    { task: diffusion(), width: 32, headWidth: 8, ffn: { ...moe, groups: 1, pick: "hash" } },
    /router=hash routes by the ids of tokens, and diffusion has none/,
  );
});
