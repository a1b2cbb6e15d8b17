/** QK-norm, rotary positions and attention of one head, causal or not, in float64, with gradients. */
import { dot, type Matrix, matrix } from "./matrix.ts";
import { rmsNorm, rmsNormBackward } from "./norm.ts";

/** Turns pair (i, i + n/2) by t · 10000^(-2i/n); `sign` −1 turns back. */
export function rope(x: number[], t: number, sign = 1): number[] {
  const half = x.length / 2, y = [...x];
  for (let i = 0; i < half; i++) {
    const angle = sign * t * 10000 ** (-2 * i / x.length);
    y[i] = x[i] * Math.cos(angle) - x[i + half] * Math.sin(angle);
    y[i + half] = x[i] * Math.sin(angle) + x[i + half] * Math.cos(angle);
  }
  return y;
}

/** rope(rmsNorm(x, gain)) of one head at position t. */
export function normRope(x: number[], gain: number[], t: number): number[] {
  return rope(rmsNorm(x, gain), t);
}

/** Gradients of {@link normRope}: a rotation's transpose is the rotation back. */
export function normRopeBackward(x: number[], gain: number[], t: number, dy: number[]) {
  return rmsNormBackward(x, gain, rope(dy, t, -1));
}

/** p[i][j] = softmax_j≤i (causal) or _j of q_i·k_j / sqrt(dh), and the log of each row's normalizer. */
export function weights(q: Matrix, k: Matrix, causal = true): { p: Matrix; lse: number[] } {
  const hidden = (i: number, j: number) => causal && j > i;
  const s = matrix(q.length, k.length, (i, j) => dot(q[i], k[j]) / Math.sqrt(q[0].length));
  const lse = s.map((row, i) => {
    const seen = row.filter((_, j) => !hidden(i, j)), top = Math.max(...seen);
    return top + Math.log(seen.reduce((sum, x) => sum + Math.exp(x - top), 0));
  });
  return {
    p: matrix(q.length, k.length, (i, j) => hidden(i, j) ? 0 : Math.exp(s[i][j] - lse[i])),
    lse,
  };
}

/** o_i = Σ_j p_ij v_j; q, k, v (T, dh) of one sequence and head. */
export function attention(
  q: Matrix,
  k: Matrix,
  v: Matrix,
  causal = true,
): { o: Matrix; lse: number[] } {
  const { p, lse } = weights(q, k, causal);
  return {
    o: matrix(q.length, v[0].length, (i, c) => p[i].reduce((s, w, j) => s + w * v[j][c], 0)),
    lse,
  };
}

/** Gradients of {@link attention} by q, k and v. */
export function attentionBackward(q: Matrix, k: Matrix, v: Matrix, dout: Matrix, causal = true) {
  const T = q.length, dh = q[0].length, { p } = weights(q, k, causal);
  const dp = matrix(T, T, (i, j) => dot(dout[i], v[j]));
  // softmax: ds = p (dp − Σ p dp)
  const ds = matrix(T, T, (i, j) => p[i][j] * (dp[i][j] - dot(p[i], dp[i])) / Math.sqrt(dh));
  const sum = (term: (j: number) => number) =>
    Array.from({ length: T }, (_, j) => term(j)).reduce((a, b) => a + b, 0);
  return {
    dq: matrix(T, dh, (i, c) => sum((j) => ds[i][j] * k[j][c])),
    dk: matrix(T, dh, (j, c) => sum((i) => ds[i][j] * q[i][c])),
    dv: matrix(T, dh, (j, c) => sum((i) => p[i][j] * dout[i][c])),
  };
}
