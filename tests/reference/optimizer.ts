/** Gradient clipping and AdamW of one number in float64. */

/** min(1, limit / (norm + 1e-6)); a limit of 0 does not clip. */
export function clip(gradient: number[], limit: number): { norm: number; scale: number } {
  const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
  return { norm, scale: limit > 0 ? Math.min(1, limit / (norm + 1e-6)) : 1 };
}

/** What one number is trained with. */
export interface Adam {
  lr: number;
  weightDecay: number;
  eps: number;
  beta1: number;
  beta2: number;
}

/** Step t = 1, 2, … of AdamW on weight w with moments m, v and gradient g. */
export function adamw(w: number, m: number, v: number, g: number, t: number, o: Adam) {
  const m1 = o.beta1 * m + (1 - o.beta1) * g;
  const v1 = o.beta2 * v + (1 - o.beta2) * g * g;
  const mhat = m1 / (1 - o.beta1 ** t), vhat = v1 / (1 - o.beta2 ** t);
  return {
    w: w - o.lr * o.weightDecay * w - o.lr * mhat / (Math.sqrt(vhat) + o.eps),
    m: m1,
    v: v1,
  };
}
