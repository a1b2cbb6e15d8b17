/**
 * The report of `deno task compare`: latency records of several machines side by side, in
 * milliseconds and as shares of each machine's own measured ceiling.
 *
 * @module
 */
import { csvFormat } from "d3-dsv";
import { browserScripts } from "../media/browser.ts";
import { compareCharts } from "./charts.ts";
import {
  checkComparable,
  type ComparedPoint,
  comparedPoints,
  compareNotes,
  type NamedRecord,
} from "./rows.ts";
import { picturesOf, ReportFolder, type ReportOptions } from "../media/folder.ts";
import {
  adapterName,
  digits,
  interval,
  milliseconds,
  percent,
  verdictPhrase,
} from "../words/format.ts";
import { chartFigure, escapeHtml, htmlTable, list } from "../media/html_parts.ts";
import { layerOf, times } from "../latency_tables.ts";
import { line, markdownTable, pictureLines } from "../media/markdown.ts";
import { type DrawnChart, notes, page } from "../media/page.ts";
import type { Table } from "../tables.ts";
import { alignedTable, wrap } from "../media/terminal_parts.ts";

const TITLE = "Latency side by side";
const COLUMN_NOTES =
  "ms: median of one pass with its 95% interval. % of ceiling: of the FMA rate " +
  "measured on that machine. Times the first: quotient of the medians, its interval unpaired.";

/** The machines: adapter, verdict, ceilings. */
export function machineTable(records: NamedRecord[]): Table {
  const giga = (value: number | null) => digits(value === null ? null : value / 1e9);
  return {
    head: ["machine", "adapter", "verdict", "FMA rate, GFLOP/s", "reading, GB/s", "copying, GB/s"],
    rows: records.map(({ name, record }) => [
      name,
      adapterName(record.environment),
      verdictPhrase(record),
      interval(record.roofline.fma_flops, giga),
      interval(record.roofline.read_bytes_s, giga),
      interval(record.roofline.copy_bytes_s, giga),
    ]),
  };
}

/** Every layer in common: time, share of the ceiling, and time over the first machine's. */
export function compareTable(records: NamedRecord[], rows: ComparedPoint[]): Table {
  return {
    head: [
      "layer",
      "pass",
      ...records.flatMap(({ name }) => [`${name}, ms`, `${name}, % of ceiling`]),
      ...records.slice(1).map(({ name }) => `${name}, times ${records[0].name}`),
    ],
    rows: distinctRows(rows).map(({ point, points, timesFirst }) => [
      layerOf(point),
      point.pass,
      ...points.flatMap((one) => [
        interval(one?.time_s ?? null, milliseconds),
        percent(one?.percentOfCeiling.estimate ?? null),
      ]),
      ...timesFirst.slice(1).map((ratio) => interval(ratio, ratioText)),
    ]),
  };
}

/** Ratios between machines range over orders of magnitude. */
const ratioText = (value: number | null): string =>
  value !== null && value < 0.1 ? digits(value) : times(value);

/** One row per layer: a layer that stands in several panels was timed in each; the first is shown. */
function distinctRows(rows: ComparedPoint[]): ComparedPoint[] {
  const seen = new Set<string>();
  return rows.filter(({ point }) => {
    const key = `${layerOf(point)}\n${point.pass}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** `compare.csv`: a row per layer and panel, numbers unrounded, columns per machine. */
export function compareCsv(records: NamedRecord[], rows: ComparedPoint[]): string {
  const table = rows.map((
    { point, points, timesFirst },
  ): Record<string, string | number | null> => ({
    panel: point.panel,
    series: point.series,
    configuration: point.configuration,
    tokens: point.tokens,
    routing: point.routing,
    pass: point.pass,
    ...Object.fromEntries(records.flatMap(({ name }, index): [string, number | null][] => [
      [`${name} time_s`, points[index]?.time_s.estimate ?? null],
      [`${name} time_s_lo`, points[index]?.time_s.lo ?? null],
      [`${name} time_s_hi`, points[index]?.time_s.hi ?? null],
      [`${name} percentOfCeiling`, points[index]?.percentOfCeiling.estimate ?? null],
      [`${name} timesFirst`, timesFirst[index]?.estimate ?? null],
    ])),
  }));
  return csvFormat(table, Object.keys(table[0] ?? {})) + "\n";
}

/**
 * Compares the records of several machines.
 *
 * @param records names and records; times are also given over the first one's
 * @param outDir folder for `compare.csv`, charts, `compare.md` and `compare.html`; nothing is written
 *   without it
 * @param options where problems go, and columns of the terminal
 * @returns the comparison for a terminal, and the paths written
 * @throws {LabError} for fewer than two records, equal names, different versions of the suite, or no
 *   layer in common
 */
export async function compareReport(
  records: NamedRecord[],
  outDir?: string,
  options: ReportOptions & { width?: number } = {},
): Promise<{ text: string; paths: string[] }> {
  checkComparable(records);
  const rows = comparedPoints(records);
  const said = compareNotes(records, rows);
  const width = options.width ?? 100;
  const text = [
    ...alignedTable(machineTable(records)),
    "",
    ...alignedTable(compareTable(records, rows)),
    "",
    ...[COLUMN_NOTES, ...said].flatMap((note) => wrap(note, width, "  ")),
  ].join("\n");
  if (outDir === undefined) return { text, paths: [] };

  const folder = await ReportFolder.open(outDir, options);
  await folder.write("compare.csv", compareCsv(records, rows));
  const charts = await folder.draw(() => compareCharts(records, rows));
  await folder.write("compare.md", markdown(records, rows, charts));
  const scripts = await folder.attempt("The charts of the page do not move", browserScripts) ?? [];
  const parts = { charts, scripts, problems: folder.problems };
  await folder.write("compare.html", page(TITLE, body(records, rows, parts), parts));
  return { text, paths: folder.paths };
}

function markdown(records: NamedRecord[], rows: ComparedPoint[], charts: DrawnChart[]): string {
  return [
    `# ${TITLE}`,
    "",
    ...markdownTable(machineTable(records)),
    "",
    ...pictureLines(picturesOf(charts)),
    ...markdownTable(compareTable(records, rows)),
    "",
    COLUMN_NOTES,
    "",
    ...compareNotes(records, rows).map((note) => `- ${line(note)}`),
    "",
  ].join("\n");
}

function body(
  records: NamedRecord[],
  rows: ComparedPoint[],
  { charts, problems }: { charts: DrawnChart[]; problems: string[] },
): string[] {
  return [
    `<header><h1>${escapeHtml(TITLE)}</h1></header>`,
    ...notes(problems),
    htmlTable(machineTable(records)),
    list(compareNotes(records, rows)),
    ...charts.map(chartFigure),
    "<h2>Every layer in common</h2>",
    htmlTable(compareTable(records, rows)),
    `<p class="soft">${escapeHtml(COLUMN_NOTES)}</p>`,
  ];
}
