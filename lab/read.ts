/**
 * Reads a bench's `record.json`.
 *
 * @module
 */
import { type BenchRecord, benchRecordSchema, SCHEMA } from "./record.ts";
import { causeOf, LabError } from "./store.ts";

/**
 * Reads a record and checks it: that it is JSON, that its format is the one this version knows (before
 * any field is looked at, so that a newer file is called newer and not broken), then every field.
 *
 * @throws {LabError} one line that names the file and what was found
 */
export async function readRecord(path: string): Promise<BenchRecord> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const why = text.trim() === "" ? "it is empty" : "it is not JSON, or cut short";
    throw new LabError(`Cannot read ${path}: ${why}`, { cause: error });
  }
  const found = typeof value === "object" && value !== null && "schema" in value
    ? JSON.stringify(value.schema)
    : "no schema field";
  if (found !== JSON.stringify(SCHEMA)) {
    throw new LabError(`Cannot read ${path}: found ${found}, this version reads "${SCHEMA}"`);
  }
  const result = benchRecordSchema.safeParse(value);
  if (!result.success) {
    const { path: field, message } = result.error.issues[0];
    throw new LabError(`Cannot read ${path}: ${field.join(".")}: ${message}`);
  }
  return result.data;
}
