/**
 * What the front page shows: the records of a folder of suites, sorted under the paper's figures. Pure:
 * records in, sections and tables out.
 *
 * @module
 */
import type { AnyRecord } from "../lab/record/any_record.ts";
import { CLAIM_SCHEMA } from "../lab/record/claim_record.ts";
import { LATENCY_SCHEMA } from "../lab/record/latency_record.ts";
import { SCHEMA, type Verdict, VERDICTS } from "../../lab/record/record.ts";
import type { Chart } from "../words/caption.ts";
import { chartOfSweep, chartsFor } from "../charts/charts.ts";
import { claimCharts } from "../charts/claim_charts.ts";
import {
  adapterName,
  count,
  duration,
  type JudgedRole,
  SWEPT_NAME,
  VERDICT_MARK,
  verdictPhrase,
} from "../words/format.ts";
import { latencyCharts } from "../charts/latency_charts.ts";
import { roleOf } from "../latency_tables.ts";
import { FIGURES, reproducedBy } from "../words/paper.ts";
import { distinct, type Swept, sweptOf } from "../charts/series.ts";
import type { Table } from "../tables.ts";

/** A record and where it lies. */
export interface Found {
  /** name of its folder */
  folder: string;
  record: AnyRecord;
  /** whether its own report stands beside it */
  hasReport: boolean;
}

/** A record under one figure. */
export interface Entry extends Found {
  /** the sweep that the figure shows, where it is one of several */
  swept: Swept | null;
  /** the chart that stands for it; null for a record without one */
  chart: Chart | null;
}

/** One figure of the paper, or one suite that is after none. */
export interface Section {
  /** e.g. `Fig. 3`; empty for a suite after no figure */
  figure: string;
  /** what the figure shows */
  shows: string;
  /** what was measured for it */
  entries: Entry[];
  /** why it is not reproduced, or not in full; one phrase each */
  missing: string[];
}

/** Charts of any record, the first one stands for it. */
export function chartsOfAny(record: AnyRecord): Chart[] {
  switch (record.schema) {
    case SCHEMA:
      return chartsFor(record);
    case LATENCY_SCHEMA:
      return latencyCharts(record);
    case CLAIM_SCHEMA:
      return claimCharts(record);
  }
}

/** What a judgement of any record is for, with its verdict. */
export function judgedOf(record: AnyRecord, swept: Swept | null = null) {
  type Judged = { role: JudgedRole; verdict: Verdict };
  switch (record.schema) {
    case SCHEMA:
      return record.judgements.filter((one) => swept === null || one.swept === swept)
        .map(({ role, verdict }): Judged => ({ role, verdict }));
    case LATENCY_SCHEMA:
      return record.judgements.map((one): Judged => ({
        role: one.claim === "beyond" ? "aside" : roleOf(one),
        verdict: one.verdict,
      }));
    case CLAIM_SCHEMA:
      return record.judgements.map(({ role, verdict }): Judged => ({ role, verdict }));
  }
}

/** How many judgements of each kind there are. */
export interface Counts {
  /** targets and claims by verdict */
  claims: Record<Verdict, number>;
  /** controls */
  controls: number;
  /** controls that fail, as they should */
  controlsFail: number;
  /** what decides nothing */
  beside: number;
}

/** Counts the judgements of a record, or of one of its sweeps. */
export function countsOf(record: AnyRecord, swept: Swept | null = null): Counts {
  const judged = judgedOf(record, swept);
  const claims = judged.filter(({ role }) => role === "target" || role === "claim");
  const controls = judged.filter(({ role }) => role === "control");
  return {
    claims: Object.fromEntries(
      VERDICTS.map((verdict) => [
        verdict,
        claims.filter((one) => one.verdict === verdict).length,
      ]),
    ) as Counts["claims"],
    controls: controls.length,
    controlsFail: controls.filter(({ verdict }) => verdict === "fail").length,
    beside: judged.length - claims.length - controls.length,
  };
}

/**
 * The verdict an entry stands for, and why: the suite's, or, where the figure is a sweep that is not the
 * suite's claim (its weight decay, its init), what the judgements of that sweep alone say.
 */
export function entryVerdict({ record, swept }: Entry): { verdict: Verdict; reason: string } {
  if (swept === null || swept === "lr") return record;
  const counts = countsOf(record, swept), { claims, controls, controlsFail } = counts;
  const seen = controls > 0 && controlsFail > controls / 2;
  const open = (["fail", "cannot tell at this size", "inconclusive"] as const)
    .find((verdict) => claims[verdict] > 0);
  const verdict = open ??
    (claims.pass === 0 ? "inconclusive" : seen ? "pass" : "cannot tell at this size");
  return {
    verdict,
    reason: `of this sweep alone: ${
      countsPhrase(counts)
    }; it decides nothing in the suite's verdict`,
  };
}

/** The counts as a phrase: `3 pass, 1 inconclusive; controls seen to fail: 1 of 1`. */
export function countsPhrase({ claims, controls, controlsFail }: Counts): string {
  const words = VERDICTS.filter((verdict) => claims[verdict] > 0)
    .map((verdict) => `${claims[verdict]} ${verdict}`).join(", ");
  const seen = controls === 0
    ? "no control"
    : `controls seen to fail: ${controlsFail} of ${controls}`;
  return `${words || "nothing judged"}; ${seen}`;
}

/**
 * The sections of the page: every figure of the paper in its order, then the suites after none.
 *
 * @param found the records
 * @param built ids of the suites there are; null where that is not known
 */
export function sectionsOf(found: Found[], built: readonly string[] | null): Section[] {
  const placed = new Set<Found>();
  const figures = FIGURES.map(({ figure, shows, suites, outOfScope }): Section => {
    const entries: Entry[] = [], missing: string[] = outOfScope === undefined ? [] : [outOfScope];
    const unbuilt: string[] = [], unrun: string[] = [];
    for (const name of suites) {
      const [id, swept = null] = name.split("/") as [string, Swept?];
      const own = found.filter(({ record }) => record.suite.id === id);
      const here = own.filter(({ record }) => reproducedBy([record]).has(name));
      for (const one of here) {
        placed.add(one);
        entries.push(entryOf(one, swept));
      }
      if (here.length > 0) continue;
      if (own.length > 0 && swept !== null) {
        missing.push(`${id} has no finished run that sweeps the ${SWEPT_NAME[swept]}`);
      } else if (built !== null && !built.includes(id)) unbuilt.push(id);
      else unrun.push(id);
    }
    if (unrun.length > 0) missing.push(`not run here: deno task bench ${unrun.join(" ")}`);
    if (unbuilt.length > 0) missing.push(`not built: ${unbuilt.join(", ")}`);
    return { figure, shows, entries, missing };
  });
  const others = found.filter((one) => !placed.has(one)).map((one): Section => ({
    figure: "",
    shows: "",
    entries: [entryOf(one, null)],
    missing: [],
  }));
  return [...figures, ...others];
}

function entryOf(one: Found, swept: Swept | null): Entry {
  const charts = chartsOfAny(one.record);
  const chart = swept === null ? charts[0] : chartOfSweep(charts, swept);
  return { ...one, swept, chart: chart ?? null };
}

/** The title of an entry: the suite's, with the sweep and, where it is another name, the folder. */
export function entryTitle({ record, swept, folder }: Entry): string {
  const several = record.schema === SCHEMA && sweptOf(record).length > 1;
  return record.suite.title + (swept !== null && several ? `, ${SWEPT_NAME[swept]}` : "") +
    (folder === record.suite.id ? "" : ` (${folder})`);
}

/** Verdicts and counts of every record. */
export function countTable(found: Found[]): Table {
  return {
    head: [
      "suite",
      "verdict",
      ...VERDICTS,
      "controls that fail",
      "decide nothing",
      "profile",
      "wall time",
      "made",
    ],
    rows: found.map(({ folder, record }) => {
      const { claims, controls, controlsFail, beside } = countsOf(record);
      return [
        folder,
        `${VERDICT_MARK[record.verdict]} ${verdictPhrase(record)}`,
        ...VERDICTS.map((verdict) => String(claims[verdict])),
        `${controlsFail} of ${controls}`,
        String(beside),
        record.plan.profile,
        duration(record.cost.wall_s),
        record.createdAt.slice(0, 16).replace("T", " "),
      ];
    }),
  };
}

/** What records cost together, since each was last started. */
export function costOf(records: AnyRecord[]): string {
  const wall = records.reduce((sum, { cost }) => sum + cost.wall_s, 0);
  const costs = records.flatMap((record) => record.schema === LATENCY_SCHEMA ? [] : [record.cost]);
  const runs = costs.reduce((sum, cost) => sum + cost.trainedRuns, 0);
  const tokens = costs.reduce((sum, cost) => sum + cost.trainedTokens, 0);
  return (runs > 0 ? `${runs} runs trained, ${count(tokens)} tokens, ` : "") + duration(wall);
}

/** Machines, versions, dates and cost of all records, as pairs of name and value. */
export function togetherPairs(records: AnyRecord[]): [string, string][] {
  const all = (pick: (environment: AnyRecord["environment"]) => string) =>
    distinct(records.map(({ environment }) => pick(environment))).join("; ");
  const dates = records.map((record) => record.createdAt.slice(0, 10)).toSorted();
  return [
    ["adapter", all(adapterName)],
    ["system", all(({ os, cpus }) => `${os}, ${cpus} CPUs`)],
    [
      "software",
      all(({ version, gitCommit, deno }) =>
        `mue-bench ${version}, git ${gitCommit?.slice(0, 12) ?? "unknown"}, Deno ${deno}`
      ),
    ],
    ["version of the kernels", all(({ kernelsVersion }) => kernelsVersion ?? "not recorded")],
    ["made", dates[0] === dates.at(-1) ? dates[0] : `${dates[0]} to ${dates.at(-1)}`],
    ["cost of all suites, each since it was last started", costOf(records)],
  ];
}
