/**
 * Bounds on what is read. A file that is not what its name says (a disk image, a device, a line that never
 * ends) is refused before it fills the memory.
 *
 * @module
 */
import { LabError } from "./failure.ts";

/** Most bytes of a file of JSON; the largest records have a few hundredths of it. */
export const MOST_FILE_BYTES = 2 ** 28;

/** Most bytes of a line of a store: a run of half a million steps. */
export const MOST_LINE_BYTES = 2 ** 24;

/** Bytes read at once. */
const CHUNK_BYTES = 2 ** 20;

const mib = (bytes: number) => `${bytes / 2 ** 20} MiB`;

/**
 * A file as text, like `Deno.readTextFile`.
 *
 * @param most bytes
 * @throws {RangeError} for a longer one, of which no more is read
 */
export async function readText(path: string, most = MOST_FILE_BYTES): Promise<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder(), parts: string[] = [];
  const check = (bytes: number) => {
    if (bytes > most) throw new RangeError(`it is longer than ${mib(most)}`);
  };
  check((await file.stat()).size);
  let bytes = 0;
  for await (const chunk of file.readable) {
    check(bytes += chunk.length);
    parts.push(decoder.decode(chunk, { stream: true }));
  }
  return parts.join("") + decoder.decode();
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

/**
 * Refuses a file with a line that nothing of the program has written.
 *
 * @param noun what a line is, e.g. `run`
 * @param most bytes of a line
 * @throws {LabError} naming file and line
 */
export function checkLines(path: string, noun: string, most = MOST_LINE_BYTES): void {
  using file = Deno.openSync(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let line = 1, length = 0;
  for (let took = file.readSync(buffer); took !== null; took = file.readSync(buffer)) {
    const chunk = buffer.subarray(0, took);
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      length += end - start;
      if (length > most) break;
      [line, length, start] = [line + 1, 0, end + 1];
    }
    if (length <= most) length += chunk.length - start;
    if (length > most) {
      throw new LabError(
        `Cannot read ${path}: line ${line} is longer than ${mib(most)}, which no ${noun} is; ` +
          "move the file away",
      );
    }
  }
}
