/**
 * Records of every kind of suite, told apart by their field `schema`.
 *
 * @module
 */
import { CLAIM_SCHEMA, type ClaimRecord, claimRecordSchema } from "./claim_record.ts";
import { LATENCY_SCHEMA, type LatencyRecord, latencyRecordSchema } from "./latency_record.ts";
import { readFormats } from "./read.ts";
import { type BenchRecord, benchRecordSchema, SCHEMA } from "./record.ts";

/** What a suite may leave in `record.json`. */
export type AnyRecord = BenchRecord | LatencyRecord | ClaimRecord;

/**
 * Reads the `record.json` of any suite and checks every field.
 *
 * @throws {LabError} one line that names the file and what was found
 */
export function readAnyRecord(path: string): Promise<AnyRecord> {
  return readFormats<AnyRecord>(path, {
    [SCHEMA]: benchRecordSchema,
    [LATENCY_SCHEMA]: latencyRecordSchema,
    [CLAIM_SCHEMA]: claimRecordSchema,
  });
}
