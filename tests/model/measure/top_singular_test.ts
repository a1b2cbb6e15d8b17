/** The largest singular value of matrices of a known spectrum, and its mean over the matrices of a kind. */
import assert from "node:assert/strict";
import {
  isMeasurable,
  SINGULAR_KINDS,
  SINGULAR_TOLERANCE,
  topSingular,
  topSingulars,
} from "../../../model/measure/top_singular.ts";
import { normals } from "../../../model/init.ts";
import { layoutOf, type ModelShape } from "../../../model/shape.ts";
import { pack } from "../../../model/stored.ts";
import { language } from "../../../model/tasks/language.ts";

/** (n, n) reflection I − 2 v vᵀ / vᵀv: as orthogonal as float64 is. */
function reflection(n: number, name: string): number[][] {
  const v = normals(1, name, n), square = v.reduce((sum, x) => sum + x * x, 0);
  return Array.from(
    v,
    (a, i) => Array.from(v, (b, j) => (i === j ? 1 : 0) - 2 * a * b / square),
  );
}

/** A (rows, cols) matrix with these singular values, the rest 0. */
function matrixOf(rows: number, cols: number, spectrum: number[]): Float64Array {
  const left = reflection(rows, "left"), right = reflection(cols, "right");
  return Float64Array.from({ length: rows * cols }, (_, at) => {
    const r = Math.floor(at / cols), c = at % cols;
    return spectrum.reduce((sum, s, k) => sum + left[r][k] * s * right[k][c], 0);
  });
}

Deno.test("the largest singular value of a known spectrum is found, wide or tall, near its next or not", () => {
  const spectra = [[3], [3, 1, 0.5], [3, 2.99, 2.9], [3, 3, 3], [3, 2.9995, 2.7, 1], [1e-6, 1e-7]];
  for (const [rows, cols] of [[5, 13], [13, 5], [7, 7], [4, 29]]) {
    for (const spectrum of spectra) {
      const found = topSingular(matrixOf(rows, cols, spectrum), rows, cols);
      const off = Math.abs(found / spectrum[0] - 1);
      assert.ok(off <= SINGULAR_TOLERANCE, `${rows} × ${cols}, ${spectrum}: ${found}`);
    }
  }
});

Deno.test("spectra that never break off are settled by the rule: a dense edge, a cluster, a lone value", () => {
  const n = 240,
    spectra = {
      "a dense edge": (i: number) => 1 - (i / n) ** 3,
      "a cluster": (i: number) => i < 50 ? 1 - 1e-3 * i / 50 : 0.5 * (1 - i / n),
      "a lone value": (i: number) => i === 0 ? 1 : 0.2 * (1 - i / n),
    };
  for (const [name, of] of Object.entries(spectra)) {
    // a diagonal matrix is as hard as any of its spectrum: the start is drawn at random
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) matrix[i * n + i] = of(i);
    const off = Math.abs(topSingular(matrix, n, n) - 1);
    assert.ok(off <= SINGULAR_TOLERANCE, `${name}: ${off}`);
  }
});

Deno.test("a large random matrix has what a long plain power iteration finds", () => {
  const rows = 150, cols = 90, w = normals(3, "random", rows * cols);
  const v = Float64Array.from(normals(4, "start", cols));
  let length = 1;
  for (let i = 0; i < 3000; i++) {
    const across = Array.from(
      { length: rows },
      (_, r) => v.reduce((sum, x, c) => sum + w[r * cols + c] * x / length, 0),
    );
    for (let c = 0; c < cols; c++) {
      v[c] = across.reduce((sum, x, r) => sum + w[r * cols + c] * x, 0);
    }
    length = Math.hypot(...v);
  }
  const off = Math.abs(topSingular(w, rows, cols) / Math.sqrt(length) - 1);
  assert.ok(off < SINGULAR_TOLERANCE, `${off}`);
});

Deno.test("a matrix of zeros has none, one number is its own, and what is not finite is NaN", () => {
  assert.equal(topSingular(new Float32Array(15), 3, 5), 0);
  assert.equal(topSingular([-2], 1, 1), 2);
  assert.ok(Number.isNaN(topSingular([1, NaN, 0, 1], 2, 2)));
});

const moe = (experts: number, shared = 0): ModelShape => ({
  task: language(),
  width: 10,
  depth: 2,
  headWidth: 10,
  ffn: { kind: "moe", experts, active: 1, groups: 1, expertWidth: 6, shared, gate: "sigmoid" },
});

/** Stored parameters of which expert e of a tensor has the largest singular value 1 + e, others 1. */
function rising(shape: ModelShape): Float32Array {
  const layout = layoutOf(shape), stored = new Float32Array(layout.floats).fill(0);
  for (const parameter of layout.parameters) {
    const { shape } = parameter,
      size = shape.reduce((a, b) => a * b, 1),
      logical = new Float32Array(size);
    if (shape.length < 2) continue;
    const [rows, cols] = shape.slice(-2), count = size / (rows * cols);
    for (let e = 0; e < count; e++) {
      logical.set(matrixOf(rows, cols, [1 + e, 0.5]), e * rows * cols);
    }
    pack(parameter, logical, stored);
  }
  return stored;
}

Deno.test("a kind has the mean over its blocks and experts, shared ones among them", () => {
  const few = topSingulars(layoutOf(moe(5)), rising(moe(5)))!;
  assert.deepEqual(Object.keys(few), [...SINGULAR_KINDS]);
  for (const kind of SINGULAR_KINDS) {
    const want = kind.length === 2 ? 1 : (1 + 2 + 3 + 4 + 5) / 5;
    assert.ok(Math.abs(few[kind] - want) < 1e-3, `${kind}: ${few[kind]}`);
  }
  const shared = topSingulars(layoutOf(moe(5, 2)), rising(moe(5, 2)))!;
  assert.ok(Math.abs(shared.wup - (15 + 1 + 2) / 7) < 1e-3, `${shared.wup}`);
});

Deno.test("of many experts sixteen are taken, evenly spaced", () => {
  const { wdown } = topSingulars(layoutOf(moe(64)), rising(moe(64)))!;
  const taken = Array.from({ length: 16 }, (_, i) => 1 + 4 * i);
  assert.ok(Math.abs(wdown - taken.reduce((a, b) => a + b) / 16) < 1e-2, `${wdown}`);
});

Deno.test("what is not finite is not said of a model, and a model too large is not measured", () => {
  const stored = rising(moe(5));
  stored[layoutOf(moe(5)).parameters.find(({ kind }) => kind === "wo")!.runs[0][1]] = NaN;
  assert.equal(topSingulars(layoutOf(moe(5)), stored), null);
  assert.ok(isMeasurable(layoutOf(moe(5))));
  const large = { ...moe(8), width: 4096, headWidth: 64 };
  assert.ok(!isMeasurable(layoutOf(large)));
});
