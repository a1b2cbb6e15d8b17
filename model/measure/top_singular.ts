/**
 * The largest singular value of the hidden matrices of a trained model, by power iteration in Lanczos' form, in
 * float64 on the host.
 *
 * Of every kind the mean over blocks and experts, since that is what a rule says of a kind. Of a tensor of many
 * experts sixteen are taken, evenly spaced; a model whose matrices would take more than {@link MOST_WORK}
 * multiply-adds is not measured at all, so that no run waits for it.
 *
 * Error: relative, at most {@link SINGULAR_TOLERANCE} where the iteration settles
 * (tests/model/measure/top_singular_test.ts).
 *
 * @module
 */
import type { TensorKind } from "../../rule/rule.ts";
import { normals } from "../init.ts";
import type { Layout } from "../shape.ts";
import { type Parameter, unpack } from "../stored.ts";

/** The hidden matrices that are measured, those of attention and of every expert; a router is no layer of its own. */
export const SINGULAR_KINDS = ["wq", "wk", "wv", "wo", "wgate", "wup", "wdown"] as const;
/** One of {@link SINGULAR_KINDS}. */
export type SingularKind = typeof SINGULAR_KINDS[number];

/** Relative error of a singular value. */
export const SINGULAR_TOLERANCE = 1e-4;

/** Most steps; what does not settle is a lower bound. */
const MOST_STEPS = 200;

/** Steps between two looks at whether it settled, and how many are usual. */
const LOOK_STEPS = 8, USUAL_STEPS = 40;

/** Most matrices of one tensor that are measured. */
const MOST_EXPERTS = 16;

/** Most multiply-adds that a model may take: some seconds. */
export const MOST_WORK = 2e9;

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
};

/** a += factor · b. */
const add = (a: Float64Array, factor: number, b: Float64Array): void => {
  for (let i = 0; i < a.length; i++) a[i] += factor * b[i];
};

/** W·Wᵀ·v of a matrix by its rows. */
function gramTimes(rows: readonly Float64Array[], v: Float64Array): Float64Array {
  const across = new Float64Array(rows[0].length);
  rows.forEach((row, r) => add(across, v[r], row));
  return Float64Array.from(rows, (row) => dot(row, across));
}

/** The rows of a matrix, or its columns where they are fewer. */
function shorterSide(matrix: ArrayLike<number>, rows: number, cols: number): Float64Array[] {
  const wide = rows <= cols;
  return Array.from(
    { length: wide ? rows : cols },
    (_, i) =>
      Float64Array.from(
        { length: wide ? cols : rows },
        (_, j) => matrix[wide ? i * cols + j : j * cols + i],
      ),
  );
}

/** The largest eigenvalue of a symmetric tridiagonal matrix, by bisection of its Sturm sequence. */
function topEigenvalue(diagonal: readonly number[], beside: readonly number[]): number {
  const reach = (i: number) => Math.abs(beside[i - 1] ?? 0) + Math.abs(beside[i] ?? 0);
  let hi = Math.max(...diagonal.map((a, i) => a + reach(i))), lo = Math.max(...diagonal);
  for (let round = 0; round < 60 && lo < hi; round++) {
    const x = (lo + hi) / 2;
    // all are below x where every pivot of T − x is negative
    let pivot = diagonal[0] - x, below = pivot < 0;
    for (let i = 1; i < diagonal.length && below; i++) {
      pivot = diagonal[i] - x - beside[i - 1] ** 2 / pivot;
      below = pivot < 0;
    }
    if (below) hi = x;
    else lo = x;
  }
  return hi;
}

/**
 * The largest singular value of one matrix, by Lanczos' form of the power iteration on the Gram matrix G = W Wᵀ of the
 * shorter side: the powers of G on a vector drawn at random are kept, made orthogonal twice, and the largest eigenvalue of
 * G among them only grows with each. It has settled when eight steps add less than a hundredth of the tolerance; a
 * matrix of n rows is exact after n.
 *
 * @param matrix (rows, cols), row by row
 * @returns its largest singular value; NaN for a matrix that is not finite
 */
export function topSingular(matrix: ArrayLike<number>, rows: number, cols: number): number {
  const side = shorterSide(matrix, rows, cols), n = side.length;
  const basis: Float64Array[] = [], diagonal: number[] = [], beside: number[] = [];
  let next = Float64Array.from(normals(0, "top singular value", n));
  let length = Math.sqrt(dot(next, next)), found = 0;
  for (let step = 1; step <= Math.min(n, MOST_STEPS); step++) {
    const v = next.map((x) => x / length);
    basis.push(v);
    next = gramTimes(side, v) as typeof next;
    diagonal.push(dot(v, next));
    if (!Number.isFinite(diagonal[step - 1])) return NaN;
    for (let twice = 0; twice < 2; twice++) {
      for (const known of basis) add(next, -dot(known, next), known);
    }
    length = Math.sqrt(dot(next, next));
    const ended = step === n || length <= 1e-13 * Math.max(...diagonal);
    if (ended || step % LOOK_STEPS === 0) {
      const before = found;
      found = topEigenvalue(diagonal, beside);
      if (ended || found - before <= SINGULAR_TOLERANCE / 100 * found) break;
    }
    beside.push(length);
  }
  return Math.sqrt(found);
}

/** Rows and columns of one matrix of a tensor, and which of its matrices are measured. */
function picked({ shape }: Parameter): { rows: number; cols: number; at: number[] } {
  const [rows, cols] = shape.slice(-2), all = shape.slice(0, -2).reduce((a, b) => a * b, 1);
  const some = Math.min(all, MOST_EXPERTS);
  return {
    rows,
    cols,
    at: Array.from({ length: some }, (_, i) => Math.floor(i * all / some)),
  };
}

const isMeasured = (kind: TensorKind): kind is SingularKind =>
  (SINGULAR_KINDS as readonly TensorKind[]).includes(kind);

const hidden = ({ parameters }: Pick<Layout, "parameters">) =>
  parameters.filter(({ kind }) => isMeasured(kind));

/** Multiply-adds that a model takes. */
function workOf(layout: Pick<Layout, "parameters">): number {
  return hidden(layout).reduce((sum, parameter) => {
    const { rows, cols, at } = picked(parameter);
    return sum + at.length * 2 * rows * cols * Math.min(rows, cols, USUAL_STEPS);
  }, 0);
}

/** Whether a model is small enough to be measured. */
export const isMeasurable = (layout: Pick<Layout, "parameters">): boolean =>
  workOf(layout) <= MOST_WORK;

/**
 * The largest singular values of a model by the kind of the matrix, the mean over blocks and experts, to six digits.
 *
 * @param stored a replica's flat parameters
 * @returns null where one is not finite
 */
export function topSingulars(
  layout: Pick<Layout, "parameters">,
  stored: Float32Array,
): Record<SingularKind, number> | null {
  const found = Map.groupBy(
    hidden(layout).flatMap((parameter) => {
      const { rows, cols, at } = picked(parameter), all = unpack(parameter, stored);
      const size = rows * cols;
      return at.map((e) => ({
        kind: parameter.kind,
        value: topSingular(all.subarray(e * size, (e + 1) * size), rows, cols),
      }));
    }),
    ({ kind }) => kind,
  );
  const mean = (kind: SingularKind) => {
    const values = found.get(kind)!;
    return values.reduce((sum, { value }) => sum + value, 0) / values.length;
  };
  const means = SINGULAR_KINDS.map((kind) => [kind, Number(mean(kind).toPrecision(6))] as const);
  return means.every(([, value]) => Number.isFinite(value))
    ? Object.fromEntries(means) as Record<SingularKind, number>
    : null;
}
