/**
 * Writes the front page of a folder that holds the reports of several suites.
 *
 * @module
 */
import { readAnyRecord } from "../lab/record/any_record.ts";
import { causeOf, LabError } from "../../lab/train/store.ts";
import { ReportFolder, type ReportOptions } from "../media/folder.ts";
import {
  type DrawnEntry,
  type DrawnSection,
  type Front,
  frontHtml,
  frontIndex,
  frontMarkdown,
} from "./front.ts";
import { type Found, sectionsOf } from "./rows.ts";

/** How a front page is written. */
export interface FrontOptions extends ReportOptions {
  /** ids of the suites there are, so that the page can tell `not built` from `not run here` */
  built?: readonly string[];
}

/** What {@link writeFront} left. */
export interface FrontFiles {
  /** the paths written, in order: `suites.json`, `summary.md`, `report.html` */
  paths: string[];
  /** suites on the page */
  suites: number;
  /** records that were skipped and pictures that could not be drawn, one sentence each */
  problems: string[];
}

/** Whether there is a file. */
function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
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
      const record = await readAnyRecord(path);
      found.push({ folder, record, hasReport: isFile(`${outDir}/${folder}/report.html`) });
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      problems.push(`Left out: ${error.message.replace(path, `${folder}/record.json`)}`);
    }
  }
  return { found, problems };
}

/**
 * Writes `report.html`, `summary.md` and `suites.json` from every `outDir/FOLDER/record.json`.
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
  const tell = options.onProblem ?? ((problem: string) => console.error(problem));
  problems.forEach(tell);
  const folder = await ReportFolder.open(outDir, options);
  folder.problems.push(...problems);
  const render = await folder.attempt(
    "Cannot load what draws the charts",
    () => import("../charts/render.ts"),
  );
  const sections: DrawnSection[] = [];
  for (const section of sectionsOf(found, options.built ?? null)) {
    const entries: DrawnEntry[] = [];
    for (const entry of section.entries) {
      const spec = entry.chart?.spec;
      const svg = spec === undefined || render === null
        ? null
        : await folder.attempt(`Cannot draw ${entry.folder}`, () => render.renderSvg(spec));
      entries.push({ ...entry, svg });
    }
    sections.push({ ...section, entries });
  }
  const order = sections.flatMap((section) => section.entries.map((entry) => entry.folder));
  found.sort((a, b) => order.indexOf(a.folder) - order.indexOf(b.folder));
  const front: Front = { found, sections, problems: folder.problems };
  await folder.write("suites.json", JSON.stringify(frontIndex(front), null, 2) + "\n");
  await folder.write("summary.md", frontMarkdown(front));
  await folder.write("report.html", frontHtml(front));
  return { paths: folder.paths, suites: found.length, problems: folder.problems };
}
