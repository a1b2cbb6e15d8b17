/**
 * The model of fixtures/parity/README.md in jax-js: arrays are consumed by every function they are
 * passed to, `.ref` keeps one for another use.
 *
 * @module
 */
import { nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import type { AdamWSettings, StepCase } from "./peer.ts";

/** Weights, moments or gradients by name. */
export type Tree = Record<string, np.Array>;

/** What changes from step to step; correction: β1ᵗ and β2ᵗ of the steps done. */
export type State = { weights: Tree; m: Tree; v: Tree; correction: np.Array[] };

/** What does not: token indices, targets, tables of RoPE. */
export type Batch = { tokens: np.Array; targets: np.Array; cos: np.Array; sin: np.Array };

/** x·Wᵀ for weights stored [out, in]. */
export function linear(x: np.Array, w: np.Array): np.Array {
  return np.matmul(x, w.transpose());
}

/** (silu(x·wgateᵀ) ⊙ (x·wupᵀ))·wdownᵀ */
export function swiglu(x: np.Array, wgate: np.Array, wup: np.Array, wdown: np.Array): np.Array {
  const gate = nn.silu(linear(x.ref, wgate));
  return linear(gate.mul(linear(x, wup)), wdown);
}

function rmsNorm(x: np.Array, gain: np.Array): np.Array {
  const mean = np.mean(np.square(x.ref), -1, { keepdims: true });
  return x.div(np.sqrt(mean.add(1e-5))).mul(gain);
}

/** Turns pairs (i, i + dh/2) of x (B, T, heads, dh); tables (T, 1, dh/2). */
function rope(x: np.Array, cos: np.Array, sin: np.Array): np.Array {
  const [a, b] = np.split(x, 2, -1);
  const left = a.ref.mul(cos.ref).sub(b.ref.mul(sin.ref));
  return np.concatenate([left, b.mul(cos).add(a.mul(sin))], -1);
}

/** Mean cross-entropy of a batch, nats; consumes the batch, and each weight it uses. */
function lossOf({ shape, sequences, seq }: StepCase) {
  const { width: d, headWidth: dh, depth } = shape, heads = d / dh, count = sequences * seq;
  const { vocab } = shape.task.facts;
  return (w: Tree, { tokens, targets, cos, sin }: Batch): np.Array => {
    // not np.take: the gradient of a gather is a shader that Deno's compiler refuses
    let z: np.Array = np.matmul(nn.oneHot(tokens, vocab), w.embed);
    for (let l = 0; l < depth; l++) {
      const p = `blocks.${l}.`;
      const u = rmsNorm(z.ref, w[p + "attn.norm"]);
      const split = (name: string) =>
        linear(u.ref, w[p + name]).reshape([sequences, seq, heads, dh]);
      const q = rope(rmsNorm(split("attn.wq"), w[p + "attn.qnorm"]), cos.ref, sin.ref);
      const k = rope(rmsNorm(split("attn.wk"), w[p + "attn.knorm"]), cos.ref, sin.ref);
      const mixed = nn.dotProductAttention(q, k, split("attn.wv"), { isCausal: true });
      u.dispose();
      z = z.add(linear(mixed.reshape([count, d]), w[p + "attn.wo"]));
      const f = rmsNorm(z.ref, w[p + "ffn.norm"]);
      z = z.add(swiglu(f, w[p + "ffn.wgate"], w[p + "ffn.wup"], w[p + "ffn.wdown"]));
    }
    cos.dispose();
    sin.dispose();
    const logits = linear(rmsNorm(z, w.norm), w.unembed);
    const likelihood = nn.logSoftmax(logits, -1).mul(nn.oneHot(targets, vocab));
    return likelihood.sum().mul(-1 / count);
  };
}

/** One AdamW step of one weight. */
function adamw(
  o: AdamWSettings,
  decay: number,
  [w, m, v, g, scale, correction1, correction2]: np.Array[],
): np.Array[] {
  const clipped = g.mul(scale);
  const m1 = m.mul(o.beta1).add(clipped.ref.mul(1 - o.beta1));
  const v1 = v.mul(o.beta2).add(np.square(clipped).mul(1 - o.beta2));
  const root = np.sqrt(v1.ref.div(correction2)).add(o.eps);
  return [w.mul(1 - o.lr * decay).sub(m1.ref.div(correction1).div(root).mul(o.lr)), m1, v1];
}

/** A whole training step, to be jitted: the new state and the loss before it. */
export function trainStep(c: StepCase): (state: State, batch: Batch) => [State, np.Array] {
  const valueAndGradient = valueAndGrad(lossOf(c)), o = c.adamw;
  const names = c.weights.map((w) => w.name);
  return (state, batch) => {
    const given = Object.fromEntries(names.map((name) => [name, state.weights[name].ref]));
    const [loss, gradient] = valueAndGradient(given, batch) as unknown as [np.Array, Tree];
    const squares = names.map((name) => np.square(gradient[name].ref).sum());
    const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
    const scale = np.minimum(np.array(o.clipNorm).div(norm.add(1e-6)), 1);
    const correction = [state.correction[0].mul(o.beta1), state.correction[1].mul(o.beta2)];
    const [one, two] = correction.map((power) => np.subtract(1, power.ref));
    const next: State = { weights: {}, m: {}, v: {}, correction };
    for (const name of names) {
      [next.weights[name], next.m[name], next.v[name]] = adamw(
        o,
        name.endsWith("norm") ? 0 : o.weightDecay,
        [
          state.weights[name],
          state.m[name],
          state.v[name],
          gradient[name],
          scale.ref,
          one.ref,
          two.ref,
        ],
      );
    }
    [scale, one, two].forEach((a) => a.dispose());
    return [next, loss];
  };
}
