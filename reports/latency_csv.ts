/**
 * `points.csv`: one row per timed layer, every field, numbers unrounded, an empty field where nothing
 * was measured.
 *
 * @module
 */
import { csvFormat } from "d3-dsv";
import type { LatencyPoint, LatencyRecord } from "../lab/record/latency_record.ts";

type Value = string | number | null;

/** The row of one point; an interval gives three columns, a list is joined by `; `. */
export function latencyCsvRow(point: LatencyPoint): Record<string, Value> {
  const row: Record<string, Value> = {};
  for (const [name, value] of Object.entries(point) as [keyof LatencyPoint, unknown][]) {
    if (INTERVALS.includes(name)) {
      const ends = value as { estimate: number; lo: number; hi: number } | null;
      row[name] = ends?.estimate ?? null;
      row[`${name}_lo`] = ends?.lo ?? null;
      row[`${name}_hi`] = ends?.hi ?? null;
    } else if (Array.isArray(value)) row[name] = value.join("; ");
    else row[name] = value as Value;
  }
  return row;
}

const INTERVALS: (keyof LatencyPoint)[] = [
  "time_s",
  "tflops",
  "percentOfDense",
  "percentOfCeiling",
];

/** The whole file, with a header line and a final newline. */
export function latencyCsv(record: LatencyRecord): string {
  const rows = record.points.map(latencyCsvRow);
  return csvFormat(rows, Object.keys(rows[0] ?? {})) + "\n";
}
