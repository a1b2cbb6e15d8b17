/**
 * Hashes of values: canonical JSON and its SHA-256, cut to 64 bits. They tell a changed value from the one that was
 * written; they keep nobody out who changes the hash too, which only training again does.
 *
 * @module
 */
import { createHash } from "node:crypto";

/**
 * JSON with object keys sorted by code unit and no spaces, so that equal values give equal text.
 * Properties that are `undefined` are left out, as `JSON.stringify` does; −0 prints as 0.
 *
 * @throws {TypeError} for what JSON cannot carry unchanged: NaN, infinities, bigint, functions,
 * `undefined` in an array, and objects that are neither plain nor arrays
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "number" && Number.isFinite(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${Array.from(value, canonicalJson).join(",")}]`;
  if (typeof value === "object") {
    const prototype = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      const fields = Object.entries(value).filter(([, v]) => v !== undefined);
      fields.sort(([a], [b]) => a < b ? -1 : 1);
      return `{${fields.map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`).join(",")}}`;
    }
  }
  const found = typeof value === "object" ? value.constructor?.name ?? "object" : String(value);
  throw new TypeError(`Cannot write ${found} as canonical JSON: not a JSON value`);
}

/**
 * First 16 hexadecimal digits (64 bits) of the SHA-256 of a value's canonical JSON.
 *
 * @throws {TypeError} as {@link canonicalJson}
 */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("hex").slice(0, 16);
}

/**
 * A value with its checksum as the last field: the hash of everything else in it.
 *
 * @throws {TypeError} as {@link canonicalJson}
 */
export function sealed<T extends object>(value: T): Omit<T, "checksum"> & { checksum: string } {
  const { checksum: _, ...rest } = value as T & { checksum?: string };
  return { ...rest, checksum: hashOf(rest) };
}

/** Whether a value is as it was when {@link sealed}; false for one without a checksum. */
export function isSealed(value: object): boolean {
  const { checksum, ...rest } = value as { checksum?: unknown };
  try {
    return checksum === hashOf(rest);
  } catch {
    return false; // a number that JSON cannot carry, e.g. 1e999
  }
}
