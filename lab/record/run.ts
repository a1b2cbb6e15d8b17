/**
 * A trained model: what was planned, what the rule gave, what came out. One line of `runs.jsonl`.
 *
 * Losses are in the unit of the record's task. A number that was not measured is `null`, never 0.
 *
 * @module
 */
import { z } from "zod";
import type { HyperParameters } from "../../rule/rule.ts";
import { hashOf } from "./hash.ts";
import { SWEPT, type Swept } from "./swept.ts";

export { ANY_SWEPT, type AnySwept, SWEPT, type Swept, SWEPT_CHART, SWEPT_NAME } from "./swept.ts";

const baseSchema: z.ZodType<HyperParameters> = z.object({
  lr: z.number(),
  weightDecay: z.number(),
  eps: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  initStd: z.number(),
  embedInitStd: z.number(),
  unembedInitStd: z.number(),
  patchInitStd: z.number().optional(),
  timeInitStd: z.number().optional(),
  modInitStd: z.number().optional(),
});

/**
 * What a model is trained for. `reference`: its hyperparameters are tuned; `target`: they are
 * transferred; `control`: transferred by a rule or to a variant that should fail; `rival`: transferred
 * by another rule that is ranked beside the target.
 */
export const CELL_ROLES = ["reference", "target", "control", "rival"] as const;
/** One of {@link CELL_ROLES}. */
export type CellRole = typeof CELL_ROLES[number];

/** One place in the plan: what is trained, under which rule, at which swept value, for which seed. */
export interface Cell {
  /** panel of the figure it is trained for, by its name in the findings, e.g. `transfer` */
  panel: string;
  /** the configuration as the command line writes it, e.g. `16e4a:d=64,L=2,h=16` */
  configuration: string;
  /** short name for legends, e.g. `16e4a` or `dense` */
  label: string;
  /** rule id, e.g. `complete-mue` */
  rule: string;
  /** what it is for */
  role: CellRole;
  /** the swept hyperparameter of the reference */
  swept: Swept;
  /** log2 of its value on the reference's scale */
  log2x: number;
  /** data order and init */
  seed: number;
}
const cellSchema: z.ZodType<Cell> = z.object({
  panel: z.string(),
  configuration: z.string(),
  label: z.string(),
  rule: z.string(),
  role: z.enum(CELL_ROLES),
  swept: z.enum(SWEPT),
  log2x: z.number(),
  seed: z.number().int(),
});

/** What a run's routers did on held-out text after the last step; one number per block. */
export interface RouterRecord {
  /** mean over tokens of the entropy of a token's gates over their sum: 0 … ln a */
  gateEntropy_nats: number[];
  /** largest |router logit| */
  maxLogit: number[];
  /** share of the picks that a capacity dropped */
  dropRate: number[];
  /** share of the tokens that no routed expert serves */
  unserved: number[];
  /** experts whose load is below a tenth of the mean load a/N */
  deadExperts: number[];
}
const perBlock = z.array(z.number());
const routerSchema: z.ZodType<RouterRecord> = z.object({
  gateEntropy_nats: perBlock,
  maxLogit: perBlock,
  dropRate: perBlock,
  unserved: perBlock,
  deadExperts: z.array(z.number().int()),
});

/** One finished run: one line of `runs.jsonl`. */
export interface Run {
  /** hash of everything that determines the run (task, model, rule, HPs, seed, steps, data, kernels) */
  key: string;
  /** what was planned */
  cell: Cell;
  /** the reference's hyperparameters */
  base: HyperParameters;
  /** per-tensor rows the rule gave, keyed by tensor kind */
  rows: Record<string, { initStd: number; lr: number; weightDecay: number; eps: number }>;
  /** what the rule multiplies branches and logits with */
  multipliers: { residual: number; outputMultiplier: number; routeScale: number; logits: number };
  /** trained parameters */
  parameters: number;
  /** optimizer steps */
  steps: number;
  /** tokens of one step */
  batchTokens: number;
  /** the task's loss at each training step; the steps after divergence are left out */
  trainLoss: number[];
  /** the task's loss on held-out data after the last step; null if the run diverged */
  validationLoss: number | null;
  /** step at which the loss left the finite numbers, or null */
  divergedAtStep: number | null;
  /** share of held-out tokens that select each expert, per block; null for dense */
  expertLoad: number[][] | null;
  /** further facts of the routers; null for dense and diverged runs */
  router: RouterRecord | null;
  /**
   * mean over tokens of logsumexp(router logits)², summed over blocks, before each training step (5
   * digits, null where not finite; as long as trainLoss); null for dense
   */
  trainZLoss: (number | null)[] | null;
  /**
   * largest singular value of the trained matrices by kind (wq … wdown), mean over blocks and experts, 6 digits
   * (model/measure/top_singular.ts); absent of diverged runs, of models too large for it, and of runs made before it
   * was measured
   */
  topSingular?: Record<string, number>;
  /** wall seconds of the group this run trained in, divided by the runs in it */
  wall_s: number;
  /** how many runs trained side by side */
  replicas: number;
  /** {@link digestOf} it, taken by the process that trained it */
  digest: string;
}
/** zod form of {@link Run}. */
export const runSchema: z.ZodType<Run> = z.object({
  key: z.string(),
  cell: cellSchema,
  base: baseSchema,
  rows: z.record(
    z.string(),
    z.object({
      initStd: z.number(),
      lr: z.number(),
      weightDecay: z.number(),
      eps: z.number(),
    }),
  ),
  multipliers: z.object({
    residual: z.number(),
    outputMultiplier: z.number(),
    routeScale: z.number(),
    logits: z.number(),
  }),
  parameters: z.number().int(),
  steps: z.number().int(),
  batchTokens: z.number().int(),
  trainLoss: z.array(z.number()),
  validationLoss: z.number().nullable(),
  divergedAtStep: z.number().int().nullable(),
  expertLoad: z.array(z.array(z.number())).nullable(),
  router: routerSchema.nullable(),
  trainZLoss: z.array(z.number().nullable()).nullable(),
  topSingular: z.record(z.string(), z.number()).optional(),
  wall_s: z.number(),
  replicas: z.number().int(),
  digest: z.string(),
});

/** A run before its digest is taken. */
export type UnsignedRun = Omit<Run, "digest">;

/**
 * Hash of what determines a run and of all that came out of it, to the last bit: equal on equal machines, however long
 * it took, whatever it was trained for and beside.
 */
export function digestOf(run: UnsignedRun): string {
  const { key, base, rows, multipliers, parameters, steps, batchTokens, ...measured } = run;
  const { trainLoss, validationLoss, divergedAtStep, expertLoad, router, trainZLoss } = measured;
  const { topSingular } = measured; // no part of the hash where it is absent
  const given = { key, base, rows, multipliers, parameters, steps, batchTokens };
  const out = { trainLoss, validationLoss, divergedAtStep, expertLoad, router, trainZLoss };
  return hashOf({ ...given, ...out, topSingular });
}

/** The run with its digest. */
export function signed(run: UnsignedRun): Run {
  return { ...run, digest: digestOf(run) };
}
