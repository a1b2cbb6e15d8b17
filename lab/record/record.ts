/**
 * The record schema: what one bench writes to `record.json` and, per run, to `runs.jsonl`.
 *
 * One file because every type stands beside the zod schema that checks it. Fields carry their unit (`latency_s`, `loss`); a number that was not measured is `null`,
 * never 0. `SCHEMA` changes whenever a field changes meaning.
 *
 * @module
 */
import { z } from "zod";

/** Version of the record format; a reader refuses any other. */
export const SCHEMA = "mue-bench/record/1";

/** What a verdict may say. `cannot tell at this size` is never a pass. */
export const VERDICTS = ["pass", "fail", "inconclusive", "cannot tell at this size"] as const;
/** One of {@link VERDICTS}. */
export type Verdict = typeof VERDICTS[number];

/** An estimate with its 95% interval. */
export interface Interval {
  /** point estimate */
  estimate: number;
  /** lower end of the 95% interval */
  lo: number;
  /** upper end of the 95% interval */
  hi: number;
}
/** zod form of {@link Interval}. */
export const intervalSchema: z.ZodType<Interval> = z.object({
  estimate: z.number(),
  lo: z.number(),
  hi: z.number(),
});

/** The hyperparameters of the reference that a rule transfers (AdamW and init). */
export interface BaseHyperParameters {
  /** peak learning rate of the reference */
  lr: number;
  /** AdamW's weight decay, applied as lr * weightDecay */
  weightDecay: number;
  /** Adam's epsilon */
  eps: number;
  /** first-moment decay */
  beta1: number;
  /** second-moment decay */
  beta2: number;
  /** init std of the reference's 2-D block matrices */
  initStd: number;
  /** init std of the embedding */
  embedInitStd: number;
  /** init std of the final projection; 0 is zero-init */
  unembedInitStd: number;
}
const baseSchema: z.ZodType<BaseHyperParameters> = z.object({
  lr: z.number(),
  weightDecay: z.number(),
  eps: z.number(),
  beta1: z.number(),
  beta2: z.number(),
  initStd: z.number(),
  embedInitStd: z.number(),
  unembedInitStd: z.number(),
});

/**
 * What a line of a transfer suite is for. `reference`: its hyperparameters are tuned; `target`: they
 * are transferred; `control`: transferred by a rule that should fail; `rival`: transferred by another
 * rule, judged and ranked beside the target, decides nothing.
 */
export const ROLES = ["reference", "target", "control", "rival"] as const;
/** One of {@link ROLES}. */
export type Role = typeof ROLES[number];

/** One place in the plan: what is trained, under which rule, at which swept value, for which seed. */
export interface Cell {
  /** panel of the figure: `transfer` (targets wider than the reference) or `iso-width` */
  panel: string;
  /** the configuration as the command line writes it, e.g. `16e4a:d=64,L=2,h=16` */
  configuration: string;
  /** short name for legends, e.g. `16e4a` or `dense` */
  label: string;
  /** rule id, e.g. `complete-mue` */
  rule: string;
  /** what it is for; see {@link ROLES} */
  role: Role;
  /** name of the swept hyperparameter of the reference: `lr`, `weightDecay`, `initStd` */
  swept: "lr" | "weightDecay" | "initStd";
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
  role: z.enum(ROLES),
  swept: z.enum(["lr", "weightDecay", "initStd"]),
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
  base: BaseHyperParameters;
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
  /** mean cross-entropy of each training step; the steps after divergence are left out */
  trainLoss: number[];
  /** mean cross-entropy on the held-out text after the last step; null if the run diverged */
  validationLoss: number | null;
  /** step at which the loss left the finite numbers, or null */
  divergedAtStep: number | null;
  /** share of held-out tokens that select each expert, per block; null for dense */
  expertLoad: number[][] | null;
  /** further facts of the routers; null for dense and diverged runs, absent from records older than it */
  router?: RouterRecord | null;
  /**
   * mean over tokens of logsumexp(router logits)², summed over blocks, before each training step (5
   * digits, null where not finite; as long as trainLoss); null for dense, absent from records
   * older than it
   */
  trainZLoss?: (number | null)[] | null;
  /** wall seconds of the group this run trained in, divided by the runs in it */
  wall_s: number;
  /** how many runs trained side by side */
  replicas: number;
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
  router: routerSchema.nullable().optional(),
  trainZLoss: z.array(z.number().nullable()).nullable().optional(),
  wall_s: z.number(),
  replicas: z.number().int(),
});

/** The optimum of one sweep: where a quadratic in log2 x has its minimum. */
export interface Optimum {
  /** panel of the figure */
  panel: string;
  /** short name of the configuration */
  label: string;
  /** rule id */
  rule: string;
  /** what it is in the comparison */
  role: Role;
  /** swept hyperparameter */
  swept: "lr" | "weightDecay" | "initStd";
  /** log2 of the optimal value, median and 95% bootstrap interval; null when it cannot be fitted */
  log2x: Interval | null;
  /** fitted loss at the optimum */
  loss: Interval | null;
  /** the best grid point lies on the edge of the widest grid that was tried */
  atEdge: boolean;
  /** share of runs that diverged */
  diverged: number;
}
const optimumSchema: z.ZodType<Optimum> = z.object({
  panel: z.string(),
  label: z.string(),
  rule: z.string(),
  role: z.enum(ROLES),
  swept: z.enum(["lr", "weightDecay", "initStd"]),
  log2x: intervalSchema.nullable(),
  loss: intervalSchema.nullable(),
  atEdge: z.boolean(),
  diverged: z.number(),
});

/** The judgement of one target (control, rival) against the reference of the plan. */
export interface Judgement {
  /** panel of the figure */
  panel: string;
  /** short name of the configuration */
  label: string;
  /** rule id */
  rule: string;
  /** what it is in the comparison */
  role: Exclude<Role, "reference">;
  /** swept hyperparameter */
  swept: "lr" | "weightDecay" | "initStd";
  /** log2 x^(target) - log2 x^(reference), octaves, paired by seed; null when either has no optimum */
  shift_octaves: Interval | null;
  /** largest shift that counts as transferred, octaves */
  tolerance_octaves: number;
  /** loss at the transferred optimum minus the target's own best, nats */
  regret: Interval | null;
  /** largest regret that counts as near-optimal, nats */
  regretLimit: number | null;
  /** what was decided */
  verdict: Verdict;
  /** one sentence a reader can check against the numbers */
  reason: string;
}
const judgementSchema: z.ZodType<Judgement> = z.object({
  panel: z.string(),
  label: z.string(),
  rule: z.string(),
  role: z.enum(ROLES).exclude(["reference"]),
  swept: z.enum(["lr", "weightDecay", "initStd"]),
  shift_octaves: intervalSchema.nullable(),
  tolerance_octaves: z.number(),
  regret: intervalSchema.nullable(),
  regretLimit: z.number().nullable(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
});

/** The machine and software a bench ran on. */
export interface Environment {
  /** name of the adapter */
  adapter: string;
  /** its vendor, as WebGPU gives it */
  vendor: string;
  /** its architecture, as WebGPU gives it */
  architecture: string;
  /** a software adapter: its times say nothing about GPUs */
  software: boolean;
  /** graphics API underneath */
  backend: string;
  /** kernel variants and storage, or size of the suite */
  profile: string;
  /**
   * kernel variants the autotuner chose, by case (a case that is not named runs its default); `none`
   * when it did not choose; absent from records older than it
   */
  tuning?: "none" | Record<string, string>;
  /** optional WebGPU features it offers */
  features: string[];
  /** version of Deno */
  deno: string;
  /** operating system */
  os: string;
  /** logical processors */
  cpus: number;
  /** commit of the checkout, or null */
  gitCommit: string | null;
  /** version of mue-bench */
  version: string;
  /** version of the kernels' arithmetic; absent from records older than the field */
  kernelsVersion?: string;
}
/** zod form of {@link Environment}. */
export const environmentSchema: z.ZodType<Environment> = z.object({
  adapter: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  software: z.boolean(),
  backend: z.string(),
  profile: z.string(),
  tuning: z.union([z.literal("none"), z.record(z.string(), z.string())]).optional(),
  features: z.array(z.string()),
  deno: z.string(),
  os: z.string(),
  cpus: z.number().int(),
  gitCommit: z.string().nullable(),
  version: z.string(),
  kernelsVersion: z.string().optional(),
});

/** What a suite says of itself; the words of its module comment. */
export interface SuiteFacts {
  /** suite id */
  id: string;
  /** name of the suite */
  title: string;
  /** figure of the paper, e.g. `Fig. 2 (language model)` */
  figure: string;
  /** the paper's claim in our words */
  claim: string;
  /** what is held fixed */
  heldFixed: string;
  /** what is varied */
  varied: string;
  /** what is measured, with its unit */
  measured: string;
  /** when it passes */
  passesIf: string;
  /** what must be seen to fail */
  control: string;
  /** where the claim stands */
  source: string;
  /** flags that made it another suite than the declared one, e.g. `--router gate=softmax` */
  options?: string;
}
/** zod form of {@link SuiteFacts}. */
export const suiteSchema: z.ZodType<SuiteFacts> = z.object({
  id: z.string(),
  title: z.string(),
  figure: z.string(),
  claim: z.string(),
  heldFixed: z.string(),
  varied: z.string(),
  measured: z.string(),
  passesIf: z.string(),
  control: z.string(),
  source: z.string(),
  options: z.string().optional(),
});

/** The plan, written before the first run; its hash is in the record. */
export interface PlanFacts {
  /** kernel variants and storage, or size of the suite */
  profile: string;
  /** paired seeds */
  seeds: number[];
  /** optimizer steps */
  steps: number;
  /** tokens of one step */
  batchTokens: number;
  /** tokens of one sequence */
  sequence: number;
  /** largest shift that counts as transferred, octaves */
  tolerance_octaves: number;
  /**
   * log2 grid of each sweep before widening, keyed by `panel/configuration/rule` (and `/swept` where it
   * is not the learning rate); empty for a bracket: the reference's measured optimum, rounded, and one
   * octave on each side
   */
  grids: Record<string, number[]>;
  /** hash of all that was decided: this, the whole profile, hyperparameters, rules, data */
  hash: string;
  /** true when the runs were made under another plan than the one judging them */
  exploratory: boolean;
}
const planSchema: z.ZodType<PlanFacts> = z.object({
  profile: z.string(),
  seeds: z.array(z.number().int()),
  steps: z.number().int(),
  batchTokens: z.number().int(),
  sequence: z.number().int(),
  tolerance_octaves: z.number(),
  grids: z.record(z.string(), z.array(z.number())),
  hash: z.string(),
  exploratory: z.boolean(),
});

/** What a bench cost, since it was last started. */
export interface Cost {
  /** wall seconds */
  wall_s: number;
  /** runs trained */
  trainedRuns: number;
  /** runs found finished */
  reusedRuns: number;
  /** tokens of the trained runs, all steps */
  trainedTokens: number;
  /** most bytes of tensors, uniforms and read-backs alive on the device at one time; null in older records */
  peakDevice_bytes: number | null;
  /** largest resident set of the process until then; null where the system does not say, and in older records */
  peakRss_bytes: number | null;
}
// the two peaks came later under the same schema: where they are missing they were not measured
const costSchema: z.ZodType<Cost> = z.object({
  wall_s: z.number(),
  trainedRuns: z.number().int(),
  reusedRuns: z.number().int(),
  trainedTokens: z.number().int(),
  peakDevice_bytes: z.number().int().nullable().default(null),
  peakRss_bytes: z.number().int().nullable().default(null),
});

/** A quantity a suite estimates besides its verdict. */
export interface Estimated {
  /** what it is, with the letters of the paper */
  quantity: string;
  /** estimate and 95% interval; null where it could not be measured */
  value: Interval | null;
  /** what to hold it against, and what is doubtful about it */
  note: string;
}

/** One bench of one suite. */
export interface BenchRecord {
  /** format version */
  schema: typeof SCHEMA;
  /** ISO time of the judgement */
  createdAt: string;
  /** the suite's words */
  suite: SuiteFacts;
  /** the plan */
  plan: PlanFacts;
  /** machine and software */
  environment: Environment;
  /** the text */
  data: {
    name: string;
    hash: string;
    trainTokens: number;
    validationTokens: number;
    licence: string;
  };
  /** every run that was planned and is finished */
  runs: Run[];
  /** optimum of every sweep */
  optima: Optimum[];
  /** every target and control against the reference */
  judgements: Judgement[];
  /** quantities estimated besides; absent where the suite has none */
  estimates?: Estimated[];
  /** what was decided */
  verdict: Verdict;
  /** why, in one sentence */
  reason: string;
  /** true when the bench was stopped before the last planned run */
  incomplete: boolean;
  /** what this bench cost */
  cost: Cost;
  /** what a reader must know */
  warnings: string[];
}
/** zod form of {@link BenchRecord}. */
export const benchRecordSchema: z.ZodType<BenchRecord> = z.object({
  schema: z.literal(SCHEMA),
  createdAt: z.string(),
  suite: suiteSchema,
  plan: planSchema,
  environment: environmentSchema,
  data: z.object({
    name: z.string(),
    hash: z.string(),
    trainTokens: z.number().int(),
    validationTokens: z.number().int(),
    licence: z.string(),
  }),
  runs: z.array(runSchema),
  optima: z.array(optimumSchema),
  judgements: z.array(judgementSchema),
  estimates: z.array(z.object({
    quantity: z.string(),
    value: intervalSchema.nullable(),
    note: z.string(),
  })).optional(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  incomplete: z.boolean(),
  cost: costSchema,
  warnings: z.array(z.string()),
});
