/**
 * The cells of a transfer suite: configuration × rule × swept value × seed, line by line of the figure.
 *
 * @module
 */
import {
  type Configuration,
  formatConfiguration,
  labelOf,
  parseConfiguration,
} from "../../rule/configuration.ts";
import type { Cell } from "../record/run.ts";
import { bracketGrid } from "../statistics/optimum.ts";
import { median } from "../statistics/resample.ts";
import type { TrainingPlan } from "../train/plan.ts";
import { labelsOf } from "./labels.ts";
import type { TransferDeclaration, TransferProfile } from "./declaration.ts";

/** One line of the figure: a configuration under a rule, swept over one hyperparameter. */
export interface Line {
  panel: string;
  /** the configuration as the command line writes it, and read, with its reference */
  configuration: string;
  from: Configuration;
  to: Configuration;
  label: string;
  rule: string;
  role: Cell["role"];
  swept: Cell["swept"];
  /** the plan with the panel's reference */
  plan: TrainingPlan;
  seeds: number[];
  /** whether it is compared with its reference over the seeds of both, or with all of it */
  paired: boolean;
  /** log2 values; of a bracket a guess until its reference is measured */
  grid: number[];
  bracket: boolean;
}

/** Lines of a suite at a profile; a reference is drawn in every panel of its and trained once. */
export function linesOf(
  suite: Pick<TransferDeclaration, "rule" | "control">,
  p: TransferProfile,
): Line[] {
  const { rule = "complete-mue", control } = suite;
  return p.panels.flatMap((panel) => {
    const plan = { ...p.plan, reference: panel.reference ?? p.plan.reference };
    const from = parseConfiguration(plan.reference), grids = panel.grid ?? p.grid;
    const targets = panel.targets.map((text) => parseConfiguration(text, from));
    const labels = labelsOf(targets, from);
    const guess = bracketGrid(Math.round(median(grids.reference)));
    const line = (c: Configuration, label: string, by: string, role: Line["role"]): Line => ({
      panel: panel.name,
      configuration: formatConfiguration(c),
      from,
      to: c,
      label,
      rule: by,
      role,
      swept: panel.swept ?? "lr",
      plan,
      seeds: [
        ...p.seeds,
        ...role === "reference" || role === "control" ? panel.moreSeeds ?? [] : [],
        ...role === "reference" ? panel.referenceSeeds ?? [] : [],
      ],
      paired: panel.referenceSeeds === undefined,
      grid: role === "reference"
        ? [...grids.reference]
        : grids.targets === "bracket"
        ? guess
        : [...grids.targets],
      bracket: role !== "reference" && grids.targets === "bracket",
    });
    const all = (role: Line["role"], by: string, wanted: (text: string) => boolean) =>
      targets.flatMap((c, i) => wanted(panel.targets[i]) ? [line(c, labels[i], by, role)] : []);
    return [
      line(from, labelOf(from), rule, "reference"),
      ...all("target", rule, () => true),
      ...all("control", control.rule, (text) => panel.controls.includes(text)),
      ...(panel.rivals ?? []).flatMap((rival) => all("rival", rival, () => true)),
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
