/** RMSNorm of one row in float64, and its gradient. */
import { dot } from "./matrix.ts";

const EPS = 1e-5;

/** 1 / sqrt(mean(x²) + eps). */
export function reciprocalRms(x: number[]): number {
  return 1 / Math.sqrt(dot(x, x) / x.length + EPS);
}

/** y = x · gain / sqrt(mean(x²) + eps). */
export function rmsNorm(x: number[], gain: number[]): number[] {
  const r = reciprocalRms(x);
  return x.map((v, j) => v * r * gain[j]);
}

/** Gradients by x and gain: dx_j = r (dy_j gain_j − x_j r² Σ_k dy_k gain_k x_k / n). */
export function rmsNormBackward(
  x: number[],
  gain: number[],
  dy: number[],
): { dx: number[]; dgain: number[] } {
  const r = reciprocalRms(x);
  const pull = dy.reduce((sum, d, k) => sum + d * gain[k] * x[k], 0) / x.length;
  return {
    dx: x.map((v, j) => r * (dy[j] * gain[j] - v * r * r * pull)),
    dgain: x.map((v, j) => dy[j] * v * r),
  };
}
