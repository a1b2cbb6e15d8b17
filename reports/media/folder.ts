/**
 * The folder a report is written to. What can fail (drawing) must not take with it what must not be
 * lost, so a failure is told, kept for the page, and the next file is written.
 *
 * @module
 */
import { causeOf, LabError } from "../../lab/record/failure.ts";
import { writeAtomic } from "../../lab/record/files.ts";
import type { Chart } from "../words/caption.ts";
import { browserScripts } from "./browser.ts";
import type { DrawnChart } from "./html_parts.ts";
import type { PageParts } from "./page.ts";

/** A name that cannot lead out of a folder, and that every system has: no separator, drive or leading point. */
const PLAIN = /^\w[\w.+-]*$/;

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

  /**
   * Makes the folder when missing.
   *
   * @throws {LabError} when it cannot be made
   */
  static async open(folder: string, options: ReportOptions = {}): Promise<ReportFolder> {
    try {
      await Deno.mkdir(folder, { recursive: true });
    } catch (error) {
      throw new LabError(`Cannot write to ${folder}: ${causeOf(error)}`, { cause: error });
    }
    return new ReportFolder(folder, options);
  }

  private constructor(folder: string, options: ReportOptions) {
    this.#folder = folder;
    this.#onProblem = options.onProblem ?? ((problem) => console.error(problem));
  }

  /**
   * Writes a file, atomically; one of the same name is replaced. Names of charts and pictures stand in
   * records, which anyone may have made.
   *
   * @throws {LabError} when it cannot be written, or its name is not that of a file in the folder
   */
  write(name: string, data: string | Uint8Array): void {
    if (!PLAIN.test(name)) {
      throw new LabError(
        `Cannot write to ${this.#folder}: ${JSON.stringify(name)} names no file in it`,
      );
    }
    const path = `${this.#folder}/${name}`;
    writeAtomic(path, data);
    this.paths.push(path);
  }

  /** What `make` gives, or null after its failure was told as `WHAT: why`. */
  async attempt<T>(what: string, make: () => T | Promise<T>): Promise<T | null> {
    try {
      return await make();
    } catch (error) {
      this.tell(`${what}: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  }

  /** Keeps what went wrong for the page, and says it. */
  tell(problem: string): void {
    this.problems.push(problem);
    this.#onProblem(problem);
  }

  /** Charts with their SVG where one could be drawn. */
  async pictures(charts: Chart[]): Promise<DrawnChart[]> {
    const render = await this.attempt(
      "Cannot load what draws the charts",
      () => import("../charts/render.ts"),
    );
    const drawn: DrawnChart[] = [];
    for (const chart of charts) {
      const draw = () => render?.renderSvg(chart.spec) ?? null;
      drawn.push({ ...chart, svg: await this.attempt(`Cannot draw ${chart.name}`, draw) });
    }
    return drawn;
  }

  /**
   * Draws charts: `NAME.vl.json`, `.svg`, `.png`, `.pdf` of each.
   *
   * @returns every chart, with its SVG where one could be drawn
   */
  async draw(charts: Chart[]): Promise<DrawnChart[]> {
    const drawn = await this.pictures(charts);
    for (const { name, title, spec, svg } of drawn) {
      this.write(`${name}.vl.json`, JSON.stringify(spec, null, 2) + "\n");
      if (svg === null) continue;
      this.write(`${name}.svg`, svg);
      const { renderPng, renderPdf } = await import("../charts/render.ts");
      const png = await this.attempt(`Cannot write ${name}.png`, () => renderPng(svg));
      if (png !== null) this.write(`${name}.png`, png);
      const pdf = await this.attempt(`Cannot write ${name}.pdf`, () => renderPdf(svg, title));
      if (pdf !== null) this.write(`${name}.pdf`, pdf);
    }
    return drawn;
  }

  /** What a page of this folder is made of; its charts move where their scripts can be read. */
  async pageParts(charts: DrawnChart[]): Promise<PageParts> {
    const scripts = await this.attempt("The charts of the page do not move", browserScripts) ?? [];
    return { charts, scripts, problems: this.problems };
  }
}
