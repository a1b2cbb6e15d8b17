/**
 * How far each optimum moved, with its 95% interval, against the tolerance band; beside it the
 * regret against its limit, because a verdict may rest on either; at the right the verdict itself.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Judgement, Measure } from "../../lab/record/findings.ts";
import { extent, finite, known, NOT_MEASURED, range } from "../words/format.ts";
import { capital, distinct, lossUnit, sweptName } from "../words/phrases.ts";
import { roleVerdict } from "../words/verdict.ts";
import { roundLoss } from "./loss_rows.ts";
import { sweptIn, sweptOf, type TransferRecord } from "./series.ts";
import type { ChartHead, ChartSpec } from "../words/caption.ts";
import { apart, BAND, frame, inline, type Tone, toneOf, TONES } from "./theme.ts";

/** One row of the chart: one judgement; numbers as estimate and ends of the 95% interval. */
interface ShiftRow {
  /** configuration and rule */
  row: string;
  /** decides colour and shape */
  tone: Tone;
  /** the verdict as text, with what a control's verdict means */
  text: string;
  tolerance_octaves: number;
  shift_octaves: number | null;
  shift_lo: number | null;
  shift_hi: number | null;
  regret: number | null;
  regret_lo: number | null;
  regret_hi: number | null;
  regretLimit: number | null;
}

type Block = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

const HEIGHT = 24;
const round = (value: number): number => Math.round(value * 1000) / 1000;

const rowName = ({ subject, variant }: Judgement): string => `${subject} · ${variant}`;

/** The two measures of a sweep's judgement; undefined where it has none of that name. */
export function measuresOf({ measures }: Judgement): { shift?: Measure; regret?: Measure } {
  const named = (name: RegExp) => measures.find((measure) => name.test(measure.name));
  return { shift: named(/^shift\b/), regret: named(/^regret\b/) };
}

function rowOf(judgement: Judgement): ShiftRow {
  const { shift, regret } = measuresOf(judgement);
  const s = known(shift?.value ?? null), r = known(regret?.value ?? null);
  const limit = finite(regret?.limits.hi);
  return {
    row: rowName(judgement),
    tone: toneOf(judgement),
    text: roleVerdict(judgement.role, judgement.verdict),
    tolerance_octaves: finite(shift?.limits.hi) ?? 0,
    shift_octaves: s && round(s.estimate),
    shift_lo: s && round(s.lo),
    shift_hi: s && round(s.hi),
    regret: r && roundLoss(r.estimate),
    regret_lo: r && roundLoss(r.lo),
    regret_hi: r && roundLoss(r.hi),
    regretLimit: limit && roundLoss(limit),
  };
}

/** Ranges of the two axes, shared by every block: all intervals, the band and zero fit in. */
function shiftDomains(rows: ShiftRow[]): { shift: number[]; regret: number[] } {
  const shift = extent(rows.flatMap((row) => [
    row.shift_lo,
    row.shift_hi,
    -1.3 * row.tolerance_octaves,
    1.3 * row.tolerance_octaves,
  ])) ?? [-1, 1];
  const regret = extent(rows.flatMap((row) => [row.regret_lo, row.regret_hi, row.regretLimit, 0]));
  const [low, high] = regret ?? [0, 0], span = high - low || 1;
  return {
    shift: [round(shift[0] - 0.15), round(shift[1] + 0.15)],
    regret: [roundLoss(low - 0.05 * span), roundLoss(high + 0.08 * span)],
  };
}

/**
 * The chart.
 *
 * @param record every judgement of a sweep is drawn, grouped by panel
 * @returns null without such judgements
 */
export function optimumShift(record: TransferRecord, head: ChartHead): ChartSpec | null {
  const judgements = record.findings.judgements.filter((one) => measuresOf(one).shift);
  if (judgements.length === 0) return null;
  const domains = shiftDomains(judgements.map(rowOf));
  const panels = distinct(judgements.map((one) => one.panel));
  const several = sweptOf(record).length > 1;
  const [, longest] = extent(judgements.map((one) => rowName(one).length)) ?? [0, 0];
  const extentOf = Math.max(170, Math.ceil(7 * longest) + 5);
  const blocks = panels.map((panel, index) => {
    const swept = sweptIn(record, panel);
    const more = several && swept !== null && sweptName(record, swept) !== panel;
    return block(
      capital(panel) + (more ? `, ${sweptName(record, swept)}` : ""),
      judgements.filter((one) => one.panel === panel).map(rowOf),
      domains,
      index === panels.length - 1,
      extentOf,
      lossUnit(record),
    );
  });
  const band = range(judgements.map((one) => measuresOf(one).shift?.limits.hi));
  return {
    ...frame(head, [
      `Estimate and 95% interval; shaded: the tolerance of ±${band} octave; bar: the regret's limit`,
    ]),
    spacing: 14,
    vconcat: blocks,
  } satisfies TopLevelSpec;
}

function block(
  title: string,
  rows: ShiftRow[],
  domains: { shift: number[]; regret: number[] },
  last: boolean,
  extent: number,
  unit: string,
): Block {
  const height = HEIGHT * rows.length;
  const y = (labels: boolean) => ({
    field: "row",
    type: "nominal" as const,
    sort: null,
    scale: { domain: rows.map((row) => row.row) },
    title: null,
    axis: {
      ...(labels
        ? { minExtent: extent, labelLimit: extent - 5, labelPadding: 8 }
        : { labels: false }),
      ticks: false,
      domain: false,
      grid: true,
    },
  });
  const x = (field: string, domain: number[], name: string, format: string) => ({
    field,
    type: "quantitative" as const,
    title: last ? name : null,
    scale: { domain, nice: false, zero: false },
    axis: {
      labels: last,
      ticks: last,
      tickCount: 6,
      labelExpr: `datum.value === 0 ? '0' : format(datum.value, '${format}')`,
    },
  });
  const style = (part: "colour" | "shape") => {
    const range = Object.values(TONES).map((tone) => tone[part]);
    return apart("tone", Object.keys(TONES), range, { legend: null });
  };
  const color = style("colour"), shape = style("shape");
  const marks = (point: ReturnType<typeof x>, lo: string, hi: string, labels: boolean) => [
    {
      transform: [{ filter: `isValid(datum.${lo})` }],
      mark: { type: "rule" as const, strokeWidth: 2.2 },
      encoding: { x: { ...point, field: lo }, x2: { field: hi }, y: y(labels), color },
    },
    {
      transform: [{ filter: `isValid(datum.${point.field})` }],
      mark: { type: "point" as const, filled: true, size: 75, opacity: 1 },
      encoding: {
        x: point,
        y: y(labels),
        color,
        shape,
        tooltip: ["row", point.field, lo, hi, "text"].map((field) => ({ field })),
      },
    },
    {
      transform: [{ filter: `!isValid(datum.${point.field})` }],
      mark: {
        type: "text" as const,
        text: `${NOT_MEASURED} not measured`,
        color: "#6B6B6B",
        fontSize: 10.5,
      },
      encoding: { y: y(labels) },
    },
  ];
  const shift = x("shift_octaves", domains.shift, "shift of the optimum (octaves, log₂)", "+.1~f");
  const regret = x("regret", domains.regret, unit === "" ? "regret" : `regret (${unit})`, ".2~f");
  const tolerance = rows[0].tolerance_octaves;
  return {
    data: inline(rows),
    title: { text: title, anchor: "start", fontSize: 12, offset: 4, frame: "group" },
    spacing: 16,
    hconcat: [
      {
        width: 270,
        height,
        layer: [
          {
            data: { values: [{ from: -tolerance, to: tolerance }] },
            mark: { type: "rect", color: BAND },
            encoding: { x: { ...shift, field: "from" }, x2: { field: "to" } },
          },
          {
            mark: { type: "rule", color: "#555", strokeDash: [3, 3] },
            encoding: { x: { ...shift, field: undefined, datum: 0 } },
          },
          ...marks(shift, "shift_lo", "shift_hi", true),
        ],
      },
      {
        width: 150,
        height,
        layer: [
          {
            transform: [{ filter: "isValid(datum.regretLimit)" }],
            mark: { type: "tick", color: "#222", thickness: 2, size: 16 },
            encoding: { x: { ...regret, field: "regretLimit" }, y: y(false) },
          },
          ...marks(regret, "regret_lo", "regret_hi", false),
          {
            mark: { type: "text", align: "left", fontSize: 11, fontWeight: "bold" },
            encoding: { x: { value: 160 }, y: y(false), text: { field: "text" }, color },
          },
        ],
      },
    ],
  } as Block;
}
