/**
 * Axes of models and contrasts over them: sums of slopes in which a model of several axes counts once.
 *
 * @module
 */
import type { Single } from "../judge/decide.ts";
import type { Run } from "../record/run.ts";
import {
  contrastOf,
  contrastVariance,
  meanVariance,
  type Pooled,
  residualVariance,
  slopeWeights,
  studentInterval,
  sumVariance,
} from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";

/** One axis of the figure. */
export interface ScalingAxis {
  name: string;
  /** the axis' words and unit */
  title: string;
  scale: "log2" | "linear";
  /** ascending, as many as configurations */
  x: number[];
  configurations: string[];
  /** what the paper found the loss does along it */
  expected: "falls" | "rises";
}

/** The runs of one axis. */
export interface AxisRuns {
  axis: ScalingAxis;
  runs: Run[][];
  /** `[configuration][seed]`; null when a run diverged */
  table: number[][] | null;
  /** of its configurations, which give the slope */
  weights: number[];
  missing?: string;
}

/**
 * The runs of an axis with the weights of its slope.
 *
 * @throws {RangeError} for another number of places than configurations
 */
export function measureAxis(axis: ScalingAxis, runs: Run[][]): AxisRuns {
  if (axis.x.length !== axis.configurations.length || axis.x.length < 2) {
    throw new RangeError(
      `Cannot measure ${axis.name}: ${axis.x.length} places for ${axis.configurations.length} configurations`,
    );
  }
  const diverged = runs.flat().filter((run) => run.validationLoss === null).length;
  const weights = slopeWeights(axis.scale === "log2" ? axis.x.map(Math.log2) : axis.x);
  const common = { axis, runs, weights };
  if (diverged > 0) {
    return {
      ...common,
      table: null,
      missing: `${diverged} of ${runs.flat().length} runs diverged`,
    };
  }
  return { ...common, table: runs.map((row) => row.map((run) => run.validationLoss!)) };
}

/** An axis with the runs of its first seeds alone. */
export function firstSeeds({ runs, table, ...axis }: AxisRuns, seeds: number): AxisRuns {
  return {
    ...axis,
    runs: runs.map((row) => row.slice(0, seeds)),
    table: table && table.map((row) => row.slice(0, seeds)),
  };
}

/** One value per seed, and what it varies by. */
export interface Contrast {
  values: number[];
  variance: Pooled;
}

/**
 * Σ over axes of sign × slope, as one contrast of the models: a model that lies on several axes stands once in
 * the table, with the sum of its weights.
 *
 * @param terms all of the same seeds, in the same order
 * @returns null where a run of one of the axes diverged
 * @throws {RangeError} for unlike numbers of seeds
 */
export function jointContrast(terms: { of: AxisRuns; sign: number }[]): Contrast | null {
  const models = new Map<string, { losses: number[]; weight: number }>();
  for (const { of: { runs, table, weights }, sign } of terms) {
    if (table === null) return null;
    runs.forEach(([{ cell }], g) => {
      const weight = (models.get(cell.configuration)?.weight ?? 0) + sign * weights[g];
      models.set(cell.configuration, { losses: table[g], weight });
    });
  }
  const all = [...models.values()], table = all.map(({ losses }) => losses);
  if (new Set(table.map(({ length }) => length)).size > 1) {
    throw new RangeError(
      `Cannot add slopes of unlike seeds: ${table.map(({ length }) => length).join(", ")}`,
    );
  }
  const weights = all.map(({ weight }) => weight);
  return {
    values: contrastOf(table, weights),
    variance: contrastVariance(residualVariance(table), weights),
  };
}

/** What is judged of a contrast: its value with its interval, and the noise of that. */
export type Judged = Pick<Single, "value" | "noise">;
const judgedOf = (estimate: number, { variance, freedom }: Pooled, seeds: number): Judged => ({
  value: studentInterval(estimate, { variance, freedom }),
  noise: { error: Math.sqrt(variance), seeds, freedom, rest: 0 },
});

/** A contrast's mean over seeds; its value is null where there is none. */
export function over(contrast: Contrast | null): Judged {
  if (contrast === null || contrast.values.length < 2) return { value: null };
  const { values, variance } = contrast;
  return judgedOf(mean(values), meanVariance(values, variance), values.length);
}

/**
 * The difference of two contrasts of unlike seeds, by Welch; its value is null where one has none. More seeds are asked for of
 * the second, the claim's.
 */
export function unpaired(a: Contrast | null, b: Contrast | null): Judged {
  if (a === null || b === null || Math.min(a.values.length, b.values.length) < 2) {
    return { value: null };
  }
  const variance = sumVariance(
    meanVariance(a.values, a.variance),
    meanVariance(b.values, b.variance),
  );
  return judgedOf(mean(a.values) - mean(b.values), variance, b.values.length);
}
