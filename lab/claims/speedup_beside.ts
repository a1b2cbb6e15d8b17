/**
 * What `speedup` shows beside its claim; none of it decides anything.
 *
 * - equal total: a dense model of as many parameters as the MoE model has in all, but for its router. It computes more
 *   per token, so that an MoE model that is as fast would have gained from being sparse itself. Source: 2506.12119,
 *   which finds that it can where the share of active experts is right and data is plenty.
 * - without Bridge I: the same MoE model without the routed sum's R (gates sum to 1, so that it is a times too small
 *   beside the dense FFN of its active width), at the learning rates around the transferred one. The authors draw
 *   this way from a dense FFN to a sparse MoE as one that does not transfer.
 *
 * @module
 */
import { judgeOne, type Single } from "../judge/decide.ts";
import type { Findings, FindingsTable, Interval, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import { type Phase, type Speedups, speedups } from "../statistics/curves.ts";
import { analyse, shiftBetween, sortSeeds, type Sweep } from "../statistics/optimum.ts";
import { meanInterval } from "../statistics/paired.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { drawSeeds } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { lossesOf, type SeededModel } from "./models.ts";
import { curvesOf, lostIn, noiseOf, panelWith, pointsOf, speedupOf } from "./speedup_parts.ts";
import { ONE_SEED } from "./suite.ts";

/** What stands beside the claim at a profile, all of the first of its MoE models. */
export interface Beside {
  /** the dense model of as many parameters in total */
  equalTotal: { line: string; configuration: string };
  withoutR: {
    /** log2 of the learning rates, the transferred one among them */
    log2lr: number[];
    /** how many of the first seeds at the transferred learning rate, and at the others */
    seeds: { transferred: number; elsewhere: number };
    /** what leaving R out must stay within to be called harmless: loss (the task's unit), shift (octaves) */
    limits: { loss: number; shift_octaves: number };
  };
}

/** What of a profile it looks at. */
export interface BesideProfile {
  plan: TrainingPlan;
  seeds: number[];
  moe: Record<string, string>;
  smoothing_octaves: number;
  levelsPerOctave: number;
  limits: { speedup: number };
  beside?: Beside;
}

/** Names of the panels. */
export const EQUAL = "equal total", BRIDGE = "without Bridge I";

/** The MoE model's line. */
export const besideOf = ({ moe }: Pick<BesideProfile, "moe">): string => Object.keys(moe)[0];
const withoutOf = (of: string) => `${of} without R`;
const transferredOf = ({ base }: TrainingPlan) => Math.log2(base.lr);

/** Models it trains besides the claim's: those at the transferred rate with R are the claim's own. */
export function besideModels(profile: BesideProfile): SeededModel[] {
  const { beside, moe, plan, seeds } = profile;
  if (beside === undefined) return [];
  const { equalTotal, withoutR } = beside, transferred = transferredOf(plan);
  const of = besideOf(profile);
  if (!withoutR.log2lr.includes(transferred)) {
    throw new RangeError(
      `Cannot leave R out of ${of}: the transferred log2 learning rate ${transferred} is none of ${withoutR.log2lr}`,
    );
  }
  const own = { panel: BRIDGE, configuration: moe[of] };
  const first = (log2lr: number) => {
    const { transferred: at, elsewhere } = withoutR.seeds;
    return seeds.slice(0, log2lr === transferred ? at : elsewhere);
  };
  const others = withoutR.log2lr.filter((log2lr) => log2lr !== transferred);
  return [
    { panel: EQUAL, seeds, ...equalTotal },
    ...others.map((log2lr) => ({ ...own, line: of, log2lr, seeds: first(log2lr) })),
    ...withoutR.log2lr.map((log2lr) => ({
      ...own,
      line: withoutOf(of),
      multipliers: { routeScale: 1 },
      role: "control" as const,
      log2lr,
      seeds: first(log2lr),
    })),
  ];
}

/** Validation losses of one line less another's, seed by seed, over the seeds both have. */
function difference(
  of: readonly Run[],
  from: readonly Run[],
): Pick<Single, "value" | "noise" | "missing"> {
  const n = Math.min(of.length, from.length);
  const [a, b] = [of, from].map((runs) => lossesOf(runs.slice(0, n)));
  if (a === null || b === null) return { value: null, missing: "a run diverged" };
  const value = meanInterval(a.map((v, k) => v - b[k]));
  return { value, noise: value && noiseOfInterval(value, n), missing: ONE_SEED };
}

/** Findings of what stands beside, to be added to the claim's. */
export type BesideFindings = Pick<Findings, "panels" | "points" | "tables" | "caveats"> & {
  judgements: Single[];
};

/**
 * Measures what stands beside the claim.
 *
 * @param claimed runs of the MoE model at the transferred learning rate @param byModel those of {@link besideModels}
 * @param unit of the losses
 * @returns nothing of a profile that has nothing beside
 */
export function measureBeside(
  profile: BesideProfile,
  claimed: Run[],
  byModel: Run[][],
  phase: Phase,
  unit: string,
): BesideFindings {
  const { beside } = profile;
  if (beside === undefined) {
    return { panels: [], points: [], tables: [], caveats: [], judgements: [] };
  }
  const parts = [
    equalTotalOf(profile, beside, claimed, byModel[0], phase, unit),
    withoutROf(profile, beside, claimed, byModel.slice(1), unit),
  ];
  const all = <K extends keyof BesideFindings>(key: K) =>
    parts.flatMap((part) => part[key] as unknown[]) as BesideFindings[K];
  return {
    panels: all("panels"),
    points: all("points"),
    tables: all("tables"),
    caveats: all("caveats"),
    judgements: all("judgements"),
  };
}

function equalTotalOf(
  profile: BesideProfile,
  { equalTotal: { line, configuration } }: Beside,
  moe: Run[],
  dense: Run[],
  phase: Phase,
  unit: string,
): BesideFindings {
  const { smoothing_octaves: reach, levelsPerOctave, limits } = profile, of = besideOf(profile);
  const [from, own] = [dense, moe].map((runs) => curvesOf(runs, phase, reach));
  const missing = lostIn(dense, phase) ?? lostIn(moe, phase) ??
    (moe.length < 2 ? ONE_SEED : undefined);
  const found: Speedups | null = from && own && !missing
    ? speedups(from, own, phase, levelsPerOctave)
    : null;
  const common = {
    panel: EQUAL,
    subject: `${of} over ${line}`,
    variant: "complete-mue",
    role: "aside",
  } as const;
  const parameters = [moe, dense].map(([run]) => run.parameters);
  return {
    panels: [
      panelWith(EQUAL, `Steps of ${line} / steps of ${of} to the same training loss`, unit, {
        decides: false,
        y: "speed-up in steps",
      }),
    ],
    points: pointsOf(found, EQUAL, of),
    judgements: [
      {
        ...common,
        name: "speed-up in steps",
        unit: "",
        value: found && speedupOf(found.last),
        noise: found && noiseOf(found.last),
        limits: { lo: limits.speedup },
        missing,
      },
      {
        ...common,
        subject: `${of} less ${line}`,
        name: "difference of the validation loss",
        unit,
        ...difference(moe, dense),
        limits: { hi: 0 },
      },
    ],
    tables: [{
      title: "At equal total parameters",
      columns: [
        column("line"),
        column("configuration"),
        column("parameters", "", 0),
        column("validation loss", unit, 4),
      ],
      rows: [[of, profile.moe[of]], [line, configuration]].map(([name, text], i) => [
        name,
        text,
        parameters[i],
        meanOf([moe, dense][i]),
      ]),
      note: `The MoE model's router is what it has more: ${
        parameters[0] - parameters[1]
      } parameters. Intervals hold what a seed adds to both models; the difference is judged without it.`,
    }],
    caveats: [
      `${line} has as many parameters in total as ${of}, and computes more per token: what it is faster by is not bought with equal compute; it decides nothing`,
    ],
  };
}

const meanOf = (of: readonly Run[]): Interval | number[] | null => {
  const losses = lossesOf(of);
  return losses && (meanInterval(losses) ?? losses);
};

function withoutROf(
  profile: BesideProfile,
  { withoutR: { log2lr, seeds, limits } }: Beside,
  claimed: Run[],
  byModel: Run[][],
  unit: string,
): BesideFindings {
  const of = besideOf(profile), transferred = transferredOf(profile.plan);
  const others = log2lr.filter((x) => x !== transferred);
  const whole = log2lr.map((x) =>
    x === transferred ? claimed.slice(0, seeds.transferred) : byModel[others.indexOf(x)]
  );
  const without = byModel.slice(others.length), at = log2lr.indexOf(transferred);
  const sweepOf = (runs: Run[][]): Sweep => ({
    log2x: log2lr,
    loss: runs.map((row) => row.slice(0, seeds.elsewhere).map((run) => run.validationLoss)),
  });
  const [a, b] = sortSeeds([sweepOf(whole), sweepOf(without)]);
  const draws = drawSeeds(Math.max(1, a.loss[0].length));
  const [from, to] = [analyse(a, draws, 1), analyse(b, draws, 2)];
  const edge = [from, to].map(({ optimum }) => optimum).find(({ reason }) => reason !== null);
  const common = {
    panel: BRIDGE,
    subject: `${withoutOf(of)} less with it`,
    variant: "complete-mue without R",
    role: "aside",
  } as const;
  const lines = [[of, whole], [withoutOf(of), without]] as const;
  return {
    panels: [panelOf({
      name: BRIDGE,
      title: `${of} with and without R: validation loss by learning rate`,
      decides: false,
      chart: "without-bridge-i",
      x: { title: "learning rate of the reference", scale: "log2" },
      y: { title: `validation loss (${unit})`, scale: "linear" },
    })],
    points: lines.flatMap(([line, runs]) =>
      log2lr.flatMap((x, g): Point[] => {
        const losses = lossesOf(runs[g]), found = losses && meanInterval(losses);
        return found ? [pointOf(BRIDGE, line, 2 ** x, found.estimate, found)] : [];
      })
    ),
    judgements: [
      {
        ...common,
        name: "difference of the validation loss at the transferred learning rate",
        unit,
        ...difference(without[at], whole[at]),
        limits: { hi: limits.loss },
      },
      {
        ...common,
        name: "shift of the optimum",
        unit: "octaves",
        value: edge ? null : shiftBetween(from, to),
        limits: { lo: -limits.shift_octaves, hi: limits.shift_octaves },
        missing: edge?.reason ?? "one of them has no optimum",
      },
    ],
    tables: [tableOf(lines, log2lr, unit)],
    caveats: [
      `R is left out of ${of} at the reference's hyperparameters: what the experts add is ${
        shareWithoutR(whole)
      } of what the rule gives; ${seeds.transferred} paired seeds at the transferred learning rate, ${seeds.elsewhere} beside it; it decides nothing`,
    ],
  };
}

/** What the routed sum is without R, beside the rule's: 1/R of the runs that have it. */
const shareWithoutR = (whole: Run[][]) => {
  const scale = whole.flat()[0]?.multipliers.routeScale;
  return scale === undefined ? "less" : `1/${Number(scale.toPrecision(3))}`;
};

function tableOf(
  [[of, whole], [line, without]]: readonly (readonly [string, Run[][]])[],
  log2lr: number[],
  unit: string,
): FindingsTable {
  return {
    title: "Without Bridge I",
    columns: [
      column("log2 learning rate", "", 0),
      column(of, unit, 4),
      column(line, unit, 4),
      column("difference", unit, 4),
    ],
    rows: log2lr.map((x, g) => [
      x,
      meanOf(whole[g]),
      meanOf(without[g]),
      difference(without[g], whole[g]).value,
    ]),
    note: "Validation losses, means over seeds with 95% intervals; differences are paired by seed.",
  };
}

/** Judgements of {@link measureBeside}, judged. */
export const judgeBeside = ({ judgements }: Pick<BesideFindings, "judgements">) =>
  judgements.map(judgeOne);
