/**
 * A plan of the user's own with nothing left open: what the file or the flags do not say is as the built-in suites have
 * it, and the control is chosen. What a record keeps of a plan is a plan file again.
 *
 * @module
 */
import type { Swept } from "../lab/record/run.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";
import { checkControl, chooseControl, type Controlled, widest } from "../lab/transfer/control.ts";
import { linesOf } from "../lab/transfer/cells.ts";
import type { Grids, TransferPanel, TransferProfile } from "../lab/transfer/declaration.ts";
import { DEFAULT_TASK } from "../model/tasks/registry.ts";
import { formatConfiguration, parseConfiguration } from "../rule/configuration.ts";
import { ruleById } from "../rule/registry.ts";
import { IMAGE_SIZES, MIN_REGRET, REFERENCE_SEEDS } from "./images.ts";
import type { OwnGrids, OwnPanel, OwnPlan } from "./own_plan.ts";
import { LIMITS, octaves, SURER, SWEPT_OCTAVES, TEXT_SIZES } from "./plans.ts";

/** A plan with nothing left open: what the record keeps of it. */
export type Decided = TransferProfile & { rule: string; control: string };

/** A list of a plan, in the order of its values. */
const sorted = (list: readonly number[]) => [...new Set(list)].sort((a, b) => a - b);

function valuesOf(range: number[] | { from: number; to: number }): number[] {
  if (Array.isArray(range)) return sorted(range);
  const { from, to } = range, many = octaves(from, to);
  if (!Number.isInteger(to - from) || to < from || many.length > 64) {
    throw new RangeError(`Cannot sweep from ${from} to ${to}: want whole octaves, at most 64`);
  }
  return many;
}

const gridOf = (own: OwnGrids | undefined, otherwise: Grids): Grids => ({
  reference: own?.reference ? valuesOf(own.reference) : otherwise.reference,
  targets: own?.targets === undefined
    ? otherwise.targets
    : own.targets === "bracket"
    ? "bracket"
    : valuesOf(own.targets),
});

/** Most models of a plan, before any grid grows. */
const MOST_MODELS = 20_000;

/** Refuses what a plan says twice, of which one would be left out unseen. */
function checkOnce(own: OwnPlan): void {
  const { plan = {}, panels } = own;
  const cannot = (what: string, why: string) => new RangeError(`Cannot use ${what}: ${why}`);
  if (own.reference !== undefined && plan.reference !== undefined) {
    throw cannot("reference", "plan.reference says it too");
  }
  if (own.task !== undefined && plan.task !== undefined) {
    throw cannot("task", "plan.task says it too");
  }
  if (panels === undefined) return;
  if (own.targets !== undefined) throw cannot("targets", "panels have targets of their own");
  const controlled = panels.find(({ controls = [] }) => controls.length > 0);
  if (own.control === "none" && controlled) {
    throw cannot("control none", `panel ${controlled.name ?? 1} names controls`);
  }
}

/** Further seeds of a panel as the built-in suites have them, where neither seeds nor panel say. */
function furtherSeeds(
  { profile = "quick", seeds }: OwnPlan,
  task?: string,
): Partial<TransferPanel> {
  if (seeds !== undefined) return {};
  if (task !== undefined) {
    const more = REFERENCE_SEEDS[profile];
    return more ? { referenceSeeds: more } : {};
  }
  return profile === "quick" ? SURER : {};
}

/** The grid of a panel where it names none: null where the plan's own will do, which is a learning rate's. */
function gridBy(own: OwnPlan, swept: Swept, task?: string): Grids | null {
  if (swept === "lr") return null;
  const octavesOf = SWEPT_OCTAVES[
    own.profile === "paper" ? "paper" : task === undefined ? "text" : "images"
  ];
  return gridOf(own.grid, { reference: octaves(...octavesOf[swept]), targets: "bracket" });
}

/** Refuses a model that is there twice: the reference among its targets, or a target again. */
function checkModels(name: string, targets: readonly string[], reference: string): void {
  const from = parseConfiguration(reference), known = new Set([formatConfiguration(from)]);
  for (const target of targets) {
    const text = formatConfiguration(parseConfiguration(target, from));
    if (known.has(text)) {
      throw new RangeError(`Cannot carry to ${text} in panel ${name}: it is there already`);
    }
    known.add(text);
  }
}

/** A panel with all but its controls. */
function panelOf(own: OwnPlan, panel: OwnPanel, name: string, plan: TrainingPlan): TransferPanel {
  const { targets = own.targets, swept = own.swept ?? "lr", rivals = own.rivals } = panel;
  if (targets === undefined) throw new RangeError(`Cannot run panel ${name}: it has no targets`);
  checkModels(name, targets, panel.reference ?? plan.reference);
  const named = panel.moreSeeds ?? panel.referenceSeeds;
  const { moreSeeds, referenceSeeds } = named ? panel : furtherSeeds(own, plan.task);
  const ownGrid = gridBy(own, swept, plan.task);
  const grid = panel.grid
    ? gridOf(panel.grid, ownGrid ?? gridOf(own.grid, sizesOf(own, plan.task).grid))
    : ownGrid;
  return {
    name,
    targets,
    controls: panel.controls ?? [],
    ...(swept === "lr" ? {} : { swept }),
    ...(panel.beside ? { beside: true } : {}),
    ...(panel.reference === undefined ? {} : { reference: panel.reference }),
    ...(moreSeeds ? { moreSeeds } : {}),
    ...(referenceSeeds ? { referenceSeeds } : {}),
    ...(rivals ? { rivals } : {}),
    ...(grid ? { grid } : {}),
  };
}

const sizesOf = ({ profile = "quick" }: OwnPlan, task?: string) =>
  (task === undefined ? TEXT_SIZES : IMAGE_SIZES)[profile];

/** What a panel's control is chosen from: the targets it names for it, or all. */
const controlledBy = (panel: TransferPanel, plan: TrainingPlan): Controlled => ({
  targets: panel.controls.length ? panel.controls : panel.targets,
  swept: panel.swept ?? "lr",
  plan: { ...plan, reference: panel.reference ?? plan.reference },
});

/** Settles the control of all panels: one rule, on the targets a panel names or the one where it misses by most. */
function settleControl(
  own: OwnPlan,
  rule: string,
  plan: TrainingPlan,
  panels: TransferPanel[],
  tolerance_octaves: number,
): { control: string; panels: TransferPanel[] } {
  const unused = rule === "standard" ? "complete-mue" : "standard"; // on no target
  if (own.control === "none") return { control: unused, panels };
  const wanted = own.control, named = (i: number) => own.panels?.[i].controls !== undefined;
  const deciding = panels.filter(({ beside }) => !beside).map((one) => controlledBy(one, plan));
  if (wanted === rule) {
    throw new RangeError(`Cannot control ${rule} by itself: give another --control, or none`);
  }
  const control = wanted ?? chooseControl(rule, deciding, tolerance_octaves);
  if (control === null) return { control: unused, panels };
  const settled = panels.map((panel, i): TransferPanel => {
    const from = controlledBy(panel, plan);
    if (named(i)) {
      if (panel.controls.length) checkControl(rule, control, from);
      return panel;
    }
    const found = widest(rule, control, from);
    if (wanted !== undefined && found === null) checkControl(rule, control, from);
    return { ...panel, controls: found ? [found.target] : [] };
  });
  return { control, panels: settled };
}

/**
 * Fills in what a plan leaves open, and chooses the control.
 *
 * @throws {RangeError} for a plan that cannot be: a configuration, a rule, a control that is no target
 */
export function decideOwn(own: OwnPlan): Decided {
  checkOnce(own);
  const { rule = "complete-mue" } = own, named = own.plan?.task ?? own.task ?? DEFAULT_TASK;
  const { task: _, ...trained } = own.plan ?? {};
  const task = named === DEFAULT_TASK ? undefined : named, sizes = sizesOf(own, task);
  const minRegret = task === undefined ? LIMITS.minRegret : MIN_REGRET;
  const limits = { ...LIMITS, minRegret, ...own.limits };
  const reference = trained.reference ?? own.reference;
  if (reference === undefined) throw new RangeError("Cannot run transfer: no reference is named");
  const plan: TrainingPlan = {
    ...sizes.plan,
    ...trained,
    reference,
    base: { ...sizes.plan.base, ...trained.base },
    training: { ...sizes.plan.training, ...trained.training },
  };
  for (const id of [rule, ...(own.control === "none" ? [] : [own.control ?? rule])]) ruleById(id);
  const all: OwnPanel[] = own.panels ?? (own.targets ? [{ targets: own.targets }] : []);
  if (all.length === 0) throw new RangeError("Cannot run transfer: no target is named");
  const open = all.map((one, i) => {
    const { name = all.length === 1 ? "transfer" : undefined } = one;
    if (name === undefined) throw new RangeError(`Cannot name panel ${i + 1}: it has no name`);
    return panelOf(own, one, name, plan);
  });
  const twice = open.find(({ name }, i) => open.findIndex((p) => p.name === name) < i);
  if (twice) throw new RangeError(`Cannot name two panels ${twice.name}`);
  const seeds = own.seeds ?? sizes.seeds, grid = gridOf(own.grid, sizes.grid);
  checkSize({ plan, panels: open, seeds, grid, limits }, rule);
  const { control, panels } = settleControl(own, rule, plan, open, limits.tolerance_octaves);
  return { plan, panels, seeds, grid, limits, rule, control };
}

/** Refuses a plan of more models than anybody trains, before they are made one by one; controls not counted. */
function checkSize(profile: TransferProfile, rule: string): void {
  const lines = linesOf({ rule, control: { rule, on: "" } }, {
    ...profile,
    panels: profile.panels.map((panel) => ({ ...panel, controls: [] })),
  });
  const models = lines.reduce((sum, { grid, seeds }) => sum + grid.length * seeds.length, 0);
  if (models > MOST_MODELS) {
    throw new RangeError(`Cannot train ${models} models: at most ${MOST_MODELS} in one plan`);
  }
}
