/**
 * What stands in a browser for the parts of `node:` modules that kernels and lab import: the bundle has
 * this module in their place (commands/bundle.ts). What a browser does not tell is told as unknown.
 *
 * @module
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";

/** `node:crypto`: SHA-256 of texts and bytes, in hexadecimal digits; the same digits as there. */
export function createHash(algorithm: "sha256"): {
  update(data: string | Uint8Array): { digest(encoding: "hex"): string };
} {
  if (algorithm !== "sha256") throw new TypeError(`Cannot hash: ${algorithm} is not sha256`);
  return {
    update: (data) => ({
      digest: () => bytesToHex(sha256(typeof data === "string" ? utf8ToBytes(data) : data)),
    }),
  };
}

/** `node:os`: no processor's times can be read, so that the load of other programs is unknown. */
export const cpus = (): [] => [];

/** `node:process`: nothing is known of this process's own time either. */
export const cpuUsage = (): { user: number; system: number } => ({ user: 0, system: 0 });

/** What reads files there is not asked in a page. */
const noFiles = (): never => {
  throw new TypeError("Cannot read a file: a page has none");
};

/** `node:fs/promises` */
export const open = noFiles;

/** `node:zlib` */
export const gunzipSync = noFiles;

/** `node:buffer` */
export const Buffer = { concat: noFiles };
