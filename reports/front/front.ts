/**
 * The front page of a folder of suites, as HTML and as Markdown: per figure of the paper the claim, the
 * verdict, a picture and a link to the suite's own report; then what is not reproduced, and the details.
 *
 * @module
 */
import { type Verdict, VERDICTS } from "../../lab/record/record.ts";
import { sentence } from "../words/caption.ts";
import { adapterName, afterFigure, VERDICT_MARK, verdictPhrase } from "../words/format.ts";
import {
  costOf,
  countsOf,
  countsPhrase,
  countTable,
  type Entry,
  entryTitle,
  entryVerdict,
  type Found,
  type Section,
  togetherPairs,
} from "./rows.ts";
import { definitions, escapeHtml, htmlTable, list, svgIn } from "../media/html_parts.ts";
import { cell, line, markdownTable } from "../media/markdown.ts";
import { badge, notes, page } from "../media/page.ts";
import { distinct } from "../charts/series.ts";

/** An entry with its picture; null where there is none or it could not be drawn. */
export type DrawnEntry = Entry & { svg: string | null };

/** A section with its pictures. */
export type DrawnSection = Omit<Section, "entries"> & { entries: DrawnEntry[] };

/** What the front page is made from. */
export interface Front {
  /** the records, in the page's order */
  found: Found[];
  /** the figures and further suites */
  sections: DrawnSection[];
  /** records that could not be read, and what could not be drawn, one sentence each */
  problems: string[];
}

const TITLE = "The figures of Complete-muE, measured here";
const SOURCE = "arXiv 2605.23893";

/** Figures that are not reproduced, or not in full, with why. */
export function missingOf({ sections }: Front): string[] {
  return sections.filter(({ missing }) => missing.length > 0)
    .map(({ figure, shows, missing }) => `${figure}, ${shows}: ${missing.join("; ")}`);
}

/** How many suites have each verdict. */
export function verdictCounts(found: Found[]): [Verdict, number][] {
  return VERDICTS.map((verdict): [Verdict, number] => [
    verdict,
    found.filter(({ record }) => record.verdict === verdict).length,
  ]).filter(([, many]) => many > 0);
}

/** Where the report of a suite lies, from the front page. */
export const reportOf = ({ folder }: Found): string => `${encodeURIComponent(folder)}/report.html`;

const anchorOf = ({ folder, swept }: Entry): string =>
  `suite-${folder}-${swept ?? "all"}`.replace(/[^A-Za-z0-9-]/g, "-");

/** The page. */
export function frontHtml(front: Front): string {
  const { found, sections, problems } = front;
  const records = found.map(({ record }) => record);
  const adapters = distinct(records.map(({ environment }) => adapterName(environment))).join("; ");
  const shown = sections.filter(({ entries }) => entries.length > 0);
  const missing = missingOf(front), counts = countTable(found);
  const body = [
    "<header>",
    `<h1>${TITLE}</h1>`,
    `<p class="soft">${SOURCE} · ${escapeHtml(adapters)} · ${escapeHtml(costOf(records))}</p>`,
    `<p>${found.length} ${found.length === 1 ? "suite" : "suites"}, each one claim: ` +
    verdictCounts(found).map(([verdict, many]) => badge(verdict, `${many} ${verdict}`)).join(" ") +
    "</p>",
    `<p class="soft">Only ✓ is a pass. “Cannot tell at this size” means that a control was not ` +
    "seen to fail, so that passing proves nothing. Several suites share one control.</p>",
    "</header>",
    ...notes(problems),
    contents(shown),
    ...shown.flatMap(sectionHtml),
    "<h2>Figures of the paper that are not reproduced here, or not in full</h2>",
    missing.length > 0 ? list(missing) : "<p>None.</p>",
    "<h2>All judgements</h2>",
    htmlTable(counts),
    `<p class="soft">Targets and claims by verdict; controls must fail; what decides nothing is shown ` +
    "in the suite's own report.</p>",
    "<h2>Machine, versions, cost</h2>",
    definitions(togetherPairs(records)),
  ];
  return page(TITLE, body, { charts: [], scripts: [], problems });
}

/** The table of contents: figure, suite, verdict. */
function contents(sections: DrawnSection[]): string {
  const rows = sections.flatMap(({ figure, entries }) =>
    entries.map((entry) => {
      const { verdict } = entryVerdict(entry);
      return `<tr><td>${escapeHtml(figure) || "–"}</td><td><a href="#${anchorOf(entry)}">${
        escapeHtml(entryTitle(entry))
      }</a></td><td>${badge(verdict, verdictPhrase({ ...entry.record, verdict }))}</td></tr>`;
    })
  );
  return `<div class="scroll"><table class="contents"><thead><tr><th scope="col">figure</th>` +
    `<th scope="col">suite</th><th scope="col">verdict</th></tr></thead>\n` +
    `<tbody>\n${rows.join("\n")}\n</tbody></table></div>`;
}

function sectionHtml({ figure, shows, entries, missing }: DrawnSection): string[] {
  return [
    ...(figure === "" ? [] : [
      `<h2>${escapeHtml(`${figure}: ${shows}`)}</h2>`,
      ...missing.map((why) => `<p class="soft">Not in full: ${escapeHtml(why)}.</p>`),
    ]),
    ...entries.flatMap((entry) => entryHtml(entry, figure === "")),
  ];
}

function entryHtml(entry: DrawnEntry, alone: boolean): string[] {
  const { record, chart, svg, swept } = entry;
  const { suite } = record, { verdict, reason } = entryVerdict(entry);
  const name = anchorOf(entry), title = escapeHtml(entryTitle(entry));
  return [
    `<section id="${name}">`,
    alone ? `<h2>${title}</h2>` : `<h3>${title}</h3>`,
    ...(alone ? [`<p class="soft">${escapeHtml(afterFigure(suite.figure))}</p>`] : []),
    `<p class="lead"><b>Claim</b> <span>${escapeHtml(suite.claim)}</span></p>`,
    `<p class="lead"><b>Verdict</b> <span>${
      badge(verdict, verdictPhrase({ ...record, verdict }))
    } ${escapeHtml(countsPhrase(countsOf(record, swept)))}</span></p>`,
    `<p>${escapeHtml(reason)}</p>`,
    ...(svg === null
      ? [`<p class="soft">${chart === null ? "No chart: nothing to draw." : "No picture."}</p>`]
      : [
        `<figure>\n<div class="chart">${svgIn(svg, name)}</div>`,
        `<figcaption>${escapeHtml(chart!.title)}</figcaption>\n</figure>`,
      ]),
    entry.hasReport
      ? `<p><a href="${escapeHtml(reportOf(entry))}">All numbers: the report of ${title}</a></p>`
      : `<p class="soft">${escapeHtml(entry.folder)} holds no report.html.</p>`,
    "</section>",
  ];
}

function verdictText(entry: DrawnEntry): string {
  const { verdict } = entryVerdict(entry);
  return `${VERDICT_MARK[verdict]} ${verdictPhrase({ ...entry.record, verdict })}`;
}

/** The same as Markdown. */
export function frontMarkdown(front: Front): string {
  const { found, sections, problems } = front;
  const records = found.map(({ record }) => record), missing = missingOf(front);
  const entries = sections.flatMap((section) =>
    section.entries.map((entry) => ({ entry, figure: section.figure }))
  );
  const rows = entries.map(({ entry, figure }) => [
    figure || "–",
    entryTitle(entry),
    verdictText(entry),
    countsPhrase(countsOf(entry.record, entry.swept)),
  ]);
  return [
    `# ${TITLE}`,
    "",
    `${SOURCE}. ${found.length} suites: ` +
    `${verdictCounts(found).map(([verdict, many]) => `${many} ${verdict}`).join(", ")}.`,
    "",
    ...problems.flatMap((problem) => [`> ${line(problem)}`, ""]),
    ...markdownTable({ head: ["figure", "suite", "verdict", "judged"], rows }),
    "",
    ...entries.flatMap(({ entry, figure }) => {
      const { record, chart, svg, folder } = entry;
      const picture = `${encodeURIComponent(folder)}/${chart?.name}.svg`;
      return [
        `## ${line(figure === "" ? entryTitle(entry) : `${figure}: ${entryTitle(entry)}`)}`,
        "",
        `Claim: ${line(sentence(record.suite.claim))}`,
        "",
        `Verdict: ${verdictText(entry)}. ${line(sentence(entryVerdict(entry).reason))}`,
        "",
        ...(svg === null || !entry.hasReport ? [] : [`![${cell(chart!.title)}](${picture})`, ""]),
        ...(entry.hasReport ? [`[Report](${reportOf(entry)})`, ""] : []),
      ];
    }),
    "## Not reproduced here, or not in full",
    "",
    ...(missing.length > 0 ? missing.map((text) => `- ${line(text)}`) : ["None."]),
    "",
    "## All judgements",
    "",
    ...markdownTable(countTable(found)),
    "",
    "## Machine, versions, cost",
    "",
    ...togetherPairs(records).map(([name, value]) => `- ${name}: ${line(value)}`),
    "",
  ].join("\n");
}

/** `suites.json`: what a program needs to find the reports and their verdicts. */
export function frontIndex(front: Front): object {
  return {
    schema: "mue-bench/front/1",
    suites: front.found.map((one) => {
      const { record, folder } = one;
      return {
        id: record.suite.id,
        folder,
        title: record.suite.title,
        figure: record.suite.figure,
        verdict: record.verdict,
        reason: record.reason,
        incomplete: record.incomplete,
        exploratory: record.plan.exploratory,
        profile: record.plan.profile,
        createdAt: record.createdAt,
        record: `${folder}/record.json`,
        report: one.hasReport ? `${folder}/report.html` : null,
        counts: countsOf(record),
      };
    }),
    notReproduced: front.sections.filter(({ missing }) => missing.length > 0)
      .map(({ figure, shows, missing, entries }) => ({
        figure,
        shows,
        partly: entries.length > 0,
        why: missing,
      })),
    problems: front.problems,
  };
}
