/**
 * Do router logits grow and the loss spike at a high learning rate, and does the z-loss hold both down?
 *
 * - growth of a run: log2 of the RMS of logsumexp(router logits) over the second half of the steps,
 *   over that of the first step, octaves. The RMS is over tokens and blocks: √(z-loss / L)
 * - rise of a run: how far the mean training loss of some steps climbs above its lowest earlier value;
 *   a run that diverged climbs to the loss of a guess
 *
 * @module
 */
import { judgeOne, type Single } from "../judge/decide.ts";
import type { Findings, FindingsTable, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import type { Run } from "../record/run.ts";
import { meanInterval } from "../statistics/paired.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { mean } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { runsByModel } from "./models.ts";
import { judgedRuns, type Method } from "./suite.ts";

/** What the suite trains. */
export interface StabilityProfile {
  plan: TrainingPlan;
  /** the model, in the command line's grammar */
  configuration: string;
  /** log2 of the reference's learning rate: about its optimum, and far above it */
  log2lr: { tuned: number; high: number };
  /** coefficient of the z-loss, where there is one */
  zCoef: number;
  seeds: number[];
  /** steps a loss is averaged over before it is called a rise */
  window: number;
  /** the loss of a guess */
  guess: number;
  /** least growth that says the logits left their scale; least difference of two rises that is a spike */
  limits: { growth_octaves: number; rise: number };
}

const RATES = ["tuned", "high"] as const, LOSSES = ["no z-loss", "z-loss"] as const;
type Rate = typeof RATES[number];
type Loss = typeof LOSSES[number];

/** Every model of the suite: rates × with and without z-loss. */
export function stabilityModels(p: StabilityProfile) {
  return RATES.flatMap((rate) =>
    LOSSES.map((loss) => {
      const log2lr = p.log2lr[rate], name = `2^${log2lr}`.replace("-", "−");
      return {
        rate,
        loss,
        name,
        panel: "logits",
        line: `${loss}, ${name}`,
        configuration: p.configuration,
        log2lr,
        training: { zCoef: loss === "z-loss" ? p.zCoef : 0 },
        seeds: p.seeds,
      };
    })
  );
}

/** RMS of logsumexp of the router logits at each step; null where it left the finite numbers. */
export function logsumexpOf(run: Run, blocks: number): (number | null)[] {
  return (run.trainZLoss ?? []).map((z) => z === null ? null : Math.sqrt(z / blocks));
}

/** Growth of a run, octaves; null when its log does not reach the second half or is not finite. */
export function growthOf(run: Run, blocks: number): number | null {
  const rms = logsumexpOf(run, blocks), late = rms.slice(Math.floor(run.steps / 2));
  if (late.length === 0 || !rms[0] || late.includes(null)) return null;
  return Math.log2(Math.sqrt(mean(late.map((x) => x! ** 2))) / rms[0]);
}

/** Means of `window` consecutive values. */
function smooth(values: readonly number[], window: number): number[] {
  return values.slice(window - 1).map((_, i) => mean(values.slice(i, i + window)));
}

/** Rise of a run, a loss. */
export function riseOf(run: Run, p: Pick<StabilityProfile, "window" | "guess">): number {
  const losses = smooth(run.trainLoss, p.window);
  if (run.divergedAtStep !== null) losses.push(p.guess);
  // before the first mean there is the first loss, so that a run that dies at once has risen
  let least = run.trainLoss[0] ?? 0, rise = 0;
  for (const x of losses) {
    rise = Math.max(rise, x - least);
    least = Math.min(least, x);
  }
  return rise;
}

/** Interval of what every seed gives, and its noise; null when a seed gives nothing. */
function over(values: (number | null)[]): Pick<Single, "value" | "noise"> {
  const value = values.some((v) => v === null) ? null : meanInterval(values as number[]);
  return { value, noise: value && noiseOfInterval(value, values.length) };
}

/** Lines with their runs, and what is measured of each. */
function measure(p: StabilityProfile, runs: readonly Run[]) {
  const blocks = runs.find((r) => r.expertLoad)?.expertLoad?.length ?? 1;
  const lines = stabilityModels(p), byLine = runsByModel(lines, runs);
  return lines.map((line, i) => ({
    ...line,
    runs: byLine[i],
    growth: byLine[i].map((run) => growthOf(run, blocks)),
    rise: byLine[i].map((run) => riseOf(run, p)),
    logs: byLine[i].map((run) => logsumexpOf(run, blocks)),
  }));
}
type Group = ReturnType<typeof measure>[number];

const MISSING = "a run diverged, or there are fewer than two seeds";

/**
 * Measures and judges the runs of {@link stabilityModels}.
 *
 * - claims, at the high rate: without z-loss the logits grow by the limit; with it the loss rises by the
 *   limit less
 * - controls: with the z-loss the same growth, and at the tuned rate the same difference of rises, must
 *   fall short. What the z-loss costs at the tuned rate is shown beside them
 *
 * @param unit of the losses
 * @throws {RangeError} for runs of other seeds
 */
export function judgeStability(p: StabilityProfile, runs: readonly Run[], unit: string): Findings {
  const groups = measure(p, runs), { limits } = p;
  const of = (rate: Rate, loss: Loss) => groups.find((g) => g.rate === rate && g.loss === loss)!;
  const growth = (role: Single["role"], { name, loss, growth }: Group) =>
    judgeOne({
      panel: "logits",
      subject: `learning rate ${name}`,
      variant: loss,
      role,
      name: "growth of the router logits' logsumexp",
      unit: "octaves",
      ...over(growth),
      limits: { lo: limits.growth_octaves },
      missing: MISSING,
    });
  const compared = (
    rate: Rate,
    own: Pick<Single, "role" | "variant" | "name" | "value" | "noise" | "limits">,
  ) =>
    judgeOne({
      panel: "rise",
      subject: `learning rate ${of(rate, "z-loss").name}`,
      unit,
      missing: MISSING,
      ...own,
    });
  const spared = (role: Single["role"], rate: Rate) => {
    const plain = of(rate, "no z-loss"), held = of(rate, "z-loss");
    return compared(rate, {
      role,
      variant: "no z-loss less z-loss",
      name: "rise of the loss that the z-loss spares",
      ...over(plain.rise.map((rise, k) => rise - held.rise[k])),
      limits: { lo: limits.rise },
    });
  };
  const cost = of("tuned", "z-loss").runs.map((run, k) => {
    const plain = of("tuned", "no z-loss").runs[k].validationLoss, own = run.validationLoss;
    return plain === null || own === null ? null : own - plain;
  });
  return {
    panels: panelsOf(p, unit),
    points: groups.flatMap((group) => pointsOf(group, p)),
    judgements: [
      growth("claim", of("high", "no z-loss")),
      growth("control", of("high", "z-loss")),
      spared("claim", "high"),
      spared("control", "tuned"),
      compared("tuned", {
        role: "aside",
        variant: "z-loss less no z-loss",
        name: "validation loss that the z-loss adds",
        ...over(cost),
        limits: { hi: limits.rise },
      }),
    ],
    tables: [tableOf(groups, p, unit)],
    caveats: [
      "The models are small, normalize queries and keys and clip the gradient, all of which steady the loss by themselves; ST-MoE saw its spikes in models thousands of times larger.",
      "A dead expert is one whose load is below a tenth of the mean.",
    ],
  };
}

/** How a suite of this kind is measured. */
export const ROUTER_STABILITY: Method<StabilityProfile> = judgedRuns(
  stabilityModels,
  judgeStability,
);

function panelsOf({ window }: StabilityProfile, unit: string): Panel[] {
  return [
    panelOf({
      name: "logits",
      title: "Router logits in training",
      chart: "logits",
      x: { title: "step", scale: "linear" },
      y: { title: "RMS of logsumexp of the router logits, mean over seeds", scale: "log2" },
    }),
    panelOf({
      name: "rise",
      title: "Largest rise of the training loss",
      chart: "rise",
      mark: "points",
      x: { title: "the reference's learning rate", scale: "nominal" },
      y: { title: `rise of the mean of ${window} steps, ${unit}`, scale: "linear" },
    }),
  ];
}

/** The rise of a group, and its logits at about fifty steps, until one of them is not finite. */
function pointsOf({ line, loss, name, rise, logs }: Group, { plan }: StabilityProfile): Point[] {
  const points = [pointOf("rise", loss, name, mean(rise), meanInterval(rise))];
  for (let t = 0; t < plan.steps; t += Math.ceil(plan.steps / 50)) {
    const here = logs.flatMap((log) => log[t] ?? []);
    if (here.length < logs.length) break;
    points.push(pointOf("logits", line, t, mean(here)));
  }
  return points;
}

function tableOf(groups: Group[], p: StabilityProfile, unit: string): FindingsTable {
  return {
    title: "Every run",
    columns: [
      column("learning rate"),
      column("z-loss"),
      column("seed", "", 0),
      column("growth", "octaves", 2),
      column("largest |logit|", "", 2),
      column("rise", unit, 3),
      column("validation", unit, 3),
      column("dead experts", "", 0),
    ],
    rows: groups.flatMap((g) =>
      g.runs.map(({ router, validationLoss }, k) => [
        g.name,
        g.loss === "z-loss" ? p.zCoef : "none",
        p.seeds[k],
        g.growth[k],
        router && Math.max(...router.maxLogit),
        g.rise[k],
        validationLoss,
        router && router.deadExperts.reduce((a, b) => a + b, 0),
      ])
    ),
    note:
      "Largest |logit| and dead experts are of held-out data after the last step, over all blocks.",
  };
}
