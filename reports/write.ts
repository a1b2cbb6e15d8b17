/**
 * Writes the report of a bench, of whatever kind: the record before all else, then numbers, pictures and
 * words.
 *
 * @module
 */
import { type Against, AGAINST_FILE } from "../lab/record/against.ts";
import type { BenchRecord } from "../lab/record/record.ts";
import { csvText } from "./media/csv.ts";
import { ReportFolder, type ReportOptions } from "./media/folder.ts";
import { junitXml } from "./media/junit.ts";
import { tablesLatex } from "./media/latex.ts";
import { summaryMarkdown } from "./media/markdown.ts";
import { reportPage } from "./media/page.ts";
import { gridPng } from "./media/grid.ts";
import { withAgainst } from "./sections/against.ts";
import { chartsOf, reportOf } from "./sections/index.ts";
import { picturesOf } from "./sections/section.ts";

/** Pixels of a picture's file per pixel of its images. */
const PICTURE_SCALE = 4;

export type { ReportOptions } from "./media/folder.ts";

/**
 * Writes `record.json`, `against.json` where it was held against earlier records, a CSV file per block of data, four files per chart, a PNG file per picture, `tables.tex`, `junit.xml`,
 * `summary.md` and `report.html`.
 *
 * @param outDir folder; made when missing. Files of the same names are replaced, each atomically
 * @returns the paths written, in that order
 * @throws {LabError} when the folder cannot be written to
 */
export async function writeReport(
  record: BenchRecord,
  outDir: string,
  options: ReportOptions = {},
  against: Against | null = null,
): Promise<string[]> {
  const folder = await ReportFolder.open(outDir, options);
  folder.write("record.json", JSON.stringify(record, null, 2) + "\n");
  if (against) folder.write(AGAINST_FILE, JSON.stringify(against, null, 2) + "\n");
  const report = withAgainst(reportOf(record), against);
  report.problems.forEach((problem) => folder.tell(problem));
  for (const data of report.data) folder.write(`${data.stem}.csv`, csvText(data));
  const charts = await folder.draw(chartsOf(report));
  for (const picture of picturesOf(report)) {
    const png = await folder.attempt(
      `Cannot write ${picture.name}.png`,
      () => gridPng(picture, PICTURE_SCALE),
    );
    if (png !== null) folder.write(`${picture.name}.png`, png);
  }
  folder.write("tables.tex", tablesLatex(report));
  folder.write("junit.xml", junitXml([report]));
  folder.write("summary.md", summaryMarkdown(report, charts));
  folder.write("report.html", reportPage(report, await folder.pageParts(charts)));
  return folder.paths;
}
