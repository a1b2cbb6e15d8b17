/**
 * Does the loss fall along the axes at fixed, transferred hyperparameters? Slopes of the validation loss,
 * paired by seed.
 *
 * Slope: least squares of the loss over log2 of an axis (loss per doubling) or over the axis itself, one
 * value per seed, so that what a seed adds to every model cancels; its interval is that of lab/statistics/paired.ts,
 * pooled over the models. Losses are in the task's unit, here and in every table.
 *
 * Judged is one contrast of all axes: the sum of their slopes, each with the sign under which the paper found
 * the loss to fall. It is a contrast of the *models*: the weights of one that lies on several axes are added
 * up, so that its runs count once and not as evidence of each axis. So is the difference of two axes.
 *
 * Would noise alone have looked like an axis? The control is an axis that changes nothing: one
 * configuration over sets of seeds that no claim uses, under the same statistic. That it lowers the loss as
 * much as the axes together do must be seen to be wrong.
 *
 * Error: over 400 synthetic trials without any effect at most 6% of the two claims got a verdict at 95% each, and at most 4% of
 * the controls were seen to fail (tests/lab/claims/scaling_test.ts).
 *
 * @module
 */
import { judgeOne, type Single } from "../judge/decide.ts";
import type {
  Findings,
  FindingsTable,
  Interval,
  Limits,
  Panel,
  Point,
} from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import {
  contrastOf,
  contrastVariance,
  meanInterval,
  residualVariance,
} from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { runsByModel, type SeededModel } from "./models.ts";
import {
  type AxisRuns,
  firstSeeds,
  jointContrast,
  measureAxis,
  over,
  type ScalingAxis,
  unpaired,
} from "./scaling_contrast.ts";
import { measureWidths, widthModels, WIDTHS, type Widths } from "./scaling_widths.ts";
import { judgedRuns, type Method, ONE_RATE, ONE_SEED } from "./suite.ts";

/** What a slope must be where the loss is expected to fall, and to rise; loss per doubling or step. */
export interface ScalingLimits {
  falls: Partial<Limits>;
  rises: Partial<Limits>;
}

export type { ScalingAxis };

/** What `scaling` measures at a profile. */
export interface ScalingProfile {
  plan: TrainingPlan;
  /** of every model */
  seeds: number[];
  axes: ScalingAxis[];
  /** axes by name: a doubling of `more` lowers the loss more than one of `less`; `seeds` of their models, further ones */
  compare: { more: string; less: string; seeds?: number[] };
  /** the axis that changes nothing, over sets of seeds that no claim uses */
  nothing: { configuration: string; seedSets: number[][] };
  /** an axis at a second width, shown beside; its models have the seeds of the axis */
  widths?: Widths;
  limits: ScalingLimits;
}

const NOTHING = "nothing", TOGETHER = "together";
const RULE = "complete-mue";

/** The seeds of an axis' models: `seeds`, then on a compared axis the further ones. */
function seedsOf({ seeds, compare }: ScalingProfile, axis: string): number[] {
  const compared = axis === compare.more || axis === compare.less;
  return compared ? [...seeds, ...compare.seeds ?? []] : seeds;
}

/** Every model the suite trains; one that lies on two axes is trained once a seed. */
export function scalingModels(profile: ScalingProfile): SeededModel[] {
  const { axes, nothing, widths } = profile;
  return [
    ...axes.flatMap((axis) =>
      axis.configurations.map((configuration) => ({
        panel: axis.name,
        line: configuration,
        configuration,
        seeds: seedsOf(profile, axis.name),
      }))
    ),
    ...nothing.seedSets.map((set, i) => ({
      panel: NOTHING,
      line: `seeds ${i + 1}`,
      configuration: nothing.configuration,
      role: "control" as const,
      seeds: set,
    })),
    ...widthModels(widths, widths ? seedsOf(profile, widths.axis) : []),
  ];
}

/** The slope of an axis, to be shown beside the claim. */
function slopeOf(
  m: AxisRuns,
  limits: ScalingLimits,
  unit: string,
  contrast = jointContrast([{ of: m, sign: 1 }]),
): Single {
  const { axis } = m;
  return {
    panel: axis.name,
    subject: axis.title,
    variant: RULE,
    role: "aside",
    name: "slope of the loss",
    unit: `${unit} per ${axis.scale === "log2" ? "doubling" : "step of the axis"}`,
    ...over(contrast),
    limits: limits[axis.expected],
    missing: m.missing ?? ONE_SEED,
  };
}

/** The loss at the end of an axis less that at its start, to be shown beside the slope. */
function endsOf(m: AxisRuns, limits: ScalingLimits, unit: string): Single {
  const { axis } = m, last = axis.x.length - 1;
  const weights = axis.x.map((_, g) => g === 0 ? -1 : g === last ? 1 : 0);
  return {
    ...slopeOf(m, limits, unit),
    subject: `${axis.configurations[last]} less ${axis.configurations[0]}`,
    name: "difference of the loss",
    unit,
    ...over(jointContrast([{ of: { ...m, weights }, sign: 1 }])),
  };
}

/**
 * Measures and judges the runs of {@link scalingModels}.
 *
 * - claim: the axes together lower the loss, as one contrast; each axis and its ends are shown beside it
 * - claim: a doubling of `compare.more` lowers the loss more than one of `compare.less`
 * - control: the axis that changes nothing in the place of all, as if it were to lower the loss as much; must
 *   fail. Its own slope is shown beside it.
 *
 * @param unit of the losses
 * @throws {RangeError} for runs of other seeds, a ragged axis, an unknown name, and a set of seeds of the axis
 *   that changes nothing which the claims use too
 */
export function judgeScaling(
  profile: ScalingProfile,
  runs: readonly Run[],
  unit: string,
): Findings {
  const { axes, compare, nothing, seeds, limits } = profile;
  const claimed = axes.flatMap((axis) => seedsOf(profile, axis.name));
  const used = nothing.seedSets.flat().find((seed) => claimed.includes(seed));
  if (used !== undefined) {
    throw new RangeError(
      `Cannot compare with an axis that changes nothing: seed ${used} is claimed`,
    );
  }
  const models = scalingModels(profile), byModel = runsByModel(models, runs);
  const of = (panel: string) => byModel.filter((_, i) => models[i].panel === panel);
  const measured = axes.map((axis) => measureAxis(axis, of(axis.name)));
  const named = (name: string): AxisRuns => {
    const found = measured.find((m) => m.axis.name === name);
    if (found) return found;
    throw new RangeError(`Cannot compare ${name}: the axes are ${axes.map((a) => a.name)}`);
  };
  const unchanged = measureAxis({
    name: NOTHING,
    title: "sets of seeds",
    scale: "linear",
    x: nothing.seedSets.map((_, i) => i),
    configurations: nothing.seedSets.map(() => nothing.configuration),
    expected: "falls",
  }, of(NOTHING));
  const more = named(compare.more), less = named(compare.less), { widths } = profile;
  const beside = widths && measureWidths(widths, named(widths.axis), of(WIDTHS), RULE, unit);
  const missing = measured.find((m) => m.missing !== undefined)?.missing;
  const all = jointContrast(
    measured.map((m) => ({
      of: firstSeeds(m, seeds.length),
      sign: m.axis.expected === "falls" ? 1 : -1,
    })),
  );
  // not jointContrast, which would count the one configuration once
  const unchangedContrast = unchanged.table && {
    values: contrastOf(unchanged.table, unchanged.weights),
    variance: contrastVariance(residualVariance(unchanged.table), unchanged.weights),
  };
  const common = { variant: RULE, limits: limits.falls };
  const judgements: Single[] = [
    {
      ...common,
      panel: TOGETHER,
      subject: "all axes together",
      role: "claim",
      name: "sum of the slopes of the loss, each as the paper found it",
      unit: `${unit}, one doubling or step along every axis`,
      ...over(all),
      missing: missing ?? ONE_SEED,
    },
    {
      ...common,
      panel: TOGETHER,
      subject: `${more.axis.title} less ${less.axis.title}`,
      role: "claim",
      name: "difference of the slopes of the loss",
      unit: `${unit} per doubling`,
      ...over(jointContrast([{ of: more, sign: 1 }, { of: less, sign: -1 }])),
      missing: more.missing ?? less.missing ?? ONE_SEED,
    },
    {
      ...common,
      panel: TOGETHER,
      subject: "sets of seeds less all axes together",
      variant: "an axis that changes nothing in the place of all",
      role: "control",
      name: "difference of the falls of the loss",
      unit,
      ...unpaired(unchangedContrast, all),
      missing: unchanged.missing ?? missing ?? ONE_SEED,
    },
    ...measured.flatMap((m) => [slopeOf(m, limits, unit), endsOf(m, limits, unit)]),
    {
      ...slopeOf(unchanged, limits, unit, unchangedContrast),
      variant: "an axis that changes nothing",
    },
    ...beside?.judgements ?? [],
  ];
  return {
    panels: [
      togetherPanel(unit),
      ...[...measured, unchanged].map(({ axis }) => panelAlong(axis, unit)),
      ...beside?.panels ?? [],
    ],
    points: [
      ...measured.flatMap((m) => {
        const slope = slopeOf(m, limits, unit).value;
        return slope
          ? [pointOf(TOGETHER, m.axis.expected, m.axis.name, slope.estimate, slope)]
          : [];
      }),
      ...[...measured, unchanged].flatMap(pointsOf),
      ...beside?.points ?? [],
    ],
    judgements: judgements.map(judgeOne),
    tables: [tableOf(measured, unit), ...beside?.tables ?? []],
    caveats: [
      ONE_RATE,
      "the axes are one contrast; each stands beside it and decides nothing",
      `every model is trained at the hyperparameters of the reference ${profile.plan.reference}, not at its own best`,
      seedsSaid(profile) +
      "; intervals of points are without what a seed adds to every model of the axis",
      ...beside?.caveats ?? [],
    ],
  };
}

/** How many seeds, for a reader. */
function seedsSaid(profile: ScalingProfile): string {
  const { seeds, compare } = profile, more = seedsOf(profile, compare.more).length;
  const of = more > seeds.length
    ? `, ${more} of the models along ${compare.more} and ${compare.less}`
    : "";
  return `${seeds.length} paired seeds${of}`;
}

/** How a suite of this kind is measured. */
export const SCALING: Method<ScalingProfile> = judgedRuns(scalingModels, judgeScaling);

/** The slopes of all axes side by side. */
const togetherPanel = (unit: string): Panel =>
  panelOf({
    name: TOGETHER,
    title: "Slope of the validation loss along every axis",
    chart: "slopes",
    mark: "points",
    x: { title: "axis", scale: "nominal" },
    y: { title: `slope (${unit} per doubling or step)`, scale: "linear" },
    rules: [{ y: 0, label: "no effect" }],
  });

function panelAlong({ name, title, scale, configurations }: ScalingAxis, unit: string): Panel {
  return panelOf({
    name,
    title: name === NOTHING
      ? `An axis that changes nothing: ${configurations[0]}, other seeds`
      : `Validation loss along ${title}`,
    chart: "validation-loss",
    x: { title, scale },
    y: { title: `validation loss (${unit})`, scale: "linear" },
  });
}

/** Mean losses; the interval is of the loss without the seed's common part. */
function pointsOf({ axis, table, runs }: AxisRuns): Point[] {
  const point = (g: number, y: number, i: Interval | null) =>
    pointOf(axis.name, "loss", axis.x[g], y, i);
  if (table === null) {
    return runs.flatMap((row, g) => {
      const finite = row.flatMap((run) => run.validationLoss ?? []);
      return finite.length === 0 ? [] : [point(g, mean(finite), null)];
    });
  }
  const all = mean(table.flat()), residual = residualVariance(table);
  const common = table[0].map((_, k) => mean(table.map((row) => row[k])) - all);
  return table.map((row, g) => {
    // an axis of other seeds has no common part
    const interval = axis.name === NOTHING
      ? meanInterval(row)
      : meanInterval(row.map((v, k) => v - common[k]), residual);
    return point(g, mean(row), interval);
  });
}

function tableOf(measured: AxisRuns[], unit: string): FindingsTable {
  return {
    title: "Validation losses at fixed hyperparameters",
    columns: [
      column("axis"),
      column("configuration"),
      column("parameters", "", 0),
      column("mean", unit, 4),
      column("per seed", unit, 4),
    ],
    rows: measured.flatMap(({ axis, runs }) =>
      runs.map((row, g) => {
        const losses = row.map((run) => run.validationLoss);
        const finite = losses.filter((loss) => loss !== null);
        return [
          axis.name,
          axis.configurations[g],
          row[0].parameters,
          finite.length === losses.length ? mean(finite) : null,
          losses,
        ];
      })
    ),
    note:
      "Held-out data, after the last step; the same seeds in every row. A run that diverged has no loss.",
  };
}
