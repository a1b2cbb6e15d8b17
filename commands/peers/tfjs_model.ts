/**
 * The model of fixtures/parity/README.md in TensorFlow.js. Weights and moments lie one after the
 * other in one vector each, so that AdamW is a dozen operations and not a dozen per weight.
 *
 * @module
 */
import * as tf from "@tensorflow/tfjs-core";
import type { StepCase } from "./peer.ts";

/** What stays the same over all steps. */
export interface Constants {
  /** (B·T) indices */
  tokens: tf.Tensor1D;
  targets: tf.Tensor1D;
  /** (T, dh/2) */
  cos: tf.Tensor;
  sin: tf.Tensor;
  /** (T, T): 0 on and under the diagonal, -1e30 over it */
  mask: tf.Tensor;
  /** a factor per weight, 1 - lr·wd or 1 */
  keep: tf.Tensor1D;
}

/** Weights and moments, flat, and the steps done. */
export interface State {
  weights: tf.Tensor1D;
  m: tf.Tensor1D;
  v: tf.Tensor1D;
  steps: number;
}

/** x·Wᵀ for weights stored [out, in]. */
function linear(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  return tf.matMul(x, w, false, true);
}

/** (silu(x·wgateᵀ) ⊙ (x·wupᵀ))·wdownᵀ */
export function swiglu(x: tf.Tensor, wgate: tf.Tensor, wup: tf.Tensor, wdown: tf.Tensor) {
  const gate = linear(x, wgate);
  return linear(tf.mul(tf.mul(gate, tf.sigmoid(gate)), linear(x, wup)), wdown);
}

function rmsNorm(x: tf.Tensor, gain: tf.Tensor): tf.Tensor {
  const mean = tf.mean(tf.square(x), -1, true);
  return tf.mul(tf.mul(x, tf.rsqrt(tf.add(mean, 1e-5))), gain);
}

/** Turns pairs (i, i + dh/2) of x (B, heads, T, dh). */
function rope(x: tf.Tensor, { cos, sin }: Constants): tf.Tensor {
  const [a, b] = tf.split(x, 2, -1);
  return tf.concat([
    tf.sub(tf.mul(a, cos), tf.mul(b, sin)),
    tf.add(tf.mul(b, cos), tf.mul(a, sin)),
  ], -1);
}

/** Mean cross-entropy of the batch, nats. */
function loss({ shape, sequences, seq }: StepCase, w: Record<string, tf.Tensor>, k: Constants) {
  const { width: d, headWidth: dh, depth } = shape, heads = d / dh, count = sequences * seq;
  const { vocab } = shape.task.facts;
  let z: tf.Tensor = tf.gather(w.embed, k.tokens);
  for (let l = 0; l < depth; l++) {
    const p = `blocks.${l}.`, u = rmsNorm(z, w[p + "attn.norm"]);
    const split = (name: string) =>
      tf.transpose(tf.reshape(linear(u, w[p + name]), [sequences, seq, heads, dh]), [0, 2, 1, 3]);
    const query = rope(rmsNorm(split("attn.wq"), w[p + "attn.qnorm"]), k);
    const key = rope(rmsNorm(split("attn.wk"), w[p + "attn.knorm"]), k);
    const scores = tf.add(tf.mul(tf.matMul(query, key, false, true), dh ** -0.5), k.mask);
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), split("attn.wv")), [0, 2, 1, 3]);
    z = tf.add(z, linear(tf.reshape(mixed, [count, d]), w[p + "attn.wo"]));
    const f = rmsNorm(z, w[p + "ffn.norm"]);
    z = tf.add(z, swiglu(f, w[p + "ffn.wgate"], w[p + "ffn.wup"], w[p + "ffn.wdown"]));
  }
  const logits = linear(rmsNorm(z, w.norm), w.unembed);
  return tf.losses.softmaxCrossEntropy(tf.oneHot(k.targets, vocab), logits) as tf.Scalar;
}

/** One training step: the new state and the loss before it; the old state stays the caller's. */
export function trainStep(c: StepCase, state: State, k: Constants): [State, tf.Scalar] {
  const { beta1, beta2, lr, eps, clipNorm } = c.adamw, steps = state.steps + 1;
  const [next, value] = tf.tidy(() => {
    const parts = tf.split(state.weights, c.weights.map((w) => w.values.length));
    const given = c.weights.map((w, i) => tf.reshape(parts[i], w.shape));
    const { value, grads } = tf.valueAndGrads((...list: tf.Tensor[]) =>
      loss(c, Object.fromEntries(c.weights.map((w, i) => [w.name, list[i]])), k)
    )(given);
    const raw = tf.concat1d(grads.map((g) => tf.reshape(g, [-1]) as tf.Tensor1D));
    const norm = tf.sqrt(tf.sum(tf.square(raw)));
    const g = tf.mul(raw, tf.minimum(tf.div(clipNorm, tf.add(norm, 1e-6)), 1));
    const m = tf.add(tf.mul(state.m, beta1), tf.mul(g, 1 - beta1)) as tf.Tensor1D;
    const v = tf.add(tf.mul(state.v, beta2), tf.mul(tf.square(g), 1 - beta2)) as tf.Tensor1D;
    const root = tf.add(tf.sqrt(tf.mul(v, 1 / (1 - beta2 ** steps))), eps);
    const moved = tf.mul(tf.div(m, root), lr / (1 - beta1 ** steps));
    const weights = tf.sub(tf.mul(state.weights, k.keep), moved) as tf.Tensor1D;
    return [[weights, m, v], value as tf.Scalar] as [tf.Tensor1D[], tf.Scalar];
  });
  return [{ weights: next[0], m: next[1], v: next[2], steps }, value];
}
