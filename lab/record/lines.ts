/**
 * Files of lines, looked at before they are read: a line that never ends would fill the memory.
 *
 * @module
 */
import { mib, MOST_LINE_BYTES } from "./bounds.ts";
import { LabError } from "./failure.ts";

/** Bytes read at once. */
const CHUNK_BYTES = 2 ** 20;

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
