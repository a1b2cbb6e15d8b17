/**
 * Does the loss fall along an axis at fixed, transferred hyperparameters? Slopes of the validation loss over
 * the axis, paired by seed.
 *
 * Slope: least squares of the loss over log2 of the axis (nats per doubling) or over the axis itself, one
 * value per seed, so that what a seed adds to every model cancels; its interval is that of lab/statistics/paired.ts,
 * pooled over the models of the axis.
 *
 * Would noise alone have looked like an axis? The control is an axis that changes nothing: one
 * configuration over sets of other seeds, under the same statistic. That it lowers the loss as much as
 * the claimed axis does must be seen to be wrong.
 *
 * Error: over 1500 synthetic trials without any effect each ordering was found in 2.0-2.7% and its reverse in
 * 1.5-2.6%, with equal noise and with noise that grows along the axis (tests/lab/scaling_test.ts runs 400).
 *
 * @module
 */
import { judgeClaim } from "./claim_judge.ts";
import type {
  ClaimJudgement,
  Findings,
  Interval,
  PanelFacts,
  Point,
} from "../record/claim_record.ts";
import type { TrainingPlan, Wanted } from "./claim_suite.ts";
import {
  contrastOf,
  contrastVariance,
  meanInterval,
  type Pooled,
  residualVariance,
  slopeWeights,
  sumVariance,
} from "../statistics/paired.ts";
import type { Run } from "../record/record.ts";
import { runsByModel, type SeededModel, wantedOf } from "../statistics/seeded.ts";
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
  /** what the paper found along it */
  expected: "lower" | "higher";
}

/** What `scaling` measures at a profile. */
export interface ScalingProfile {
  plan: TrainingPlan;
  seeds: number[];
  axes: ScalingAxis[];
  /** axes by name: a doubling of `more` lowers the loss more than one of `less` */
  compare: { more: string; less: string };
  /** the axis that changes nothing, and the claimed axes whose slope it must be seen not to have */
  nothing: { configuration: string; seedSets: number[][]; against: string[] };
}

const NOTHING = "nothing";

function modelsOf({ axes, nothing, seeds }: ScalingProfile): SeededModel[] {
  return [
    ...axes.flatMap((axis) =>
      axis.configurations.map((configuration) => ({
        panel: axis.name,
        line: configuration,
        configuration,
        seeds,
      }))
    ),
    ...nothing.seedSets.map((set, i) => ({
      panel: NOTHING,
      line: `seeds ${i + 1}`,
      configuration: nothing.configuration,
      role: "control" as const,
      seeds: set,
    })),
  ];
}

/** Every model the suite trains; one that lies on two axes is trained once. */
export function scalingWanted(profile: ScalingProfile): Wanted[] {
  return wantedOf(modelsOf(profile));
}

/** One axis measured: the slope of every seed and what a seed's slope varies by. */
interface Measured {
  axis: ScalingAxis;
  runs: Run[][];
  /** `[configuration][seed]`; null when a run diverged */
  table: number[][] | null;
  slopes: number[];
  variance: Pooled;
  missing?: string;
}

function measureAxis(axis: ScalingAxis, runs: Run[][]): Measured {
  if (axis.x.length !== axis.configurations.length || axis.x.length < 2) {
    throw new RangeError(
      `Cannot measure ${axis.name}: ${axis.x.length} places for ${axis.configurations.length} configurations`,
    );
  }
  const lost = runs.flat().filter((run) => run.validationLoss === null).length;
  const none = { axis, runs, table: null, slopes: [], variance: { variance: 0, freedom: 0 } };
  if (lost > 0) return { ...none, missing: `${lost} of ${runs.flat().length} runs diverged` };
  const table = runs.map((row) => row.map((run) => run.validationLoss!));
  const weights = slopeWeights(axis.scale === "log2" ? axis.x.map(Math.log2) : axis.x);
  return {
    axis,
    runs,
    table,
    slopes: contrastOf(table, weights),
    variance: contrastVariance(residualVariance(table), weights),
  };
}

const unitOf = (axis: ScalingAxis) =>
  axis.scale === "log2" ? "nats per doubling" : "nats per step of the axis";

/**
 * The slope of one axis over that of another, seed by seed.
 *
 * @returns null where one of them was not measured
 */
function difference(a: Measured, b: Measured): Interval | null {
  if (a.table === null || b.table === null || a.slopes.length !== b.slopes.length) return null;
  const gap = a.slopes.map((slope, k) => slope - b.slopes[k]);
  return meanInterval(gap, sumVariance(a.variance, b.variance));
}

function judgeAxis(m: Measured): ClaimJudgement[] {
  const { axis, table } = m, down = axis.expected === "lower";
  const limits = down ? { lo: null, hi: 0 } : { lo: 0, hi: null };
  const shared = { panel: axis.name, variant: "complete-mue", limits };
  const missing = m.missing ?? `${m.slopes.length} seed has no interval`;
  const last = axis.x.length - 1;
  const ends = axis.x.map((_, g) => g === 0 ? -1 : g === last ? 1 : 0);
  return [
    judgeClaim({
      ...shared,
      quantity: `slope of the loss over ${axis.title}`,
      role: "claim",
      unit: unitOf(axis),
      value: table && meanInterval(m.slopes, m.variance),
      missing,
    }),
    judgeClaim({
      ...shared,
      quantity: `loss of ${axis.configurations[last]} minus that of ${axis.configurations[0]}`,
      role: "aside",
      unit: "nats",
      value: table &&
        meanInterval(
          contrastOf(table, ends),
          contrastVariance(residualVariance(table), ends),
        ),
      missing,
    }),
  ];
}

/**
 * Measures and judges the runs of {@link scalingWanted}.
 *
 * - claim, each axis: the slope lies wholly on the side the paper found; the ends are shown beside it
 * - claim: a doubling of `compare.more` lowers the loss more than one of `compare.less`
 * - control: the axis that changes nothing minus each claimed slope of `nothing.against`, as if it were
 *   to lower the loss as much; must fail. Its own slope is judged beside it like a claim.
 *
 * @throws {RangeError} for runs of other seeds, a ragged axis or an unknown name
 */
export function judgeScaling(profile: ScalingProfile, runs: readonly Run[]): Findings {
  const { axes, compare, nothing, seeds } = profile;
  const models = modelsOf(profile), byModel = runsByModel(models, runs);
  const of = (panel: string) => byModel.filter((_, i) => models[i].panel === panel);
  const measured = axes.map((axis) => measureAxis(axis, of(axis.name)));
  const named = (name: string): Measured => {
    const found = measured.find((m) => m.axis.name === name);
    if (found) return found;
    throw new RangeError(`Cannot compare ${name}: the axes are ${axes.map((a) => a.name)}`);
  };
  const empty = measureAxis({
    name: NOTHING,
    title: "sets of seeds",
    scale: "linear",
    x: nothing.seedSets.map((_, i) => i),
    configurations: nothing.seedSets.map(() => nothing.configuration),
    expected: "lower",
  }, of(NOTHING));
  const more = named(compare.more), less = named(compare.less);
  const judgements = [
    ...measured.flatMap(judgeAxis),
    judgeClaim({
      panel: compare.more,
      quantity: `slope over ${more.axis.title} minus slope over ${less.axis.title}`,
      role: "claim",
      variant: "complete-mue",
      unit: "nats per doubling",
      value: difference(more, less),
      limits: { lo: null, hi: 0 },
      missing: more.missing ?? less.missing,
    }),
    ...nothing.against.map((name) => {
      const claimed = named(name);
      return judgeClaim({
        panel: NOTHING,
        quantity: `slope over ${empty.axis.title} minus slope over ${claimed.axis.title}`,
        role: "control",
        variant: `an axis that changes nothing in the place of ${name}`,
        unit: "nats",
        value: difference(empty, claimed),
        limits: { lo: null, hi: 0 },
        missing: empty.missing ?? claimed.missing,
      });
    }),
    ...judgeAxis(empty).slice(0, 1).map((j): ClaimJudgement => ({
      ...j,
      role: "aside",
      variant: "an axis that changes nothing",
    })),
  ];
  return {
    panels: [...measured, empty].map(panelOf),
    points: [...measured, empty].flatMap(pointsOf),
    judgements,
    tables: [tableOf(measured)],
    caveats: [
      "one rule at one learning rate: this says how models compare at these hyperparameters, and not that " +
      "another rule would have done worse",
      `${
        axes.length + 1
      } orderings are judged at 95% each: one that does not hold passes by chance in 1 of 40`,
      `every model is trained at the hyperparameters of the reference ${profile.plan.reference}, not at its own best`,
      `${seeds.length} paired seeds; intervals of points are without what a seed adds to every model of the axis`,
    ],
  };
}

function panelOf({ axis }: Measured): PanelFacts {
  return {
    name: axis.name,
    title: axis.name === NOTHING
      ? `An axis that changes nothing: ${axis.configurations[0]}, other seeds`
      : `Validation loss along ${axis.title}`,
    mark: "line",
    x: { title: axis.title, scale: axis.scale },
    y: { title: "validation loss (nats)", scale: "linear" },
    rules: [],
  };
}

/** Mean losses; the interval is of the loss without the seed's common part. */
function pointsOf({ axis, table, runs }: Measured): Point[] {
  if (table === null) {
    return runs.flatMap((row, g) => {
      const finite = row.flatMap((run) => run.validationLoss ?? []);
      if (finite.length === 0) return [];
      return [{
        panel: axis.name,
        line: "loss",
        x: axis.x[g],
        y: mean(finite),
        lo: null,
        hi: null,
      }];
    });
  }
  const all = mean(table.flat()), residual = residualVariance(table);
  const common = table[0].map((_, k) => mean(table.map((row) => row[k])) - all);
  return table.map((row, g) => {
    // an axis of other seeds has no common part
    const values = axis.name === NOTHING ? row : row.map((v, k) => v - common[k]);
    const i = meanInterval(values, axis.name === NOTHING ? undefined : residual);
    const y = mean(row);
    return {
      panel: axis.name,
      line: "loss",
      x: axis.x[g],
      y,
      lo: i?.lo ?? null,
      hi: i?.hi ?? null,
    };
  });
}

function tableOf(measured: Measured[]) {
  const number = (v: number) => v.toFixed(4);
  const rows = measured.flatMap(({ axis, runs }) =>
    runs.map((row, g) => {
      const finite = row.flatMap((run) => run.validationLoss ?? []);
      return [
        axis.name,
        axis.configurations[g],
        String(row[0].parameters),
        finite.length === row.length
          ? number(mean(finite))
          : `${row.length - finite.length} diverged`,
        row.map((run) => run.validationLoss === null ? "diverged" : number(run.validationLoss))
          .join(" "),
      ];
    })
  );
  return {
    title: "Validation losses at fixed hyperparameters",
    head: ["axis", "configuration", "parameters", "mean (nats)", "per seed (nats)"],
    rows,
    note: "Held-out text, after the last step; the same seeds in every row.",
  };
}
