/**
 * The plan of a bench: the lines of the figure with their grids, written down before the first run.
 *
 * @module
 */
import {
  type Configuration,
  formatConfiguration,
  labelOf,
  parseConfiguration,
} from "../../rule/configuration.ts";
import { labelsOf } from "./labels.ts";
import { bracketGrid } from "../statistics/optimum.ts";
import { planHash } from "../train/identity.ts";
import type { Cell, PlanFacts } from "../record/record.ts";
import { causeOf, LabError, writeAtomic } from "../train/store.ts";
import { median } from "../statistics/resample.ts";
import type { ProfileName, Suite, TrainingPlan } from "../suite.ts";

/** One line of the figure: a configuration under a rule, swept over one hyperparameter. */
export interface Line {
  panel: string;
  configuration: string;
  label: string;
  rule: string;
  role: Cell["role"];
  swept: Cell["swept"];
  /** the plan with the panel's reference */
  plan: TrainingPlan;
  seeds: number[];
  /** log2 values; of a bracket a guess until its reference is measured */
  grid: number[];
  bracket: boolean;
}

/** Lines of a suite at a profile; a reference is drawn in every panel of its and trained once. */
export function linesOf(suite: Suite, profileName: ProfileName): Line[] {
  const p = suite.profiles[profileName];
  return p.panels.flatMap((panel) => {
    const plan = { ...p.plan, reference: panel.reference ?? p.plan.reference };
    const from = parseConfiguration(plan.reference), grids = panel.grid ?? p.grid;
    const targets = panel.targets.map((text) => parseConfiguration(text, from));
    const labels = labelsOf(targets, from);
    const guess = bracketGrid(Math.round(median(grids.reference)));
    const line = (c: Configuration, label: string, rule: string, role: Line["role"]): Line => ({
      panel: panel.name,
      configuration: formatConfiguration(c),
      label,
      rule,
      role,
      swept: panel.swept ?? "lr",
      plan,
      seeds: p.seeds,
      grid: role === "reference"
        ? [...grids.reference]
        : grids.targets === "bracket"
        ? guess
        : [...grids.targets],
      bracket: role !== "reference" && grids.targets === "bracket",
    });
    const all = (role: Line["role"], rule: string, wanted: (text: string) => boolean) =>
      targets.flatMap((c, i) => wanted(panel.targets[i]) ? [line(c, labels[i], rule, role)] : []);
    return [
      line(from, labelOf(from), suite.rule, "reference"),
      ...all("target", suite.rule, () => true),
      ...all("control", suite.controlRule, (text) => panel.controls.includes(text)),
      ...(panel.rivals ?? []).flatMap((rule) => all("rival", rule, () => true)),
    ];
  });
}

/** All cells of a line, grid point by grid point. */
export function cellsOf(line: Line): Cell[] {
  const { panel, configuration, label, rule, role, swept } = line;
  return line.grid.flatMap((log2x) =>
    line.seeds.map((seed) => ({ panel, configuration, label, rule, role, swept, log2x, seed }))
  );
}

/** The plan as the record keeps it, before any widening; the hash covers all that decides a result. */
export function planOf(suite: Suite, profileName: ProfileName, dataHash: string): PlanFacts {
  const p = suite.profiles[profileName], { plan } = p, lines = linesOf(suite, profileName);
  const facts = {
    profile: profileName,
    seeds: p.seeds,
    steps: plan.steps,
    batchTokens: plan.sequences * plan.seq,
    sequence: plan.seq,
    tolerance_octaves: suite.tolerance_octaves,
    grids: Object.fromEntries(
      lines.map((l) => [
        `${l.panel}/${l.configuration}/${l.rule}${l.swept === "lr" ? "" : `/${l.swept}`}`,
        l.bracket ? [] : l.grid,
      ]),
    ),
  };
  const { rule, controlRule, claimPanels } = suite;
  const decided = { ...facts, whole: p, rule, controlRule, claimPanels, dataHash };
  return { ...facts, hash: planHash(decided), exploratory: false };
}
