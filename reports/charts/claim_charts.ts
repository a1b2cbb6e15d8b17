/**
 * The charts of a suite of claims, from the panels it declares: panels that measure the same quantity
 * stand in one chart with comparable axes, so that effects can be compared by eye.
 *
 * @module
 */
import type { TopLevelSpec } from "vega-lite";
import type { ClaimRecord, PanelFacts, Point } from "../lab/record/claim_record.ts";
import { caption, type Chart } from "../words/caption.ts";
import { claimPlot } from "./claim_plot.ts";
import {
  adapterName,
  afterFigure,
  capital,
  costPhrase,
  count,
  duration,
  verdictPhrase,
} from "../words/format.ts";
import { distinct } from "./series.ts";
import { frame } from "./theme.ts";

/** What a suite of claims cost, as one phrase. */
export function claimCost(record: ClaimRecord): string {
  return record.runs.length > 0
    ? costPhrase(record.cost)
    : `${record.points.length} points measured, ${duration(record.cost.wall_s)}`;
}

/** Whether the axes of a panel can show a point: a log axis has no place at 0 or below. */
function shown({ x, y }: PanelFacts, point: Point): boolean {
  return (y.scale !== "log2" || point.y > 0) &&
    (x.scale === "nominal" || typeof point.x === "number") &&
    (x.scale !== "log2" || Number(point.x) > 0);
}

/**
 * The ranges along y of the panels of one chart. A linear axis is the same for all of them; log axes
 * have their own place but the same number of octaves, so that equal slopes look equal.
 */
export function claimDomains(
  panels: { panel: PanelFacts; points: Point[] }[],
): [number, number][] {
  const log = panels[0].panel.y.scale === "log2";
  const scaled = (value: number) => log ? Math.log2(value) : value;
  const ranges = panels.map(({ panel, points }): [number, number] => {
    const values = [
      ...points.flatMap(({ y, lo, hi }) => [y, lo ?? y, hi ?? y]),
      ...panel.rules.map((rule) => rule.y),
    ].filter((value) => !log || value > 0).map(scaled);
    return values.length === 0 ? [0, 1] : [Math.min(...values), Math.max(...values)];
  });
  const round = (value: number) => Number((log ? 2 ** value : value).toPrecision(4));
  if (!log) {
    const [low, high] = [
      Math.min(...ranges.map(([low]) => low)),
      Math.max(...ranges.map(([, high]) => high)),
    ];
    const margin = 0.08 * (high - low || Math.abs(high) || 1);
    return ranges.map(() => [round(low - margin), round(high + margin)]);
  }
  const span = Math.max(1, ...ranges.map(([low, high]) => high - low)) * 1.16;
  return ranges.map(([low, high]) => {
    const middle = (low + high) / 2;
    return [round(middle - span / 2), round(middle + span / 2)];
  });
}

/** What the judgements of a panel say, in a few words; empty without any. */
export function panelVerdicts(record: ClaimRecord, panel: string): string {
  const judged = record.judgements.filter((one) => one.panel === panel);
  const claims = judged.filter((one) => one.role === "claim");
  const controls = judged.filter((one) => one.role === "control");
  const some = (list: typeof judged, verdict: string) =>
    list.filter((one) => one.verdict === verdict).length;
  const failed = some(claims, "fail"), held = some(claims, "pass");
  return [
    ...(claims.length > 0 ? [`${held} of ${claims.length} claims pass`] : []),
    ...(failed > 0 ? [`${failed} fail`] : []),
    ...(controls.length > 0
      ? [`controls seen to fail: ${some(controls, "fail")} of ${controls.length}`]
      : []),
  ].join("; ");
}

const stem = (text: string): string =>
  text.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "").slice(0, 40) || "panels";

/** The charts, in the order of the record's panels; none for a record without points. */
export function claimCharts(record: ClaimRecord): Chart[] {
  const drawable = record.panels.map((panel) => {
    const all = record.points.filter((point) => point.panel === panel.name);
    const points = all.filter((point) => shown(panel, point));
    return { panel, points, left: all.length - points.length };
  }).filter(({ points }) => points.length > 0);
  const groups = [
    ...Map.groupBy(drawable, ({ panel }) => `${panel.y.title}\n${panel.y.scale}`).values(),
  ];
  const names = groups.map(([{ panel }], index) => {
    const own = stem(groups[index].length === 1 ? panel.name : panel.y.title);
    const twin = groups.slice(0, index).some((group) =>
      stem(group.length === 1 ? group[0].panel.name : group[0].panel.y.title) === own
    );
    return twin ? `${own}-${index + 1}` : own;
  });
  return groups.map((group, index) => chartOf(record, group, names[index]));
}

function chartOf(
  record: ClaimRecord,
  group: { panel: PanelFacts; points: Point[]; left: number }[],
  name: string,
): Chart {
  const { suite, environment, cost } = record;
  const [{ panel }] = group;
  const quantity = panel.y.title.replace(/\s*\([^)]*\)$/, "");
  const title = group.length === 1
    ? `${suite.title}: ${panel.title}`
    : `${suite.title}: ${quantity}`;
  const points = group.flatMap((one) => one.points);
  const left = group.reduce((sum, one) => sum + one.left, 0);
  const lines = distinct(points.map((point) => point.line));
  const intervals = points.some(({ lo, hi }) => lo !== null && hi !== null);
  const log = panel.y.scale === "log2";
  const notes = [
    ...(intervals ? ["Estimates with 95% intervals"] : ["Estimates; no intervals"]),
    ...(lines.length === 1 ? [`● ${lines[0]}`] : []),
    ...(group.some((one) => one.panel.rules.length > 0) ? ["dashed: limits"] : []),
    ...(group.length > 1
      ? [log ? "every panel spans as many octaves" : "all panels have one scale"]
      : []),
    ...(left > 0 ? [`${left} points at 0 or below have no place on a log axis`] : []),
  ];
  const words = group.length === 1
    ? `${title}.`
    : `${title}. Panels: ${group.map((one) => one.panel.title).join("; ")}.`;
  const text = caption(record, words, claimCost(record));
  const columns = group.length <= 3 ? group.length : group.length === 4 ? 2 : 3;
  const width = columns === 1 ? 460 : columns === 2 ? 320 : 235;
  const domains = claimDomains(group);
  const trained = record.runs.length > 0 ? `${count(cost.trainedTokens)} tokens trained · ` : "";
  const subtitle = [
    `${afterFigure(suite.figure)} · verdict here: ${verdictPhrase(record)}`,
    `${trained}${adapterName(environment)}`,
    `${capital(notes.join("; "))}`,
  ];
  const spec = {
    ...frame({ title, subtitle, description: text }, [], { titleLimit: 300 }),
    columns,
    spacing: { row: 24, column: 30 },
    concat: group.map((one, index) =>
      claimPlot({
        panel: one.panel,
        points: one.points,
        lines,
        domain: domains[index],
        title: group.length === 1 ? "" : one.panel.title,
        verdicts: panelVerdicts(record, one.panel.name),
        width,
        height: columns === 1 ? 250 : group.length > 6 ? 150 : 190,
      })
    ),
  } satisfies TopLevelSpec;
  return { name, title, caption: text, spec };
}
