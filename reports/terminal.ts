/**
 * The verdict for a terminal or a CI log: plain lines, no cursor movement, colour only when asked.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record/record.ts";
import { adapterName, costPhrase, interval, nats, octaves, SWEPT_NAME } from "./words/format.ts";
import { RANKING_NOTE, rankings } from "./ranking.ts";
import { sweptOf } from "./charts/series.ts";
import { estimateTable, type Table } from "./tables.ts";
import { alignedTable, headline, marked, paint, wrap } from "./media/terminal_parts.ts";
import { toneOf } from "./charts/theme.ts";

/**
 * The summary of a bench in a few lines.
 *
 * @param record the bench
 * @param width columns to stay within; long sentences are wrapped, table rows are not
 * @param colour write ANSI colour codes
 * @returns lines joined by newlines, without one at the end
 */
export function terminalSummary(record: BenchRecord, width = 100, colour = false): string {
  const { plan } = record;
  const verdict = (text: string, row: number) =>
    paint(text, toneOf(record.judgements[row]), colour);
  return [
    headline(record, colour),
    ...wrap(record.reason, width, "  "),
    "",
    ...alignedTable(tableOf(record), verdict),
    "",
    ...rankings(record).flatMap(({ title, table }) => [
      ...wrap(`Ranking, ${title}:`, width, "  "),
      ...alignedTable({
        head: table.head.slice(0, -1),
        rows: table.rows.map((row) => row.slice(0, -1)),
      }),
      "",
    ]),
    ...(estimateTable(record)?.rows ?? []).flatMap(([quantity, value, note]) =>
      wrap(`Estimated ${quantity}: ${value} (${note}).`, width, "  ")
    ),
    ...wrap(
      `Shift and regret with 95% intervals; tolerance ±${plan.tolerance_octaves} octave, ` +
        `${plan.seeds.length} seeds, ${plan.steps} steps.`,
      width,
      "  ",
    ),
    ...(rankings(record).length > 0 ? wrap(RANKING_NOTE, width, "  ") : []),
    ...wrap(`${adapterName(record.environment)}; ${costPhrase(record.cost)}.`, width, "  "),
    ...record.warnings.flatMap((warning) => wrap(`warning: ${warning}`, width, "  ")),
  ].join("\n");
}

function tableOf(record: BenchRecord): Table {
  const several = sweptOf(record).length > 1;
  return {
    head: ["panel", "target", "rule", "shift, octaves", "regret, nats", "verdict"],
    rows: record.judgements.map((one) => [
      several ? `${one.panel}, ${SWEPT_NAME[one.swept]}` : one.panel,
      one.label,
      one.rule,
      interval(one.shift_octaves, octaves),
      interval(one.regret, nats),
      marked(one.role, one.verdict),
    ]),
  };
}
