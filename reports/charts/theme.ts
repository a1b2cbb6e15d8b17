/**
 * The look every chart shares: colours that colour-blind readers can tell apart (Okabe and Ito's
 * palette), a shape for each colour so that greyscale prints stay readable, one font, one star.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Role, Verdict } from "../../lab/record/findings.ts";
import type { ChartHead } from "../words/caption.ts";

/** Colours of the configurations; the first belongs to the reference. */
export const PALETTE: string[] = [
  "#222222",
  "#0072B2",
  "#D55E00",
  "#009E73",
  "#CC79A7",
  "#E69F00",
  "#56B4E9",
  "#8C6D31",
];

/** Point shapes in the order of {@link PALETTE}. */
export const SHAPES: string[] = [
  "circle",
  "square",
  "triangle-up",
  "diamond",
  "triangle-down",
  "cross",
  "triangle-right",
  "triangle-left",
];

/**
 * Colour and shape of the n-th line. Beyond eight, colours come again with other shapes; the first
 * colour, the reference's, does not.
 */
export function styleOf(index: number): { colour: string; shape: string } {
  if (index < PALETTE.length) return { colour: PALETTE[index], shape: SHAPES[index] };
  const others = PALETTE.length - 1, later = index - PALETTE.length;
  return {
    colour: PALETTE[1 + later % others],
    shape: SHAPES[(1 + later + 3 * (1 + Math.floor(later / others))) % SHAPES.length],
  };
}

/**
 * What a mark says: a verdict on a claim, how a control behaved, or where something stands
 * that decides nothing (a rival rule, an aside).
 */
export type Tone =
  | Verdict
  | "control fails"
  | "control does not fail"
  | "beside, holds"
  | "beside, misses"
  | "beside, undecided";

/**
 * Colour and shape of each tone. Only a claim's `pass` is blue and only a claim's `fail` is
 * vermilion; a control that fails is grey, as it should, and one that does not is ochre. What decides
 * nothing is green or purple.
 */
export const TONES: Record<Tone, { colour: string; shape: string }> = {
  "pass": { colour: "#0072B2", shape: "circle" },
  "fail": { colour: "#C44E00", shape: "square" },
  "inconclusive": { colour: "#7A5C00", shape: "triangle-up" },
  "cannot tell at this size": { colour: "#7A5C00", shape: "diamond" },
  "control fails": { colour: "#5F5F5F", shape: "square" },
  "control does not fail": { colour: "#7A5C00", shape: "diamond" },
  "beside, holds": { colour: "#00664A", shape: "triangle-down" },
  "beside, misses": { colour: "#7D3C6B", shape: "cross" },
  "beside, undecided": { colour: "#7A5C00", shape: "triangle-up" },
};

/** The tone of one judgement. */
export function toneOf({ role, verdict }: { role: Role; verdict: Verdict }): Tone {
  if (role === "claim") return verdict;
  if (role === "rival" || role === "aside") {
    return verdict === "pass"
      ? "beside, holds"
      : verdict === "fail"
      ? "beside, misses"
      : "beside, undecided";
  }
  return verdict === "fail" ? "control fails" : "control does not fail";
}

/** A five-pointed star of unit radius, for the fitted optimum. */
export const STAR: string = "M0,-1L0.2245,-0.309L0.9511,-0.309L0.3633,0.118L0.5878,0.809" +
  "L0,0.382L-0.5878,0.809L-0.3633,0.118L-0.9511,-0.309L-0.2245,-0.309Z";

/** The tolerance band and the interval of the transferred value. */
export const BAND = "#DDE6EE";

/** A dashed rule: a limit, a value that is compared with. */
export const DASHED = { type: "rule" as const, color: "#444", strokeDash: [5, 3] };

/**
 * A channel that tells the values of a field apart.
 *
 * @param domain the values, in the legend's order
 * @param range colour, shape or dashes of each
 * @param more title and legend
 */
export const apart = <More extends object>(
  field: string,
  domain: string[],
  range: (string | number[])[],
  more: More,
) => ({ field, type: "nominal" as const, scale: { domain, range }, ...more });

/** What separates the lines of the title of a facet. */
export const BREAK = " | ";

/**
 * Small charts of one kind, row by row; every column has its axis along x, also beside a last row that
 * is not full.
 *
 * @param field holds the facet's title, its lines separated by {@link BREAK}
 * @param titles in order
 * @param labelLineHeight pixels from line to line of a title
 */
export function facets(field: string, titles: string[], columns: number, labelLineHeight: number) {
  const labelExpr = `split(datum.label, '${BREAK}')`;
  return {
    facet: {
      field,
      type: "nominal" as const,
      title: null,
      sort: titles,
      header: { labelExpr, labelFontWeight: "bold" as const, labelLineHeight },
    },
    columns,
    ...(titles.length % columns === 0 ? {} : { resolve: { axis: { x: "independent" as const } } }),
  };
}

/** Rows as the data of a chart. */
export const inline = (rows: object[]) => ({ values: rows as Record<string, unknown>[] });

/** The `$schema` of every spec. */
const VEGA_LITE = "https://vega.github.io/schema/vega-lite/v6.json";

/**
 * A Vega expression that writes a power of two with superscripts: `2⁻⁵`.
 *
 * @returns the expression, for `axis.labelExpr` on a base-2 log axis
 */
export function powerLabel(): string {
  const digits = "⁰¹²³⁴⁵⁶⁷⁸⁹";
  let text = "replace('' + round(log(datum.value) / log(2)), '-', '⁻')";
  for (let digit = 0; digit < 10; digit++) {
    text = `replace(${text}, /${digit}/g, '${digits[digit]}')`;
  }
  return `'2' + ${text}`;
}

/**
 * How the numbers of a linear axis are written, as d3 writes it: with as many decimals as tell its ticks
 * apart, and with an exponent where they would not fit beside it.
 *
 * @param domain ends of the axis
 * @param decimals the least number of them
 * @param ticks how many ticks there are, about
 */
export function axisFormat([low, high]: readonly number[], decimals: number, ticks = 6): string {
  const step = (high - low) / ticks;
  const needed = step > 0 ? Math.ceil(-Math.log10(step)) : 0;
  const wide = needed > 6 || Math.max(Math.abs(low), Math.abs(high)) >= 1e6;
  return wide ? ".2~e" : `.${Math.max(decimals, needed)}f`;
}

/** The shared Vega-Lite configuration. */
function chartConfig(legend: object): TopLevelSpec["config"] {
  return {
    font: "DejaVu Sans, Verdana, sans-serif",
    background: "white",
    title: { fontSize: 14, subtitleFontSize: 11, subtitleColor: "#333", subtitlePadding: 4 },
    axis: {
      labelFontSize: 11,
      titleFontSize: 11.5,
      titleFontWeight: "normal",
      gridColor: "#EBEBEB",
      domainColor: "#555",
      tickColor: "#555",
      labelFlush: false,
    },
    header: { labelFontSize: 11.5, titleFontSize: 11.5 },
    legend: {
      orient: "bottom",
      labelFontSize: 11,
      symbolOpacity: 1,
      symbolStrokeWidth: 2,
      symbolSize: 70,
      ...legend,
    },
    view: { stroke: "#999" },
  };
}

/** Configuration that puts every legend in a row of its own instead of all in one. */
export const LEGENDS_IN_ROWS: object = {
  layout: { bottom: { anchor: "start", direction: "vertical", margin: 6, offset: 14 } },
};

/**
 * The frame every chart has.
 *
 * @param lines the subtitle's lines about this chart's marks
 * @param legend configuration of the legends besides the shared one
 */
export function frame(head: ChartHead, lines: string[], legend: object = {}) {
  return {
    $schema: VEGA_LITE,
    description: head.description,
    title: {
      text: head.title,
      subtitle: [...head.subtitle, ...lines],
      anchor: "start" as const,
      offset: 12,
    },
    padding: 10,
    config: chartConfig(legend) ?? {},
  };
}
