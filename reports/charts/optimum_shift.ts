/**
 * How far each optimum moved, with its 95% interval, against the tolerance band; beside it the
 * regret against its limit, because a verdict may rest on either; at the right the verdict itself.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { BenchRecord, Judgement } from "../../lab/record/record.ts";
import { capital, fixed, NOT_MEASURED, roleVerdict, SWEPT_NAME } from "../words/format.ts";
import { distinct, sweptOf } from "./series.ts";
import { BAND, type ChartSpec, frame, type Head, type Tone, toneOf, TONES } from "./theme.ts";

/** One row of the chart: one judgement. */
export interface ShiftRow {
  /** configuration and rule */
  row: string;
  /** decides colour and shape */
  tone: Tone;
  /** the verdict as text, with what a control's verdict means */
  text: string;
  /** half width of the band */
  tolerance_octaves: number;
  /** estimate of the shift */
  shift_octaves: number | null;
  /** lower end of its 95% interval, octaves */
  shift_lo: number | null;
  /** upper end of its 95% interval, octaves */
  shift_hi: number | null;
  /** estimate of the regret */
  regret: number | null;
  /** lower end of its 95% interval, nats */
  regret_lo: number | null;
  /** upper end of its 95% interval, nats */
  regret_hi: number | null;
  /** what the regret may be */
  regretLimit: number | null;
}

type Block = Extract<TopLevelSpec, { vconcat: unknown }>["vconcat"][number];

const HEIGHT = 24;
const round = (value: number): number => Math.round(value * 1000) / 1000;

const rowName = ({ label, rule }: Judgement): string => `${label} · ${rule}`;

function rowOf(judgement: Judgement): ShiftRow {
  const { shift_octaves: shift, regret: regret } = judgement;
  return {
    row: rowName(judgement),
    tone: toneOf(judgement),
    text: roleVerdict(judgement.role, judgement.verdict),
    tolerance_octaves: judgement.tolerance_octaves,
    shift_octaves: shift && round(shift.estimate),
    shift_lo: shift && round(shift.lo),
    shift_hi: shift && round(shift.hi),
    regret: regret && round(regret.estimate),
    regret_lo: regret && round(regret.lo),
    regret_hi: regret && round(regret.hi),
    regretLimit: judgement.regretLimit && round(judgement.regretLimit),
  };
}

/** Ranges of the two axes, shared by every block: all intervals, the band and zero fit in. */
export function shiftDomains(judgements: Judgement[]): { shift: number[]; regret: number[] } {
  const ends = (pick: (judgement: Judgement) => (number | null | undefined)[]) =>
    judgements.flatMap(pick).filter((value): value is number =>
      value !== null && value !== undefined
    );
  const shifts = ends(({ shift_octaves: shift, tolerance_octaves: tolerance }) => [
    shift?.lo,
    shift?.hi,
    -1.3 * tolerance,
    1.3 * tolerance,
  ]);
  const regrets = ends(({ regret: regret, regretLimit: limit }) => [
    regret?.lo,
    regret?.hi,
    limit,
    0,
  ]);
  const [low, high] = [Math.min(0, ...regrets), Math.max(0.005, ...regrets)];
  return {
    shift: [round(Math.min(...shifts) - 0.15), round(Math.max(...shifts) + 0.15)],
    regret: [round(low - 0.05 * (high - low)), round(high + 0.08 * (high - low))],
  };
}

/**
 * The chart.
 *
 * @param record the bench; every judgement of it is drawn, grouped by sweep and panel
 * @param head title, first lines of the subtitle, description
 * @returns a Vega-Lite spec with its data inline
 */
export function optimumShift(
  record: BenchRecord,
  head: Head,
): ChartSpec {
  const domains = shiftDomains(record.judgements);
  const groups = distinct(record.judgements.map((one) => `${one.swept}\n${one.panel}`));
  const several = sweptOf(record).length > 1;
  const longest = Math.max(...record.judgements.map((one) => rowName(one).length));
  const extent = Math.max(170, Math.ceil(7 * longest) + 5);
  const blocks = groups.map((group, index) => {
    const judgements = record.judgements.filter((one) => `${one.swept}\n${one.panel}` === group);
    const { swept, panel } = judgements[0];
    const title = several ? `${capital(panel)}, ${SWEPT_NAME[swept]}` : capital(panel);
    return block(title, judgements.map(rowOf), domains, index === groups.length - 1, extent);
  });
  const band = fixed(record.plan.tolerance_octaves, 2).replace(/\.?0+$/, "");
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
): Block {
  const height = HEIGHT * rows.length;
  const y = (labels: boolean) => ({
    field: "row",
    type: "nominal" as const,
    sort: null,
    scale: { domain: rows.map((row) => row.row) },
    title: null,
    axis: labels
      ? {
        minExtent: extent,
        labelLimit: extent - 5,
        labelPadding: 8,
        ticks: false,
        domain: false,
        grid: true,
      }
      : { labels: false, ticks: false, domain: false, grid: true },
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
  const tones = Object.keys(TONES);
  const color = {
    field: "tone",
    type: "nominal" as const,
    legend: null,
    scale: { domain: tones, range: Object.values(TONES).map((tone) => tone.colour) },
  };
  const shape = {
    ...color,
    scale: { domain: tones, range: Object.values(TONES).map((tone) => tone.shape) },
  };
  const values = rows as unknown as Record<string, unknown>[];
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
  const regret = x("regret", domains.regret, "regret (nats)", ".2~f");
  const tolerance = rows[0].tolerance_octaves;
  return {
    data: { values },
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
