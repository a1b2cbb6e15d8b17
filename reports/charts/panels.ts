/**
 * The charts of a record's panels: panels of one stem side by side, axes of one quantity comparable.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { Panel, Point } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Chart, type ChartHead, type ChartSpec, recordChart } from "../words/caption.ts";
import { capital, distinct } from "../words/phrases.ts";
import { countsPhrase } from "../words/reason.ts";
import { domainsOf, shown } from "./axes.ts";
import { panelPlot } from "./panel_plot.ts";
import { frame, LEGENDS_IN_ROWS } from "./theme.ts";

/** Title of a chart, and sentences about it alone. */
export interface ChartWords {
  title: string;
  what: string;
}

/** A panel with the points its axes can show. */
export interface DrawnPanel {
  panel: Panel;
  points: Point[];
  /** how many its axes cannot show */
  left: number;
  /** what its judgements say; may be empty */
  verdicts: string;
}

/** The panels that have something to show, with what their judgements say. */
export function drawnPanels(
  panels: Panel[],
  points: Point[],
  verdictsOf: (panel: Panel) => string = () => "",
): DrawnPanel[] {
  return panels.map((panel) => {
    const all = points.filter((point) => point.panel === panel.name);
    const own = all.filter((point) => shown(panel, point));
    return { panel, points: own, left: all.length - own.length, verdicts: verdictsOf(panel) };
  }).filter(({ points }) => points.length > 0);
}

const quantityOf = ({ panel: { y } }: DrawnPanel): string => `${y.title}\n${y.scale}`;

/** What a reader must know of the marks and axes, in a few words each. */
function notesOf(group: DrawnPanel[], lines: string[]): string[] {
  const points = group.flatMap((one) => one.points),
    rules = group.flatMap((one) => one.panel.rules);
  const left = group.reduce((sum, one) => sum + one.left, 0);
  const several = [...Map.groupBy(group, quantityOf).values()].filter((same) => same.length > 1);
  const all = several.length === 1 && several[0].length === group.length;
  const scales = distinct(several.map(([{ panel }]) => panel.y.scale === "linear"));
  const share = (linear: boolean) =>
    linear
      ? `${all ? "all panels" : "panels of one quantity"} have one scale`
      : `${all ? "every panel spans" : "panels of one quantity span"} as many octaves`;
  return [
    points.some(({ lo, hi }) => lo !== null && hi !== null)
      ? "Estimates with 95% intervals"
      : "Estimates; no intervals",
    ...(lines.length === 1 ? [`● ${lines[0]}`] : []),
    ...(rules.some(({ label }) => label.includes("limit")) ? ["dashed: limits"] : []),
    ...scales.map(share),
    ...(left > 0 ? [`${left} points at 0 or below have no place on a log axis`] : []),
  ];
}

/** Panels side by side as one spec, under the words of the head and a line about marks and axes. */
export function panelSpec(head: ChartHead, group: DrawnPanel[]): ChartSpec {
  const points = group.flatMap((one) => one.points);
  const lines = distinct(points.map((point) => point.line));
  const series = distinct(points.flatMap((point) => point.series ?? []));
  const domains = new Map(
    [...Map.groupBy(group, quantityOf).values()].flatMap((same) =>
      domainsOf(same).map((domain, index) => [same[index], domain])
    ),
  );
  const columns = group.length <= 3 ? group.length : group.length === 4 ? 2 : 3;
  const width = columns === 1 ? 460 : columns === 2 ? 320 : 235;
  const crowded = group.length <= 3 && (series.length > 1 || lines.length > 4);
  const height = columns === 1 || crowded ? 250 : group.length > 6 ? 150 : 190;
  const legends = series.length > 1 ? LEGENDS_IN_ROWS : {};
  return {
    ...frame(head, [capital(notesOf(group, lines).join("; "))], { ...legends, titleLimit: 300 }),
    columns,
    spacing: { row: 24, column: 30 },
    concat: group.map((one) =>
      panelPlot({
        panel: one.panel,
        points: one.points,
        lines,
        series,
        domain: domains.get(one)!,
        title: group.length === 1 ? "" : one.panel.title,
        verdicts: one.verdicts,
        width,
        height,
      })
    ),
  } satisfies TopLevelSpec;
}

/** Title and words of a chart that a suite says nothing of. */
function wordsOf({ suite }: BenchRecord, group: DrawnPanel[]): ChartWords {
  const quantities = distinct(group.map(({ panel }) => panel.y.title.replace(/\s*\([^)]*\)$/, "")));
  const titles = group.map(({ panel }) => panel.title);
  return {
    title: `${suite.title}: ${titles.length === 1 ? titles[0] : quantities.join(", ")}`,
    what: titles.length === 1 ? "" : `Panels: ${titles.join("; ")}.`,
  };
}

/**
 * The charts of a record, in the order of its panels; none for panels without points, whose chart is
 * drawn from the evidence.
 *
 * @param words title and words by the chart's stem; where left out, they follow from the panels
 */
export function panelCharts(
  record: BenchRecord,
  words: Record<string, ChartWords> = {},
): Chart[] {
  const { panels, points } = record.findings;
  const verdictsOf = ({ name }: Panel) => {
    const reason = record.decisions[name]?.reason;
    const judged = reason && [reason.claims, reason.controls].flatMap((one) => Object.values(one));
    return reason && judged!.some((count) => count > 0) ? countsPhrase(reason) : "";
  };
  const drawn = drawnPanels(panels, points, verdictsOf);
  return [...Map.groupBy(drawn, ({ panel }) => panel.chart)].flatMap(([name, group]) => {
    const { title, what } = Object.hasOwn(words, name) ? words[name] : wordsOf(record, group);
    return recordChart(record, name, title, what, (head) => panelSpec(head, group));
  });
}
