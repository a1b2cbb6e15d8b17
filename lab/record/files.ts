/**
 * Files that a crash or a full disk cannot leave half written.
 *
 * @module
 */
import { dirname } from "node:path";
import { causeOf, LabError } from "./failure.ts";

/** Whether there is a file. */
export function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

/** Writes bytes to an open file; returns how many it took, as `Deno.FsFile.writeSync`. */
export type Write = (file: Deno.FsFile, bytes: Uint8Array) => number;

/** Writes as the system does. */
export const plainWrite: Write = (file, bytes) => file.writeSync(bytes);

/** Writes all of the bytes, or throws. */
export function writeAll(file: Deno.FsFile, bytes: Uint8Array, write: Write): void {
  for (let done = 0; done < bytes.length;) {
    const took = write(file, bytes.subarray(done));
    if (took <= 0) throw new Error("the disk takes no more bytes");
    done += took;
  }
}

/** Syncs a directory, so that a rename in it survives a crash; not every system can. */
function syncDirectory(path: string): void {
  try {
    using directory = Deno.openSync(dirname(path), { read: true });
    directory.syncSync();
  } catch {
    // Windows cannot open directories; the rename itself is done
  }
}

/**
 * Replaces a file as a whole: a reader, or a crash at any moment, finds the old content or the new one.
 * Written beside it, synced, renamed, directory synced; what was written beside it is removed on failure.
 *
 * @throws {LabError} `Cannot write to PATH: …`
 */
export function writeAtomic(
  path: string,
  content: string | Uint8Array,
  write: Write = plainWrite,
): void {
  const beside = `${path}.tmp-${Deno.pid}`;
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    {
      using file = Deno.openSync(beside, { write: true, create: true, truncate: true });
      writeAll(file, bytes, write);
      file.syncSync();
    }
    Deno.renameSync(beside, path);
  } catch (error) {
    try {
      Deno.removeSync(beside);
    } catch {
      // it was never made
    }
    throw new LabError(`Cannot write to ${path}: ${causeOf(error)}`, { cause: error });
  }
  syncDirectory(path);
}
