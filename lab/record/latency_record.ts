/**
 * The record of the suite `latency`: what one bench writes to `record.json` and, per group of works
 * timed in the same rounds, to `latency.jsonl`.
 *
 * Times are seconds of one whole pass over the layer, wall clock; intervals are 95%. A number that
 * was not measured is `null`, never 0. {@link LATENCY_SCHEMA} changes whenever a field changes meaning.
 *
 * @module
 */
import { z } from "zod";
import { readFormat } from "./read.ts";
import {
  type Environment,
  environmentSchema,
  type Interval,
  intervalSchema,
  type SuiteFacts,
  suiteSchema,
  type Verdict,
  VERDICTS,
} from "./record.ts";

/** Version of the format; a reader refuses any other. */
export const LATENCY_SCHEMA = "mue-bench/latency/1";

/** Axes of the figure: what varies in a panel. `active`: a at fixed N and h. */
export const LATENCY_PANELS = [
  "experts",
  "granularity",
  "active",
  "tokens",
  "width",
  "routing",
] as const;
/** One of {@link LATENCY_PANELS}. */
export type LatencyPanel = typeof LATENCY_PANELS[number];

/** What is compared: H = a h costs the same active FLOPs, H = N h has the same parameters. */
export const LATENCY_SERIES = [
  "moe",
  "dense, equal active FLOPs",
  "dense, equal parameters",
] as const;
/** One of {@link LATENCY_SERIES}. */
export type LatencySeries = typeof LATENCY_SERIES[number];

/** What a pass computes. */
export const LATENCY_PASSES = ["forward", "forward+backward"] as const;
/** One of {@link LATENCY_PASSES}. */
export type LatencyPass = typeof LATENCY_PASSES[number];

/** One layer, timed. */
export interface LatencyPoint {
  /** hash of all that was timed: layer, tokens, routing, pass, panel */
  key: string;
  /** points of one group were timed in the same rounds: sample i of each is of round i */
  group: string;
  /** panel of the figure */
  panel: LatencyPanel;
  /** what it is in the comparison */
  series: LatencySeries;
  /** as the command line writes it, e.g. `16e4a:d=128,L=1,h=64` or `dense:d=128,L=1,H=256` */
  configuration: string;
  /** short name for legends, e.g. `16e4a` or `dense` */
  label: string;
  /** d, model width */
  width: number;
  /** tokens of one pass */
  tokens: number;
  /** N, or null for dense */
  experts: number | null;
  /** a, or null for dense */
  active: number | null;
  /** h, or null for dense */
  expertWidth: number | null;
  /** hidden units a token passes: a h, or H */
  hidden: number;
  /**
   * the MoE this dense layer stands beside, e.g. `16e4a:d=128,L=1,h=64`, null for an MoE. A layer that
   * matches several MoEs of a group is timed once and stands beside each
   */
  matches: string[] | null;
  /** weights of the layer, router included */
  parameters: number;
  /** `uniform`, `zipf`, `hot` or `trained`; null for dense */
  routing: string | null;
  /** what was computed */
  pass: LatencyPass;
  /** median wall seconds of one pass */
  time_s: Interval;
  /** wall seconds of one pass, one per round */
  samples_s: number[];
  /** median by GPU timestamps, or null */
  device_s: number | null;
  /**
   * seconds the first pass took longer than the second, uploads done: what the driver compiles at first
   * use; null when it is 20 ms or less, as for a layer whose kernels another one had compiled. What
   * making a pipeline itself takes is not in it
   */
  compile_s: number | null;
  /** multiply-adds of the experts' (or dense) products times two, by model/feed_forward.ts's formula */
  flops: number;
  /** those of the router's own products; 0 for dense. Not in `flops`, but in the time */
  routerFlops: number;
  /** flops / time_s / 1e12; lo and hi are ends of the interval */
  tflops: Interval;
  /** compulsory traffic of one pass by the same file's formula */
  bytes: number;
  /**
   * speed as a share of the dense layer's at equal active FLOPs: 100 times its time over this one's,
   * paired by round; 100 is as fast, 50 takes twice as long. 100 for that dense layer itself;
   * null where no such layer was timed beside it
   */
  percentOfDense: Interval | null;
  /** 100 tflops over the measured FMA ceiling */
  percentOfCeiling: Interval;
  /** rows of the experts' tiles that hold no token, over all rows computed; null for dense */
  paddingShare: number | null;
  /** tokens of the busiest expert over the mean, from the routing tensors; null for dense */
  busiestOverMean: number | null;
  /** kernels launched per pass */
  dispatches: number;
  /** what the timer noticed */
  warnings: string[];
}
/** zod form of {@link LatencyPoint}. */
export const latencyPointSchema: z.ZodType<LatencyPoint> = z.object({
  key: z.string(),
  group: z.string(),
  panel: z.enum(LATENCY_PANELS),
  series: z.enum(LATENCY_SERIES),
  configuration: z.string(),
  label: z.string(),
  width: z.number().int(),
  tokens: z.number().int(),
  experts: z.number().int().nullable(),
  active: z.number().int().nullable(),
  expertWidth: z.number().int().nullable(),
  hidden: z.number().int(),
  matches: z.array(z.string()).nullable(),
  parameters: z.number().int(),
  routing: z.string().nullable(),
  pass: z.enum(LATENCY_PASSES),
  time_s: intervalSchema,
  samples_s: z.array(z.number().positive()),
  device_s: z.number().nullable(),
  compile_s: z.number().nullable(),
  flops: z.number(),
  routerFlops: z.number(),
  tflops: intervalSchema,
  bytes: z.number(),
  percentOfDense: intervalSchema.nullable(),
  percentOfCeiling: intervalSchema,
  paddingShare: z.number().nullable(),
  busiestOverMean: z.number().nullable(),
  dispatches: z.number().int(),
  warnings: z.array(z.string()),
});

/** The denominators of every share of a ceiling, measured on this adapter; see model/measure/roofline.ts. */
export interface RooflineFacts {
  /** f32 multiply-adds times two, per second */
  fma_flops: Interval;
  /** bytes per second of a kernel that only reads */
  read_bytes_s: Interval;
  /** bytes per second of a copy, read and written counted */
  copy_bytes_s: Interval;
  /** how tensors are held */
  storage: "texture" | "buffer";
  /** what the timer noticed */
  warnings: string[];
}
/** zod form of {@link RooflineFacts}. */
export const rooflineSchema: z.ZodType<RooflineFacts> = z.object({
  fma_flops: intervalSchema,
  read_bytes_s: intervalSchema,
  copy_bytes_s: intervalSchema,
  storage: z.enum(["texture", "buffer"]),
  warnings: z.array(z.string()),
});

/** One claim on a ratio of times. */
export interface LatencyJudgement {
  /**
   * what is judged; `beyond` is capacity at fewer active experts than the paper timed, which decides
   * nothing; `control` is one step of dense widening judged by capacity's limit, and must
   * fail
   */
  claim: "capacity" | "beyond" | "granularity" | "widening" | "control";
  /** the ratio in words, e.g. `time of 64e2a over 8e2a, forward` */
  quantity: string;
  /** ratio of times paired by round; null when a point is missing */
  ratio: Interval | null;
  /** what it must not exceed (widening: what it must reach), written in the plan */
  limit: number;
  /** what was decided */
  verdict: Verdict;
  /** one sentence a reader can check against the numbers */
  reason: string;
}
const judgementSchema: z.ZodType<LatencyJudgement> = z.object({
  claim: z.enum(["capacity", "beyond", "granularity", "widening", "control"]),
  quantity: z.string(),
  ratio: intervalSchema.nullable(),
  limit: z.number(),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
});

/** Limits of the claims, ratios of times. */
export interface LatencyLimits {
  /** most that growing N may cost at fixed a and h */
  capacity: number;
  /** most that splitting experts may cost at fixed active and total width */
  granularity: number;
  /** share of the growth in parameters that dense widening must cost at least */
  wideningShare: number;
}

/** The plan, written before the first timing; its hash is in the record. */
export interface LatencyPlan {
  /** size of the suite */
  profile: string;
  /** what is timed, in order: `panel/series/configuration/tokens/routing/pass` of every work */
  cases: string[];
  /** rounds per group */
  rounds: number;
  /** seconds a sample should take */
  sample_s: number;
  /** limits of the claims */
  limits: LatencyLimits;
  /** hash of all that was decided: this and the suite's version */
  hash: string;
  /** true when points were timed under another plan than the one judging them */
  exploratory: boolean;
}
const planSchema: z.ZodType<LatencyPlan> = z.object({
  profile: z.string(),
  cases: z.array(z.string()),
  rounds: z.number().int(),
  sample_s: z.number(),
  limits: z.object({
    capacity: z.number(),
    granularity: z.number(),
    wideningShare: z.number(),
  }),
  hash: z.string(),
  exploratory: z.boolean(),
});

/** One bench of the suite `latency`. */
export interface LatencyRecord {
  /** format version */
  schema: typeof LATENCY_SCHEMA;
  /** ISO time of the judgement */
  createdAt: string;
  /** the suite's words */
  suite: SuiteFacts;
  /** version of the suite's declaration; records of different versions are not compared */
  suiteVersion: string;
  /** the plan */
  plan: LatencyPlan;
  /** machine and software */
  environment: Environment;
  /** ceilings measured before the first point */
  roofline: RooflineFacts;
  /** every work that was planned and is finished */
  points: LatencyPoint[];
  /** every claim */
  judgements: LatencyJudgement[];
  /** what was decided */
  verdict: Verdict;
  /** why, in one sentence */
  reason: string;
  /** true when the bench was stopped before the last planned work */
  incomplete: boolean;
  /** what measuring all of it took, interruptions left out */
  cost: { wall_s: number };
  /** what a reader must know, e.g. what was left out and why */
  warnings: string[];
}
/** zod form of {@link LatencyRecord}. */
export const latencyRecordSchema: z.ZodType<LatencyRecord> = z.object({
  schema: z.literal(LATENCY_SCHEMA),
  createdAt: z.string(),
  suite: suiteSchema,
  suiteVersion: z.string(),
  plan: planSchema,
  environment: environmentSchema,
  roofline: rooflineSchema,
  points: z.array(latencyPointSchema),
  judgements: z.array(judgementSchema),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  incomplete: z.boolean(),
  cost: z.object({ wall_s: z.number() }),
  warnings: z.array(z.string()),
});

/**
 * Reads a record of the suite `latency` and checks it, field by field.
 *
 * @param path a `record.json`
 * @throws {LabError} one line that names the file and what was found
 */
export function readLatencyRecord(path: string): Promise<LatencyRecord> {
  return readFormat(path, LATENCY_SCHEMA, latencyRecordSchema);
}
