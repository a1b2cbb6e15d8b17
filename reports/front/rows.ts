/**
 * What the front page shows: the records of a folder of suites, sorted under the paper's figures. Pure:
 * records in, entries out.
 *
 * @module
 */
import type { Against } from "../../lab/record/against.ts";
import type { Decision } from "../../lab/record/decision.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { type Swept, SWEPT_CHART, SWEPT_NAME } from "../../lab/record/run.ts";
import { chartsOf } from "../sections/index.ts";
import type { Report } from "../sections/section.ts";
import type { Chart } from "../words/caption.ts";
import { FIGURES, reproducedBy } from "../words/paper.ts";
import { capital, distinct, runsOf, sentence } from "../words/phrases.ts";
import { countsPhrase, reasonSentence } from "../words/reason.ts";

/** A record and where it lies. */
export interface Found {
  /** name of its folder */
  folder: string;
  record: BenchRecord;
  /** the record in words */
  report: Report;
  /** whether its own report stands beside it */
  hasReport: boolean;
  /** what it is beside earlier records; absent or null where it was held against none */
  against?: Against | null;
}

/** A record under one figure. */
export interface Entry extends Found {
  /** the panel that is the figure, where that is one that decides nothing in its suite; null: the suite */
  panel: string | null;
  /** what is added to the suite's title: the sweep, where it is one of several */
  swept: Swept | null;
  /** the chart that stands for it; null for a record without one */
  chart: Chart | null;
}

/** One figure of the paper, or one suite that is after none. */
export interface Figure {
  /** e.g. `Fig. 3`; empty for a suite after no figure */
  figure: string;
  /** what the figure shows */
  shows: string;
  /** what was measured for it */
  entries: Entry[];
  /** why it is not reproduced, or not in full, beside what was not run; one phrase each */
  missing: string[];
  /** what would measure the rest of it; null where nothing is left to run */
  command: string | null;
}

/** What an entry stands for: the suite's decision, or that of the one panel that is the figure. */
export function decisionOf({ record, panel }: Entry): Decision {
  return panel === null ? record : record.decisions[panel];
}

/** Why, in one sentence. */
export function entryReason(entry: Entry): string {
  const { record, panel } = entry, decision = decisionOf(entry);
  if (panel === null) return capital(reasonSentence(record, record.findings.judgements));
  return `Of this panel alone: ${
    reasonSentence(decision, record.findings.judgements)
  }; it decides nothing in the suite's verdict`;
}

/** The title of an entry: the suite's, with the sweep and, where it is another name, the folder. */
export function entryTitle({ record, swept, panel, folder }: Entry): string {
  const several = distinct(runsOf(record).map(({ cell }) => cell.swept)).length > 1;
  const more = panel ?? (swept !== null && several ? SWEPT_NAME[swept] : null);
  return record.suite.title + (more === null ? "" : `, ${more}`) +
    (folder === record.suite.id ? "" : ` (${folder})`);
}

/** What an entry says in one line of Markdown or a table: `3 of 3 claims pass; …`. */
export const entryCounts = (entry: Entry): string => countsPhrase(decisionOf(entry).reason);

/** The entries of a record under a figure that is one sweep of it, or all of it. */
function entriesOf(one: Found, swept: Swept | null): Entry[] {
  const charts = chartsOf(one.report);
  const entry = (panel: string | null): Entry => ({
    ...one,
    swept,
    panel,
    chart: charts.find(({ name }) => swept !== null && name === SWEPT_CHART[swept]) ?? charts[0] ??
      null,
  });
  if (swept === null) return [entry(null)];
  const names = new Set(
    runsOf(one.record).filter(({ cell }) => cell.swept === swept).map(({ cell }) => cell.panel),
  );
  const panels = one.record.findings.panels.filter(({ name }) => names.has(name));
  const beside = panels.filter(({ name }) => Object.hasOwn(one.record.decisions, name));
  return beside.length === 0 || panels.some(({ decides }) => decides)
    ? [entry(null)]
    : beside.map(({ name }) => entry(name));
}

/**
 * Every figure of the paper in its order, then the suites after none.
 *
 * @param found the records
 * @param built ids of the suites there are; null where that is not known
 */
export function figuresOf(found: Found[], built: readonly string[] | null): Figure[] {
  const placed = new Set<Found>();
  const figures = FIGURES.map(({ figure, shows, suites, outOfScope }): Figure => {
    const entries: Entry[] = [], missing: string[] = outOfScope === undefined ? [] : [outOfScope];
    const unbuilt: string[] = [], unrun: string[] = [];
    for (const name of suites) {
      const [id, swept = null] = name.split("/") as [string, Swept?];
      const own = found.filter(({ record }) => record.suite.id === id);
      const here = own.filter(({ record }) => reproducedBy([record]).has(name));
      for (const one of here) {
        placed.add(one);
        entries.push(...entriesOf(one, swept));
      }
      if (here.length > 0) continue;
      if (own.length > 0 && swept !== null) {
        missing.push(`${id} has no finished run that sweeps the ${SWEPT_NAME[swept]}`);
      } else if (built !== null && !built.includes(id)) unbuilt.push(id);
      else unrun.push(id);
    }
    if (unbuilt.length > 0) missing.push(`not built: ${unbuilt.join(", ")}`);
    const command = unrun.length > 0 ? `deno task bench ${[...new Set(unrun)].join(" ")}` : null;
    return { figure, shows, entries, missing, command };
  });
  const others = found.filter((one) => !placed.has(one)).map((one): Figure => ({
    figure: "",
    shows: "",
    entries: entriesOf(one, null),
    missing: [],
    command: null,
  }));
  return [...figures, ...others];
}

/** Why a figure is not reproduced, or not in full, one phrase each. */
export const whyMissing = ({ command, missing }: Figure): string[] => [
  ...(command === null ? [] : [`not run here: \`${command}\``]),
  ...missing,
];

/** What is missing, one sentence per figure. */
export const missingOf = (figures: Figure[]): string[] =>
  figures.filter((one) => whyMissing(one).length > 0)
    .map((one) => sentence(`${one.figure}, ${one.shows}: ${whyMissing(one).join("; ")}`));
