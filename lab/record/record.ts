/**
 * The record: what one bench of one suite, of whatever kind, writes to `record.json`. Only `evidence`
 * differs between kinds. Fields carry their unit (`wall_s`, `peakDevice_bytes`); losses are in the
 * task's. {@link SCHEMA} changes whenever a field changes meaning.
 *
 * @module
 */
import { z } from "zod";
import { type Decision, decisionSchema, reasonSchema, verdictSchema } from "./decision.ts";
import { type Evidence, evidenceSchema } from "./evidence.ts";
import { type Findings, findingsSchema } from "./findings.ts";

/** Version of the format; a reader refuses any other. */
export const SCHEMA = "mue-bench/record/3";

/** What a device was opened with, as {@link Environment.profile} says it. */
export const profileName = (
  { kernels, storage, tuning }: { kernels: string; storage: string; tuning?: unknown },
): string => `${kernels} kernels, ${storage} storage${tuning ? ", tuned" : ""}`;

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
  /** kernels and storage the device was opened with, e.g. `gpu kernels, buffer storage, tuned` */
  profile: string;
  /**
   * kernel variants the autotuner chose, by case (a case that is not named runs its default); `none`
   * when it did not choose
   */
  tuning: "none" | Record<string, string>;
  /** what a run's last bits depend on besides its cell: adapter, kernel variants, storage; in every run's key */
  identity: string;
  /** the driver's version, as the system tells it; null where it does not */
  driver: string | null;
  /** optional WebGPU features it offers */
  features: string[];
  /** limits of the device that was opened, by WebGPU's names */
  limits: Record<string, number>;
  /** version of Deno; of the build, where a browser ran it */
  deno: string;
  /** version of V8; null where it is not told */
  v8: string | null;
  /** what the browser that ran it calls itself (its user agent); absent: Deno did */
  browser?: string;
  /** hash of `deno.lock`, which names every package by its content; null where there is none */
  lock: string | null;
  /** mean number of processes that wanted to run in the minute before the bench; null where not told */
  load: number | null;
  /** operating system */
  os: string;
  /** logical processors */
  cpus: number;
  /** commit of the checkout, or null */
  gitCommit: string | null;
  /** version of mue-bench */
  version: string;
  /** version of the kernels' arithmetic */
  kernelsVersion: string;
}
/** zod form of {@link Environment}. */
export const environmentSchema: z.ZodType<Environment> = z.object({
  adapter: z.string(),
  vendor: z.string(),
  architecture: z.string(),
  software: z.boolean(),
  backend: z.string(),
  profile: z.string(),
  tuning: z.union([z.literal("none"), z.record(z.string(), z.string())]),
  identity: z.string(),
  driver: z.string().nullable(),
  features: z.array(z.string()),
  limits: z.record(z.string(), z.number()),
  deno: z.string(),
  v8: z.string().nullable(),
  lock: z.string().nullable(),
  load: z.number().nullable(),
  browser: z.string().optional(),
  os: z.string(),
  cpus: z.number().int(),
  gitCommit: z.string().nullable(),
  version: z.string(),
  kernelsVersion: z.string(),
});

/** Id of a suite of the user's own; its plan is in its record and in no version. */
export const OWN_SUITE = "transfer";

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
const suiteSchema: z.ZodType<SuiteFacts> = z.object({
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

/** The plan, written before the first measurement; its hash is in the record. */
export interface PlanFacts {
  /** size of the suite */
  profile: string;
  /** raised when what the suite measures or how it judges changes */
  version: string;
  /** everything that was decided before the first measurement: sizes, seeds, grids, limits, data */
  decided: unknown;
  /** hash of the suite's id, profile, version and of all that was decided */
  hash: string;
  /** true when something was measured under another plan than the one judging it */
  exploratory: boolean;
}
const planSchema: z.ZodType<PlanFacts> = z.object({
  profile: z.string(),
  version: z.string(),
  decided: z.unknown(),
  hash: z.string(),
  exploratory: z.boolean(),
});

/** What models were trained to do; axes and tables take their words from it. */
export interface TaskFacts {
  /** task id, e.g. `language` */
  id: string;
  /** its loss, e.g. `cross-entropy` in `nats` */
  loss: { name: string; unit: string };
}
const taskSchema: z.ZodType<TaskFacts> = z.object({
  id: z.string(),
  loss: z.object({ name: z.string(), unit: z.string() }),
});

/** What was trained on. */
export interface DataFacts {
  /** its name; of a user's own file, the path as it was given */
  name: string;
  /** hash of its bytes */
  hash: string;
  /** what is counted: `tokens`, `images` */
  unit: string;
  /** how many there are to train on */
  trainUnits: number;
  /** how many are held out */
  heldOutUnits: number;
  /** licence it comes under */
  licence: string;
  /** the file it was read from, as the user gave it; null for data that mue-bench brings */
  file: string | null;
}
const dataSchema: z.ZodType<DataFacts> = z.object({
  name: z.string(),
  hash: z.string(),
  unit: z.string(),
  trainUnits: z.number().int(),
  heldOutUnits: z.number().int(),
  licence: z.string(),
  file: z.string().nullable(),
});

/** What a bench cost, since it was last started. */
export interface Cost {
  /** wall seconds */
  wall_s: number;
  /** runs trained meanwhile, those for later suites by a hand with nothing to do among them */
  trainedRuns: number;
  /** runs found finished */
  reusedRuns: number;
  /** tokens of the trained runs, all steps */
  trainedTokens: number;
  /** processes that trained side by side */
  workers: number;
  /** CPU seconds of all processes over wall seconds times cores, 0 to 1; null in a browser, which does not say */
  coresBusy: number | null;
  /**
   * most bytes of tensors, uniforms and read-backs alive on a device at one time; of several processes the sum of what
   * each had at its peak, which need not be the same moment
   */
  peakDevice_bytes: number | null;
  /** largest resident set until then, of all processes; null where the system does not say */
  peakRss_bytes: number | null;
}
/** zod form of {@link Cost}. */
export const costSchema: z.ZodType<Cost> = z.object({
  wall_s: z.number(),
  trainedRuns: z.number().int(),
  reusedRuns: z.number().int(),
  trainedTokens: z.number().int(),
  workers: z.number().int(),
  coresBusy: z.number().nullable(),
  peakDevice_bytes: z.number().int().nullable(),
  peakRss_bytes: z.number().int().nullable(),
});

/** What tells whether the machine computed alike throughout. */
export interface Trust {
  /**
   * digests of a short known training before the suite and after it, which must be equal; `after` is null where the
   * bench was stopped or the training could not be trusted. Equal on equal machines. Null: its task has none, or
   * the record was merged of several benches
   */
  canary: { before: string; after: string | null } | null;
  /** runs of this bench that were trained a second time and came out equal to the bit */
  trainedAgain: number;
}
/** zod form of {@link Trust}. */
export const trustSchema: z.ZodType<Trust> = z.object({
  canary: z.object({ before: z.string(), after: z.string().nullable() }).nullable(),
  trainedAgain: z.number().int(),
});

/** One bench of one suite. */
export interface BenchRecord extends Decision {
  /** format version */
  schema: typeof SCHEMA;
  /** ISO time of the judgement */
  createdAt: string;
  /** the suite's words */
  suite: SuiteFacts;
  /** what models were trained to do; null when none was trained */
  task: TaskFacts | null;
  /** the plan */
  plan: PlanFacts;
  /** machine and software */
  environment: Environment;
  /** what was trained on; null when nothing was */
  data: DataFacts | null;
  /** what the findings rest on */
  evidence: Evidence;
  /** what was found */
  findings: Findings;
  /** what each panel says by itself, by its name: figures of the paper that are one panel of a suite */
  decisions: Record<string, Decision>;
  /** true when the bench was stopped before the last planned measurement */
  incomplete: boolean;
  /** what this bench cost */
  cost: Cost;
  /** whether the machine computed alike throughout */
  trust: Trust;
  /** what a reader must know */
  warnings: string[];
  /** hash of all the other fields: {@link sealed} */
  checksum: string;
}
/** zod form of {@link BenchRecord}. */
export const recordSchema: z.ZodType<BenchRecord> = z.object({
  schema: z.literal(SCHEMA),
  createdAt: z.string(),
  suite: suiteSchema,
  task: taskSchema.nullable(),
  plan: planSchema,
  environment: environmentSchema,
  data: dataSchema.nullable(),
  evidence: evidenceSchema,
  findings: findingsSchema,
  decisions: z.record(z.string(), decisionSchema),
  verdict: verdictSchema,
  reason: reasonSchema,
  incomplete: z.boolean(),
  cost: costSchema,
  trust: trustSchema,
  warnings: z.array(z.string()),
  checksum: z.string(),
});
