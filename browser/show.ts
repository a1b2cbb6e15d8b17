/**
 * Putting words on the page.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record/record.ts";
import { idOf, sectionsHtml, verdictHtml } from "../reports/media/html_parts.ts";
import { chartsOf } from "../reports/sections/index.ts";
import type { Report, Section } from "../reports/sections/section.ts";

/** vega-embed, where the page brought it along. */
declare const vegaEmbed:
  | ((at: Element, spec: unknown, options: unknown) => Promise<unknown>)
  | undefined;

/** A part of the page: its buttons, its line of progress, and what it found. */
export interface Part {
  buttons: HTMLButtonElement[];
  /** where what was found stands */
  found: Element;
  say(text: string): void;
  /** Says what went wrong, where it is not overlooked. */
  fail(text: string): void;
  clear(): void;
}

/** The part with this id. */
export function part(id: string): Part {
  const at = document.getElementById(id)!, found = at.querySelector(".found")!;
  const state = at.querySelector(".state");
  const say = (text: string) => void (state && (state.textContent = text));
  return {
    buttons: [...at.querySelectorAll("button")],
    found,
    say,
    fail(text) {
      const note = document.createElement("p");
      note.className = "note";
      note.textContent = text;
      say("");
      found.prepend(note);
      found.querySelectorAll(":scope > p:not(.note)").forEach((p) => p.remove());
    },
    clear() {
      say("…");
      found.replaceChildren();
    },
  };
}

/** Sections in place of what stood there; they escape what they hold. */
export function showSections({ found }: Part, sections: Section[]): void {
  found.innerHTML = sectionsHtml(sections, []).join("\n");
}

/** A record: a link that saves it, its verdict, and its report with charts that are drawn here. */
export async function showRecord(to: Part, record: BenchRecord, report: Report): Promise<void> {
  const charts = chartsOf(report);
  const file = new Blob([JSON.stringify(record, null, 2) + "\n"], { type: "application/json" });
  const save = document.createElement("a");
  save.className = "save";
  save.href = URL.createObjectURL(file);
  save.download = "record.json";
  save.textContent = "Save record.json";
  const how = document.createElement("p"), compare = document.createElement("code");
  how.className = "controls";
  compare.textContent = "deno task compare HERE=out/latency THEIRS=record.json";
  how.append(save, compare);
  to.found.innerHTML = [
    ...verdictHtml({ ...report.head, counts: "" }),
    ...sectionsHtml(report.sections, charts.map((chart) => ({ ...chart, svg: "" }))),
  ].join("\n");
  to.found.prepend(how);
  if (typeof vegaEmbed === "undefined") return;
  for (const { name, spec } of charts) {
    const at = document.querySelector(`#chart-${idOf(name)} .chart`)!;
    await vegaEmbed(at, spec, { renderer: "svg", actions: false });
  }
}

/** Why something does not work, and what may help. */
export function whyNone(error: unknown): string {
  const why = error instanceof Error ? error.message : String(error);
  return isSecureContext ? why : `${why}; WebGPU needs https, localhost or a file of this machine`;
}
