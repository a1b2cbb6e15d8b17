/**
 * Reads a bench's `record.json`.
 *
 * @module
 */
import { depthOf, MOST_DEPTH, readText } from "./bounds.ts";
import { causeOf, issueOf, LabError } from "./failure.ts";
import { isSealed } from "./hash.ts";
import { type BenchRecord, recordSchema, SCHEMA } from "./record.ts";

/** Formats that earlier versions wrote, and what can be done about a record in one of them. */
const EARLIER = /^mue-bench\/(record\/[12]|claims\/1|latency\/1)$/;

/**
 * Reads a record's file and checks it, as {@link parseRecord}; in Deno and in Node.
 *
 * @param path the file, or one that gzip packed
 * @param sealedOnly false: also one that was changed after it was written
 * @throws {LabError} one line that names the file, what was found and what to do
 */
export async function readRecord(path: string, sealedOnly = true): Promise<BenchRecord> {
  let text: string;
  try {
    text = await readText(path);
  } catch (error) {
    throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  return parseRecord(text, path, sealedOnly);
}

/**
 * Checks a record's text: that it is JSON, that its format is the one this version knows (before
 * any field is looked at, so that an older or newer file is called so and not broken), then every field, then its
 * checksum.
 *
 * @param text what the file holds
 * @param name what to call it in an error, e.g. its path
 * @param sealedOnly false: also one that was changed after it was written
 * @throws {LabError} one line with that name, what was found and what to do
 */
export function parseRecord(text: string, name: string, sealedOnly = true): BenchRecord {
  const cannot = (why: string, cause?: unknown) =>
    new LabError(`Cannot read ${name}: ${why}`, { cause });
  if (depthOf(text) > MOST_DEPTH) throw cannot(`it is nested more than ${MOST_DEPTH} deep`);
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, "")); // editors may put a byte-order mark before it
  } catch (error) {
    throw cannot(text.trim() === "" ? "it is empty" : "it is not JSON, or cut short", error);
  }
  const format = typeof value === "object" && value !== null && "schema" in value
    ? value.schema
    : undefined;
  if (format === undefined) throw cannot(`it is no record, it has no field schema`);
  if (format !== SCHEMA) {
    const found = `its format is ${JSON.stringify(format)}, this version reads "${SCHEMA}"`;
    throw cannot(
      typeof format === "string" && EARLIER.test(format)
        ? `${found}; run its bench again, with another --out`
        : `${found}; read it with the version that wrote it`,
    );
  }
  const result = recordSchema.safeParse(value);
  if (!result.success) throw cannot(issueOf(result.error));
  if (sealedOnly && !isSealed(value as object)) {
    throw cannot(
      "it was changed after it was written, its checksum does not fit; deno task check says where",
    );
  }
  return result.data;
}
