/** SwiGLU in float64: h = silu(g) u, and its gradient. */

/** 1 / (1 + e^-x). */
export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

/** silu(g) u = g sigmoid(g) u. */
export function swiglu(g: number, u: number): number {
  return g * sigmoid(g) * u;
}

/** d swiglu / d(g, u), times dh. */
export function swigluBackward(g: number, u: number, dh: number): { dg: number; du: number } {
  const s = sigmoid(g);
  return { dg: dh * u * (s + g * s * (1 - s)), du: dh * g * s };
}

/** The two slopes of swiglu, by g and by u: what the forward pass keeps for the backward one. */
export function swigluSlopes(g: number, u: number): { byG: number; byU: number } {
  const { dg, du } = swigluBackward(g, u, 1);
  return { byG: dg, byU: du };
}
