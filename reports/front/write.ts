/**
 * Writes the front page of a folder that holds the reports of several suites.
 *
 * @module
 */
import { readAgainst } from "../../lab/record/against.ts";
import { causeOf, LabError } from "../../lab/record/failure.ts";
import { isFile } from "../../lab/record/files.ts";
import { readRecord } from "../../lab/record/read.ts";
import { ReportFolder, type ReportOptions } from "../media/folder.ts";
import { junitXml } from "../media/junit.ts";
import { withAgainst } from "../sections/against.ts";
import { reportOf } from "../sections/index.ts";
import { chartOf, type Front, frontHtml, frontIndex, frontMarkdown } from "./front.ts";
import { figuresOf, type Found } from "./rows.ts";

/** How a front page is written. */
export interface FrontOptions extends ReportOptions {
  /** ids of the suites there are, so that the page can tell `not built` from `not run here` */
  built?: readonly string[];
}

/** What {@link writeFront} left. */
export interface FrontFiles {
  /** the paths written, in order: `suites.json`, `junit.xml`, `summary.md`, `report.html` */
  paths: string[];
  /** suites on the page */
  suites: number;
  /** records that were skipped and pictures that could not be drawn, one sentence each */
  problems: string[];
}

/** The records in the folders below one; those that cannot be read are named. */
async function recordsIn(
  outDir: string,
): Promise<{ found: Found[]; problems: string[] }> {
  const found: Found[] = [], problems: string[] = [];
  let folders: string[];
  try {
    folders = [...Deno.readDirSync(outDir)].filter((entry) => entry.isDirectory)
      .map((entry) => entry.name).sort();
  } catch (error) {
    throw new LabError(`Cannot read ${outDir}: ${causeOf(error)}`, { cause: error });
  }
  for (const folder of folders) {
    const path = `${outDir}/${folder}/record.json`;
    if (!isFile(path)) continue;
    try {
      const record = await readRecord(path);
      const against = readAgainst(`${outDir}/${folder}`, record.createdAt);
      const report = withAgainst(reportOf(record), against);
      const hasReport = isFile(`${outDir}/${folder}/report.html`);
      problems.push(...report.problems.map((problem) => `${folder}: ${problem}`));
      found.push({ folder, record, report, hasReport, against });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      problems.push(`Left out: ${error.message.replace(path, `${folder}/record.json`)}`);
    }
  }
  return { found, problems };
}

/**
 * Writes `suites.json`, `junit.xml`, `summary.md` and `report.html` from every `outDir/FOLDER/record.json`.
 *
 * @param outDir folder that holds one folder per suite
 * @param options where problems go, and which suites there are
 * @throws {LabError} when it cannot be read, holds no readable record, or holds the report of a suite
 *   itself, which the page would replace
 */
export async function writeFront(
  outDir: string,
  options: FrontOptions = {},
): Promise<FrontFiles> {
  if (isFile(`${outDir}/record.json`)) {
    throw new LabError(
      `Cannot write a front page to ${outDir}: it holds the report of a suite itself`,
    );
  }
  const { found, problems } = await recordsIn(outDir);
  if (found.length === 0) {
    const why = problems.length > 0 ? `: ${problems.join("; ")}` : "";
    throw new LabError(
      `Cannot write a front page to ${outDir}: no folder in it has a record that can be read${why}`,
    );
  }
  const folder = await ReportFolder.open(outDir, options);
  problems.forEach((problem) => folder.tell(problem));
  const figures = figuresOf(found, options.built ?? null);
  const entries = figures.flatMap((figure) => figure.entries);
  const charts = await folder.pictures(entries.flatMap((entry) => chartOf(entry) ?? []));
  const order = entries.map((entry) => entry.folder);
  found.sort((a, b) => order.indexOf(a.folder) - order.indexOf(b.folder));
  const front: Front = { found, figures, problems: folder.problems };
  folder.write("suites.json", JSON.stringify(frontIndex(front), null, 2) + "\n");
  folder.write("junit.xml", junitXml(found.map(({ report }) => report)));
  folder.write("summary.md", frontMarkdown(front, charts));
  folder.write("report.html", frontHtml(front, charts));
  return { paths: folder.paths, suites: found.length, problems: folder.problems };
}
