/**
 * The lock of a bench's folder: one process at a time writes into it, however many stores it opens there. The system
 * frees it when the process ends, however that happens, so that nothing is left to clean up.
 *
 * @module
 */
import { causeOf, LabError } from "../record/failure.ts";

interface Held {
  file: Deno.FsFile;
  holders: number;
}

/** Folders that this process holds, by their real path. */
const held = new Map<string, Held>();

/** The process that wrote its number into a lock file, in words; nothing where it cannot be read. */
function holderOf(path: string): string {
  try {
    const pid = Deno.readTextFileSync(path).trim();
    return /^\d+$/.test(pid) ? ` (process ${pid})` : "";
  } catch {
    return ""; // a system on which a locked file cannot be read
  }
}

/**
 * Makes a folder if it is not there and holds it until disposed; a process may hold one several times.
 *
 * @throws {LabError} when it cannot be written to, or another process holds it
 */
export function lockFolder(directory: string): Disposable {
  const path = `${directory}/.lock`;
  const cannot = (error: unknown) => {
    const where = error instanceof Deno.errors.IsADirectory ? path : directory;
    return new LabError(`Cannot write to ${where}: ${causeOf(error)}`, { cause: error });
  };
  let file: Deno.FsFile, real: string;
  try {
    Deno.mkdirSync(directory, { recursive: true });
    real = Deno.realPathSync(directory);
    const own = held.get(real);
    if (own !== undefined) {
      own.holders++;
      return disposableOf(real, own);
    }
    file = Deno.openSync(path, { read: true, write: true, create: true });
  } catch (error) {
    throw cannot(error);
  }
  try {
    if (!file.tryLockSync(true)) {
      throw new LabError(
        `Cannot write to ${directory}: another bench${holderOf(path)} is using it; ` +
          "wait for it, or give another --out",
      );
    }
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(`${Deno.pid}\n`));
  } catch (error) {
    file.close();
    throw error instanceof LabError ? error : cannot(error);
  }
  const own = { file, holders: 1 };
  held.set(real, own);
  return disposableOf(real, own);
}

/** Lets go once. */
function disposableOf(real: string, own: Held): Disposable {
  let open = true;
  return {
    [Symbol.dispose]() {
      if (!open) return;
      open = false;
      if (--own.holders > 0) return;
      held.delete(real);
      own.file.close();
    },
  };
}
