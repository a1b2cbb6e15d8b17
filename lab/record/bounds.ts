/**
 * Bounds on what is read. A file that is not what its name says (a disk image, a device, a line that never
 * ends) is refused before it fills the memory.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { open } from "node:fs/promises";
import { gunzipSync } from "node:zlib";

/** Most bytes of a file of JSON; the largest records have a few hundredths of it. */
export const MOST_FILE_BYTES = 2 ** 28;

/** Most bytes of a line of a store: a run of half a million steps. */
export const MOST_LINE_BYTES = 2 ** 24;

/** Bytes in words. */
export const mib = (bytes: number) => `${bytes / 2 ** 20} MiB`;

/**
 * A file as text, unpacked where it is gzip's; in Deno and in Node.
 *
 * @param most bytes, packed or not
 * @throws {RangeError} for a longer one, of which no more is read
 */
export async function readText(path: string, most = MOST_FILE_BYTES): Promise<string> {
  const file = await open(path), parts: Uint8Array[] = [];
  const check = (bytes: number) => {
    if (bytes > most) throw new RangeError(`it is longer than ${mib(most)}`);
  };
  let bytes = 0;
  try {
    check((await file.stat()).size);
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      check(bytes += chunk.length);
      parts.push(chunk);
    }
  } finally {
    await file.close();
  }
  const all = Buffer.concat(parts);
  if (all[0] !== 0x1f || all[1] !== 0x8b) return new TextDecoder().decode(all);
  try {
    return new TextDecoder().decode(gunzipSync(all, { maxOutputLength: most }));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    throw new RangeError(
      code === "ERR_BUFFER_TOO_LARGE"
        ? `it is longer than ${mib(most)}`
        : "it is packed and damaged",
    );
  }
}

/** Most lists and objects in one another: what walks a record, `JSON.stringify` among it, calls itself for each. */
export const MOST_DEPTH = 200;

/** How many lists and objects of a JSON text stand in one another. */
export function depthOf(json: string): number {
  let depth = 0, deepest = 0;
  // texts are stepped over as a whole, so that what stands in them does not count
  for (const [part] of json.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]}]/g)) {
    if (part === "[" || part === "{") deepest = Math.max(deepest, ++depth);
    else if (part === "]" || part === "}") depth--;
  }
  return deepest;
}
