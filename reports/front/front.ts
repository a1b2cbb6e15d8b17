/**
 * The front page of a folder of suites as sections: per figure of the paper the claim, the verdict, a
 * picture and a link to the suite's own report; then what is not reproduced, and the details.
 *
 * @module
 */
import { VERDICTS } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { badge, type DrawnChart, escapeHtml, idOf } from "../media/html_parts.ts";
import { line, sectionsMarkdown } from "../media/markdown.ts";
import { page } from "../media/page.ts";
import { againstSentence } from "../sections/against.ts";
import {
  type Block,
  listSection,
  type Section,
  section,
  tableBlock,
  tableOf,
} from "../sections/section.ts";
import { picturesOf } from "../sections/section.ts";
import type { Chart } from "../words/caption.ts";
import { count, duration } from "../words/format.ts";
import {
  adapterName,
  afterFigure,
  commitName,
  distinct,
  many,
  runtimeName,
  sentence,
} from "../words/phrases.ts";
import { countsBeside } from "../words/reason.ts";
import { VERDICT_MARK, verdictPhrase } from "../words/verdict.ts";
import {
  decisionOf,
  type Entry,
  entryCounts,
  entryReason,
  entryTitle,
  type Figure,
  type Found,
  missingOf,
  whyMissing,
} from "./rows.ts";

/** What the front page is made from. */
export interface Front {
  /** the records, in the page's order */
  found: Found[];
  /** the figures and further suites */
  figures: Figure[];
  /** records that could not be read, and what could not be drawn, one sentence each */
  problems: string[];
}

const TITLE = "The figures of Complete-muE, measured here";
const SOURCE = "arXiv 2605.23893";
const TOLD =
  "Only ✓ is a pass. “Cannot tell at this size” means that a control was not seen to fail, so " +
  "that passing proves nothing.";

/** Where the report of a suite lies, from the front page. */
const pathOf = ({ folder }: Found): string => `${encodeURIComponent(folder)}/report.html`;

const anchorOf = ({ folder, swept, panel }: Entry): string =>
  idOf(`suite-${folder}-${panel ?? swept ?? "all"}`);

/** The chart of an entry as the front page shows it: named by its folder too, its title in the picture alone. */
export function chartOf({ folder, chart, hasReport }: Entry): Chart | null {
  return chart === null || !hasReport
    ? chart
    : { ...chart, name: `${encodeURIComponent(folder)}/${chart.name}`, about: "" };
}

/** The first picture of an entry, its file named by its folder too; none where its file may not lie there. */
function pictureOf({ folder, report, hasReport }: Entry): Block[] {
  return picturesOf(report).slice(0, hasReport ? 1 : 0).map((picture) => ({
    kind: "picture",
    picture: { ...picture, name: `${encodeURIComponent(folder)}/${picture.name}` },
  }));
}

/** How many suites have each verdict. */
const verdictCounts = (found: Found[]) =>
  VERDICTS.map((verdict) => ({
    verdict,
    times: found.filter(({ record }) => record.verdict === verdict).length,
  })).filter(({ times }) => times > 0);

const phraseOf = (entry: Entry): string =>
  verdictPhrase({ ...entry.record, verdict: decisionOf(entry).verdict });

/** Figure, suite, verdict, counts, size and time of every entry, with links to where it stands. */
function contents(figures: Figure[]): Block {
  const all = figures.flatMap(({ figure, entries }) => entries.map((entry) => ({ figure, entry })));
  const table = tableOf(all, [
    ["figure", ({ figure }) => figure || "–"],
    ["suite", ({ entry }) => entryTitle(entry)],
    ["verdict", ({ entry }) => `${VERDICT_MARK[decisionOf(entry).verdict]} ${phraseOf(entry)}`],
    ["judged", ({ entry }) => entryCounts(entry)],
    ["profile", ({ entry }) => entry.record.plan.profile],
    ["wall time", ({ entry }) => duration(entry.record.cost.wall_s)],
    ["made", ({ entry }) => entry.record.createdAt.slice(0, 16).replace("T", " ")],
  ]);
  const caption = "Claims and controls of the panels that decide; controls must fail.";
  return {
    ...tableBlock("contents", table, caption),
    links: { column: "suite", to: all.map(({ entry }) => `#${anchorOf(entry)}`) },
    judged: all.map(({ entry }) => {
      const { verdict } = decisionOf(entry);
      return { name: entryTitle(entry), role: "claim", verdict, reason: "", note: "", hidden: "" };
    }),
  };
}

function entrySection(entry: Entry, { figure, shows, missing, command }: Figure): Section {
  const { record, folder, hasReport } = entry, chart = chartOf(entry), title = entryTitle(entry);
  const lacking = [...(command === null ? [] : [`\`${command}\``]), ...missing].join("; ");
  const partly = lacking === "" ? "" : ` Missing: ${lacking}.`;
  return {
    title: figure === "" ? title : `${figure}: ${title}`,
    id: anchorOf(entry),
    in: "documents",
    blocks: [
      {
        kind: "note",
        text: figure === "" ? afterFigure(record.suite.figure) : `The figure: ${shows}.${partly}`,
      },
      {
        kind: "verdict",
        claim: record.suite.claim,
        verdict: decisionOf(entry).verdict,
        phrase: phraseOf(entry),
        counts: countsBeside(decisionOf(entry).reason),
        reason: entryReason(entry),
      },
      ...pictureOf(entry),
      chart === null
        ? { kind: "note", text: "No chart: nothing to draw." }
        : { kind: "chart", chart },
      hasReport
        ? { kind: "link", text: `All numbers: the report of ${title}`, to: pathOf(entry) }
        : { kind: "note", text: `${folder} holds no report.html.` },
    ],
  };
}

/** What records cost together, since each was last started. */
function costOf(records: BenchRecord[]): string {
  const sum = (pick: (cost: BenchRecord["cost"]) => number) =>
    records.reduce((total, { cost }) => total + pick(cost), 0);
  const runs = sum((cost) => cost.trainedRuns);
  return (runs > 0
    ? `${runs} runs trained, ${count(sum((cost) => cost.trainedTokens))} tokens, `
    : "") +
    duration(sum((cost) => cost.wall_s));
}

/** Machines, versions, dates and cost of all records, as pairs of name and value. */
function togetherPairs(records: BenchRecord[]): [string, string][] {
  const all = (pick: (environment: BenchRecord["environment"]) => string) =>
    distinct(records.map(({ environment }) => pick(environment))).join("; ");
  const dates = distinct(records.map((record) => record.createdAt.slice(0, 10)).toSorted());
  return [
    ["adapter", all(adapterName)],
    ["system", all(({ os, cpus }) => `${os}, ${cpus} CPUs`)],
    [
      "software",
      all((environment) =>
        `mue-bench ${environment.version}, git ${commitName(environment.gitCommit)}, ${
          runtimeName(environment)
        }`
      ),
    ],
    ["version of the kernels", all(({ kernelsVersion }) => kernelsVersion)],
    ["made", dates.length > 1 ? `${dates[0]} to ${dates.at(-1)}` : dates[0]],
    ["cost of all suites, each since it was last started", costOf(records)],
  ];
}

/** The sections. */
function frontSections({ found, figures }: Front): Section[] {
  const together = togetherPairs(found.map(({ record }) => record));
  const against = found.flatMap(({ against }) =>
    against ? [sentence(againstSentence(against))] : []
  );
  return [
    section("", [contents(figures)]),
    ...listSection("Against the baseline", against),
    ...figures.flatMap((figure) => figure.entries.map((entry) => entrySection(entry, figure))),
    section("Figures of the paper that are not reproduced here, or not in full", [
      { kind: "list", items: missingOf(figures) },
    ]),
    section("Machine, versions, cost", [{ kind: "pairs", pairs: together }]),
  ];
}

/** The page. */
export function frontHtml(front: Front, charts: DrawnChart[]): string {
  const { found, problems } = front, records = found.map(({ record }) => record);
  const adapters = distinct(records.map(({ environment }) => adapterName(environment))).join("; ");
  const header = [
    `<h1>${TITLE}</h1>`,
    `<p class="soft">${SOURCE} · ${escapeHtml(adapters)} · ${escapeHtml(costOf(records))}</p>`,
    `<p>${many(found.length, "suite")}, each one claim: ` +
    verdictCounts(found).map(({ verdict, times }) => badge(verdict, `${times} ${verdict}`)).join(
      " ",
    ) +
    "</p>",
    `<p class="soft">${TOLD}</p>`,
  ];
  return page(TITLE, header, frontSections(front), { charts, scripts: [], problems });
}

/** The same as Markdown. */
export function frontMarkdown(front: Front, charts: DrawnChart[]): string {
  const { found, problems } = front;
  const counts = verdictCounts(found).map(({ verdict, times }) => `${times} ${verdict}`).join(", ");
  return [
    `# ${TITLE}`,
    "",
    `${SOURCE}. ${many(found.length, "suite")}: ${counts}.`,
    "",
    ...problems.flatMap((problem) => [`> ${line(problem)}`, ""]),
    ...sectionsMarkdown(frontSections(front), charts),
  ].join("\n");
}

/** `suites.json`: what a program needs to find the reports and their verdicts. */
export function frontIndex({ found, figures, problems }: Front): object {
  return {
    schema: "mue-bench/front/2",
    suites: found.map((one) => {
      const { record, report, folder, hasReport } = one, { suite, plan } = record;
      return {
        id: suite.id,
        folder,
        title: suite.title,
        figure: suite.figure,
        verdict: record.verdict,
        reason: report.head.reason,
        incomplete: record.incomplete,
        exploratory: plan.exploratory,
        profile: plan.profile,
        createdAt: record.createdAt,
        record: `${folder}/record.json`,
        report: hasReport ? `${folder}/report.html` : null,
        claims: record.reason.claims,
        controls: record.reason.controls,
        panels: Object.fromEntries(
          Object.entries(record.decisions).map(([name, { verdict }]) => [name, verdict]),
        ),
      };
    }),
    notReproduced: figures.filter((one) => whyMissing(one).length > 0).map((one) => ({
      figure: one.figure,
      shows: one.shows,
      partly: one.entries.length > 0,
      why: whyMissing(one),
    })),
    problems,
  };
}
