/**
 * Do router logits grow and the loss spike at a high learning rate, and does the z-loss hold both down?
 *
 * - growth of a run: log2 of the RMS of logsumexp(router logits) over the second half of the steps,
 *   over that of the first step, octaves. The RMS is over tokens and blocks: √(z-loss / L)
 * - rise of a run: how far the mean training loss of {@link WINDOW} steps climbs above its lowest
 *   earlier value, nats; a run that diverged climbs to ln 256, the loss of a guess
 *
 * Limits, set before the first run: a growth of 1 octave is a router whose logits have left their
 * scale; a rise that differs by {@link SEEN} nats is a spike that is seen, for means of
 * {@link WINDOW} batches of the quick profile scatter by about a third of that.
 *
 * @module
 */
import { judgeClaim, type Measurement } from "./claim_judge.ts";
import type { Findings, Point } from "../record/claim_record.ts";
import type { TrainingPlan, Wanted, Workbench } from "./claim_suite.ts";
import { BYTES } from "../../model/tasks/language.ts";
import { meanInterval } from "../statistics/paired.ts";
import type { Interval, Run } from "../record/record.ts";
import { mean } from "../statistics/resample.ts";

/** Steps a loss is averaged over before it is called a rise. */
export const WINDOW = 10;
/** Least difference of two rises that is a spike, nats. */
export const SEEN = 0.05;
/** Least growth that says the logits left their scale, octaves. */
export const GROWTH = 1;

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
}

const RATES = ["tuned", "high"] as const, LOSSES = ["no z-loss", "z-loss"] as const;
type Rate = typeof RATES[number];
type Loss = typeof LOSSES[number];

/** Every model of the suite: rates × with and without z-loss × seeds. */
export function stabilityModels(p: StabilityProfile): Wanted[] {
  return RATES.flatMap((rate) =>
    LOSSES.flatMap((loss) =>
      p.seeds.map((seed): Wanted => ({
        panel: "logits",
        configuration: p.configuration,
        rule: "complete-mue",
        role: "target",
        log2lr: p.log2lr[rate],
        seed,
        training: { zCoef: loss === "z-loss" ? p.zCoef : 0 },
      }))
    )
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

/** Means of {@link WINDOW} consecutive values. */
export function smooth(values: readonly number[]): number[] {
  return values.slice(WINDOW - 1).map((_, i) => mean(values.slice(i, i + WINDOW)));
}

/** Rise of a run, nats. */
export function riseOf(run: Run): number {
  const losses = smooth(run.trainLoss);
  if (run.divergedAtStep !== null) losses.push(Math.log(BYTES));
  // before the first mean there is the first loss, so that a run that dies at once has risen
  let least = run.trainLoss[0] ?? 0, rise = 0;
  for (const x of losses) {
    rise = Math.max(rise, x - least);
    least = Math.min(least, x);
  }
  return rise;
}

/** Interval of what every seed gives; null when a seed gives nothing. */
function over(values: (number | null)[]): Interval | null {
  return values.some((v) => v === null) ? null : meanInterval(values as number[]);
}

/** Trains and judges; see the module comment. */
export async function routerStability(p: StabilityProfile, at: Workbench): Promise<Findings> {
  const runs = await at.train(p.plan, stabilityModels(p)), n = p.seeds.length;
  const blocks = runs[0].expertLoad?.length ?? runs.find((r) => r.expertLoad)?.expertLoad?.length ??
    1;
  const of = (rate: Rate, loss: Loss): Run[] => {
    const first = (RATES.indexOf(rate) * LOSSES.length + LOSSES.indexOf(loss)) * n;
    return runs.slice(first, first + n);
  };
  const name = (rate: Rate) => `2^${p.log2lr[rate]}`.replace("-", "−");
  const growths = (rate: Rate, loss: Loss) => of(rate, loss).map((r) => growthOf(r, blocks));
  const spared = (rate: Rate) =>
    of(rate, "no z-loss").map((r, i) => riseOf(r) - riseOf(of(rate, "z-loss")[i]));
  const cost = of("tuned", "z-loss").map((r, i) => {
    const plain = of("tuned", "no z-loss")[i].validationLoss, own = r.validationLoss;
    return plain === null || own === null ? null : own - plain;
  });
  const missing = "a run diverged, or there are fewer than two seeds";
  const growth = (role: Measurement["role"], rate: Rate, loss: Loss): Measurement => ({
    panel: "logits",
    quantity: `growth of the router logits' logsumexp at learning rate ${name(rate)}`,
    role,
    variant: loss,
    unit: "octaves",
    value: over(growths(rate, loss)),
    limits: { lo: GROWTH, hi: null },
    missing,
  });
  const spike = (role: Measurement["role"], rate: Rate): Measurement => ({
    panel: "rise",
    quantity: `rise of the loss that the z-loss spares at learning rate ${name(rate)}`,
    role,
    variant: "no z-loss less z-loss",
    unit: "nats",
    value: over(spared(rate)),
    limits: { lo: SEEN, hi: null },
    missing,
  });
  const judgements = [
    growth("claim", "high", "no z-loss"),
    growth("control", "high", "z-loss"),
    spike("claim", "high"),
    spike("control", "tuned"),
    {
      panel: "rise",
      quantity: `validation loss the z-loss adds at learning rate ${name("tuned")}`,
      role: "aside" as const,
      variant: "z-loss less no z-loss",
      unit: "nats",
      value: over(cost),
      limits: { lo: null, hi: SEEN },
      missing,
    },
  ].map(judgeClaim);
  const points: Point[] = [];
  for (const rate of RATES) {
    for (const loss of LOSSES) {
      const line = `${loss}, ${name(rate)}`, mine = of(rate, loss);
      const rises = mine.map(riseOf), interval = meanInterval(rises);
      const { lo = null, hi = null } = interval ?? {};
      points.push({ panel: "rise", line: loss, x: name(rate), y: mean(rises), lo, hi });
      const log = mine.map((r) => logsumexpOf(r, blocks)), step = Math.ceil(p.plan.steps / 50);
      for (let t = 0; t < p.plan.steps; t += step) {
        const here = log.map((l) => l[t] ?? null);
        if (here.includes(null)) break;
        points.push({ panel: "logits", line, x: t, y: mean(here as number[]), lo: null, hi: null });
      }
    }
  }
  const text = (x: number | null | undefined, digits = 2) => x == null ? "–" : x.toFixed(digits);
  return {
    panels: [
      {
        name: "logits",
        title: "Router logits in training",
        mark: "line",
        x: { title: "step", scale: "linear" },
        y: { title: "RMS of logsumexp of the router logits, mean over seeds", scale: "log2" },
        rules: [],
      },
      {
        name: "rise",
        title: "Largest rise of the training loss",
        mark: "points",
        x: { title: "the reference's learning rate", scale: "nominal" },
        y: { title: `rise of the mean of ${WINDOW} steps, nats`, scale: "linear" },
        rules: [],
      },
    ],
    points,
    judgements,
    tables: [{
      title: "Every run",
      head: [
        "learning rate",
        "z-loss",
        "seed",
        "growth, octaves",
        "largest |logit|",
        "rise, nats",
        "validation, nats",
        "dead experts",
      ],
      rows: RATES.flatMap((rate) =>
        LOSSES.flatMap((loss) =>
          of(rate, loss).map((r, i) => [
            name(rate),
            loss === "z-loss" ? String(p.zCoef) : "none",
            String(p.seeds[i]),
            text(growthOf(r, blocks)),
            text(r.router ? Math.max(...r.router.maxLogit) : null),
            text(riseOf(r), 3),
            text(r.validationLoss, 3),
            r.router ? String(r.router.deadExperts.reduce((a, b) => a + b, 0)) : "–",
          ])
        )
      ),
      note:
        "Largest |logit| and dead experts are of the held-out text after the last step, over all blocks.",
    }],
    caveats: [
      "The models are small, normalize queries and keys and clip the gradient, all of which steady the loss by themselves; ST-MoE saw its spikes in models thousands of times larger.",
      "A dead expert is one whose load is below a tenth of the mean.",
    ],
  };
}
