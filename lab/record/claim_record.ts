/**
 * The record of a suite of claims: what a bench writes to `record.json` when its question is not
 * where an optimum lies but whether a measured quantity stays within its limits (`bridges`,
 * `initial-loss`, `scaling`, `speedup`, `coordinate-check`, `router-stability`).
 *
 * Intervals are 95%. A number that was not measured is `null`, never 0. {@link CLAIM_SCHEMA} changes
 * whenever a field changes meaning.
 *
 * @module
 */
import { z } from "zod";
import {
  type BenchRecord,
  type Environment,
  environmentSchema,
  type Interval,
  intervalSchema,
  type Run,
  runSchema,
  type SuiteFacts,
  suiteSchema,
  type Verdict,
  VERDICTS,
} from "./record.ts";

/** Version of the format; a reader refuses any other. */
export const CLAIM_SCHEMA = "mue-bench/claims/1";

/** One place of one line of a chart. */
export interface Point {
  /** panel of the figure, by its name */
  panel: string;
  /** line it belongs to, e.g. a configuration or a rule; the legend's text */
  line: string;
  /** place on the axis: a number, or a name where the panel's axis is nominal */
  x: number | string;
  /** what was measured there */
  y: number;
  /** lower end of its 95% interval; null where one measurement has none */
  lo: number | null;
  /** upper end of its 95% interval; null where one measurement has none */
  hi: number | null;
}

/** One panel of the figure: its axes and how it is drawn. */
export interface PanelFacts {
  /** name that points and judgements refer to */
  name: string;
  /** what it shows, one line */
  title: string;
  /** `line`: points joined along x; `points`: one mark with its interval per line and x */
  mark: "line" | "points";
  /** the axis along x with its unit */
  x: { title: string; scale: "linear" | "log2" | "nominal" };
  /** the axis along y with its unit */
  y: { title: string; scale: "linear" | "log2" };
  /** lines drawn across at fixed values of y, e.g. limits */
  rules: { y: number; label: string }[];
}

/** One quantity against its limits. */
export interface ClaimJudgement {
  /** panel that shows it */
  panel: string;
  /** what was measured, in words a reader can check, e.g. `slope of log2 FFN output over log2 d` */
  quantity: string;
  /**
   * `claim`: decides the suite; `control`: must fail, or a pass proves nothing; `aside`: judged and
   * shown, decides nothing
   */
  role: "claim" | "control" | "aside";
  /** rule or variant it was measured under, e.g. `complete-mue`, `without R` */
  variant: string;
  /** unit of value and limits, e.g. `nats`; empty for a pure number */
  unit: string;
  /** estimate and 95% interval; null when it could not be measured */
  value: Interval | null;
  /** what the value may be; null: no limit on that side */
  limits: { lo: number | null; hi: number | null };
  /** what was decided */
  verdict: Verdict;
  /** one sentence a reader can check against the numbers */
  reason: string;
}

/** A table a suite adds to its report. */
export interface ClaimTable {
  /** what it shows */
  title: string;
  /** names of the columns */
  head: string[];
  /** the cells as text, row by row */
  rows: string[][];
  /** what the columns mean, shown under it */
  note: string;
}

/** What measuring a suite gives; the judge and the report do the rest. */
export interface Findings {
  /** the figure's panels, in order */
  panels: PanelFacts[];
  /** what is drawn in them */
  points: Point[];
  /** every quantity against its limits */
  judgements: ClaimJudgement[];
  /** further tables */
  tables: ClaimTable[];
  /** what this does not say, one sentence each */
  caveats: string[];
}

/** One bench of one suite of claims. */
export interface ClaimRecord extends Findings {
  /** format version */
  schema: typeof CLAIM_SCHEMA;
  /** ISO time of the judgement */
  createdAt: string;
  /** the suite's words */
  suite: SuiteFacts;
  /** what was decided before the first measurement */
  plan: {
    /** size of the suite */
    profile: string;
    /** raised when what the suite measures or how it judges changes */
    suiteVersion: string;
    /** everything that was decided before the first measurement */
    decided: unknown;
    /** hash of it */
    hash: string;
    /** true when the runs were made under another plan than the one judging them */
    exploratory: boolean;
  };
  /** machine and software */
  environment: Environment;
  /** the text trained on; null when nothing was trained */
  data: BenchRecord["data"] | null;
  /** every model it rests on, once per place it is drawn in */
  runs: Run[];
  /** what was decided */
  verdict: Verdict;
  /** why, in one sentence */
  reason: string;
  /** true when the bench was stopped before the last measurement */
  incomplete: boolean;
  /** what this bench cost */
  cost: BenchRecord["cost"];
  /** what a reader must know */
  warnings: string[];
}

const limit = z.number().nullable();
/** zod form of {@link ClaimRecord}. */
export const claimRecordSchema: z.ZodType<ClaimRecord> = z.object({
  schema: z.literal(CLAIM_SCHEMA),
  createdAt: z.string(),
  suite: suiteSchema,
  plan: z.object({
    profile: z.string(),
    suiteVersion: z.string(),
    decided: z.unknown(),
    hash: z.string(),
    exploratory: z.boolean(),
  }),
  environment: environmentSchema,
  data: z.object({
    name: z.string(),
    hash: z.string(),
    trainTokens: z.number().int(),
    validationTokens: z.number().int(),
    licence: z.string(),
  }).nullable(),
  panels: z.array(z.object({
    name: z.string(),
    title: z.string(),
    mark: z.enum(["line", "points"]),
    x: z.object({ title: z.string(), scale: z.enum(["linear", "log2", "nominal"]) }),
    y: z.object({ title: z.string(), scale: z.enum(["linear", "log2"]) }),
    rules: z.array(z.object({ y: z.number(), label: z.string() })),
  })),
  points: z.array(z.object({
    panel: z.string(),
    line: z.string(),
    x: z.union([z.number(), z.string()]),
    y: z.number(),
    lo: limit,
    hi: limit,
  })),
  judgements: z.array(z.object({
    panel: z.string(),
    quantity: z.string(),
    role: z.enum(["claim", "control", "aside"]),
    variant: z.string(),
    unit: z.string(),
    value: intervalSchema.nullable(),
    limits: z.object({ lo: limit, hi: limit }),
    verdict: z.enum(VERDICTS),
    reason: z.string(),
  })),
  tables: z.array(z.object({
    title: z.string(),
    head: z.array(z.string()),
    rows: z.array(z.array(z.string())),
    note: z.string(),
  })),
  caveats: z.array(z.string()),
  runs: z.array(runSchema),
  verdict: z.enum(VERDICTS),
  reason: z.string(),
  incomplete: z.boolean(),
  cost: z.object({
    wall_s: z.number(),
    trainedRuns: z.number().int(),
    reusedRuns: z.number().int(),
    trainedTokens: z.number().int(),
    peakDevice_bytes: z.number().int().nullable(),
    peakRss_bytes: z.number().int().nullable(),
  }),
  warnings: z.array(z.string()),
});

/** An interval, for makers of judgements. */
export type { Interval };
