/**
 * Timed layers and measured ceilings: the evidence of a latency suite, and per group of works timed in
 * the same rounds one line of `latency.jsonl`.
 *
 * Times are seconds of one whole pass over the layer, wall clock; intervals are 95%. A number that
 * was not measured is `null`, never 0.
 *
 * @module
 */
import { z } from "zod";
import { type Interval, intervalSchema } from "./findings.ts";

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
