/**
 * Writes the files of a latency bench: the record before all else, then tables, charts and the page.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import { browserScripts } from "./media/browser.ts";
import { picturesOf, ReportFolder, type ReportOptions } from "./media/folder.ts";
import { latencyCharts } from "./charts/latency_charts.ts";
import { latencyCsv } from "./latency_csv.ts";
import { latencyHtml } from "./latency_html.ts";
import { latencyMarkdown } from "./latency_summary.ts";

/**
 * Writes the report of a latency bench.
 *
 * @param record the bench
 * @param outDir folder; made when missing. Files of the same names are replaced, each atomically
 * @param options where problems go
 * @returns the paths written, in order: `record.json`, `points.csv`, four files per chart,
 *   `summary.md`, `report.html`
 */
export async function writeLatencyReport(
  record: LatencyRecord,
  outDir: string,
  options: ReportOptions = {},
): Promise<string[]> {
  const folder = await ReportFolder.open(outDir, options);
  await folder.write("record.json", JSON.stringify(record, null, 2) + "\n");
  await folder.write("points.csv", latencyCsv(record));
  const charts = await folder.draw(() => latencyCharts(record));
  await folder.write("summary.md", latencyMarkdown(record, picturesOf(charts)));
  const scripts = await folder.attempt("The charts of the page do not move", browserScripts) ?? [];
  const problems = folder.problems;
  await folder.write("report.html", latencyHtml(record, { charts, scripts, problems }));
  return folder.paths;
}
