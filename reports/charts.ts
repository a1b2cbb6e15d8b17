/**
 * Which charts a suite has. A new suite adds one stem (`capacity.ts`, …) and one line here.
 *
 * @module
 */
import type { BenchRecord } from "../lab/record.ts";
import { activatedExpertsCharts } from "./activated_experts.ts";
import type { Chart } from "./caption.ts";

export type { Chart } from "./caption.ts";

const SUITES: Record<string, (record: BenchRecord) => Chart[]> = {
  "activated-experts": activatedExpertsCharts,
};

/**
 * The charts of a record's suite.
 *
 * @param record the bench
 * @returns name, title, caption and Vega-Lite spec of each, in the report's order; none for a record
 *   without runs
 * @throws {RangeError} when the suite has no charts
 */
export function chartsFor(record: BenchRecord): Chart[] {
  const charts = SUITES[record.suite.id];
  if (charts === undefined) {
    throw new RangeError(
      `Cannot draw suite ${record.suite.id}: charts exist for ${Object.keys(SUITES).join(", ")}`,
    );
  }
  return charts(record);
}
