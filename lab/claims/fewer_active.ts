/**
 * What does a trained MoE lose with half of its active experts, and what does it gain with twice as many?
 *
 * Models are trained with a active experts, one per seed, and evaluated with others on the same held-out windows; every
 * difference is within one model and has Student's interval over the seeds.
 *
 * @module
 */
import { parseConfiguration } from "../../rule/configuration.ts";
import { judgeOne, type Single } from "../judge/decide.ts";
import type { Findings, FindingsTable, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { meanInterval } from "../statistics/paired.ts";
import { noiseOfInterval } from "../statistics/power.ts";
import { mean } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { jobOfWanted, lossUnit, probed, type Workbench } from "./models.ts";
import { lossWith, trainedWeights } from "./other_active.ts";
import { type Method, ONE_SEED } from "./suite.ts";

/** What the suite trains and evaluates. */
export interface FewerProfile {
  plan: TrainingPlan;
  /** the model, in the command line's grammar */
  configuration: string;
  seeds: number[];
  /** active experts it is evaluated with, ascending: 1, 2, a/2, a, 2a and N among them */
  active: number[];
  limits: {
    /** most that half of the active experts may cost, a loss */
    cost: number;
    /** most that twice the active experts may gain, a loss */
    gain: number;
  };
}

/** Losses with one number of active experts, seed by seed; null: the run diverged. */
export interface WithActive {
  active: number;
  /** by the routers as they were trained */
  own: (number | null)[];
  /** by routers whose rows are swapped among the experts */
  shuffled: (number | null)[];
}

const COST = "cost", LOSS = "loss";
const LINES = { own: "routers as trained", shuffled: "router rows swapped among experts" };
type Routers = keyof typeof LINES;

/** Active experts the model of a profile is trained with. */
export function trainedActive({ configuration, plan }: FewerProfile): number {
  const { ffn } = parseConfiguration(configuration, parseConfiguration(plan.reference));
  if (ffn.kind === "dense") throw new RangeError(`Cannot halve the experts of ${configuration}`);
  return ffn.active;
}

/** Values of every seed; null where one has none. */
const known = (values: (number | null)[]) =>
  values.every((v) => v !== null) ? values as number[] : null;

/** Loss under `routers` with some active experts, less that as trained with others. */
function difference(
  all: readonly WithActive[],
  [active, routers]: [number, Routers],
  than: number,
): number[] | null {
  const of = all.find((one) => one.active === active), base = all.find((o) => o.active === than);
  if (of === undefined || base === undefined) {
    throw new RangeError(`Cannot compare ${active} active experts with ${than}: not evaluated`);
  }
  return known(of[routers].map((v, k) => {
    const from = base.own[k];
    return v === null || from === null ? null : v - from;
  }));
}

/** Judges the losses. */
export function judgeFewer(
  p: FewerProfile,
  all: readonly WithActive[],
  unit: string,
): Pick<Findings, "judgements"> {
  const a = trainedActive(p), most = { hi: p.limits.cost }, least = { lo: -p.limits.gain };
  const judged = (
    own: Pick<Single, "role" | "subject" | "variant" | "name" | "limits">,
    values: number[] | null,
  ) => {
    const value = values && meanInterval(values);
    return judgeOne({
      panel: COST,
      unit,
      value,
      noise: value && noiseOfInterval(value, values.length),
      missing: values === null ? "a run diverged" : ONE_SEED,
      ...own,
    });
  };
  const name = "loss less that with the experts it was trained with";
  const others = p.active.filter((n) => ![a / 2, a, 2 * a].includes(n));
  const subject = (n: number) => `${n === 1 ? "1 expert" : `${n} experts`} instead of ${a}`;
  return {
    judgements: [
      judged(
        { role: "claim", subject: subject(a / 2), variant: LINES.own, name, limits: most },
        difference(all, [a / 2, "own"], a),
      ),
      judged(
        { role: "control", subject: subject(a / 2), variant: LINES.shuffled, name, limits: most },
        difference(all, [a / 2, "shuffled"], a),
      ),
      judged(
        { role: "claim", subject: subject(2 * a), variant: LINES.own, name, limits: least },
        difference(all, [2 * a, "own"], a),
      ),
      judged(
        {
          role: "control",
          subject: "2 experts instead of 1",
          variant: LINES.own,
          name: "loss less that with half of the experts",
          limits: least,
        },
        difference(all, [2, "own"], 1),
      ),
      ...others.map((n) =>
        judged(
          {
            role: "aside",
            subject: subject(n),
            variant: LINES.own,
            name,
            limits: n < a ? most : least,
          },
          difference(all, [n, "own"], a),
        )
      ),
    ],
  };
}

function panelsOf({ limits }: FewerProfile, a: number, unit: string): Panel[] {
  const x = { title: "active experts in evaluation", scale: "log2" } as const;
  return [
    panelOf({
      name: COST,
      title: `Less the loss with ${a}, as trained`,
      chart: "fewer-active",
      x,
      y: { title: `difference of the held-out loss (${unit})`, scale: "linear" },
      rules: [{ y: limits.cost, label: "limit of half" }, {
        y: -limits.gain,
        label: "limit of twice",
      }],
    }),
    panelOf({
      name: LOSS,
      title: "With routers as trained, and with their rows swapped",
      chart: "fewer-active",
      decides: false,
      x,
      y: { title: `held-out loss (${unit})`, scale: "linear" },
    }),
  ];
}

/** Differences and losses as points; none of what diverged. */
function pointsOf(all: readonly WithActive[], a: number): Point[] {
  return all.flatMap((one) => {
    const { active } = one, cost = difference(all, [active, "own"], a);
    const losses = (["own", "shuffled"] as const).flatMap((routers) => {
      const of = known(one[routers]);
      return of ? [pointOf(LOSS, LINES[routers], active, mean(of), meanInterval(of))] : [];
    });
    const own = active === a ? null : cost && meanInterval(cost);
    return cost ? [pointOf(COST, LINES.own, active, mean(cost), own), ...losses] : losses;
  });
}

function tableOf(all: readonly WithActive[], a: number, unit: string): FindingsTable {
  const interval = (values: number[] | null) => values && meanInterval(values);
  return {
    title: "Held-out loss by active experts",
    columns: [
      column("active experts", "", 0),
      column("loss", unit, 3),
      column(`less that with ${a}`, unit, 4),
      column("of every seed", unit, 3),
      column("router rows swapped, loss", unit, 3),
      column(`less that with ${a}, as trained`, unit, 3),
    ],
    rows: all.map((one) => {
      const cost = difference(all, [one.active, "own"], a);
      return [
        one.active,
        interval(known(one.own)),
        one.active === a ? 0 : interval(cost),
        one.own,
        interval(known(one.shuffled)),
        interval(difference(all, [one.active, "shuffled"], a)),
      ];
    }),
    note:
      "One model per seed, the same held-out windows everywhere. An interval of a loss is that of the seeds' scatter; differences are within a model.",
  };
}

/** Trains, evaluates and judges. */
export async function measureFewer(p: FewerProfile, at: Workbench): Promise<Findings> {
  const a = trainedActive(p),
    jobs = p.seeds.map((seed) =>
      jobOfWanted(
        { panel: COST, configuration: p.configuration, rule: "complete-mue", role: "target", seed },
        p.plan,
        at.pool.context,
      )
    );
  const [{ cell: { label }, steps }] = jobs;
  const { parameters, loss } = await trainedWeights(
    at,
    jobs,
    (step) => at.progress(probed(`${label}: step ${step}/${steps}`, 0.8 * step / steps)),
  );
  const all: WithActive[] = [];
  for (const [i, active] of p.active.entries()) {
    at.signal.throwIfAborted();
    at.progress(probed(`${label}: ${active} active`, 0.8 + 0.2 * i / p.active.length));
    const of = async (routers: Routers) =>
      (await lossWith(at, jobs, parameters, active, routers)).map((v, k) =>
        loss[k] === null ? null : v
      );
    all.push({ active, own: await of("own"), shuffled: await of("shuffled") });
  }
  const unit = lossUnit(at);
  return {
    panels: panelsOf(p, a, unit),
    points: pointsOf(all, a),
    ...judgeFewer(p, all, unit),
    tables: [tableOf(all, a, unit)],
    caveats: [
      "Gates are normalized over whatever experts are picked and R stays the trained model's, so that fewer experts weigh more each. Leaving out picks at the weights the others had is not tried.",
      "Held-out loss alone, on one text: the sources measure tasks and throughput, and no time is measured here.",
      "A model that had been trained with as few experts stands in `scaling`, and is another question.",
    ],
  };
}

/** How a suite of this kind is measured. */
export const FEWER_ACTIVE: Method<FewerProfile> = {
  trains: ({ plan }) => ({ plan, wanted: [] }),
  says: ({ plan, configuration, seeds, active }) => [
    `${configuration}, complete-mue, ${plan.steps} steps × ${seeds.length}`,
    `each evaluated with ${active.join(", ")} active experts, and with its router rows swapped`,
  ],
  measure: measureFewer,
};
