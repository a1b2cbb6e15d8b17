/**
 * Charts and their words. In a report only what is about the chart stands under it; its description
 * goes on with the paper's figure, its claim, our verdict, the adapter, the cost, so that a picture torn
 * out of the report still says what it shows and what it rests on.
 *
 * @module
 */
import type { BenchRecord } from "../../lab/record/record.ts";
import {
  adapterName,
  afterFigure,
  afterPaper,
  costPhrase,
  sentence,
  trainingPhrase,
} from "./phrases.ts";
import { countsPhrase } from "./reason.ts";
import { verdictPhrase } from "./verdict.ts";

/** A Vega-Lite spec as it is passed on and written; its makers check it against Vega-Lite's types. */
export interface ChartSpec {
  /** which Vega-Lite it is written for */
  $schema: string;
  /** what readers who cannot see the picture get */
  description: string;
  /** all else that Vega-Lite knows */
  [property: string]: unknown;
}

/** One chart of a report. */
export interface Chart {
  /** stem of its files, e.g. `loss-vs-lr` */
  name: string;
  title: string;
  /** sentences about this chart alone, the text under it; may be empty */
  about: string;
  /** data inline; its description says what the chart rests on */
  spec: ChartSpec;
}

/** The words around a chart. */
export interface ChartHead {
  title: string;
  /** first lines of the subtitle */
  subtitle: string[];
  /** what readers who cannot see the picture get */
  description: string;
}

/**
 * A chart of a record with its words.
 *
 * @param name stem of its files
 * @param about sentences about this chart alone
 * @returns none where there is nothing to draw
 */
export function recordChart(
  record: BenchRecord,
  name: string,
  title: string,
  about: string,
  draw: (head: ChartHead) => ChartSpec | null,
): Chart[] {
  const description = caption(record, `${title}. ${about}`);
  const spec = draw({ title, subtitle: provenance(record), description });
  return spec === null ? [] : [{ name, title, about, spec }];
}

/** All that a chart shows and rests on; `what` is about this chart alone. */
function caption(record: BenchRecord, what: string): string {
  const { suite, environment } = record;
  const times = environment.software ? " (its times say nothing about GPUs)" : "";
  return [
    sentence(what),
    sentence(afterFigure(suite.figure)),
    `${afterPaper(suite.figure) ? "The paper's claim" : "Claim"}: ${sentence(suite.claim)}`,
    `Verdict here: ${verdictPhrase(record)}; ${countsPhrase(record.reason)}.`,
    `Passes if ${sentence(suite.passesIf)} Control: ${sentence(suite.control)}`,
    `Adapter: ${adapterName(environment)}${times}. Cost: ${costPhrase(record)}.`,
  ].join(" ");
}

/** The first lines under every chart's title: figure and verdict; size of the runs and adapter. */
function provenance(record: BenchRecord): string[] {
  const training = trainingPhrase(record);
  return [
    `${afterFigure(record.suite.figure)} · verdict here: ${verdictPhrase(record)}`,
    `${training === "" ? "" : `${training} · `}${adapterName(record.environment)}`,
  ];
}
