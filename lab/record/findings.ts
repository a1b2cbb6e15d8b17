/**
 * Findings: what measuring a suite gives, whatever its kind. Judges fill them with numbers, `decide`
 * reads them, sections turn them into words.
 *
 * Intervals are 95%. A number that was not measured is `null`, never 0.
 *
 * @module
 */
import { z } from "zod";

export { REGRET, SHIFT } from "./measure_names.ts";

/** What a verdict may say. `cannot tell at this size` is never a pass, and only a suite or panel says it. */
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

/**
 * What a judgement is for. `claim`: must hold; `control`: a wrong variant, must be seen to fail, or a
 * pass proves nothing; `rival`: another rule, ranked beside the claim; `aside`: shown. The last two
 * decide nothing.
 */
export const ROLES = ["claim", "control", "rival", "aside"] as const;
/** One of {@link ROLES}. */
export type Role = typeof ROLES[number];

/** What a quantity may be; null: no limit on that side. */
export interface Limits {
  /** least */
  lo: number | null;
  /** most */
  hi: number | null;
}

/** One quantity against its limits. */
export interface Measure {
  /** what was measured, e.g. `shift of the optimum`, `slope of the loss` */
  name: string;
  /** unit of value and limits, e.g. `octaves`, `nats`; empty for a pure number */
  unit: string;
  /** estimate and 95% interval; null when there is none */
  value: Interval | null;
  /** what it may be */
  limits: Limits;
  /**
   * why there is no value, null when there is one. `beyond`: it lies outside the limits but has no
   * finite value (the runs diverged); any other text leaves the measure undecided
   */
  missing: "beyond" | string | null;
  /** pass: the whole interval within the limits; fail: wholly outside on one side; else inconclusive */
  verdict: Verdict;
}

/**
 * What would decide a judgement that is undecided, or would have made a passing control fail: from the measured
 * estimate and noise, as if both were the truth.
 */
export interface Needs {
  /** paired seeds (independent repeats) it rests on */
  seeds: number;
  /**
   * least of the numbers tried with which four of five benches would decide it (of a mean every one, of a shift 3 to
   * 48 in growing steps); null: none of them
   */
  decisive: number | null;
  /** what it would then be; means nothing where `decisive` is null */
  verdict: "pass" | "fail";
  /** the most that was tried */
  tried: number;
  /**
   * half width of its first measure's interval that no number of seeds takes away (a curve that is no line, a bowl that is no
   * quadratic), in the measure's unit; 0 where all of it is noise
   */
  rest: number;
  /**
   * of a control that passes: how many times as far along its axis, in octaves, its miss would lie outside
   * every limit, were it to grow evenly; null where its miss cannot be told from none
   */
  further?: number | null;
}
const needsSchema: z.ZodType<Needs> = z.object({
  seeds: z.number().int(),
  decisive: z.number().int().nullable(),
  verdict: z.enum(["pass", "fail"]),
  tried: z.number().int(),
  rest: z.number(),
  further: z.number().nullable().optional(),
});

/** One subject under one variant against its limits. */
export interface Judgement {
  /** panel that shows it */
  panel: string;
  /** what was judged, e.g. `16e4a`, `experts N`, `64e8a over 8e8a, forward` */
  subject: string;
  /** rule or variant it was judged under, e.g. `complete-mue`, `without R` */
  variant: string;
  /** what it is for */
  role: Role;
  /** what was measured, one or several quantities */
  measures: Measure[];
  /** whether every measure must pass, or one of them */
  need: "all" | "any";
  /** why nothing can be decided whatever was measured, in words; null when something can */
  open: string | null;
  /** what follows; never `cannot tell at this size` */
  verdict: Verdict;
  /** what would decide it; absent where it is decided, or nothing is known of its noise */
  needs?: Needs;
  /** of a control that fails by something else than the suite's axis: what, e.g. `width` */
  by?: string;
}

/** How an axis is divided: `log2` has powers of two as ticks, `log` plain numbers. */
export const SCALES = ["linear", "log2", "log", "nominal"] as const;
/** One of {@link SCALES}. */
export type Scale = typeof SCALES[number];

/** One panel of the figure: its axes, how it is drawn, and whether it carries the claim. */
export interface Panel {
  /** name that points and judgements refer to */
  name: string;
  /** what it shows, one line */
  title: string;
  /** whether its judgements decide the suite; the others are judged and shown beside */
  decides: boolean;
  /** stem of the chart it stands in; panels of one chart stand side by side */
  chart: string;
  /** `line`: points joined along x; `points`: one mark with its interval per line and x */
  mark: "line" | "points";
  /** the axis along x with its unit */
  x: { title: string; scale: Scale };
  /** the axis along y with its unit */
  y: { title: string; scale: Exclude<Scale, "nominal"> };
  /** lines drawn across at fixed values of y, e.g. limits */
  rules: { y: number; label: string }[];
}

/** One place of one line of a panel. */
export interface Point {
  /** panel, by its name */
  panel: string;
  /** line it belongs to, the legend's text: decides colour and shape */
  line: string;
  /** what kind of line, e.g. `MoE`, `dense, equal parameters`: decides dashes; null where there is one kind */
  series: string | null;
  /** place on the axis: a number, or a name where the panel's axis is nominal */
  x: number | string;
  /** what was measured there */
  y: number;
  /** lower end of its 95% interval; null where one measurement has none */
  lo: number | null;
  /** upper end of its 95% interval; null where one measurement has none */
  hi: number | null;
}

/** A cell of a table: words, a number, several numbers, an estimate, or nothing measured. */
export type TableCell = string | number | Interval | (number | null)[] | null;

/** A column of a table. */
export interface Column {
  /** name in the header */
  name: string;
  /** unit of its numbers, shown in the header; empty for words and pure numbers */
  unit: string;
  /** decimals of its numbers; null: three significant digits */
  decimals: number | null;
}

/** A table a suite adds to its report; numbers are written by the report. */
export interface FindingsTable {
  /** what it shows */
  title: string;
  /** the columns */
  columns: Column[];
  /** the cells, row by row */
  rows: TableCell[][];
  /** what the columns mean, shown under it; may be empty */
  note: string;
}

/** Small pictures in rows, e.g. images that models drew beside real ones. */
export interface Picture {
  /** name of its file, without an ending */
  name: string;
  /** what it shows */
  title: string;
  /** what a reader must know of it, shown under it; may be empty */
  note: string;
  /** 1: grey; 3: red, green, blue */
  channels: 1 | 3;
  /** pixels of an image's side */
  side: number;
  /** rows of images under one another, each with what it is; base64 of (channels, side, side) bytes an image */
  rows: { label: string; images: string[] }[];
}

/** What measuring a suite gives; the judge and the report do the rest. */
export interface Findings {
  /** the figure's panels, in order */
  panels: Panel[];
  /** what is drawn in them; none in a panel whose chart is drawn from the evidence */
  points: Point[];
  /** every subject against its limits */
  judgements: Judgement[];
  /** further tables */
  tables: FindingsTable[];
  /** pictures; absent where there are none */
  pictures?: Picture[];
  /** what this does not say, one sentence each */
  caveats: string[];
}

const limit = z.number().nullable();
const measureSchema: z.ZodType<Measure> = z.object({
  name: z.string(),
  unit: z.string(),
  value: intervalSchema.nullable(),
  limits: z.object({ lo: limit, hi: limit }),
  missing: z.string().nullable(),
  verdict: z.enum(VERDICTS),
});
const cellSchema: z.ZodType<TableCell> = z.union([
  z.string(),
  z.number(),
  intervalSchema,
  z.array(limit),
  z.null(),
]);
/** Bytes that base64 text stands for. */
const bytesIn = (text: string): number => text.length / 4 * 3 - (text.match(/=*$/)![0].length);
const pictureSchema: z.ZodType<Picture> = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  note: z.string(),
  channels: z.union([z.literal(1), z.literal(3)]),
  side: z.number().int().positive(),
  rows: z.array(z.object({ label: z.string(), images: z.array(z.base64()) })),
}).refine(
  ({ channels, side, rows }) =>
    rows.every(({ images }) => images.every((text) => bytesIn(text) === channels * side ** 2)),
  "an image has not channels × side × side bytes",
);
/** zod form of {@link Findings}. */
export const findingsSchema: z.ZodType<Findings> = z.object({
  panels: z.array(z.object({
    name: z.string(),
    title: z.string(),
    decides: z.boolean(),
    chart: z.string(),
    mark: z.enum(["line", "points"]),
    x: z.object({ title: z.string(), scale: z.enum(SCALES) }),
    y: z.object({ title: z.string(), scale: z.enum(SCALES).exclude(["nominal"]) }),
    rules: z.array(z.object({ y: z.number(), label: z.string() })),
  })),
  points: z.array(z.object({
    panel: z.string(),
    line: z.string(),
    series: z.string().nullable(),
    x: z.union([z.number(), z.string()]),
    y: z.number(),
    lo: limit,
    hi: limit,
  })),
  judgements: z.array(z.object({
    panel: z.string(),
    subject: z.string(),
    variant: z.string(),
    role: z.enum(ROLES),
    measures: z.array(measureSchema),
    need: z.enum(["all", "any"]),
    open: z.string().nullable(),
    verdict: z.enum(VERDICTS),
    needs: needsSchema.optional(),
    by: z.string().optional(),
  })),
  tables: z.array(z.object({
    title: z.string(),
    columns: z.array(z.object({
      name: z.string(),
      unit: z.string(),
      decimals: z.number().int().min(0).max(20).nullable(),
    })),
    rows: z.array(z.array(cellSchema)),
    note: z.string(),
  })),
  pictures: z.array(pictureSchema).optional(),
  caveats: z.array(z.string()),
});
