/**
 * Suites of claims: quantities of models at fixed, transferred hyperparameters against limits, and wrong
 * variants that must be seen to miss them.
 *
 * @module
 */
import { DEFAULT_TASK } from "../../model/tasks/registry.ts";
import { contextFor } from "../estimate.ts";
import type { Findings } from "../record/findings.ts";
import type { SuiteFacts } from "../record/record.ts";
import type { Run } from "../record/run.ts";
import { type Assumed, assumedLine } from "../statistics/assumed.ts";
import type { ProfileName, Suite } from "../suite.ts";
import type { Context } from "../train/job.ts";
import type { TrainingPlan } from "../train/plan.ts";
import {
  jobOfWanted,
  lossUnit,
  type SeededModel,
  type Wanted,
  wantedOf,
  type Workbench,
  workbenchOn,
} from "./models.ts";
import type { ProbePlan } from "./probe_models.ts";

/** Why nothing is measured where there is one seed. */
export const ONE_SEED = "one seed has no interval";

/** What a comparison at fixed hyperparameters leaves open. */
export const ONE_RATE =
  "one rule at one learning rate: this says how models compare at these hyperparameters, and not that " +
  "another rule would have done worse";

/** What suites of one family do; P is what a profile holds. */
export interface Method<P> {
  /** models it trains through the pool, none where it only probes, and the plan of all its models */
  trains(profile: P): { plan: TrainingPlan; wanted: Wanted[] };
  /** what it does with models that it trains itself, for a reader of `--dry-run`; absent: it probes them */
  says?(profile: P): string[];
  /** Measures and judges. */
  measure(profile: P, at: Workbench): Promise<Findings>;
}

/** What a suite of claims declares. */
export interface Declaration<P> extends SuiteFacts {
  /** raised when what it measures or how it judges changes */
  version: string;
  method: Method<P>;
  /** everything that decides a result: models, seeds, limits */
  profiles: Record<ProfileName, P>;
  /** seconds of what is not training, on the machine of `REFERENCE_SPEED`; absent: none */
  probes_s?: Record<ProfileName, number>;
  /** why `--router` cannot be used with it; absent: it can */
  ownRouting?: string;
  /** what a reader must know of how the suite was made, e.g. what was moved after looking; into the caveats */
  cautions?: string[];
  /** noise known from an earlier run, for what the plan can decide; absent: none is known */
  assumed?: Partial<Record<ProfileName, Assumed[]>>;
}

/**
 * The method of suites that train models and judge their runs.
 *
 * @param models every line of a profile
 * @param judge the runs of {@link wantedOf} these and the unit of their losses → findings
 */
export function judgedRuns<P extends { plan: TrainingPlan }>(
  models: (profile: P) => SeededModel[],
  judge: (profile: P, runs: Run[], unit: string) => Findings,
): Method<P> {
  return {
    trains: (profile) => ({ plan: profile.plan, wanted: wantedOf(models(profile)) }),
    measure: async (profile, at) =>
      judge(profile, await at.train(profile.plan, wantedOf(models(profile))), lossUnit(at)),
  };
}

/** The method of suites that look into models of their own and train none through the pool. */
export function probing<P extends ProbePlan>(measure: Method<P>["measure"]): Method<P> {
  return {
    trains({ reference, sequences, seq, base, training, task, evaluationBatches = 1 }) {
      // its models take steps of their own
      const draws = { sequences, seq, steps: 1, evaluationBatches };
      const plan = { ...draws, reference, base, training };
      return { plan: task === undefined ? plan : { ...plan, task }, wanted: [] };
    },
    measure,
  };
}

/** Models for a reader of `--dry-run`: how many, and each with what it changes and its seeds. */
function linesOf(wanted: Wanted[]): string[] {
  if (wanted.length === 0) return ["probes of untrained and briefly trained models"];
  const names = Map.groupBy(wanted, ({ configuration, rule, log2lr, multipliers, training }) =>
    [
      `${configuration} ${rule}`,
      ...(log2lr === undefined ? [] : [`log2 lr ${log2lr}`]),
      ...[multipliers, training].flatMap((changed) => changed ? [JSON.stringify(changed)] : []),
    ].join(", "));
  return [`${wanted.length} models`, ...[...names].map(([name, of]) => `${name} × ${of.length}`)];
}

/** Declares a suite of claims. One that is stopped says nothing: a claim needs all of its models. */
export function defineClaims<P extends { seeds: readonly number[] }>(
  declared: Declaration<P>,
): Suite<P> {
  const { method, probes_s, ownRouting = null, assumed, cautions = [], ...rest } = declared;
  const trains = (name: ProfileName) => method.trains(rest.profiles[name]);
  const jobsOf = (name: ProfileName, context?: Context) => {
    const { plan, wanted } = trains(name);
    return wanted.map((w) => jobOfWanted(w, plan, context ?? contextFor(plan)));
  };
  return {
    ...rest,
    task: trains("quick").plan.task ?? DEFAULT_TASK,
    ownRouting,
    plan(name) {
      const { plan, wanted } = trains(name);
      const decided = rest.profiles[name], { length } = decided.seeds;
      const known = length < 2 ? [] : assumed?.[name] ?? [];
      const said = method.says?.(rest.profiles[name]) ?? linesOf(wanted);
      const lines = [...said, ...known.map((one) => assumedLine(one, length))];
      return { decided, lines, trainings: [plan] };
    },
    estimate(name, context?) {
      const jobs = jobsOf(name, context).map((job) => ({ job, times: 1 }));
      return { jobs, other_s: probes_s?.[name] ?? 0, timed_s: 0 };
    },
    ahead: (name, pool) => jobsOf(name, pool.context),
    ...(trains("quick").wanted.length > 0 && { partOf: ({ key }) => key }),
    async measure(name, bench) {
      const { at, used } = workbenchOn(bench), jobs = jobsOf(name, bench.pool.context);
      bench.pool.expect(() => jobs);
      const found = await method.measure(rest.profiles[name], at);
      const findings = { ...found, caveats: [...found.caveats, ...cautions] };
      return { evidence: { kind: "claims", runs: [...used.values()] }, findings };
    },
    changed: (words, profiles) => defineClaims({ ...declared, ...words, profiles }),
  };
}
