/**
 * Routers ranked by held-out loss at the same transferred hyperparameters, paired by seed.
 *
 * A difference to the default router takes half of its variance from the residuals of all routers that learn, that of a
 * hash or a dense model too (lab/statistics/paired.ts).
 *
 * @module
 */
import { judgeOne, type Single } from "../judge/decide.ts";
import type { Findings, FindingsTable, Role, TableCell } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import {
  contrastVariance,
  meanInterval,
  meanVariance,
  type Pooled,
  residualVariance,
} from "../statistics/paired.ts";
import { ranksOf } from "../statistics/ranks.ts";
import { mean } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { lossesOf, runsByModel, type SeededModel, type Wanted } from "./models.ts";
import { judgedRuns, type Method, ONE_RATE, ONE_SEED } from "./suite.ts";

/** One line of the ranking. */
export interface RankedRouter {
  /** how tables and figures name it */
  name: string;
  /** the model, in the command line's grammar */
  configuration: string;
  training?: Wanted["training"];
}

/** What the suite trains. */
export interface RoutersProfile {
  plan: TrainingPlan;
  seeds: number[];
  /** what all others are compared with */
  usual: RankedRouter;
  /** routers that learn whom to pick */
  learned: RankedRouter[];
  /** the usual router with a capacity, shown beside */
  dropping: RankedRouter;
  /** one that learns nothing */
  blind: RankedRouter;
  /** a model without a router, shown beside */
  dense: RankedRouter;
  /** most by which a router that learns may differ from the usual one, a loss */
  limits: { differs: number };
}

const PANEL = "difference";

/** Every line, the usual router first. */
function linesOf(p: RoutersProfile): { router: RankedRouter; role: Role; learns: boolean }[] {
  return [
    { router: p.usual, role: "aside", learns: true },
    ...p.learned.map((router) => ({ router, role: "claim" as const, learns: true })),
    { router: p.dropping, role: "aside", learns: true },
    { router: p.blind, role: "control", learns: false },
    { router: p.dense, role: "aside", learns: false },
  ];
}

/** Every model of the suite, in the order of its lines. */
export function routersModels(p: RoutersProfile): SeededModel[] {
  return linesOf(p).map(({ router: { name, configuration, training }, role }) => ({
    panel: PANEL,
    line: name,
    configuration,
    role: role === "control" ? "control" : "target",
    seeds: p.seeds,
    ...(training ? { training } : {}),
  }));
}

type Line = ReturnType<typeof linesOf>[number] & { runs: Run[]; losses: number[] | null };

/** Differences of two lines, seed by seed. */
const less = (a: Line, b: Line): number[] | null =>
  a.losses && b.losses && a.losses.map((v, k) => v - b.losses![k]);

/** Variance of a difference, from the residuals of every router that learns and did not diverge. */
function pooledOf(lines: readonly Line[]): Pooled | undefined {
  const table = lines.filter(({ learns }) => learns).flatMap(({ losses }) =>
    losses ? [losses] : []
  );
  return table.length < 2 ? undefined : contrastVariance(residualVariance(table), [1, -1]);
}

/** What is judged of a line: its difference to the usual router. */
function judged(line: Line, usual: Line, pooled: Pooled | undefined) {
  const values = less(line, usual), value = values && meanInterval(values, pooled);
  const noise = () => {
    const { variance, freedom } = meanVariance(values!, pooled);
    return { error: Math.sqrt(variance), seeds: values!.length, freedom, rest: 0 };
  };
  const missing = values === null ? "a run diverged" : ONE_SEED;
  return { value, noise: value && noise(), missing } satisfies Partial<Single>;
}

/** Rank of each line that was measured: the range that the paired intervals allow. */
function rankedOf(lines: readonly Line[], pooled: Pooled | undefined) {
  const measured = lines.filter(({ losses }) => losses !== null);
  return ranksOf(measured, (a, b) => {
    const values = less(a, b);
    const found = values && meanInterval(values, pooled);
    return found !== null && found.hi < 0;
  });
}

/** Mean over seeds of a number of the runs' routers; null where a run has none. */
function overRouters(runs: readonly Run[], of: (r: NonNullable<Run["router"]>) => number) {
  const all = runs.flatMap(({ router }) => router ? [of(router)] : []);
  return all.length === runs.length ? mean(all) : null;
}

function rankingOf(lines: Line[], pooled: Pooled | undefined, unit: string): FindingsTable {
  const [usual] = lines, ranks = rankedOf(lines, pooled);
  const at = ({ losses }: Line) => losses ? mean(losses) : Infinity;
  return {
    title: "Ranking",
    columns: [
      column("rank"),
      column("router"),
      column("configuration"),
      column("held-out loss", unit, 3),
      column("less the usual router's", unit, 4),
      column("tied with"),
      column("dead experts", "", 1),
      column("dropped picks", "%", 1),
    ],
    rows: lines.toSorted((a, b) => at(a) < at(b) ? -1 : 1).map((line): TableCell[] => {
      const { router: { name, configuration }, runs, losses } = line, own = ranks.get(line);
      return [
        own?.rank ?? null,
        name,
        configuration,
        losses && mean(losses),
        line === usual ? 0 : judged(line, usual, pooled).value,
        own ? own.tied.map(({ router }) => router.name).join(", ") || "none" : null,
        overRouters(runs, ({ deadExperts }) => deadExperts.reduce((a, b) => a + b, 0)),
        overRouters(runs, ({ dropRate }) => 100 * mean(dropRate)),
      ];
    }),
    note:
      "Ranked by the mean loss. A rank is the range that the 95% intervals of the differences, paired by seed, allow; they are not corrected for how many are compared. Dead experts: load below a tenth of the mean, all blocks, mean over the seeds.",
  };
}

/**
 * Ranks and judges the runs of {@link routersModels}: every router that learns must lie within the limit of the usual
 * one, and one that learns nothing beyond it.
 *
 * @param unit of the losses
 * @throws {RangeError} for runs of other seeds
 */
export function judgeRouters(p: RoutersProfile, runs: readonly Run[], unit: string): Findings {
  const byLine = runsByModel(routersModels(p), runs), { differs } = p.limits;
  const lines = linesOf(p).map((line, i): Line => ({
    ...line,
    runs: byLine[i],
    losses: lossesOf(byLine[i]),
  }));
  const [usual, ...others] = lines, pooled = pooledOf(lines);
  const all = others.map((line) => ({ line, ...judged(line, usual, pooled) }));
  return {
    panels: [panelOf({
      name: PANEL,
      title: `Held-out loss less that of ${p.usual.name}`,
      chart: "routers",
      mark: "points",
      x: { title: "router", scale: "nominal" },
      y: { title: `difference of the held-out loss (${unit})`, scale: "linear" },
      rules: [{ y: differs, label: "limit" }, { y: -differs, label: "limit" }],
    })],
    points: all.flatMap(({ line: { router }, value }) =>
      value ? [pointOf(PANEL, "paired by seed", router.name, value.estimate, value)] : []
    ),
    judgements: all.map(({ line: { router, role }, value, noise, missing }) =>
      judgeOne({
        panel: PANEL,
        subject: router.name,
        variant: "complete-mue",
        role,
        name: `loss less that of ${p.usual.name}`,
        unit,
        value,
        noise,
        missing,
        // one that learns nothing must be worse: better would not show that learning is seen
        limits: role === "control" ? { hi: differs } : { lo: -differs, hi: differs },
      })
    ),
    tables: [rankingOf(lines, pooled, unit)],
    caveats: [
      ONE_RATE,
      "Where experts choose tokens a language model sees the future of its sequence, and its loss is no loss of text: expert choice is left out.",
      "R is the rule's for gates that sum to 1; for the others it is a/S with their sum at init, which training leaves (docs/routers.md).",
      "What a router costs in time or balances over devices is not measured.",
    ],
  };
}

/** How a suite of this kind is measured. */
export const ROUTERS: Method<RoutersProfile> = judgedRuns(routersModels, judgeRouters);
