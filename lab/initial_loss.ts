/**
 * Do dense and MoE models learn alike at first? Gaps between the training losses of the first steps, paired
 * by seed (same text in the same order), and their limits.
 *
 * gap_k(t) = loss of the variant − loss of the dense model of the same width, seed k; averaged over windows
 * of steps, which takes out what differs from batch to batch. Judged are the mean over windows of |gap| and
 * its growth, the least-squares slope of |gap| over the windows' centres times the steps looked at. Both
 * are given in percent of the fall of the dense loss over these steps, so that one limit fits any size.
 *
 * @module
 */
import { judgeClaim } from "./claim_judge.ts";
import type { ClaimJudgement, Findings, Interval, PanelFacts, Point } from "./claim_record.ts";
import type { TrainingPlan, Wanted } from "./claim_suite.ts";
import { contrastOf, meanInterval, slopeWeights } from "./paired.ts";
import type { Run } from "./record.ts";
import { runsByModel, type SeededModel, wantedOf } from "./seeded.ts";
import { mean } from "./statistics.ts";

/** One width: the dense model and what is compared with it. */
export interface InitialLossPanel {
  name: string;
  dense: string;
  /** variants by the legend's text */
  variants: Record<string, string>;
  /** twins with a part of the rule taken away; they must leave the limits */
  controls: Record<string, Pick<SeededModel, "configuration" | "rule" | "multipliers">>;
}

/** What `initial-loss` measures at a profile. */
export interface InitialLossProfile {
  plan: TrainingPlan;
  seeds: number[];
  /** first steps looked at */
  steps: number;
  /** windows of equal length they are cut into */
  windows: number;
  /** largest mean |gap|, percent of the dense model's fall */
  gapLimit_percent: number;
  /** largest growth of |gap| over these steps, percent of the dense model's fall */
  growthLimit_percent: number;
  panels: InitialLossPanel[];
}

function modelsOf({ seeds, panels }: InitialLossProfile): SeededModel[] {
  return panels.flatMap((p) => [
    { panel: p.name, line: "dense", configuration: p.dense, seeds },
    ...Object.entries(p.variants).map(([line, configuration]) => ({
      panel: p.name,
      line,
      configuration,
      seeds,
    })),
    ...Object.entries(p.controls).map(([line, c]) => ({
      panel: p.name,
      line,
      ...c,
      role: "control" as const,
      seeds,
    })),
  ]);
}

/** Every model the suite trains; the runs of other suites at the same plan are these. */
export function initialLossWanted(profile: InitialLossProfile): Wanted[] {
  return wantedOf(modelsOf(profile));
}

/** Losses of the first steps; a step after divergence counts as the first, that of an untrained model. */
function firstLosses(run: Run, steps: number): number[] {
  const found = run.trainLoss_nats.slice(0, steps);
  return Array.from({ length: steps }, (_, t) => found[t] ?? found[0] ?? NaN);
}

const windowMeans = (values: number[], windows: number): number[] =>
  Array.from({ length: windows }, (_, w) =>
    mean(values.slice(
      Math.round(w * values.length / windows),
      Math.round((w + 1) * values.length / windows),
    )));

const percent = (values: number[], fall: number) => values.map((v) => 100 * v / fall);

/** Mean |gap| and growth of one line, one value per seed, nats. */
function gapsOf(line: number[][], dense: number[][], p: InitialLossProfile) {
  const perSeed = line.map((losses, k) =>
    windowMeans(losses.map((v, t) => v - dense[k][t]), p.windows)
  );
  const centres = Array.from({ length: p.windows }, (_, w) => (w + 0.5) * p.steps / p.windows);
  const sizes = centres.map((_, w) => perSeed.map((gap) => Math.abs(gap[w])));
  return {
    centres,
    /** `[window][seed]` */
    gaps: centres.map((_, w) => perSeed.map((gap) => gap[w])),
    size: perSeed.map((gap) => mean(gap.map(Math.abs))),
    growth: contrastOf(sizes, slopeWeights(centres)).map((slope) => slope * p.steps),
  };
}

/**
 * Measures and judges the runs of {@link initialLossWanted}.
 *
 * - claim, each variant: mean |gap| and its growth are at most their limits
 * - control, each twin: its mean |gap| must be above the limit; its growth is shown beside it
 *
 * @throws {RangeError} for runs of other seeds, and with fewer steps than are looked at
 */
export function judgeInitialLoss(profile: InitialLossProfile, runs: readonly Run[]): Findings {
  const { steps, seeds, windows, plan } = profile;
  if (steps > plan.steps || windows < 2 || windows > steps) {
    throw new RangeError(
      `Cannot compare ${steps} first steps in ${windows} windows: ${plan.steps} steps are trained`,
    );
  }
  const models = modelsOf(profile), byModel = runsByModel(models, runs);
  const panels: PanelFacts[] = [], points: Point[] = [], judgements: ClaimJudgement[] = [];
  const caveats: string[] = [], rows: string[][] = [];
  const diverged = (of: Run[]) =>
    of.filter((run) => run.divergedAtStep !== null && run.divergedAtStep < steps).length;
  for (const panel of profile.panels) {
    const mine = models.flatMap((m, i) => m.panel === panel.name ? [{ m, runs: byModel[i] }] : []);
    const denseRuns = mine[0].runs, dense = denseRuns.map((run) => firstLosses(run, steps));
    const last = dense.map((losses) => windowMeans(losses, windows)[windows - 1]);
    const fall = mean(dense.map((losses) => losses[0])) - mean(last);
    const usable = fall > 0 && diverged(denseRuns) === 0;
    const gapPanel = `gap, ${panel.name}`, limit = profile.gapLimit_percent * fall / 100;
    panels.push({
      name: panel.name,
      title: `Training loss of the first ${steps} steps, ${panel.name}`,
      mark: "line",
      x: { title: "step", scale: "linear" },
      y: { title: "training loss (nats)", scale: "linear" },
      rules: [],
    }, {
      name: gapPanel,
      title: `Training loss above the dense model's, ${panel.name}`,
      mark: "line",
      x: { title: "step", scale: "linear" },
      y: { title: "gap to dense (nats)", scale: "linear" },
      rules: usable
        ? [-limit, limit].map((y) => ({ y, label: `${profile.gapLimit_percent}% of the fall` }))
        : [],
    });
    for (const { m, runs: own } of mine) {
      const losses = own.map((run) => firstLosses(run, steps));
      for (let t = 0; t < steps; t++) {
        const y = mean(losses.map((curve) => curve[t]));
        points.push({ panel: panel.name, line: m.line, x: t + 1, y, lo: null, hi: null });
      }
      if (m.line === "dense") continue;
      const { centres, gaps, size, growth } = gapsOf(losses, dense, profile);
      gaps.forEach((values, w) => {
        const i = meanInterval(values);
        points.push({
          panel: gapPanel,
          line: m.line,
          x: centres[w],
          y: mean(values),
          lo: i?.lo ?? null,
          hi: i?.hi ?? null,
        });
      });
      const control = m.role === "control";
      const judged = (quantity: string, values: number[], hi: number, aside: boolean) =>
        judgeClaim({
          panel: gapPanel,
          quantity: `${m.line}, ${panel.name}: ${quantity}`,
          role: aside ? "aside" : control ? "control" : "claim",
          variant: control ? m.line : m.rule ?? "complete-mue",
          unit: "% of the dense model's fall",
          value: usable ? meanInterval(percent(values, fall)) : null,
          limits: { lo: null, hi },
          missing: usable
            ? `${seeds.length} seed has no interval`
            : diverged(denseRuns) > 0
            ? `${diverged(denseRuns)} of ${seeds.length} dense runs diverged`
            : "the dense model's loss did not fall",
        });
      const own2 = [
        judged("mean |gap|", size, profile.gapLimit_percent, false),
        judged("growth of |gap|", growth, profile.growthLimit_percent, control),
      ];
      judgements.push(...own2);
      rows.push([panel.name, m.line, m.configuration, ...own2.map((j) => share(j.value))]);
      if (diverged(own) > 0) {
        caveats.push(
          `${
            diverged(own)
          } of ${seeds.length} runs of ${m.line}, ${panel.name}, diverged; from then on ` +
            `they count with the loss of an untrained model`,
        );
      }
    }
  }
  caveats.push(
    `${
      judgements.filter((j) => j.role === "claim").length
    } quantities are judged at 95% each; the gap ` +
      `holds what the models can learn as well as how they are scaled, and grows with the steps`,
  );
  const note = `Percent of the fall of the dense model's loss over the first ${steps} steps; 95% ` +
    `Student intervals over ${seeds.length} paired seeds.`;
  const head = ["width", "line", "configuration", "mean |gap|", "growth of |gap|"];
  return {
    panels,
    points,
    judgements,
    tables: [{ title: "Gaps of the initial loss", head, rows, note }],
    caveats,
  };
}

const share = (i: Interval | null) =>
  i === null
    ? "not measured"
    : `${i.estimate.toFixed(2)} [${i.lo.toFixed(2)}, ${i.hi.toFixed(2)}]`.replaceAll("-", "−");
