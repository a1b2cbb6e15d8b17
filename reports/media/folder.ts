/**
 * The folder a report is written to. What can fail (drawing) must not take with it what must not be
 * lost, so a failure is told, kept for the page, and the next file is written.
 *
 * @module
 */
import { writeAtomic } from "../../lab/train/store.ts";
import type { Chart } from "../words/caption.ts";
import type { DrawnChart } from "./page.ts";

/** How a report is written. */
export interface ReportOptions {
  /** is told what could not be drawn; the page says it too. Default: standard error */
  onProblem?: (problem: string) => void;
}

/** A folder under way: what was written, and what went wrong. */
export class ReportFolder {
  /** the paths written, in order */
  readonly paths: string[] = [];
  /** what could not be made, one sentence each */
  readonly problems: string[] = [];
  readonly #folder: string;
  readonly #onProblem: (problem: string) => void;

  /** Makes the folder when missing. */
  static async open(folder: string, options: ReportOptions = {}): Promise<ReportFolder> {
    await Deno.mkdir(folder, { recursive: true });
    return new ReportFolder(folder, options);
  }

  private constructor(folder: string, options: ReportOptions) {
    this.#folder = folder;
    this.#onProblem = options.onProblem ?? ((problem) => console.error(problem));
  }

  /** Writes a file, atomically; one of the same name is replaced. */
  async write(name: string, data: string | Uint8Array): Promise<void> {
    const path = `${this.#folder}/${name}`;
    await writeAtomic(path, data);
    this.paths.push(path);
  }

  /** What `make` gives, or null after its failure was told as `WHAT: why`. */
  async attempt<T>(what: string, make: () => T | Promise<T>): Promise<T | null> {
    try {
      return await make();
    } catch (error) {
      const problem = `${what}: ${error instanceof Error ? error.message : error}`;
      this.problems.push(problem);
      this.#onProblem(problem);
      return null;
    }
  }

  /**
   * Draws charts: `NAME.vl.json`, `.svg`, `.png`, `.pdf` of each.
   *
   * @param make gives the charts
   * @returns every chart, with its SVG where one could be drawn
   */
  async draw(make: () => Chart[]): Promise<DrawnChart[]> {
    const render = await this.attempt(
      "Cannot load what draws the charts",
      () => import("../charts/render.ts"),
    );
    const drawn: DrawnChart[] = [];
    for (const chart of await this.attempt("Cannot make the charts", make) ?? []) {
      const { name, title, spec } = chart;
      await this.write(`${name}.vl.json`, JSON.stringify(spec, null, 2) + "\n");
      const svg = await this.attempt(
        `Cannot draw ${name}`,
        () => render?.renderSvg(spec) ?? null,
      );
      drawn.push({ ...chart, svg });
      if (svg === null || render === null) continue;
      await this.write(`${name}.svg`, svg);
      const png = await this.attempt(`Cannot write ${name}.png`, () => render.renderPng(svg));
      if (png !== null) await this.write(`${name}.png`, png);
      const pdf = await this.attempt(
        `Cannot write ${name}.pdf`,
        () => render.renderPdf(svg, title),
      );
      if (pdf !== null) await this.write(`${name}.pdf`, pdf);
    }
    return drawn;
  }
}

/** The charts that were drawn, as `[title, file]`, for a summary. */
export function picturesOf(charts: DrawnChart[]): [string, string][] {
  return charts.filter((chart) => chart.svg !== null)
    .map(({ title, name }) => [title, `${name}.svg`]);
}
