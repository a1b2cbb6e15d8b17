/**
 * What is printed for a reader: as wide as the terminal, in colour where it has any; 100 columns in a log.
 *
 * @module
 */
import { terminalSummary } from "../reports/media/terminal.ts";
import type { Report } from "../reports/sections/section.ts";

/** Columns to print in. */
export function columns(): number {
  return Deno.stdout.isTerminal() ? Math.min(120, Deno.consoleSize().columns) : 100;
}

/** Prints a report's summary. */
export function printSummary(report: Report): void {
  const colour = Deno.stdout.isTerminal() && !Deno.noColor;
  console.log(terminalSummary(report, columns(), colour));
}
