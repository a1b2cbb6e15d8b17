/**
 * Do dense and MoE models learn alike at first? Gaps between the training losses of the first steps, paired
 * by seed (same text in the same order), and their limits.
 *
 * gap_k(t) = loss of the variant − loss of the dense model of the same width, depth and active width, seed k;
 * averaged over windows of steps, which takes out what differs from batch to batch. Equal active width leaves
 * out what a wider FFN learns faster, and makes a Dense MoE (a = N) and its dense model Bridge I. Judged are the
 * mean of the gap over the windows and its growth, the least-squares slope over the windows' centres times the
 * steps looked at. Both are given in percent of the fall of the dense loss over these steps, so that one limit
 * fits any size; with their sign, so that what differs from seed to seed averages out. Until version 3 it was |gap|
 * of each seed, whose mean holds the seeds' noise however many there are: it stands in the table.
 *
 * @module
 */
import { activeWidth, formatConfiguration, parseConfiguration } from "../../rule/configuration.ts";
import { judge, type UnjudgedMeasure } from "../judge/decide.ts";
import type { Findings, Judgement, Panel, Point, TableCell } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import { contrastOf, meanInterval, slopeWeights } from "../statistics/paired.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { mean } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { runsByModel, type SeededModel } from "./models.ts";
import { judgedRuns, type Method, ONE_SEED } from "./suite.ts";

/** A variant with a part of the rule taken away. */
export type Twin = Pick<SeededModel, "configuration" | "rule" | "multipliers">;

/** One width: what is compared, each with the dense model of its active width. */
export interface InitialLossPanel {
  name: string;
  /** variants by the legend's text */
  variants: Record<string, string>;
  /** twins by the legend's text; they must leave the limit */
  controls: Record<string, Twin>;
}

/** What `initial-loss` measures at a profile. */
export interface InitialLossProfile {
  plan: TrainingPlan;
  seeds: number[];
  /** first steps looked at */
  steps: number;
  /** windows of equal length they are cut into */
  windows: number;
  /** largest mean gap and growth of the gap over these steps, up or down, percent of the dense model's fall */
  limits: { gap_percent: number; growth_percent: number };
  panels: InitialLossPanel[];
}

/** A line of the figure: a variant or twin, and the line it is compared with. */
interface Line extends SeededModel {
  /** line of the dense model of the same active width; null for a dense model */
  against: string | null;
  judgedAs: Judgement["role"];
}

/**
 * Every model the suite trains: dense models first, then variants, then twins, panel by panel. The runs of
 * other suites at the same plan are these.
 */
export function initialLossModels({ seeds, panels, plan }: InitialLossProfile): Line[] {
  const from = parseConfiguration(plan.reference);
  return panels.flatMap((p) => {
    const dense = new Map<string, Line>();
    const line = (name: string, twin: Twin, judgedAs: Line["judgedAs"]): Line => {
      const c = parseConfiguration(twin.configuration, from), hidden = activeWidth(c);
      const against = `dense, H = ${hidden}`;
      dense.set(against, {
        panel: p.name,
        line: against,
        configuration: formatConfiguration({ ...c, ffn: { kind: "dense", hidden } }),
        seeds,
        against: null,
        judgedAs: "aside",
      });
      const { configuration, rule, multipliers } = twin;
      const role = judgedAs === "claim" ? "target" as const : "control" as const;
      const own = { panel: p.name, line: name, configuration, rule, multipliers, role, seeds };
      return { ...own, against, judgedAs };
    };
    const compared = [
      ...Object.entries(p.variants).map(([name, configuration]) =>
        line(name, { configuration }, "claim")
      ),
      ...Object.entries(p.controls).map(([name, twin]) => line(name, twin, "control")),
    ];
    return [...dense.values(), ...compared];
  });
}

/** Losses of the first steps; a step after divergence counts as the first, that of an untrained model. */
function firstLosses(run: Run, steps: number): number[] {
  const found = run.trainLoss.slice(0, steps);
  return Array.from({ length: steps }, (_, t) => found[t] ?? found[0] ?? NaN);
}

const windowMeans = (values: number[], windows: number): number[] =>
  Array.from({ length: windows }, (_, w) =>
    mean(values.slice(
      Math.round(w * values.length / windows),
      Math.round((w + 1) * values.length / windows),
    )));

/** Mean gap and growth of one line, one value per seed, losses; the same of |gap|, to be shown. */
function gapsOf(line: number[][], dense: number[][], p: InitialLossProfile) {
  const perSeed = line.map((losses, k) =>
    windowMeans(losses.map((v, t) => v - dense[k][t]), p.windows)
  );
  const centres = Array.from({ length: p.windows }, (_, w) => (w + 0.5) * p.steps / p.windows);
  const gaps = centres.map((_, w) => perSeed.map((gap) => gap[w]));
  const growth = (of: number[][]) =>
    contrastOf(of, slopeWeights(centres)).map((slope) => slope * p.steps);
  const sizes = gaps.map((row) => row.map(Math.abs));
  return {
    centres,
    /** `[window][seed]` */
    gaps,
    size: perSeed.map(mean),
    growth: growth(gaps),
    absolute: { size: perSeed.map((gap) => mean(gap.map(Math.abs))), growth: growth(sizes) },
  };
}

/** A line with its runs and the losses of the first steps, `[seed][step]`. */
interface Curves {
  line: Line;
  losses: number[][];
  /** runs that diverged within the first steps */
  diverged: number;
}

/** What the fall of the dense loss is: first step to the last window, mean over seeds. */
function fallOf({ losses }: Curves, windows: number): number {
  return mean(losses.map((c) => c[0])) - mean(losses.map((c) => windowMeans(c, windows).at(-1)!));
}

/** Points of the gap and the judgement of one line: it stays with dense by size and by growth. */
function judgeLine(own: Curves, dense: Curves, profile: InitialLossProfile) {
  const { line } = own, { seeds, windows } = profile, panel = gapPanel(line.panel);
  const fall = fallOf(dense, windows), usable = fall > 0 && dense.diverged === 0;
  const { centres, gaps, size, growth, absolute } = gapsOf(own.losses, dense.losses, profile);
  const percent = (losses: number[]) => losses.map((v) => 100 * v / fall);
  const points = !usable
    ? []
    : gaps.map(percent).map((values, w) =>
      pointOf(panel, line.line, centres[w], mean(values), meanInterval(values))
    );
  const over = (losses: number[]) => usable ? meanInterval(percent(losses)) : null;
  const measure = (name: string, losses: number[], limit: number): UnjudgedMeasure => {
    const value = over(losses);
    return {
      name,
      unit: "% of the dense model's fall",
      value,
      noise: value && Number.isFinite(value.hi - value.lo)
        ? noiseOfInterval(value, seeds.length)
        : null,
      limits: { lo: -limit, hi: limit },
      missing: dense.diverged > 0
        ? `${dense.diverged} of ${seeds.length} dense runs diverged`
        : fall > 0
        ? ONE_SEED
        : "the dense model's loss did not fall",
    };
  };
  const judgement = judge({
    panel,
    subject: `${line.line} against ${line.against}, ${line.panel}`,
    variant: line.judgedAs === "claim" ? line.rule ?? "complete-mue" : line.line,
    role: line.judgedAs,
    measures: [
      measure("mean gap", size, profile.limits.gap_percent),
      measure("growth of the gap", growth, profile.limits.growth_percent),
    ],
  });
  return { points, judgement, absolute: [over(absolute.size), over(absolute.growth)] };
}

const gapPanel = (panel: string) => `gap, ${panel}`;

/**
 * Measures and judges the runs of {@link initialLossModels}.
 *
 * - claim, each variant: the mean gap and its growth stay within their limits, up and down
 * - control, each twin: one of them must leave them
 *
 * @param unit of the losses
 * @throws {RangeError} for runs of other seeds, and with fewer steps than are looked at
 */
export function judgeInitialLoss(
  profile: InitialLossProfile,
  runs: readonly Run[],
  unit: string,
): Findings {
  const { steps, seeds, windows, plan } = profile;
  if (steps > plan.steps || windows < 2 || windows > steps) {
    throw new RangeError(
      `Cannot compare ${steps} first steps in ${windows} windows: ${plan.steps} steps are trained`,
    );
  }
  const lines = initialLossModels(profile);
  const all = runsByModel(lines, runs).map((of, i): Curves => ({
    line: lines[i],
    losses: of.map((run) => firstLosses(run, steps)),
    diverged: of.filter((r) => r.divergedAtStep !== null && r.divergedAtStep < steps).length,
  }));
  const points: Point[] = [], judgements: Judgement[] = [], rows: TableCell[][] = [];
  for (const own of all) {
    const { against, panel, line, configuration } = own.line;
    for (let t = 0; t < steps; t++) {
      const y = mean(own.losses.map((curve) => curve[t]));
      points.push(pointOf(panel, line, t + 1, y));
    }
    const dense = all.find((c) => c.line.panel === panel && c.line.line === against);
    if (dense === undefined) continue;
    const found = judgeLine(own, dense, profile);
    points.push(...found.points);
    judgements.push(found.judgement);
    const judged = found.judgement.measures.map((m) => m.value);
    rows.push([panel, line, configuration, ...judged, ...found.absolute]);
  }
  return {
    panels: profile.panels.flatMap(({ name }) => panelsOf(name, profile, unit)),
    // a run that diverged at its first step has no loss to draw
    points: points.filter((p) => Number.isFinite(p.y)),
    judgements,
    tables: [{
      title: "Gaps of the initial loss",
      columns: [
        column("width"),
        column("line"),
        column("configuration"),
        column("mean gap", "%", 2),
        column("growth of the gap", "%", 2),
        column("mean |gap|", "%", 2),
        column("growth of |gap|", "%", 2),
      ],
      rows,
      note: `Percent of the fall of the dense model's loss over the first ${steps} steps; 95% ` +
        `Student intervals over ${seeds.length} paired seeds. |gap| is taken seed by seed: it was judged until ` +
        "version 3, and holds the seeds' noise.",
    }],
    caveats: [
      `${
        judgements.filter((j) => j.role === "claim").length
      } variants are judged, both measures at 95% each`,
      "a control must leave one limit, a claim keep both",
      "a gap holds what the models can learn as well as how they are scaled",
      ...all.filter((c) => c.diverged > 0).map(({ diverged, line }) =>
        `${diverged} of ${seeds.length} runs of ${line.line}, ${line.panel}, diverged; from then on they ` +
        `count with the loss of an untrained model`
      ),
    ],
  };
}

/** The losses of one width, and the gaps to dense beside their limit. */
function panelsOf(name: string, { steps, limits }: InitialLossProfile, unit: string): Panel[] {
  const x = { title: "step", scale: "linear" } as const;
  const label = "limit of the mean gap", limit = limits.gap_percent;
  return [
    panelOf({
      name,
      title: `Training loss of the first ${steps} steps, ${name}`,
      chart: "training-loss",
      x,
      y: { title: `training loss (${unit})`, scale: "linear" },
    }),
    panelOf({
      name: gapPanel(name),
      title: `Gap to dense of equal active width, ${name}`,
      chart: "gap",
      x,
      y: { title: "gap (% of the dense model's fall)", scale: "linear" },
      rules: [{ y: limit, label }, { y: -limit, label }],
    }),
  ];
}

/** How a suite of this kind is measured. */
export const INITIAL_LOSS: Method<InitialLossProfile> = judgedRuns(
  initialLossModels,
  judgeInitialLoss,
);
