/**
 * Identities: hashes of plans and keys of runs, over canonical JSON.
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

/** Everything that determines a run, and nothing else: no panel, no role, no wall time. */
export interface RunParts {
  /** the model, its task named with its sizes */
  shape: unknown;
  /** hyperparameters per tensor, as the rule gave them */
  rows: unknown;
  /** data order and init */
  seed: number;
  /** optimizer steps */
  steps: number;
  /** hash of the data trained and validated on */
  dataHash: string;
  /** version of the kernels, whose summation order the losses depend on */
  kernelsVersion: string;
  /** multipliers, betas, batch, sequence, schedule, clip: whatever else the task lets vary */
  [more: string]: unknown;
}

/**
 * Identity of a run: equal parts give equal keys whatever the order of the fields.
 *
 * @throws {TypeError} as {@link canonicalJson}
 */
export function runKey(parts: RunParts): string {
  return hashOf(parts);
}
