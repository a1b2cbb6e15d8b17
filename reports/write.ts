/**
 * Writes a bench's files: the record before all else, then tables, charts and the page.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record/record.ts";
import { browserScripts } from "./media/browser.ts";
import { chartsFor } from "./charts/charts.ts";
import { runsCsv } from "./csv.ts";
import { picturesOf, ReportFolder, type ReportOptions } from "./media/folder.ts";
import { reportHtml } from "./html.ts";
import { summaryMarkdown } from "./summary.ts";

export type { ReportOptions } from "./media/folder.ts";

/**
 * Writes the report of a bench.
 *
 * @param record the bench
 * @param outDir folder; made when missing. Files of the same names are replaced, each atomically
 * @param options where problems go
 * @returns the paths written, in order: `record.json`, `runs.csv`, four files per chart, `summary.md`,
 *   `report.html`
 */
export async function writeReport(
  record: BenchRecord,
  outDir: string,
  options: ReportOptions = {},
): Promise<string[]> {
  const folder = await ReportFolder.open(outDir, options);
  await folder.write("record.json", JSON.stringify(record, null, 2) + "\n");
  await folder.write("runs.csv", runsCsv(record));
  const charts = await folder.draw(() => chartsFor(record));
  await folder.write("summary.md", summaryMarkdown(record, picturesOf(charts)));
  const scripts = await folder.attempt("The charts of the page do not move", browserScripts) ?? [];
  const problems = folder.problems;
  await folder.write("report.html", reportHtml(record, { charts, scripts, problems }));
  return folder.paths;
}
