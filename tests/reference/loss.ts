/** Cross-entropy of one row in float64, and its gradient. */

/** log Σ e^x. */
export function logSumExp(x: number[]): number {
  const top = Math.max(...x);
  return top + Math.log(x.reduce((sum, v) => sum + Math.exp(v - top), 0));
}

/** softmax(x). */
export function softmax(x: number[]): number[] {
  const lse = logSumExp(x);
  return x.map((v) => Math.exp(v - lse));
}

/** −log softmax(logits)[target], nats. */
export function crossEntropy(logits: number[], target: number): number {
  return logSumExp(logits) - logits[target];
}

/** d crossEntropy / d logits = softmax − onehot. */
export function crossEntropyBackward(logits: number[], target: number): number[] {
  return softmax(logits).map((p, c) => p - (c === target ? 1 : 0));
}
