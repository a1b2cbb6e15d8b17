/**
 * The report of `deno task compare`: latency records of several machines side by side, in
 * milliseconds and as shares of each machine's own measured ceiling.
 *
 * @module
 */
import { csvText } from "../media/csv.ts";
import { ReportFolder, type ReportOptions } from "../media/folder.ts";
import { type DrawnChart, escapeHtml } from "../media/html_parts.ts";
import { line, sectionsMarkdown } from "../media/markdown.ts";
import { page } from "../media/page.ts";
import { alignedTable, plain } from "../media/terminal.ts";
import { giga, layerOf } from "../sections/latency.ts";
import {
  chartSection,
  type Column,
  type Data,
  intervalCells,
  type Section,
  section,
  type Table,
  tableBlock,
  tableOf,
} from "../sections/section.ts";
import { digits, finite, fixed, interval, milliseconds, percent } from "../words/format.ts";
import { wrap } from "../words/lines.ts";
import { adapterName } from "../words/phrases.ts";
import { verdictPhrase } from "../words/verdict.ts";
import { compareCharts } from "./charts.ts";
import {
  checkComparable,
  type ComparedPoint,
  comparedPoints,
  compareNotes,
  type NamedRecord,
} from "./rows.ts";

const TITLE = "Latency side by side";
const COLUMN_NOTES =
  "ms: median of one pass with its 95% interval. % of ceiling: of the FMA rate " +
  "measured on that machine. Times the first: quotient of the medians, its interval unpaired.";

/** The machines: adapter, verdict, ceilings. */
function machineTable(records: NamedRecord[]): Table {
  return tableOf(records, [
    ["machine", ({ name }) => name],
    ["adapter", ({ record }) => adapterName(record.environment)],
    ["verdict", ({ record }) => verdictPhrase(record)],
    ["FMA rate, GFLOP/s", ({ record }) => giga(record.evidence.roofline.fma_flops)],
    ["reading, GB/s", ({ record }) => giga(record.evidence.roofline.read_bytes_s)],
    ["copying, GB/s", ({ record }) => giga(record.evidence.roofline.copy_bytes_s)],
  ]);
}

/** Every layer in common: time, share of the ceiling, and time over the first machine's. */
export function compareTable(records: NamedRecord[], rows: ComparedPoint[]): Table {
  return tableOf(distinctRows(rows), [
    ["layer", ({ point }) => layerOf(point)],
    ["pass", ({ point }) => point.pass],
    ...records.flatMap(({ name }, index): Column<ComparedPoint>[] => [
      [`${name}, ms`, ({ points }) => interval(points[index]?.time_s ?? null, milliseconds)],
      [`${name}, % of ceiling`, ({ points }) => percent(points[index]?.percentOfCeiling.estimate)],
    ]),
    ...records.slice(1).map(({ name }, index): Column<ComparedPoint> => [
      `${name}, times ${records[0].name}`,
      ({ timesFirst }) => interval(timesFirst[index + 1], ratioText),
    ]),
  ]);
}

/** Ratios between machines range over orders of magnitude. */
const ratioText = (value: number | null | undefined): string =>
  value && value < 0.1 ? digits(value) : fixed(value, 2);

/** One row per layer: a layer that stands in several panels was timed in each; the first is shown. */
function distinctRows(rows: ComparedPoint[]): ComparedPoint[] {
  const seen = new Set<string>();
  return rows.filter(({ point }) => {
    const key = `${layerOf(point)}\n${point.pass}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** `compare`: a row per layer and panel, numbers unrounded, columns per machine. */
function compareData(records: NamedRecord[], rows: ComparedPoint[]): Data {
  const table = rows.map(({ point, points, timesFirst }): Data["rows"][number] => ({
    panel: point.panel,
    series: point.series,
    configuration: point.configuration,
    tokens: point.tokens,
    routing: point.routing,
    pass: point.pass,
    ...Object.assign(
      {},
      ...records.map(({ name }, index) => ({
        ...intervalCells(`${name} time_s`, points[index]?.time_s),
        [`${name} percentOfCeiling`]: finite(points[index]?.percentOfCeiling.estimate),
        [`${name} timesFirst`]: finite(timesFirst[index]?.estimate),
      })),
    ),
  }));
  return { stem: "compare", columns: Object.keys(table[0] ?? {}), rows: table };
}

/** The comparison as sections; `charts` are drawn under them. */
function sectionsOf(
  records: NamedRecord[],
  rows: ComparedPoint[],
  charts: DrawnChart[],
): Section[] {
  const common = tableBlock("compare", compareTable(records, rows), COLUMN_NOTES);
  return [
    section("Machines", [tableBlock("machines", machineTable(records))]),
    section("", [{ kind: "list", items: compareNotes(records, rows) }]),
    chartSection(charts),
    section("Every layer in common", [common]),
  ];
}

/**
 * Compares the records of several machines.
 *
 * @param records names and records; times are also given over the first one's
 * @param outDir folder for `compare.csv`, charts, `compare.md` and `compare.html`; nothing is written
 *   without it
 * @param options where problems go, and columns of the terminal
 * @returns the comparison for a terminal, tables at their full width, and the paths written
 * @throws {LabError} for fewer than two records, equal names, different versions or plans of the suite,
 *   no layer in common, or a folder that cannot be written to
 */
export async function compareReport(
  records: NamedRecord[],
  outDir?: string,
  options: ReportOptions & { width?: number } = {},
): Promise<{ text: string; paths: string[] }> {
  checkComparable(records);
  const rows = comparedPoints(records), width = options.width ?? 100;
  const notes = plain([COLUMN_NOTES, ...compareNotes(records, rows)]);
  const text = [
    ...alignedTable(plain(machineTable(records))),
    "",
    ...alignedTable(plain(compareTable(records, rows))),
    "",
    ...notes.flatMap((note) => wrap(note, width, "  ")),
  ].join("\n");
  if (outDir === undefined) return { text, paths: [] };

  const folder = await ReportFolder.open(outDir, options);
  folder.write("compare.csv", csvText(compareData(records, rows)));
  const charts = await folder.draw(compareCharts(records, rows));
  const sections = sectionsOf(records, rows, charts);
  folder.write(
    "compare.md",
    [`# ${line(TITLE)}`, "", ...sectionsMarkdown(sections, charts)].join("\n"),
  );
  const header = [`<h1>${escapeHtml(TITLE)}</h1>`];
  folder.write("compare.html", page(TITLE, header, sections, await folder.pageParts(charts)));
  return { text, paths: folder.paths };
}
