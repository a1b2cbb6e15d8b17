/** The generator of unrolled WGSL: values, blocks, and what it refuses. */
import assert from "node:assert/strict";
import { evaluate, expand } from "../../kernels/gpu/template.ts";

Deno.test("expressions follow the usual precedence on whole numbers", () => {
  const names = { A: 7, B: 3, ZERO: 0 };
  const values: [string, number][] = [
    ["1 + 2 * 3", 7],
    ["(1 + 2) * 3", 9],
    ["A / B", 2],
    ["-A / B", -2],
    ["A % B", 1],
    ["10 - 4 - 3", 3],
    ["24 / 4 / 2", 3],
    ["A > B && B > A", 0],
    ["A > B || B > A", 1],
    ["1 || 0 && 0", 1],
    ["!ZERO && !(A == B)", 1],
    ["A >= 7 && B <= 3 && A != B", 1],
    ["A < B", 0],
    ["1 + 1 == 2", 1],
    ["--A", 7],
  ];
  for (const [text, value] of values) assert.equal(evaluate(text, names), value, text);
});

Deno.test("a malformed expression is a syntax error that says what is wrong", () => {
  const bad: [string, RegExp][] = [
    ["", /ends too early/],
    ["1 +", /ends too early/],
    ["(1", /not closed/],
    ["1 2", /2 was not expected/],
    ["A", /A is not known/],
    ["toString", /toString is not known/],
    ["1 $ 2", /was not expected/],
    ["1.5", /not/],
  ];
  for (const [text, message] of bad) {
    assert.throws(() => evaluate(text, {}), { name: "SyntaxError", message }, text);
  }
});

Deno.test("a loop repeats its block, inner bounds may use the outer variable", () => {
  const source = "#for i in 0..3\n#for j in i..2 + 0\nc${i}_${j * 2};\n#end\n#end\nend";
  assert.equal(expand(source, {}), "c0_0;\nc0_2;\nc1_2;\nend");
});

Deno.test("an empty loop keeps nothing and does not evaluate its block", () => {
  assert.equal(expand("a\n#for i in 0..N\n${unknown}\n#end\nb", { N: 0 }), "a\nb");
  assert.equal(expand("#for i in 2..1\nx\n#end", {}), "");
});

Deno.test("a condition keeps one of its branches, also when nested", () => {
  const source =
    "#if A\na\n#if B\nab\n#else\nanb\n#end\n#else\n#if B\nb\n#else\nneither\n#end\n#end";
  assert.equal(expand(source, { A: 1, B: 1 }), "a\nab");
  assert.equal(expand(source, { A: 1, B: 0 }), "a\nanb");
  assert.equal(expand(source, { A: 0, B: 1 }), "b");
  assert.equal(expand(source, { A: 0, B: 0 }), "neither");
});

Deno.test("the branch not taken is not evaluated, its blocks still balance", () => {
  const source = "#if A\n${unknown}\n#for i in 0..unknown\n#if i\nx\n#end\n#end\n#else\ny\n#end";
  assert.equal(expand(source, { A: 0 }), "y");
});

Deno.test("an indented directive counts, a comment that mentions one does not", () => {
  assert.equal(expand("  #if 1\n  x // #end\n  #end", {}), "  x // #end");
});

Deno.test("a loop variable hides a constant only inside its loop", () => {
  assert.equal(expand("${i}\n#for i in 0..2\n${i}\n#end\n${i}", { i: 9 }), "9\n0\n1\n9");
});

Deno.test("an unbalanced block or a bad head is a syntax error", () => {
  const bad: [string, RegExp][] = [
    ["#for i in 0..2\nx", /has no #end/],
    ["#if 1\nx", /has no #end/],
    ["#if 1\nx\n#else\ny", /has no #end/],
    ["x\n#end", /closes nothing/],
    ["#else\nx\n#end", /closes nothing/],
    ["#for i of 0..2\nx\n#end", /want `name in a..b`/],
    ["#for i in 0..\nx\n#end", /name in a..b/],
    ["#if X\n#end", /X is not known/],
    ["${Y}", /Y is not known/],
    ["#if 1\nx\n#else\ny\n#else\nz\n#end", /has no #end|closes nothing/],
    ["#for i in 0..2\nx\n#else\ny\n#end", /has no #end|closes nothing/],
  ];
  for (const [source, message] of bad) {
    assert.throws(() => expand(source, {}), { name: "SyntaxError", message }, source);
  }
});
