/**
 * Captions: the paper's figure, its claim, our verdict, the adapter, the cost, in that order, so
 * that a picture torn out of the report still says what it shows and what it rests on.
 *
 * @module
 */
import type { BenchRecord, Environment, SuiteFacts } from "../../lab/record/record.ts";
import { adapterName, afterFigure, type Judged, verdictPhrase } from "./format.ts";
import type { ChartSpec } from "../charts/theme.ts";

/** One chart of a report. */
export interface Chart {
  /** stem of its files, e.g. `loss-vs-lr` */
  name: string;
  /** its title */
  title: string;
  /** the text under it */
  caption: string;
  /** the chart itself, data inline */
  spec: ChartSpec;
}

/** What the words around a chart are taken from: any record of a suite has it. */
export interface Told extends Judged {
  /** the suite's words */
  suite: SuiteFacts;
  /** machine and software */
  environment: Environment;
  /** why the verdict is what it is, in one sentence */
  reason: string;
}

/** A text that ends with a full stop. */
export const sentence = (text: string): string => text.trim().replace(/\.?$/, ".");

/**
 * The caption of a chart.
 *
 * @param record the bench
 * @param what sentences about this chart alone
 * @param cost what the bench cost, as one phrase
 */
export function caption(record: Told, what: string, cost: string): string {
  const { suite, environment } = record;
  const times = environment.software ? " (its times say nothing about GPUs)" : "";
  return [
    sentence(what),
    sentence(afterFigure(suite.figure)),
    `${/^none\b/.test(suite.figure) ? "Claim" : "The paper's claim"}: ${sentence(suite.claim)}`,
    `Verdict here: ${verdictPhrase(record)}. ${sentence(record.reason)}`,
    `Passes if ${sentence(suite.passesIf)} Control: ${sentence(suite.control)}`,
    `Adapter: ${adapterName(environment)}${times}. Cost: ${cost}.`,
  ].join(" ");
}

/** The first lines under every chart's title: figure and verdict; size of the runs and adapter. */
export function provenance(record: BenchRecord): string[] {
  const { suite, plan, environment } = record;
  return [
    `${afterFigure(suite.figure)} · verdict here: ${verdictPhrase(record)}`,
    `${plan.steps} steps of ${plan.batchTokens} tokens · ${adapterName(environment)}`,
  ];
}
