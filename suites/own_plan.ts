/**
 * A plan of the user's own: what `--plan FILE` may say.
 *
 * @module
 */
import { z } from "zod";
import { LabError } from "../lab/record/failure.ts";
import { SWEPT } from "../lab/record/run.ts";
import { PROFILES } from "../lab/suite.ts";
import { TASKS } from "../model/tasks/registry.ts";

const log2 = z.number().min(-60).max(20);
const values = z.array(log2).min(1).max(64).describe("log2 values, e.g. [-8, -7, -6]");
const range = z.union([
  values,
  z.strictObject({ from: log2, to: log2 }).describe("whole octaves from and to, both among them"),
]);
const seeds = z.array(z.int().min(0).max(2 ** 31)).min(1).max(64)
  .refine((all) => new Set(all).size === all.length, "a seed stands there twice")
  .meta({ uniqueItems: true });
const configuration = z.string().min(1).max(400).describe("e.g. 16e4a:d=64,h=16; see rule --help");
const task = z.enum(Object.keys(TASKS) as [string, ...string[]]);
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
  steps: count(10_000_000).describe(
    "optimizer steps; a configuration with B or D trains D/B, and B alone keeps D",
  ),
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
  task,
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
  task,
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

/** One of its panels. */
export type OwnPanel = z.infer<typeof panelSchema>;

/** Grids as a plan file names them. */
export type OwnGrids = z.infer<typeof gridSchema>;

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
