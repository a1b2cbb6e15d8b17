/**
 * `points.csv` and `judgements.csv` of a suite of claims: one row per point or judgement, numbers
 * unrounded, an empty field where nothing was measured.
 *
 * @module
 */
import { csvFormat } from "d3-dsv";
import type { ClaimRecord } from "../lab/record/claim_record.ts";

/** The columns of `points.csv`, in order. */
export const POINT_COLUMNS = ["panel", "line", "x", "y", "lo", "hi"] as const;

/** The columns of `judgements.csv`, in order. */
export const JUDGEMENT_COLUMNS = [
  "panel",
  "quantity",
  "role",
  "variant",
  "unit",
  "value",
  "value_lo",
  "value_hi",
  "limit_lo",
  "limit_hi",
  "verdict",
  "reason",
] as const;

/** `points.csv`, with a header line and a final newline. */
export function claimPointsCsv(record: ClaimRecord): string {
  return csvFormat(record.points, [...POINT_COLUMNS]) + "\n";
}

/** `judgements.csv`, with a header line and a final newline. */
export function claimJudgementsCsv(record: ClaimRecord): string {
  const rows = record.judgements.map(({ value, limits, ...one }) => ({
    ...one,
    value: value?.estimate ?? null,
    value_lo: value?.lo ?? null,
    value_hi: value?.hi ?? null,
    limit_lo: limits.lo,
    limit_hi: limits.hi,
  }));
  return csvFormat(rows, [...JUDGEMENT_COLUMNS]) + "\n";
}
