/**
 * Bridge II as numbers: what an expert sees, and how noisy its gradient is, when a of N experts are
 * active.
 *
 * First order: an expert's batch and its whole training shrink by the same a/N, so that q = √(ρ_B/ρ_D)
 * is 1. Measured per expert from the tokens it got: ρ_B from the last quarter of the steps, ρ_D from all;
 * they agree only if the router's load does not drift.
 *
 * What is left: the noise of its gradient over its size, ∝ 1/√(tokens), so ∝ (a/N)^(−1/2). Weights are
 * frozen after some training and K independent batches are drawn; per tensor kind, over all blocks,
 *
 *     signal² = Σ_{j≠k} g_j·g_k / (K(K−1))        noise² = Σ_k |g_k|²/K − signal²
 *
 * which are unbiased for |E g|² and for the trace of the covariance of g.
 *
 * @module
 */
import { readCounts, readGradients, readParameters } from "../model/probe.ts";
import { Trainer } from "../model/trainer.ts";
import type { TensorKind } from "../model/shape.ts";
import type { Workbench } from "./claim_suite.ts";
import { type ProbePlan, replicaOf, shapeOfText, type Variant } from "./probe_models.ts";
import { median } from "./statistics.ts";

/** Sums over independent gradients of one group of tensors. */
export class GradientNoise {
  #sums: Float64Array[] = [];
  #squares = 0;
  #batches = 0;

  /** Adds one batch's gradients, the same tensors in the same order every time. */
  add(gradients: readonly Float32Array[]): void {
    if (this.#batches++ === 0) this.#sums = gradients.map((g) => new Float64Array(g.length));
    gradients.forEach((g, i) => {
      const sum = this.#sums[i];
      for (let j = 0; j < g.length; j++) {
        sum[j] += g[j];
        this.#squares += g[j] * g[j];
      }
    });
  }

  /** √(noise²/signal²); NaN when the signal is not above zero or fewer than two batches were added. */
  get ratio(): number {
    const k = this.#batches;
    let total = 0;
    for (const sum of this.#sums) for (const v of sum) total += v * v;
    const signal = (total - this.#squares) / (k * (k - 1)), noise = this.#squares / k - signal;
    return signal > 0 && noise >= 0 ? Math.sqrt(noise / signal) : NaN;
  }
}

/** Sizes of the measurement. */
export interface SparsityCase {
  /** configurations that differ in a alone, sparsest first, the last with a = N */
  configurations: string[];
  /** training steps before the weights are frozen, a multiple of 4 */
  steps: number;
  /** K, batches drawn at frozen weights */
  batches: number;
}

/** Tensors whose noise is compared: an expert's, and those that see every token whatever a. */
export const NOISE_GROUPS = {
  "W_gate, W_up": ["wgate", "wup"],
  "W_down": ["wdown"],
  "attention": ["wq", "wk", "wv", "wo"],
} as const satisfies Record<string, readonly TensorKind[]>;
/** One of {@link NOISE_GROUPS}. */
export type NoiseGroup = keyof typeof NOISE_GROUPS;

/** One configuration, one value per seed. */
export interface Sparsity {
  configuration: string;
  /** a/N */
  share: number;
  /** median over experts and blocks of |log2 √(ρ_B/ρ_D)|, octaves */
  q_octaves: number[];
  /** the same if only the batch were corrected for, |log2 √ρ_B| */
  batchAlone_octaves: number[];
  /** largest and smallest share of tokens over a/N, mean over blocks: first step, last quarter */
  largest: { first: number[]; last: number[] };
  smallest: { first: number[]; last: number[] };
  /** noise over signal */
  noise: Record<NoiseGroup, number[]>;
}

/**
 * What the tokens an expert got say, given `[step][block][expert]` counts of one seed.
 *
 * @param tokens of a step, T
 */
export function loadOf(counts: number[][][], tokens: number, active: number) {
  const steps = counts.length, late = counts.slice(Math.floor(steps * 3 / 4));
  const blocks = counts[0].length, experts = counts[0][0].length, fair = tokens * active / experts;
  const sum = (of: number[][][], l: number, e: number) =>
    of.reduce((total, step) => total + step[l][e], 0);
  const q: number[] = [], batch: number[] = [];
  for (let l = 0; l < blocks; l++) {
    for (let e = 0; e < experts; e++) {
      // the Dense MoE's expert gets every token: B = tokens, D = steps · tokens
      const rhoB = sum(late, l, e) / late.length / tokens;
      const rhoD = sum(counts, l, e) / (steps * tokens);
      q.push(rhoB > 0 ? Math.abs(Math.log2(Math.sqrt(rhoB / rhoD))) : Infinity);
      batch.push(rhoB > 0 ? Math.abs(Math.log2(Math.sqrt(rhoB))) : Infinity);
    }
  }
  const extreme = (of: number[][][], pick: (...values: number[]) => number) => {
    let total = 0;
    for (let l = 0; l < blocks; l++) {
      total += pick(...Array.from({ length: experts }, (_, e) => sum(of, l, e) / of.length / fair));
    }
    return total / blocks;
  };
  const [first] = [counts.slice(0, 1)];
  return {
    q_octaves: median(q),
    batchAlone_octaves: median(batch),
    largest: { first: extreme(first, Math.max), last: extreme(late, Math.max) },
    smallest: { first: extreme(first, Math.min), last: extreme(late, Math.min) },
  };
}

/** Trains one configuration, counting tokens, then draws gradients at its frozen weights. */
async function measureOne(
  plan: ProbePlan,
  c: SparsityCase,
  text: string,
  variant: Variant,
  at: Workbench,
): Promise<Sparsity> {
  const shape = shapeOfText(text, plan);
  if (shape.ffn.kind !== "moe") throw new RangeError(`Cannot count experts: ${text} is dense`);
  const { active, experts } = shape.ffn;
  const replicas = plan.seeds.map((seed) => replicaOf(plan, text, variant, seed));
  const counts: number[][][][] = plan.seeds.map(() => []);
  const trainer = new Trainer(
    at.device,
    shape,
    plan,
    replicas,
    { ...plan.training, steps: c.steps },
    at.corpus,
  );
  let trained: Float32Array[];
  try {
    for (let i = 0; i < c.steps; i++) {
      at.signal.throwIfAborted();
      await trainer.run(1);
      (await readCounts(trainer.network)).forEach((blocks, z) => counts[z].push(blocks));
    }
    trained = await readParameters(at.device, trainer);
  } finally {
    trainer.destroy();
  }
  // a learning rate of zero freezes every weight, decay included; other seeds draw fresh batches
  const frozen = new Trainer(
    at.device,
    shape,
    plan,
    replicas.map((r, z) => ({
      ...r,
      seed: r.seed + 1000,
      parameters: trained[z],
      hyperParameters: Object.fromEntries(
        Object.entries(r.hyperParameters).map(([kind, hp]) => [kind, { ...hp, lr: 0 }]),
      ) as typeof r.hyperParameters,
    })),
    { ...plan.training, balanceCoef: 0, zCoef: 0, steps: c.batches },
    at.corpus,
  );
  const groups = Object.keys(NOISE_GROUPS) as NoiseGroup[];
  const noise = plan.seeds.map(() => groups.map(() => new GradientNoise()));
  try {
    const named = groups.map((group) =>
      frozen.network.layout.parameters.filter((p) =>
        (NOISE_GROUPS[group] as readonly TensorKind[]).includes(p.kind)
      ).map((p) => p.name)
    );
    for (let i = 0; i < c.batches; i++) {
      at.signal.throwIfAborted();
      await frozen.run(1);
      (await readGradients(frozen.network)).forEach((gradients, z) =>
        named.forEach((names, g) => noise[z][g].add(names.map((name) => gradients.get(name)!)))
      );
    }
  } finally {
    frozen.destroy();
  }
  const loads = counts.map((seed) => loadOf(seed, plan.sequences * plan.seq, active));
  const both = (name: "largest" | "smallest") => ({
    first: loads.map((l) => l[name].first),
    last: loads.map((l) => l[name].last),
  });
  return {
    configuration: text,
    share: active / experts,
    q_octaves: loads.map((l) => l.q_octaves),
    batchAlone_octaves: loads.map((l) => l.batchAlone_octaves),
    largest: both("largest"),
    smallest: both("smallest"),
    noise: Object.fromEntries(
      groups.map((group, g) => [group, noise.map((seed) => seed[g].ratio)]),
    ) as Sparsity["noise"],
  };
}

/** Measures every configuration. */
export async function measureSparsity(
  plan: ProbePlan,
  c: SparsityCase,
  variant: Variant,
  at: Workbench,
  progress: (text: string, share: number) => void,
): Promise<Sparsity[]> {
  const all: Sparsity[] = [];
  for (const text of c.configurations) {
    progress(text, all.length / c.configurations.length);
    all.push(await measureOne(plan, c, text, variant, at));
  }
  return all;
}
