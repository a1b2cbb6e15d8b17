/**
 * Reads a bench's `record.json`.
 *
 * @module
 */
import type { z } from "zod";
import { type BenchRecord, benchRecordSchema, SCHEMA } from "./record.ts";
import { causeOf, LabError } from "../train/store.ts";

/**
 * Reads a JSON record and checks it: that it is JSON, that its format is the one this version knows
 * (before any field is looked at, so that a newer file is called newer and not broken), then every
 * field.
 *
 * @param path the file
 * @param format what its field `schema` must say
 * @param schema checks the fields
 * @throws {LabError} one line that names the file and what was found
 */
export async function readFormat<T>(
  path: string,
  format: string,
  schema: z.ZodType<T>,
): Promise<T> {
  return await readFormats(path, { [format]: schema });
}

/**
 * Reads a JSON record of one of several formats; see {@link readFormat}.
 *
 * @param path the file
 * @param formats what its field `schema` may say, and what then checks the fields
 * @throws {LabError} one line that names the file and what was found
 */
export async function readFormats<T>(
  path: string,
  formats: Record<string, z.ZodType<T>>,
): Promise<T> {
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
  const format = typeof value === "object" && value !== null && "schema" in value
    ? value.schema
    : undefined;
  if (typeof format !== "string" || !Object.hasOwn(formats, format)) {
    const found = format === undefined ? "no schema field" : JSON.stringify(format);
    const known = Object.keys(formats).map((name) => `"${name}"`).join(" or ");
    throw new LabError(`Cannot read ${path}: found ${found}, this version reads ${known}`);
  }
  const result = formats[format].safeParse(value);
  if (!result.success) {
    const { path: field, message } = result.error.issues[0];
    throw new LabError(`Cannot read ${path}: ${field.join(".")}: ${message}`);
  }
  return result.data;
}

/**
 * Reads the record of a transfer suite; see {@link readFormat}.
 *
 * @throws {LabError} one line that names the file and what was found
 */
export function readRecord(path: string): Promise<BenchRecord> {
  return readFormat(path, SCHEMA, benchRecordSchema);
}
