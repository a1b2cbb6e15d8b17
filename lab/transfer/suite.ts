/**
 * Transfer suites: the optimum of a hyperparameter is found on a reference, carried by a rule, and looked
 * for again on every target.
 *
 * @module
 */
import { ruleById } from "../../rule/registry.ts";
import { DEFAULT_TASK } from "../../model/tasks/registry.ts";
import { contextFor, type Estimate } from "../estimate.ts";
import type { Suite } from "../suite.ts";
import { type Context, jobOf, trainingOf } from "../train/job.ts";
import { cellsOf, type Line, linesOf } from "./cells.ts";
import { cautionText, type TransferDeclaration, type TransferProfile } from "./declaration.ts";
import { FINDINGS_VERSION, findingsOf } from "./findings.ts";
import { passesIf } from "./judge.ts";
import { shiftLines } from "./power.ts";
import { expectedTimes, Sweeps } from "./sweeps.ts";

/**
 * Declares a transfer suite; checks what the types cannot.
 *
 * @throws {RangeError} for a control on what is no target, a profile without a claim, an unknown rule
 */
export function defineTransfer(declared: TransferDeclaration): Suite<TransferProfile> {
  check(declared);
  const { control, rule = "complete-mue", profiles } = declared;
  return {
    ...declared,
    version: `${declared.version}.${FINDINGS_VERSION}`,
    task: profiles.quick.plan.task ?? DEFAULT_TASK,
    ownRouting: null,
    measured: "loss on held-out data, mean over paired seeds",
    passesIf: passesIf(profiles.quick.limits),
    control: `${control.rule} (${ruleById(control.rule).title}) on ${control.on} must fail` +
      (control.caution ? `; it ${cautionText(control.caution)}` : ""),
    plan(profileName) {
      const profile = profiles[profileName], { plan, seeds } = profile;
      const lines = linesOf(declared, profile);
      return {
        decided: { ...profile, rule, control: control.rule },
        lines: [
          `${plan.steps} steps of ${plan.sequences * plan.seq} tokens, seeds ${seeds.join(" ")}`,
          // its noise was measured on text
          ...(plan.task === undefined
            ? shiftLines(profileName, seeds.length, profile.limits.tolerance_octaves)
            : []),
          ...lines.map((line) => {
            const { panel, configuration, rule, swept, bracket, grid, seeds: own } = line;
            return `${
              `${panel}/${configuration}/${rule}${swept === "lr" ? "" : `/${swept}`}`.padEnd(48)
            } ` +
              `log2 ${
                bracket
                  ? "the reference's optimum and its neighbours, more where it is not bounded"
                  : grid.join(" ")
              }${own.length === seeds.length ? "" : `, seeds ${own.join(" ")}`}${stepsOf(line)}`;
          }),
        ],
        trainings: [plan],
      };
    },
    estimate(profileName, context?: Context): Estimate {
      const jobs = linesOf(declared, profiles[profileName]).flatMap((line) =>
        cellsOf(line).map((cell) => ({
          job: jobOf({ ...line, cell }, line.plan, context ?? contextFor(line.plan)),
          times: expectedTimes(line),
        }))
      );
      return { jobs, other_s: 0, timed_s: 0 };
    },
    ahead: (profileName, pool) =>
      new Sweeps(linesOf(declared, profiles[profileName]), pool).certain(),
    // a target waits for its reference, and grows by its own losses
    partOf: ({ cell: { role, configuration, rule, swept } }) =>
      role === "reference" ? null : `${configuration} ${rule} ${swept}`,
    async measure(profileName, bench) {
      const profile = profiles[profileName], { pool } = bench;
      const sweeps = new Sweeps(linesOf(declared, profile), pool), { lines } = sweeps;
      for (const line of lines) pool.refuseUnfit(sweeps.job(line, cellsOf(line)[0]));
      bench.ifStopped(() => findingsOf(declared, profile, sweeps, pool.task));
      await sweeps.train(pool);
      return findingsOf(declared, profile, sweeps, pool.task);
    },
    changed: (words, profiles) => {
      const { measured: _, passesIf: __, control: ___, ...own } = words;
      return { ...defineTransfer({ ...declared, ...own, profiles }), ...words };
    },
  };
}

/** What a line trains where that is not the plan's steps of the plan's batch. */
function stepsOf({ plan, to }: Line): string {
  const { steps, sequences } = trainingOf(to, plan);
  return steps === plan.steps && sequences === plan.sequences
    ? ""
    : `; ${steps} steps of ${sequences * plan.seq} tokens`;
}

function check({ id, rule = "complete-mue", control, profiles }: TransferDeclaration): void {
  const cannot = (why: string) => new RangeError(`Cannot define ${id}: ${why}`);
  for (const [name, { panels, seeds }] of Object.entries(profiles)) {
    if (panels.every((panel) => panel.beside)) {
      throw cannot(`profile ${name} has no panel that carries the claim`);
    }
    for (const { targets, controls, moreSeeds = [], referenceSeeds = [], rivals = [] } of panels) {
      const all = [...seeds, ...moreSeeds, ...referenceSeeds];
      const twice = all.find((seed, i) => all.indexOf(seed) < i);
      if (twice !== undefined) {
        throw cannot(`seed ${twice} stands twice among seeds and further seeds`);
      }
      const stray = controls.find((c) => !targets.includes(c));
      if (stray) throw cannot(`control ${stray} is no target`);
      for (const used of [rule, control.rule, ...rivals]) ruleById(used);
    }
  }
}
