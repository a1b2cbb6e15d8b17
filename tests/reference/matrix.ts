/** Matrices in float64, row by row, and their products by the definition. */

/** A matrix: an array of rows. */
export type Matrix = number[][];

/** rows x cols, every entry from `at`. */
export function matrix(rows: number, cols: number, at: (row: number, col: number) => number) {
  return Array.from({ length: rows }, (_, i) => Array.from({ length: cols }, (_, j) => at(i, j)));
}

/** Σ a[k] b[k]. */
export function dot(a: number[], b: number[]): number {
  return a.reduce((sum, x, k) => sum + x * b[k], 0);
}

/** The transpose. */
export function transpose(a: Matrix): Matrix {
  return matrix(a[0].length, a.length, (i, j) => a[j][i]);
}

/** c[i][j] = Σ_k a[i][k] b[j][k]: y = x Wᵀ. */
export function timesTransposed(a: Matrix, b: Matrix): Matrix {
  return matrix(a.length, b.length, (i, j) => dot(a[i], b[j]));
}

/** c[i][j] = Σ_k a[i][k] b[k][j]: dx = dy W. */
export function times(a: Matrix, b: Matrix): Matrix {
  return timesTransposed(a, transpose(b));
}

/** c[i][j] = Σ_k a[k][i] b[k][j]: dW = dyᵀ x. */
export function transposedTimes(a: Matrix, b: Matrix): Matrix {
  return timesTransposed(transpose(a), transpose(b));
}

/** s·a + b, entry by entry. */
export function addScaled(b: Matrix, s: number, a: Matrix): Matrix {
  return b.map((row, i) => row.map((x, j) => x + s * a[i][j]));
}

/** Column sums. */
export function columnSums(a: Matrix): number[] {
  return a[0].map((_, j) => a.reduce((sum, row) => sum + row[j], 0));
}
