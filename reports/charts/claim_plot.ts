/**
 * One panel of a suite of claims as a view of a concatenation: lines with their 95% intervals (bands
 * where points stand close, bars elsewhere) or marks side by side, limits as rules across.
 *
 * @module
 */
import type { PanelFacts, Point } from "../lab/record/claim_record.ts";
import { type Block, logTicks } from "./line_plot.ts";
import { wrap } from "../media/terminal_parts.ts";
import { distinct } from "./series.ts";
import { powerLabel, styleOf } from "./theme.ts";

/** What a panel is drawn with. */
export interface ClaimPlot {
  /** the panel's words */
  panel: PanelFacts;
  /** its points, all of which its axes can show */
  points: Point[];
  /** every line of the chart, in the legend's order */
  lines: string[];
  /** both ends of the axis along y */
  domain: [number, number];
  /** over the panel; none where empty */
  title: string;
  /** under the title: what the panel's judgements say; none where empty */
  verdicts: string;
  width: number;
  height: number;
}

/** More places than these along x are drawn as a curve with a band instead of marks with bars. */
const CLOSE = 16;

const short = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(5));

/** Whole powers of two inside a range, at most seven of them. */
export function powers([low, high]: [number, number]): number[] {
  const [first, last] = [Math.ceil(Math.log2(low) - 1e-9), Math.floor(Math.log2(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first + 1) / 7));
  const inside = [];
  for (let power = Math.ceil(first / step) * step; power <= last; power += step) {
    inside.push(2 ** power);
  }
  return inside;
}

/** The axis along x: sizes as plain numbers, other powers of two with superscripts, names as they come. */
function xOf({ panel, points, width }: ClaimPlot) {
  const { scale } = panel.x;
  const title = fitted(panel.x.title + (scale === "log2" ? " (log₂ axis)" : ""), width, 7);
  if (scale === "nominal") {
    const names = distinct(points.map((point) => String(point.x)));
    return {
      field: "x",
      type: "nominal",
      title,
      sort: null,
      scale: { domain: names, ...(panel.mark === "line" ? { type: "point", padding: 0.5 } : {}) },
      axis: { labelAngle: names.join("").length > 30 ? -30 : 0, labelLimit: 220 },
    };
  }
  const places = distinct(points.map((point) => Number(point.x))).sort((a, b) => a - b);
  const [low, high] = [places[0] ?? 1, places.at(-1) ?? 2];
  const sizes = places.length <= 9 && places.every((place) => Number.isInteger(place));
  if (scale === "linear") {
    const margin = 0.02 * (high - low || 1);
    return {
      field: "x",
      type: "quantitative",
      title,
      scale: { domain: [low - margin, high + margin], nice: false, zero: false },
      axis: sizes && places.length <= 6 ? { values: places, format: "d" } : { tickCount: 6 },
    };
  }
  const domain: [number, number] = [low / 1.25, high * 1.25];
  return {
    field: "x",
    type: "quantitative",
    title,
    scale: { type: "log", base: 2, domain, nice: false },
    axis: sizes
      ? { values: places, format: "d", labelOverlap: "greedy" }
      : { values: powers(domain), labelExpr: powerLabel() },
  };
}

function yOf({ panel, domain }: ClaimPlot, field: string) {
  const { title, scale } = panel.y;
  const log = scale === "log2";
  return {
    field,
    type: "quantitative",
    title: log ? `${title} (log₂ axis)` : title,
    scale: log
      ? { type: "log", base: 2, domain, nice: false }
      : { domain, nice: false, zero: false },
    axis: !log
      ? { tickCount: 6 }
      : powers(domain).length > 2
      ? { values: powers(domain), labelExpr: powerLabel() }
      : { values: logTicks(domain), format: "~r" },
  };
}

/** A text in lines of a width, at so many pixels a character. */
const fitted = (text: string, width: number, character: number): string | string[] => {
  const lines = wrap(text, Math.floor(width / character), "");
  return lines.length > 1 ? lines : text;
};

/** The words of the rules above their left ends, or below where another stands close above; white around. */
function ruleWords(plot: ClaimPlot): object[] {
  const { panel: { rules, y: { scale } }, domain, height } = plot;
  const at = (value: number) => scale === "log2" ? Math.log2(value) : value;
  const pixels = (value: number) => at(value) / (at(domain[1]) - at(domain[0])) * height;
  return rules.flatMap(({ y, label }) => {
    const below = rules.some((other) => {
      const distance = pixels(other.y) - pixels(y);
      return distance > 0 && distance < 16;
    });
    return [{ stroke: "white", strokeWidth: 3 }, { color: "#444" }].map((look) => ({
      data: { values: [{}] },
      mark: { type: "text", align: "left", dx: 4, dy: below ? 9 : -6, fontSize: 10.5, ...look },
      encoding: {
        y: { ...yOf(plot, "y"), field: undefined, datum: y },
        x: { value: 0 },
        text: { value: label },
      },
    }));
  });
}

/** The panel as a view. */
export function claimPlot(plot: ClaimPlot): Block {
  const { panel, points, lines, width, height } = plot;
  const nominal = panel.x.scale === "nominal";
  const curve = panel.mark === "line" && !nominal &&
    distinct(points.map((point) => point.x)).length > CLOSE;
  const log = panel.y.scale === "log2";
  // an interval that reaches 0 or below leaves a log axis at its lower end
  const places = distinct(points.map((point) => point.x)), step = Math.ceil(places.length / 8);
  const values = points.map(({ line, x, y, lo, hi }) => ({
    line,
    ...(curve && (places.indexOf(x) + lines.indexOf(line)) % step !== 0 ? {} : { mark: true }),
    x: nominal ? String(x) : x,
    y: short(y),
    lo: short(log && lo !== null && lo <= 0 ? plot.domain[0] : lo),
    hi: short(hi),
  }));
  const styled = (part: "colour" | "shape") => ({
    field: "line",
    type: "nominal",
    title: null,
    scale: { domain: lines, range: lines.map((_, index) => styleOf(index)[part]) },
    legend: lines.length < 2
      ? null
      : { labelLimit: 420, columns: lines.length > 6 ? 4 : lines.length },
  });
  const color = styled("colour");
  const own = distinct(points.map((point) => point.line));
  const place = {
    x: xOf(plot),
    ...(nominal && panel.mark === "points" && own.length > 1
      ? { xOffset: { field: "line", type: "nominal", scale: { domain: own } } }
      : {}),
  };
  const interval = { filter: "isValid(datum.lo) && isValid(datum.hi)" };
  const tooltip = [
    { field: "line", title: "line" },
    { field: "x", title: panel.x.title },
    ...["y", "lo", "hi"].map((field) => ({
      field,
      title: { y: panel.y.title, lo: "95% from", hi: "to" }[field],
      format: ".4~g",
    })),
  ];
  return {
    title: {
      ...(plot.title === ""
        ? { text: fitted(plot.verdicts, width, 6.5), fontWeight: "normal", fontSize: 10.5 }
        : {
          text: fitted(plot.title, width, 8.2),
          fontSize: 12,
          subtitle: fitted(plot.verdicts, width, 6.5),
          subtitleFontSize: 10.5,
        }),
      offset: 6,
      anchor: "start",
      frame: "group",
    },
    width,
    height,
    data: { values },
    layer: [
      ...panel.rules.map(({ y }) => ({
        data: { values: [{}] },
        mark: { type: "rule", color: "#444", strokeDash: [5, 3], clip: true },
        encoding: { y: { ...yOf(plot, "y"), field: undefined, datum: y } },
      })),
      {
        transform: [interval],
        mark: curve
          ? { type: "area", opacity: 0.18, clip: true }
          : { type: "rule", strokeWidth: 3.5, opacity: 0.35, clip: true },
        encoding: { ...place, y: yOf(plot, "lo"), y2: { field: "hi" }, color },
      },
      ...(panel.mark === "line"
        ? [{
          mark: { type: "line", strokeWidth: curve ? 1.3 : 1.6, clip: true },
          encoding: { ...place, y: yOf(plot, "y"), color },
        }]
        : []),
      {
        transform: [{ filter: "datum.mark === true" }],
        mark: { type: "point", filled: true, size: 42, opacity: 1, clip: true },
        encoding: { ...place, y: yOf(plot, "y"), color, shape: styled("shape"), tooltip },
      },
      ...ruleWords(plot),
    ],
  } as unknown as Block;
}
