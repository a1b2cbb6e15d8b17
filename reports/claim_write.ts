/**
 * Writes the files of a suite of claims: the record before all else, then tables, charts and the page.
 *
 * @module
 */
import type { ClaimRecord } from "../lab/record/claim_record.ts";
import { browserScripts } from "./media/browser.ts";
import { claimCharts } from "./charts/claim_charts.ts";
import { claimJudgementsCsv, claimPointsCsv } from "./claim_csv.ts";
import { claimHtml } from "./claim_html.ts";
import { claimMarkdown } from "./claim_summary.ts";
import { runsCsv } from "./csv.ts";
import { picturesOf, ReportFolder, type ReportOptions } from "./media/folder.ts";

/**
 * Writes the report of a suite of claims.
 *
 * @param record the bench
 * @param outDir folder; made when missing. Files of the same names are replaced, each atomically
 * @param options where problems go
 * @returns the paths written, in order: `record.json`, `points.csv`, `judgements.csv`, `runs.csv` where
 *   models were trained, four files per chart, `summary.md`, `report.html`
 */
export async function writeClaimReport(
  record: ClaimRecord,
  outDir: string,
  options: ReportOptions = {},
): Promise<string[]> {
  const folder = await ReportFolder.open(outDir, options);
  await folder.write("record.json", JSON.stringify(record, null, 2) + "\n");
  await folder.write("points.csv", claimPointsCsv(record));
  await folder.write("judgements.csv", claimJudgementsCsv(record));
  if (record.runs.length > 0) await folder.write("runs.csv", runsCsv(record));
  const charts = await folder.draw(() => claimCharts(record));
  await folder.write("summary.md", claimMarkdown(record, picturesOf(charts)));
  const scripts = await folder.attempt("The charts of the page do not move", browserScripts) ?? [];
  const problems = folder.problems;
  await folder.write("report.html", claimHtml(record, { charts, scripts, problems }));
  return folder.paths;
}
