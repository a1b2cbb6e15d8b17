/**
 * A suite of claims for a terminal or a CI log: verdict, then a line per judgement.
 *
 * @module
 */
import type { ClaimRecord } from "../lab/record/claim_record.ts";
import { claimCost } from "./charts/claim_charts.ts";
import { limitsOf, orderedJudgements, valueOf } from "./claim_tables.ts";
import { adapterName } from "./words/format.ts";
import { alignedTable, headline, marked, paint, wrap } from "./media/terminal_parts.ts";
import { toneOf } from "./charts/theme.ts";

/**
 * The summary in lines.
 *
 * @param record the bench
 * @param width columns to stay within: sentences are wrapped, and judgements that make too wide a table
 *   get two lines each
 * @param colour write ANSI colour codes
 * @returns lines joined by newlines, without one at the end
 */
export function claimTerminal(record: ClaimRecord, width = 100, colour = false): string {
  const judgements = orderedJudgements(record);
  const table = {
    head: ["quantity", "under", "value", "limits", "verdict"],
    rows: judgements.map((one) => [
      one.quantity,
      one.variant,
      valueOf(one),
      limitsOf(one),
      marked(one.role, one.verdict),
    ]),
  };
  const tone = (text: string, row: number) => paint(text, toneOf(judgements[row]), colour);
  const lines = alignedTable(table);
  const fits = Math.max(...lines.map((line) => line.length)) <= width;
  const shown = fits ? alignedTable(table, tone) : judgements.flatMap((one, row) => [
    ...wrap(`${one.quantity} (${one.variant})`, width, "  "),
    `    ${tone(marked(one.role, one.verdict), row)}: ${valueOf(one)}; limits ${limitsOf(one)}`,
  ]);
  return [
    headline(record, colour),
    ...wrap(record.reason, width, "  "),
    "",
    ...(judgements.length > 0 ? [...shown, ""] : []),
    ...wrap("Values with 95% intervals; a control must fail.", width, "  "),
    ...wrap(`${adapterName(record.environment)}; ${claimCost(record)}.`, width, "  "),
    ...record.warnings.flatMap((warning) => wrap(`warning: ${warning}`, width, "  ")),
  ].join("\n");
}
