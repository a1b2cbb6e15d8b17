/**
 * Writes a bench's files: the record before all else, then tables, charts and the page. What can
 * fail (drawing) comes after what must not be lost, and a failure is shown in the page.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record.ts";
import { writeAtomic } from "../lab/store.ts";
import { browserScripts } from "./browser.ts";
import { type Chart, chartsFor } from "./charts.ts";
import { runsCsv } from "./csv.ts";
import { reportHtml } from "./html.ts";
import { summaryMarkdown } from "./summary.ts";

/** How a report is written. */
export interface ReportOptions {
  /** is told what could not be drawn; the page says it too. Default: standard error */
  onProblem?: (problem: string) => void;
}

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
  const onProblem = options.onProblem ?? ((problem: string) => console.error(problem));
  const problems: string[] = [];
  const paths: string[] = [];
  const write = async (name: string, data: string | Uint8Array) => {
    const path = `${outDir}/${name}`;
    await writeAtomic(path, data);
    paths.push(path);
  };
  const attempt = async <T>(what: string, make: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await make();
    } catch (error) {
      const problem = `${what}: ${error instanceof Error ? error.message : error}`;
      problems.push(problem);
      onProblem(problem);
      return null;
    }
  };

  await Deno.mkdir(outDir, { recursive: true });
  await write("record.json", JSON.stringify(record, null, 2) + "\n");
  await write("runs.csv", runsCsv(record));
  const render = await attempt("Cannot load what draws the charts", () => import("./render.ts"));
  const charts: (Chart & { svg: string | null })[] = [];
  for (const chart of await attempt("Cannot make the charts", () => chartsFor(record)) ?? []) {
    await write(`${chart.name}.vl.json`, JSON.stringify(chart.spec, null, 2) + "\n");
    const svg = await attempt(
      `Cannot draw ${chart.name}`,
      () => render?.renderSvg(chart.spec) ?? null,
    );
    charts.push({ ...chart, svg });
    if (svg === null || render === null) continue;
    await write(`${chart.name}.svg`, svg);
    const png = await attempt(`Cannot write ${chart.name}.png`, () => render.renderPng(svg));
    if (png !== null) await write(`${chart.name}.png`, png);
    const pdf = await attempt(
      `Cannot write ${chart.name}.pdf`,
      () => render.renderPdf(svg, chart.title),
    );
    if (pdf !== null) await write(`${chart.name}.pdf`, pdf);
  }
  const pictures = charts.filter((chart) => chart.svg !== null);
  await write(
    "summary.md",
    summaryMarkdown(record, pictures.map(({ title, name }) => [title, `${name}.svg`])),
  );
  const scripts = await attempt("The charts of the page do not move", browserScripts) ?? [];
  await write("report.html", reportHtml(record, { charts, scripts, problems }));
  return paths;
}
