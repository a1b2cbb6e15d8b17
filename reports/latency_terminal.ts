/**
 * A latency bench for a terminal or a CI log: verdict, claims, then a line per point.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import { adapterName, interval } from "./words/format.ts";
import { latencyCost } from "./charts/latency_charts.ts";
import {
  claimTone,
  latencyWarnings,
  limitOf,
  pointTable,
  roleOf,
  rooflinePairs,
  times,
} from "./latency_tables.ts";
import { alignedTable, headline, marked, paint, wrap } from "./media/terminal_parts.ts";

/**
 * The summary in lines.
 *
 * @param record the bench
 * @param width columns to stay within; long sentences are wrapped, table rows are not
 * @param colour write ANSI colour codes
 * @returns lines joined by newlines, without one at the end
 */
export function latencyTerminal(record: LatencyRecord, width = 100, colour = false): string {
  const claims = {
    head: ["claim", "quantity", "ratio", "limit", "verdict"],
    rows: record.judgements.map((one) => [
      one.claim === "beyond" ? "(capacity)" : one.claim,
      one.quantity,
      interval(one.ratio, times),
      limitOf(one),
      marked(roleOf(one), one.verdict),
    ]),
  };
  const tone = (text: string, row: number) =>
    paint(text, claimTone(record.judgements[row]), colour);
  const ceilings = rooflinePairs(record).slice(0, 3).map(([name, value]) => `${name} ${value}`);
  return [
    headline(record, colour),
    ...wrap(record.reason, width, "  "),
    "",
    ...alignedTable(claims, tone),
    "",
    ...alignedTable(pointTable(record)),
    "",
    ...wrap(`Ceilings: ${ceilings.join("; ")}.`, width, "  "),
    ...wrap(`${adapterName(record.environment)}; ${latencyCost(record)}.`, width, "  "),
    ...latencyWarnings(record).flatMap((warning) => wrap(`warning: ${warning}`, width, "  ")),
  ].join("\n");
}
