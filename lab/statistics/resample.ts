/**
 * Statistics of few seeds: a seeded generator, quantiles, and resampled mean curves.
 *
 * The plain bootstrap over 3 seeds has 27 resamples (10 distinct), knows nothing outside the range
 * of three values and covers about 75% where it claims 95%. {@link resampleCurves} says what is
 * done instead.
 *
 * @module
 */
export { median, quantile } from "../../kernels/gpu/order_statistics.ts";

/** Mean of the values; NaN for none. */
export function mean(values: readonly number[]): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

/** Sample standard deviation, √(Σ(v − mean)² / (n − 1)); NaN for fewer than two values. */
export function sd(values: readonly number[]): number {
  const m = mean(values);
  let sum = 0;
  for (const v of values) sum += (v - m) ** 2;
  return values.length < 2 ? NaN : Math.sqrt(sum / (values.length - 1));
}

/** A deterministic stream of random numbers. */
export interface Random {
  /** uniform in [0, 1) */
  uniform(): number;
  /** standard normal (Box-Muller) */
  normal(): number;
  /** whole number in [0, n) */
  below(n: number): number;
}

/**
 * Counter-based generator: the k-th number is murmur3's 32-bit finaliser of seed-mixed
 * k · 0x9e3779b9, the 32-bit form of splitmix.
 *
 * Source: G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators", 2014.
 */
export function random(seed: number): Random {
  const mix = (h: number): number => {
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  };
  let state = mix((seed | 0) + 0x632be5ab);
  const uniform = () => mix(state = (state + 0x9e3779b9) | 0) / 2 ** 32;
  let spare = NaN;
  const normal = () => {
    if (!Number.isNaN(spare)) {
      const kept = spare;
      spare = NaN;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return { uniform, normal, below: (n) => Math.floor(uniform() * n) };
}

/** 97.5% point of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * 97.5% point of Student's t: closed forms at 1 and 2 degrees of freedom, above 3 the
 * Cornish-Fisher series in 1/ν, linear in 1/ν between them.
 *
 * Error: below 0.004 at whole ν, tests/lab/statistics/resample_test.ts.
 * Source: Abramowitz and Stegun, "Handbook of mathematical functions", 26.7.5.
 *
 * @throws {RangeError} for less than one degree of freedom
 */
export function tQuantile975(freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError(`Cannot use ${freedom} degrees of freedom: below 1`);
  if (freedom < 3) {
    const [low, a, b] = freedom < 2 ? [1, 12.7062047, 4.3026527] : [2, 4.3026527, tQuantile975(3)];
    const share = (1 / low - 1 / freedom) / (1 / low - 1 / (low + 1));
    return a + share * (b - a);
  }
  return cornishFisher(Z, freedom);
}

/**
 * 80% point of Student's t, for the chance that an interval decides.
 *
 * Error: below 0.025 at whole ν, tests/lab/statistics/power_test.ts.
 *
 * @throws {RangeError} for less than one degree of freedom
 */
export function tQuantile80(freedom: number): number {
  if (!(freedom >= 1)) throw new RangeError(`Cannot use ${freedom} degrees of freedom: below 1`);
  return cornishFisher(0.8416212335729143, freedom);
}

/** Student's quantile from the normal one, by the series in 1/ν. */
function cornishFisher(z: number, freedom: number): number {
  return z + (z ** 3 + z) / (4 * freedom) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * freedom ** 3) +
    (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) /
      (92160 * freedom ** 4);
}

/** A table `[grid point][seed]` split into mean curve, seed effects and what is left. */
export interface Split {
  /** mean loss per grid point, free of which seeds are missing there */
  curve: number[];
  /** what a seed adds at every grid point, mean 0 */
  seedEffect: number[];
  /** loss − curve − seed effect; 0 where missing */
  residual: number[][];
  /** finite seeds per grid point */
  counts: number[];
  /** standard deviation of one run's residual around each grid point, pooled over its neighbours */
  noise: number[];
  /** degrees of freedom of the pooled noise, (points − 1)(seeds − 1) less what is missing */
  freedom: number;
  /** some runs were never made: curves are resampled by the noise alone, see gaps.ts; absent where all were */
  scattered?: true;
}

/**
 * Splits losses by the additive model loss_gk = curve_g + seed_k + residual_gk, least squares by
 * alternating means over the grid points of `fit` (seed effects are wanted where the optimum is;
 * far points are noisier). The noise is pooled over the grid points within two of each point, since
 * it grows with the learning rate; inside `pooled` over points of it alone.
 *
 * @param loss `[grid point][seed]`, null = missing; every grid point has at least one value
 * @param from first grid point of the fit window
 * @param to one past its last
 * @param pooled first point and one past the last of a window beyond which noise says nothing of it
 */
export function split(
  loss: readonly (readonly (number | null)[])[],
  from: number,
  to: number,
  pooled: readonly [from: number, to: number] | null = null,
): Split {
  const seeds = loss[0].length;
  const seedEffect = new Array<number>(seeds).fill(0);
  const present = (row: readonly (number | null)[]) => row.flatMap((v, k) => v === null ? [] : [k]);
  const curveAt = (row: readonly (number | null)[]) =>
    mean(present(row).map((k) => row[k]! - seedEffect[k]));
  const complete = loss.slice(from, to).every((row) => row.every((v) => v !== null));
  for (let round = 0; round < (complete ? 1 : 40); round++) {
    const curve = loss.map(curveAt);
    for (let k = 0; k < seeds; k++) {
      const gaps: number[] = [];
      for (let g = from; g < to; g++) {
        const v = loss[g][k];
        if (v !== null) gaps.push(v - curve[g]);
      }
      seedEffect[k] = gaps.length === 0 ? 0 : mean(gaps);
    }
    const centre = mean(seedEffect);
    for (let k = 0; k < seeds; k++) seedEffect[k] -= centre;
  }
  const curve = loss.map(curveAt);
  const residual = loss.map((row, g) =>
    row.map((v, k) => v === null ? 0 : v - curve[g] - seedEffect[k])
  );
  const counts = loss.map((row) => present(row).length);
  const noise = loss.map((_, g) => {
    let squares = 0, freedom = 0, points = 0;
    const own = pooled !== null && g >= pooled[0] && g < pooled[1];
    const [least, most] = own ? [pooled[0], pooled[1] - 1] : [0, loss.length - 1];
    for (let j = Math.max(least, g - 2); j <= Math.min(most, g + 2); j++) {
      for (const r of residual[j]) squares += r * r;
      freedom += counts[j] - 1;
      points++;
    }
    return freedom > 0 && points > 1 ? Math.sqrt(squares / freedom * points / (points - 1)) : 0;
  });
  const cells = counts.slice(from, to).reduce((a, b) => a + b, 0);
  const freedom = Math.max(1, cells - (to - from) - (seeds - 1));
  return { curve, seedEffect, residual, counts, noise, freedom };
}

/** Mean curves (`curves[resample][grid point]`) and levels that could have been measured. */
export interface Resamples {
  /** mean loss, unit of the loss, `[resample][grid point]` */
  curves: number[][];
  /** what the seeds' common part adds to the whole curve, per resample */
  levels: number[];
}

/** How many resamples an interval rests on. */
const RESAMPLES = 1000;

/**
 * Resampled mean curves, from which every statistic (optimum, shift, regret) takes its median and
 * its 2.5% and 97.5% quantiles.
 *
 * curve*_g = curve_g + κ·( √½·√(n/(n−1))·mean_j residual_{g, i_j} + √½·noise_g/√n_g·z_g ),
 * where i_1…i_n are seeds drawn with replacement and z_g is standard normal. So half of the
 * variance comes from resampling whole seeds (which keeps whatever correlation there is along the
 * grid and, as the same `draws` serve reference and target, between them) and half from noise
 * pooled over the grid points of the window (which has four times the degrees of freedom).
 * √(n/(n−1)) undoes the bootstrap's small-sample shrinkage. κ = t_ν / 1.96 accounts for not knowing
 * the variance, with Satterthwaite's ν = 1/(¼/(n−1) + ¼/ν_pooled): 6.4 for 3 seeds and 5 points
 * instead of 2, an interval of half the width of the seeds' own t. The level (common to the whole
 * curve) has nothing to pool: it keeps t_{n−1}.
 *
 * Where runs were never made, all of the variance comes from the pooled noise, which is then taken as independent
 * along the grid, with its own degrees of freedom (lab/statistics/gaps.ts).
 *
 * Error: measured coverage in lab/statistics/optimum.ts and tests/lab/statistics/coverage_test.ts.
 * Source: B. Efron and R. Tibshirani, "An introduction to the bootstrap", 1993, ch. 9 and 12;
 * F. Satterthwaite, Biometrics Bulletin 2, 1946.
 *
 * @param parts from {@link split}
 * @param draws `[resample][seed]` seed indices, shared by all sweeps that are compared
 * @param stream random numbers of this sweep's own noise
 */
export function resampleCurves(
  parts: Split,
  draws: readonly (readonly number[])[],
  stream: Random,
): Resamples {
  const n = parts.seedEffect.length;
  const freedom = parts.scattered ? parts.freedom : 1 / (0.25 / (n - 1) + 0.25 / parts.freedom);
  const kappa = tQuantile975(freedom) / Z;
  const ofNoise = parts.scattered ? 1 : Math.SQRT1_2;
  const seedShare = parts.scattered ? 0 : kappa * Math.SQRT1_2 * Math.sqrt(n / (n - 1)) / n;
  const levelShare = tQuantile975(n - 1) / Z * Math.sqrt(n / (n - 1)) / n;
  const curves: number[][] = [];
  const levels: number[] = [];
  for (const draw of draws) {
    curves.push(parts.curve.map((m, g) => {
      let drawn = 0;
      for (const k of draw) drawn += parts.residual[g][k];
      const spread = kappa * ofNoise * parts.noise[g] / Math.sqrt(parts.counts[g]);
      return m + seedShare * drawn + spread * stream.normal();
    }));
    let level = 0;
    for (const k of draw) level += parts.seedEffect[k];
    levels.push(levelShare * level);
  }
  return { curves, levels };
}

/**
 * Seed indices drawn with replacement, `[resample][seed]`, once for all sweeps compared.
 *
 * @param streamSeed another one for a sweep whose seeds are others
 */
export function drawSeeds(seeds: number, streamSeed = seeds): number[][] {
  const stream = random(streamSeed);
  return Array.from(
    { length: RESAMPLES },
    () => Array.from({ length: seeds }, () => stream.below(seeds)),
  );
}
