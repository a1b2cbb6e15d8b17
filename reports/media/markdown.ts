/**
 * `summary.md`: sections as Markdown, the verdict first. Everything that comes from a record is escaped
 * here; what is folded on the page is left to it.
 *
 * @module
 */
import { sentence } from "../words/phrases.ts";
import { VERDICT_MARK } from "../words/verdict.ts";
import { type Block, type Report, type Section, withReasons } from "../sections/section.ts";
import type { DrawnChart } from "./html_parts.ts";

/** Text on one line, with nothing Markdown would take for HTML, a link or a picture. */
export const line = (text: string): string =>
  text.replace(/\s+/g, " ").replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll("](", "]\\(");
/** The same for a cell of a table. */
const cell = (text: string): string => line(text).replaceAll("|", "\\|");

/** A path of encoded or plain names as the target of a link. */
const target = (path: string): string =>
  path.replaceAll(" ", "%20").replaceAll("(", "%28").replaceAll(")", "%29");

/** A block of code, whose fence is longer than any inside it. */
function fenced(text: string): string[] {
  const fence = "`".repeat(Math.max(3, ...text.match(/`+/g)?.map((run) => run.length + 1) ?? []));
  return [`${fence}sh`, text, fence];
}

function blockLines(block: Block, charts: readonly DrawnChart[]): string[] {
  switch (block.kind) {
    case "table": {
      const { caption } = block, { head, rows } = withReasons(block);
      const write = (cells: string[]) => `| ${cells.map(cell).join(" | ")} |`;
      return [
        write(head),
        `|${" --- |".repeat(head.length)}`,
        ...rows.map(write),
        "",
        ...(caption === "" ? [] : [line(caption), ""]),
      ];
    }
    case "pairs":
      return [...block.pairs.map(([name, value]) => `- ${line(name)}: ${line(value)}`), ""];
    case "list":
      return [...block.items.map((item) => `- ${line(item)}`), ""];
    case "code":
      return [...fenced(block.text), ""];
    case "note":
      return [line(block.text), ""];
    case "link":
      return [`[${cell(block.text).replaceAll("]", "\\]")}](${target(block.to)})`, ""];
    case "verdict": {
      const { claim, verdict, phrase, counts, reason } = block;
      const why = [counts, reason].filter((text) => text !== "").map(sentence).join(" ");
      return [
        `Claim: ${line(sentence(claim))}`,
        "",
        `Verdict: ${VERDICT_MARK[verdict]} ${line(`${phrase}. ${why}`)}`,
        "",
      ];
    }
    case "chart":
      return charts.filter(({ name, svg }) => name === block.chart.name && svg !== null)
        .flatMap(({ title, name }) => [`![${cell(title)}](${target(name)}.svg)`, ""]);
    case "picture": {
      const { title, name, note, rows } = block.picture;
      const said = rows.map(({ label }) => label).join("; ");
      return [
        `![${cell(title)}](${target(name)}.png)`,
        "",
        line(`Rows from the top: ${sentence(said)} ${note}`.trim()),
        "",
      ];
    }
    case "folded":
      return [];
  }
}

/** Sections under their headings, with the pictures of their charts; those of nothing are left out. */
export function sectionsMarkdown(sections: Section[], charts: readonly DrawnChart[]): string[] {
  return sections.flatMap(({ title, blocks }) => {
    const lines = blocks.flatMap((block) => blockLines(block, charts));
    if (lines.length === 0) return [];
    return [...(title === "" ? [] : [`## ${line(title)}`, ""]), ...lines];
  });
}

/** The summary of one suite. */
export function summaryMarkdown(
  { head, sections }: Report,
  charts: readonly DrawnChart[] = [],
): string {
  return [
    `# ${VERDICT_MARK[head.verdict]} ${head.phrase}: ${line(head.title)}`,
    "",
    line(sentence(head.reason)),
    "",
    `Claim (${line(head.after)}): ${line(sentence(head.claim))}`,
    "",
    `Adapter: ${line(head.machine)}. Cost: ${line(head.cost)}.`,
    "",
    ...sectionsMarkdown(sections, charts),
  ].join("\n");
}
