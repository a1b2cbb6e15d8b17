/**
 * One panel as a view of a concatenation: lines or single marks with their 95% intervals (bands where
 * points stand close, bars elsewhere), limits as rules across with their words. Colour and shape say
 * which line, dashes which series.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Panel, Point, Scale } from "../../lab/record/findings.ts";
import { wrap } from "../words/lines.ts";
import { distinct } from "../words/phrases.ts";
import { axisTitle, type Domain, fits, logTicks, powers } from "./axes.ts";
import { placedWords, share } from "./rule_words.ts";
import { apart, DASHED, powerLabel, styleOf } from "./theme.ts";

/** A view of a concatenation. */
export type View = Extract<TopLevelSpec, { concat: unknown }>["concat"][number];

/** What a panel is drawn with. */
export interface PanelPlot {
  /** the panel's words */
  panel: Panel;
  /** its points, all of which its axes can show */
  points: Point[];
  /** every line of the chart, in the legend's order */
  lines: string[];
  /** every series of the chart, in the legend's order; none where lines are of one kind */
  series: string[];
  /** both ends of the axis along y */
  domain: Domain;
  /** over the panel; none where empty */
  title: string;
  /** under the title: what the panel's judgements say; none where empty */
  verdicts: string;
  width: number;
  height: number;
}

/** More places than these along x are drawn as a curve with a band instead of marks with bars. */
const CLOSE = 16;

/** Dashes of the series, in order. */
const DASHES = [[1, 0], [6, 3], [2, 2], [1, 4], [8, 3, 2, 3]];

const short = (value: number): number => Number(value.toPrecision(5));

/** A text in lines of a width in pixels, at so many of them a character. */
function fitted(text: string, width: number, character: number): string | string[] {
  const lines = wrap(text, Math.floor(width / character));
  return lines.length > 1 ? lines : text;
}

/** Places along x: names as they come, numbers in order, with the ends of their axis. */
function placesOf({ panel: { x: { scale } }, points }: PanelPlot) {
  const names = distinct(points.map((point) => String(point.x)));
  const numbers = distinct(points.map((point) => Number(point.x))).sort((a, b) => a - b);
  const [low, high] = [numbers[0] ?? 1, numbers.at(-1) ?? 2], margin = 0.02 * (high - low || 1);
  const domain: Domain = scale === "linear"
    ? [low - margin, high + margin]
    : [low / 1.25, high * 1.25];
  return { names, numbers, domain };
}

/** The scale of an axis of numbers. */
const scaleOf = (scale: Scale, domain: Domain): object =>
  scale === "linear"
    ? { domain, nice: false, zero: false }
    : { type: "log", base: scale === "log2" ? 2 : 10, domain, nice: false };

/** Ticks of a log axis: powers of two with superscripts, or numbers as they are. */
const logAxis = (domain: Domain, asPowers: boolean): object =>
  asPowers
    ? { values: powers(domain), labelExpr: powerLabel() }
    : { values: logTicks(domain), format: "~r" };

/** The axis along x: sizes as plain numbers, other powers of two with superscripts, names as they come. */
function xOf(plot: PanelPlot) {
  const { panel, width } = plot, { scale } = panel.x, { names, numbers, domain } = placesOf(plot);
  const title = fitted(axisTitle(panel.x.title, scale), width, 7);
  if (scale === "nominal") {
    return {
      field: "x",
      type: "nominal",
      title,
      sort: null,
      scale: { domain: names, ...(panel.mark === "line" ? { type: "point", padding: 0.5 } : {}) },
      axis: { labelAngle: names.join("").length > 30 ? -30 : 0, labelLimit: 220 },
    };
  }
  const sizes = numbers.length <= 9 && numbers.every((place) => Number.isInteger(place));
  const few = sizes && numbers.length <= 6 ? { values: numbers, format: "d" } : { tickCount: 6 };
  return {
    field: "x",
    type: "quantitative",
    title,
    scale: scaleOf(scale, domain),
    axis: scale === "linear"
      ? few
      : sizes
      ? { values: numbers, format: "d", labelOverlap: "greedy" }
      : logAxis(domain, scale === "log2"),
  };
}

function yOf({ panel: { y: { title, scale } }, domain, height }: PanelPlot, field: string) {
  return {
    field,
    type: "quantitative",
    title: fitted(axisTitle(title, scale), height, 6.2),
    scale: scaleOf(scale, domain),
    axis: {
      grid: true,
      ...(scale === "linear"
        ? { tickCount: 6 }
        : logAxis(domain, scale === "log2" && powers(domain).length > 2)),
    },
  };
}

/** The words of the rules, white around. */
function ruleWords(plot: PanelPlot): object[] {
  const { panel: { x: { scale } }, width } = plot, { names, domain } = placesOf(plot);
  const words = placedWords(
    plot,
    ({ x }) =>
      scale === "nominal"
        ? (names.indexOf(String(x)) + 0.5) / names.length
        : share(Number(x), domain, scale),
  );
  return words.flatMap(({ y, label, left, above }) =>
    [{ stroke: "white", strokeWidth: 3 }, { color: "#444" }].map((look) => ({
      data: { values: [{}] },
      mark: {
        type: "text",
        align: left ? "left" : "right",
        dx: left ? 4 : -4,
        dy: above ? -6 : 9,
        fontSize: 10.5,
        ...look,
      },
      encoding: {
        y: { ...yOf(plot, "y"), field: undefined, datum: y },
        x: { value: left ? 0 : width },
        text: { value: label },
      },
    }))
  );
}

/** Over the panel: its title, and under it what was judged. */
function titleOf({ title, verdicts, width }: PanelPlot): object {
  const small = { fontSize: 10.5 }, words = fitted(verdicts, width, 6.5);
  return title === "" ? { text: words, fontWeight: "normal", ...small } : {
    text: fitted(title, width, 8.2),
    fontSize: 12,
    subtitle: words,
    subtitleFontSize: small.fontSize,
  };
}

/** The rows of the panel's data: numbers short, ends of intervals on the axis, marks thinned on a curve. */
function rowsOf({ panel, points, lines, domain }: PanelPlot, curve: boolean): object[] {
  const places = distinct(points.map((point) => point.x)), step = Math.ceil(places.length / 8);
  const { scale } = panel.y,
    end = (value: number | null) => fits(value, scale) ? short(value) : null;
  return points.map(({ line, series, x, y, lo, hi }) => ({
    line,
    ...(series === null ? {} : { series }),
    ...(curve && (places.indexOf(x) + lines.indexOf(line)) % step !== 0 ? {} : { mark: true }),
    x: panel.x.scale === "nominal" ? String(x) : x,
    y: short(y),
    // an interval that reaches 0 or below leaves a log axis at its lower end
    lo: end(scale !== "linear" && lo !== null && lo <= 0 ? domain[0] : lo),
    hi: end(hi),
  }));
}

/** The panel as a view. */
export function panelPlot(plot: PanelPlot): View {
  const { panel, points, lines, series, width, height } = plot;
  const nominal = panel.x.scale === "nominal";
  const places = distinct(points.map((point) => point.x));
  const curve = panel.mark === "line" && !nominal && places.length > CLOSE;
  const styled = (part: "colour" | "shape") =>
    apart("line", lines, lines.map((_, index) => styleOf(index)[part]), {
      title: null,
      legend: lines.length < 2
        ? null
        : { labelLimit: 420, columns: lines.length > 6 ? 4 : lines.length },
    });
  const color = styled("colour");
  const dashes = apart("series", series, series.map((_, index) => DASHES[index % DASHES.length]), {
    title: null,
    legend: { symbolType: "stroke", symbolSize: 400, labelLimit: 420, columns: series.length },
  });
  const own = distinct(points.map((point) => point.line));
  const place = {
    x: xOf(plot),
    ...(nominal && panel.mark === "points" && own.length > 1
      ? { xOffset: { field: "line", type: "nominal", scale: { domain: own } } }
      : {}),
  };
  const tooltip = [
    { field: "line", title: "line" },
    ...(series.length > 0 ? [{ field: "series", title: "series" }] : []),
    { field: "x", title: panel.x.title },
    ...["y", "lo", "hi"].map((field) => ({
      field,
      title: { y: panel.y.title, lo: "95% from", hi: "to" }[field],
      format: ".4~g",
    })),
  ];
  return {
    title: { ...titleOf(plot), offset: 6, anchor: "start", frame: "group" },
    width,
    height,
    data: { values: rowsOf(plot, curve) },
    layer: [
      ...panel.rules.map(({ y }) => ({
        data: { values: [{}] },
        mark: { ...DASHED, clip: true },
        encoding: { y: { ...yOf(plot, "y"), field: undefined, datum: y } },
      })),
      {
        transform: [{ filter: "isValid(datum.lo) && isValid(datum.hi)" }],
        mark: curve
          ? { type: "area", opacity: 0.18, clip: true }
          : { type: "rule", strokeWidth: 3.5, opacity: 0.35, clip: true },
        encoding: { ...place, y: yOf(plot, "lo"), y2: { field: "hi" }, color },
      },
      ...(panel.mark === "line"
        ? [{
          mark: { type: "line", strokeWidth: curve ? 1.3 : 1.6, clip: true },
          encoding: {
            ...place,
            y: yOf(plot, "y"),
            color,
            ...(series.length > 1 ? { strokeDash: dashes } : {}),
          },
        }]
        : []),
      {
        transform: [{ filter: "datum.mark === true" }],
        mark: { type: "point", filled: true, size: 42, opacity: 1, clip: true },
        encoding: { ...place, y: yOf(plot, "y"), color, shape: styled("shape"), tooltip },
      },
      ...ruleWords(plot),
    ],
  } as unknown as View;
}
