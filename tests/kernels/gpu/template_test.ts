/** The generator of unrolled WGSL: values, blocks, and what it refuses. */
import assert from "node:assert/strict";
import { evaluate, expand } from "../../../kernels/gpu/template.ts";

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
    ["A > B ? A : B", 7],
    ["ZERO ? A : B ? 1 : 2", 1],
    ["(ZERO ? 5 : 6) * 2", 12],
    ["A ? ZERO ? 1 : 2 : 3", 2],
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
    ["1 ? 2", /a choice has no other side/],
    ["1 : 2", /: was not expected/],
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

Deno.test("a loop over two variables is one loop in the other", () => {
  const source = "#for i in 0..2, j in i..2\nc${i}_${j};\n#end for i";
  assert.equal(expand(source, {}), "c0_0;\nc0_1;\nc1_1;");
});

Deno.test("a loop with a condition repeats where it holds, of all its variables", () => {
  const source =
    "#for i in 0..3, j in 0..3 if i + j == N\nc${i}_${j};\n#end for i\nx${i} #for i in 0..2 if N";
  assert.equal(expand(source, { N: 1 }), "c0_1;\nc1_0;\nx0\nx1");
  assert.equal(expand(source, { N: 0 }), "c0_0;");
});

Deno.test("of #if, #elif and #else the first that holds is kept, and only that is evaluated", () => {
  const source = "#if A\na\n#elif B\nb\n#elif A + B == 0\nzero\n#else\n${unknown}\n#end if A";
  assert.equal(expand(source, { A: 1, B: 1 }), "a");
  assert.equal(expand(source, { A: 0, B: 1 }), "b");
  assert.equal(expand(source, { A: 0, B: 0 }), "zero");
  assert.throws(() => expand(source, { A: 0 }), /B is not known/);
});

Deno.test("a directive behind code is about its line alone", () => {
  const source = "  a${i}_${j} = 1;   #for i in 0..2, j in 0..A\n  b   #if A == 1\n  c #if !A";
  assert.equal(expand(source, { A: 1 }), "  a0_0 = 1;\n  a1_0 = 1;\n  b");
  assert.equal(expand(source, { A: 0 }), "  c");
});

Deno.test("blank lines, comments on their own and the indentation of directives leave no trace", () => {
  const source = "// header ${unknown}\n\n  a;  // kept\n    #if 1\n  // gone\n  b;\n\t#end\n";
  assert.equal(expand(source, {}), "  a;  // kept\n  b;");
});

Deno.test("an include is the other source's lines, in the scope of its place", () => {
  const sources = { inner: "// of its own\n  x${i}_${N};\n", outer: '#include "inner"\ny;\n' };
  const source = '#for i in 0..2\n  #include "outer"\n#end for i\n#if 0\n#include "none"\n#end';
  assert.equal(expand(source, { N: 7 }, sources), "  x0_7;\ny;\n  x1_7;\ny;");
});

Deno.test("an include that is unknown, comes back to itself or leaves a block open is refused", () => {
  const sources = { a: '#include "b"', b: '#include "a"', open: "#if 1", end: "#end" };
  const bad: [string, RegExp][] = [
    ['#include "c"', /Cannot include c: found a, b, open, end/],
    ['#include "toString"', /Cannot include toString: found/],
    ['#include "a"', /Cannot include a: a includes b includes a/],
    ['#include "open"\n#end', /Cannot expand the template: #end closes nothing/],
    ['#include "open"', /Cannot expand open: #if 1 has no #end/],
    ['#if 1\n#include "end"\n#end', /Cannot expand end: #end closes nothing/],
    ["#include a", /want #include "name", found #include a/],
    ['#include "../a"', /want #include "name"/],
  ];
  for (const [source, message] of bad) {
    assert.throws(() => expand(source, {}, sources), { name: "SyntaxError", message }, source);
  }
});

Deno.test("an #end may say what it ends, and must then be right", () => {
  for (const end of ["", "for", "for i", "for i in 0..1", "for i in 0..1, j in 0..1"]) {
    assert.equal(expand(`#for i in 0..1, j in 0..1\nx\n#end ${end}`, {}), "x", end);
  }
  for (const end of ["if", "for j", "for i in 0..2", "for i in 0..1, j in 0..1, k in 0..1"]) {
    assert.throws(() => expand(`#for i in 0..1, j in 0..1\nx\n#end ${end}`, {}), {
      name: "SyntaxError",
      message: `Cannot expand the template: #end ${end} closes #for i in 0..1, j in 0..1`,
    });
  }
  assert.throws(
    () => expand("#if A\n#elif B\n#end if B", { A: 1, B: 1 }),
    /#end if B closes #if A/,
  );
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
    ["#if 1\nx\n#else\ny\n#else\nz\n#end", /#else after #else, in #if 1/],
    ["#if 1\nx\n#else\ny\n#elif 1\nz\n#end", /#elif after #else, in #if 1/],
    ["#elif 1\nx\n#end", /#elif 1 closes nothing/],
    ["#for i in 0..2\nx\n#else\ny\n#end", /#else stands in #for i in 0..2/],
    ["#for i in 0..2, 0..3\nx\n#end", /was not expected/],
    ["#if 1\n#for i in 0..2\n#end if 1\n#end", /#end if 1 closes #for i in 0..2/],
  ];
  for (const [source, message] of bad) {
    assert.throws(() => expand(source, {}), { name: "SyntaxError", message }, source);
  }
});
