/**
 * The verdict for a terminal or a CI log: plain lines, no cursor movement, colour only when asked.
 *
 * @module
 */
import type { BenchRecord, Verdict } from "../lab/record.ts";
import {
  adapterName,
  costPhrase,
  interval,
  nats,
  octaves,
  roleVerdict,
  SWEPT_NAME,
  VERDICT_MARK,
  verdictPhrase,
} from "./format.ts";
import { sweptOf } from "./series.ts";
import { toneOf } from "./theme.ts";

/** ANSI colours; only a pass is green. */
const COLOUR: Record<Verdict, number> = {
  "pass": 32,
  "fail": 31,
  "inconclusive": 33,
  "cannot tell at this size": 33,
};

/**
 * The summary of a bench in a few lines.
 *
 * @param record the bench
 * @param width columns to stay within; long sentences are wrapped, table rows are not
 * @param colour write ANSI colour codes
 * @returns lines joined by newlines, without one at the end
 */
export function terminalSummary(record: BenchRecord, width = 100, colour = false): string {
  const paint = (text: string, code: number) => colour ? `\x1b[${code}m${text}\x1b[39m` : text;
  const { suite, plan } = record;
  const rows = tableRows(record);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const table = rows.map((row, index) => {
    const body = row.slice(0, -1).map((text, column) => text.padEnd(widths[column])).join("  ");
    const verdict = row[row.length - 1];
    if (index === 0) return `  ${body}  ${verdict}`;
    const tone = toneOf(record.judgements[index - 1]);
    const code = tone === "control fails"
      ? 39
      : tone === "control does not fail"
      ? 33
      : COLOUR[tone];
    return `  ${body}  ${paint(verdict, code)}`;
  });
  const headline = `${VERDICT_MARK[record.verdict]} ${verdictPhrase(record).toUpperCase()}`;
  return [
    `${paint(headline, COLOUR[record.verdict])}  ${suite.id}, the paper's ${suite.figure}`,
    ...wrap(record.reason, width, "  "),
    "",
    ...table,
    "",
    ...wrap(
      `Shift and regret with 95% intervals; tolerance ±${plan.tolerance_octaves} octave, ` +
        `${plan.seeds.length} seeds, ${plan.steps} steps.`,
      width,
      "  ",
    ),
    ...wrap(`${adapterName(record.environment)}; ${costPhrase(record.cost)}.`, width, "  "),
    ...record.warnings.flatMap((warning) => wrap(`warning: ${warning}`, width, "  ")),
  ].join("\n");
}

function tableRows(record: BenchRecord): string[][] {
  const several = sweptOf(record).length > 1;
  return [
    ["panel", "target", "rule", "shift, octaves", "regret, nats", "verdict"],
    ...record.judgements.map((one) => [
      several ? `${one.panel}, ${SWEPT_NAME[one.swept]}` : one.panel,
      one.label,
      one.rule,
      interval(one.shift_octaves, octaves),
      interval(one.regret_nats, nats),
      `${markOf(one)} ${roleVerdict(one.role, one.verdict)}`,
    ]),
  ];
}

/** A control that does not fail gets no tick, whatever its own verdict. */
function markOf(one: BenchRecord["judgements"][number]): string {
  return VERDICT_MARK[
    one.role === "control" && one.verdict === "pass" ? "cannot tell at this size" : one.verdict
  ];
}

/** Breaks a sentence between words; every line starts with the indent. */
function wrap(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let current = "";
  for (const word of text.split(/\s+/)) {
    if (current !== "" && indent.length + current.length + 1 + word.length > width) {
      lines.push(indent + current);
      current = word;
    } else current = current === "" ? word : `${current} ${word}`;
  }
  return [...lines, indent + current];
}
