/**
 * A plan of the user's own: what `--plan FILE` may say, and everything it leaves open filled in as the built-in suites
 * have it. What a record keeps of a plan is such a file again.
 *
 * @module
 */
import { z } from "zod";
import { LabError } from "../lab/record/failure.ts";
import { SWEPT, type Swept } from "../lab/record/run.ts";
import { PROFILES } from "../lab/suite.ts";
import type { TrainingPlan } from "../lab/train/plan.ts";
import { chooseControl } from "../lab/transfer/control.ts";
import type { Grids, TransferPanel, TransferProfile } from "../lab/transfer/declaration.ts";
import { DEFAULT_TASK, TASKS } from "../model/tasks/registry.ts";
import { parseConfiguration } from "../rule/configuration.ts";
import { ruleById } from "../rule/registry.ts";
import { IMAGE_SIZES, MIN_REGRET, REFERENCE_SEEDS } from "./images.ts";
import { LIMITS, octaves, SURER, TEXT_SIZES } from "./plans.ts";

const log2 = z.number().min(-60).max(20);
const values = z.array(log2).min(1).max(64).describe("log2 values, e.g. [-8, -7, -6]");
const range = z.union([
  values,
  z.strictObject({ from: log2, to: log2 }).describe("whole octaves from and to, both among them"),
]);
const seeds = z.array(z.int().min(0).max(2 ** 31)).min(1).max(64);
const configuration = z.string().min(1).max(400).describe("e.g. 16e4a:d=64,h=16; see rule --help");
const count = (most: number) => z.int().min(1).max(most);
const positive = z.number().positive();

const gridSchema = z.strictObject({
  reference: range.describe(
    "where the reference is swept first; widened until its optimum is bounded",
  ),
  targets: z.union([z.literal("bracket"), range]).describe(
    "bracket (default): the reference's optimum and one octave on each side, more where needed",
  ),
}).partial();

const panelSchema = z.strictObject({
  name: z.string().min(1).max(80).describe("of the panel; needed when there are several"),
  swept: z.enum(SWEPT).describe("what is swept; default lr"),
  beside: z.boolean().describe("judged, and decides nothing"),
  reference: configuration,
  targets: z.array(configuration).min(1).max(64),
  controls: z.array(configuration).max(64).describe(
    "those of the targets that the control is trained on; default: the one it is expected to miss by most",
  ),
  moreSeeds: seeds.describe("further seeds of the reference and the controls"),
  referenceSeeds: seeds.describe("further seeds of the reference alone"),
  rivals: z.array(z.string()).max(16).describe("rules trained on every target to be ranked"),
  grid: gridSchema,
}).partial();

const planSchema = z.strictObject({
  reference: configuration,
  steps: count(10_000_000).describe("optimizer steps; a configuration with B and D trains D/B"),
  sequences: count(1_000_000).describe("sequences (images) per step"),
  seq: count(1_000_000).describe("tokens per sequence (patches per image)"),
  evaluationBatches: count(1_000_000).describe("held-out batches that each run is validated on"),
  base: z.strictObject({
    lr: positive,
    weightDecay: z.number().min(0),
    eps: z.number().min(0),
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    initStd: positive.nullable().describe("of block matrices; null: 1/sqrt(d*)"),
    embedInitStd: positive,
    unembedInitStd: z.number().min(0),
    patchInitStd: positive,
    timeInitStd: positive,
    modInitStd: z.number().min(0),
  }).partial().describe("the reference's hyperparameters where they are not swept"),
  task: z.enum(Object.keys(TASKS) as [string, ...string[]]),
  training: z.strictObject({
    schedule: z.strictObject({
      kind: z.enum(["wsd", "cosine", "constant"]),
      warmup: z.number().min(0).max(1),
      decay: z.number().min(0).max(1),
    }).describe("warmup and decay are shares of the steps"),
    clipNorm: positive,
    balanceCoef: z.number().min(0),
    zCoef: z.number().min(0),
  }).partial(),
}).partial();

/** What a plan file may say; the JSON Schema is made of it. */
export const ownPlanSchema = z.strictObject({
  $schema: z.string(),
  profile: z.enum(PROFILES).describe("whose sizes stand where this file says nothing"),
  task: z.enum(Object.keys(TASKS) as [string, ...string[]]),
  reference: configuration.describe("the model that is tuned"),
  targets: z.array(configuration).min(1).max(64).describe("the models it is carried to"),
  swept: z.enum(SWEPT).describe("what is tuned and carried; default lr"),
  rivals: z.array(z.string()).max(16).describe("rules trained on every target to be ranked"),
  rule: z.string().describe("the rule under test; default complete-mue"),
  control: z.string().describe("the rule that must be seen to fail, or none; default: chosen"),
  panels: z.array(panelSchema).min(1).max(16).describe("instead of targets: several panels"),
  plan: planSchema.describe("how models are trained"),
  seeds: seeds.describe("paired seeds; one alone judges nothing"),
  grid: gridSchema,
  limits: z.strictObject({
    tolerance_octaves: positive.describe("the largest shift that counts as kept"),
    minRegret: positive.describe("the regret that counts as none, in the unit of the loss"),
  }).partial(),
}).partial();

/** What a plan file says. */
export type OwnPlan = z.infer<typeof ownPlanSchema>;

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

const gridOf = (own: z.infer<typeof gridSchema> | undefined, otherwise: Grids): Grids => ({
  reference: own?.reference ? valuesOf(own.reference) : otherwise.reference,
  targets: own?.targets === undefined
    ? otherwise.targets
    : own.targets === "bracket"
    ? "bracket"
    : valuesOf(own.targets),
});

/**
 * Reads a plan file's JSON.
 *
 * @param path for messages
 * @throws {LabError} naming the first field that cannot be
 */
export function readOwnPlan(value: unknown, path: string): OwnPlan {
  const result = ownPlanSchema.safeParse(value);
  if (result.success) return result.data;
  const [{ path: at, message }] = result.error.issues;
  throw new LabError(
    `Cannot read the plan ${path}: ${at.length ? `${at.join(".")}: ` : ""}${message}`,
  );
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

/** One panel of a plan file. */
type OwnPanel = z.infer<typeof panelSchema>;

/** What all panels of a plan share. */
interface Shared {
  own: OwnPlan;
  rule: string;
  plan: TrainingPlan;
  grid: Grids;
  tolerance_octaves: number;
}

/** The control of a panel: a rule that the others may have settled, and on which target. */
function controlOf(
  { own, rule, tolerance_octaves }: Shared,
  { controls }: OwnPanel,
  targets: string[],
  swept: Swept,
  plan: TrainingPlan,
  settled: string | null,
): { control: string | null; controls: string[] } {
  if (own.control === "none") return { control: null, controls: [] };
  if (controls !== undefined) return { control: settled, controls };
  const found = chooseControl(rule, targets, swept, plan, tolerance_octaves, settled);
  return { control: settled ?? found?.rule ?? null, controls: found ? [found.target] : [] };
}

/** A panel with nothing left open, and the rule that its control settles on. */
function panelOf(
  shared: Shared,
  own: OwnPanel,
  name: string,
  settled: string | null,
): { panel: TransferPanel; control: string | null } {
  const { targets = shared.own.targets, swept = shared.own.swept, rivals = shared.own.rivals } =
    own;
  if (targets === undefined) throw new RangeError(`Cannot run panel ${name}: it has no targets`);
  const plan = { ...shared.plan, reference: own.reference ?? shared.plan.reference };
  const from = parseConfiguration(plan.reference);
  for (const target of targets) parseConfiguration(target, from);
  const { control, controls } = controlOf(shared, own, targets, swept ?? "lr", plan, settled);
  const named = own.moreSeeds ?? own.referenceSeeds;
  const { moreSeeds, referenceSeeds } = named ? own : furtherSeeds(shared.own, plan.task);
  const panel: TransferPanel = {
    name,
    targets,
    controls,
    ...(swept === undefined || swept === "lr" ? {} : { swept }),
    ...(own.beside ? { beside: true } : {}),
    ...(own.reference === undefined ? {} : { reference: own.reference }),
    ...(moreSeeds ? { moreSeeds } : {}),
    ...(referenceSeeds ? { referenceSeeds } : {}),
    ...(rivals ? { rivals } : {}),
    ...(own.grid ? { grid: gridOf(own.grid, shared.grid) } : {}),
  };
  return { panel, control };
}

/**
 * Fills in what a plan leaves open, and chooses the control.
 *
 * @throws {RangeError} for a plan that cannot be: a configuration, a rule, a control that is no target
 */
export function decideOwn(own: OwnPlan): Decided {
  const { profile = "quick", rule = "complete-mue" } = own;
  const task = own.plan?.task ?? own.task ?? DEFAULT_TASK, onText = task === DEFAULT_TASK;
  const sizes = (onText ? TEXT_SIZES : IMAGE_SIZES)[profile];
  const limits = { ...LIMITS, ...(onText ? {} : { minRegret: MIN_REGRET }), ...own.limits };
  const reference = own.plan?.reference ?? own.reference;
  if (reference === undefined) throw new RangeError("Cannot run transfer: no reference is named");
  const { task: _, ...trained } = own.plan ?? {};
  const plan: TrainingPlan = {
    ...sizes.plan,
    ...trained,
    reference,
    base: { ...sizes.plan.base, ...trained.base },
    training: { ...sizes.plan.training, ...trained.training },
  };
  ruleById(rule);
  const wanted = own.control === "none" ? null : own.control ?? null;
  if (wanted !== null) ruleById(wanted);
  if (wanted === rule) {
    throw new RangeError(`Cannot control ${rule} by itself: give another --control, or none`);
  }
  const grid = gridOf(own.grid, sizes.grid), { tolerance_octaves } = limits;
  const shared: Shared = { own, rule, plan, grid, tolerance_octaves };
  const all: OwnPanel[] = own.panels ?? (own.targets ? [{ targets: own.targets }] : []);
  if (all.length === 0) throw new RangeError("Cannot run transfer: no target is named");
  let control = wanted;
  const panels = all.map((one, i) => {
    const { name = all.length === 1 ? "transfer" : undefined } = one;
    if (name === undefined) throw new RangeError(`Cannot name panel ${i + 1}: it has no name`);
    const made = panelOf(shared, one, name, control);
    control = made.control ?? control;
    return made.panel;
  });
  const twice = panels.find(({ name }, i) => panels.findIndex((p) => p.name === name) < i);
  if (twice) throw new RangeError(`Cannot name two panels ${twice.name}`);
  const none = rule === "standard" ? "complete-mue" : "standard"; // on no target
  const seeds = own.seeds ?? sizes.seeds;
  return { plan, panels, seeds, grid, limits, rule, control: control ?? none };
}
