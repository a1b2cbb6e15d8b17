/**
 * Bridge II as numbers: what an expert sees, and how noisy its gradient is, when a of N experts are
 * active.
 *
 * First order: an expert's batch and its whole training shrink by the same a/N, so that q = √(ρ_B/ρ_D)
 * is 1. Measured per expert from the tokens it got: ρ_B from the last quarter of the steps, ρ_D from all;
 * they agree only if the router's load does not drift.
 *
 * What is left is noise: the mean of its gradient over its tokens has a standard deviation ∝ 1/√(tokens),
 * so ∝ (a/N)^(−1/2), in units of one token's gradient. K independent batches are drawn at the initial
 * weights, which are the same random numbers for every a (the final projection does not start at zero
 * here); per tensor kind, over all blocks,
 *
 *     signal² = Σ_{j≠k} g_j·g_k / (K(K−1))        noise² = Σ_k |g_k|²/K − signal²
 *
 * are unbiased for |E g|² and for the trace of the covariance of g. A token's gradient carries residual·A
 * times its gate R/a, and on W_gate and W_up W_down besides: {@link unitOf}. So judged is
 * noise / (unit · a/N).
 *
 * If the tokens' gradients did not average, this would be flat. Noise over signal is not judged but shown:
 * the signal depends on how alike an expert's tokens are, which the theory leaves out.
 *
 * @module
 */
import { readCounts, readGradients } from "../../model/check/probe.ts";
import { layoutOf } from "../../model/shape.ts";
import { unpack } from "../../model/stored.ts";
import { TENSOR_KINDS, type TensorKind } from "../../rule/rule.ts";
import type { Replica, Trainer } from "../../model/trainer.ts";
import { rms } from "./coordinates.ts";
import type { Workbench } from "./models.ts";
import {
  type ProbePlan,
  replicaOf,
  shapeOfText,
  type Start,
  startOf,
  trainerOf,
  type Variant,
} from "./probe_models.ts";
import { quantile } from "../statistics/resample.ts";

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

  /** Square roots of both, see the module comment; NaN where not above zero or below two batches. */
  get found(): { noise: number; signal: number } {
    const k = this.#batches;
    let total = 0;
    for (const sum of this.#sums) for (const v of sum) total += v * v;
    const signal = (total - this.#squares) / (k * (k - 1)), noise = this.#squares / k - signal;
    const root = (x: number) => k > 1 && x > 0 ? Math.sqrt(x) : NaN;
    return { noise: root(noise), signal: root(signal) };
  }
}

/** Sizes of the measurement, and what does not start at zero where noise is measured. */
export interface SparsityCase extends Start {
  /** configurations that differ in a alone, sparsest first, the last with a = N */
  configurations: string[];
  /** training steps whose tokens are counted */
  steps: number;
  /** K, batches drawn at the initial weights */
  batches: number;
  /** what an expert without tokens counts as, |log2 q|: no q would do */
  dead_octaves: number;
}

/** Tensors whose noise is compared: an expert's, and those that see every token whatever a. */
export const NOISE_GROUPS = {
  "W_gate, W_up": ["wgate", "wup"],
  "W_down": ["wdown"],
  "attention": ["wq", "wk", "wv", "wo"],
} as const satisfies Record<string, readonly TensorKind[]>;
/** One of {@link NOISE_GROUPS}. */
export type NoiseGroup = keyof typeof NOISE_GROUPS;
/** All of them, in order. */
export const GROUPS = Object.keys(NOISE_GROUPS) as NoiseGroup[];

/** One configuration, one value per seed. */
export interface Sparsity {
  configuration: string;
  /** a/N */
  share: number;
  /** |log2 √(ρ_B/ρ_D)| that nine experts in ten stay within, over all blocks, octaves */
  q_octaves: number[];
  /** what one expert in ten stays within if only the batch were corrected for, |log2 √ρ_B| */
  batchAlone_octaves: number[];
  /** largest and smallest share of tokens over a/N, mean over blocks: first step, last quarter */
  largest: { first: number[]; last: number[] };
  smallest: { first: number[]; last: number[] };
  /** of the mean gradient per token, in units of one token's gradient but for a common factor */
  noise: Record<NoiseGroup, number[]>;
  /** noise over signal */
  ratio: Record<NoiseGroup, number[]>;
}

/**
 * What one token's gradient of a group is proportional to, as the rule sets it.
 *
 * @param down RMS of W_down
 */
export function unitOf(
  group: NoiseGroup,
  { multipliers: m }: Replica,
  active: number,
  down: number,
) {
  if (group === "attention") return 1;
  const gated = m.residual * m.outputMultiplier * m.routeScale / active;
  return group === "W_down" ? gated : gated * down;
}

/**
 * What the tokens an expert got say, given `[step][block][expert]` counts of one seed.
 *
 * @param tokens of a step, T @param dead what |log2 q| of an expert without tokens counts as, octaves
 */
export function loadOf(counts: number[][][], tokens: number, active: number, dead: number) {
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
      q.push(rhoB > 0 ? Math.abs(Math.log2(Math.sqrt(rhoB / rhoD))) : dead);
      batch.push(rhoB > 0 ? Math.abs(Math.log2(Math.sqrt(rhoB))) : dead);
    }
  }
  const extreme = (of: number[][][], pick: (...values: number[]) => number) => {
    let total = 0;
    for (let l = 0; l < blocks; l++) {
      total += pick(...Array.from({ length: experts }, (_, e) => sum(of, l, e) / of.length / fair));
    }
    return total / blocks;
  };
  const first = counts.slice(0, 1);
  return {
    q_octaves: quantile(q, 0.9),
    batchAlone_octaves: quantile(batch, 0.1),
    largest: { first: extreme(first, Math.max), last: extreme(late, Math.max) },
    smallest: { first: extreme(first, Math.min), last: extreme(late, Math.min) },
  };
}

/** Trains step by step, looks after each, and destroys the trainer. */
async function eachStep(
  trainer: Trainer,
  steps: number,
  signal: AbortSignal,
  look: () => Promise<void>,
): Promise<void> {
  try {
    for (let i = 0; i < steps; i++) {
      signal.throwIfAborted();
      await trainer.run(1);
      await look();
    }
  } finally {
    trainer.destroy();
  }
}

/** Trains one configuration; `[seed][step][block][expert]` tokens. */
async function countTokens(
  plan: ProbePlan,
  c: SparsityCase,
  text: string,
  variant: Variant,
  at: Workbench,
): Promise<number[][][][]> {
  const counts: number[][][][] = plan.seeds.map(() => []);
  const trainer = trainerOf(at, plan, text, [variant], c.steps);
  await eachStep(trainer, c.steps, at.signal, async () => {
    (await readCounts(trainer.network)).forEach((blocks, z) => counts[z].push(blocks));
  });
  return counts;
}

/** Draws gradients at the initial weights; noise and signal per seed and group. */
async function drawGradients(
  shared: ProbePlan,
  c: SparsityCase,
  text: string,
  variant: Variant,
  at: Workbench,
) {
  // a learning rate of zero keeps every weight, decay included
  const plan = {
    ...shared,
    base: { ...shared.base, ...startOf(c) },
    training: { ...shared.training, balanceCoef: 0, zCoef: 0 },
  };
  const trainer = trainerOf(at, plan, text, [{ ...variant, frozen: TENSOR_KINDS }], c.batches);
  const noise = plan.seeds.map(() => GROUPS.map(() => new GradientNoise()));
  const named = GROUPS.map((group) =>
    trainer.network.layout.parameters
      .filter((p) => (NOISE_GROUPS[group] as readonly TensorKind[]).includes(p.kind))
      .map((p) => p.name)
  );
  await eachStep(trainer, c.batches, at.signal, async () => {
    (await readGradients(trainer.network)).forEach((gradients, z) =>
      named.forEach((names, g) => noise[z][g].add(names.map((name) => gradients.get(name)!)))
    );
  });
  return noise.map((seed) => seed.map((group) => group.found));
}

/** Measures one configuration. */
async function measureOne(
  plan: ProbePlan,
  c: SparsityCase,
  text: string,
  variant: Variant,
  at: Workbench,
): Promise<Sparsity> {
  const { task } = at.pool.context, shape = shapeOfText(text, plan, task), { ffn } = shape;
  if (ffn.kind !== "moe") throw new RangeError(`Cannot count tokens of experts: ${text} is dense`);
  const { active, experts } = ffn, share = active / experts;
  const loads = (await countTokens(plan, c, text, variant, at))
    .map((seed) => loadOf(seed, plan.sequences * plan.seq, active, c.dead_octaves));
  const found = await drawGradients(plan, c, text, variant, at);
  const replica = replicaOf(plan, text, variant, plan.seeds[0], task);
  const wdown = layoutOf(shape).parameters.find((p) => p.kind === "wdown")!;
  const down = rms(unpack(wdown, replica.parameters));
  const both = (name: "largest" | "smallest") => ({
    first: loads.map((l) => l[name].first),
    last: loads.map((l) => l[name].last),
  });
  const each = (value: (group: NoiseGroup, of: { noise: number; signal: number }) => number) =>
    Object.fromEntries(
      GROUPS.map((group, g) => [group, found.map((seed) => value(group, seed[g]))]),
    ) as Sparsity["noise"];
  return {
    configuration: text,
    share,
    q_octaves: loads.map((l) => l.q_octaves),
    batchAlone_octaves: loads.map((l) => l.batchAlone_octaves),
    largest: both("largest"),
    smallest: both("smallest"),
    noise: each((group, { noise }) => {
      const tokens = group === "attention" ? 1 : share;
      return noise / unitOf(group, replica, active, down) / tokens;
    }),
    ratio: each((_, { noise, signal }) => noise / signal),
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
