/**
 * The store of what is finished: `runs.jsonl` (or the file of another kind of suite), one item a line,
 * append-only, safe against crashes, full disks and a second bench in the same directory.
 *
 * A line is written and synced as a whole, with a checksum as its last field. What a crash can leave is a
 * torn tail, the bytes after the last newline: it is skipped when read and cut before the next line is
 * written. A damaged line anywhere else, or one whose checksum does not fit, is nobody's crash, so the
 * store refuses to go on and overwrites nothing.
 *
 * @module
 */
import type { z } from "zod";
import { checkLines } from "../record/lines.ts";
import { causeOf, issueOf, LabError } from "../record/failure.ts";
import { plainWrite, type Write, writeAll } from "../record/files.ts";
import { isSealed, sealed } from "../record/hash.ts";
import { digestOf, type Run, runSchema } from "../record/run.ts";
import { lockFolder } from "./lock.ts";
import { refuseUntrusted } from "./untrusted.ts";

/** What a store holds: items with a key, one per line of a file. */
export interface StoreFormat<T extends { key: string }> {
  /** name of the file in the directory */
  file: string;
  /** what an item is called in messages, e.g. `run` */
  noun: string;
  /** what happens to an item that was lost, e.g. `that run trains again` */
  lost: string;
  /** checks a line */
  schema: z.ZodType<T>;
  /** whether a line is one of an earlier version of mue-bench, which is no damage; one without a checksum is */
  earlier?(value: object): boolean;
  /** what is wrong with an item although its schema allows it, in a few words; null: nothing */
  fault?(item: T): string | null;
}

/** Finished runs. */
export const RUNS: StoreFormat<Run> = {
  file: "runs.jsonl",
  noun: "run",
  lost: "that run trains again",
  schema: runSchema,
  earlier: (value) => "trainLoss_nats" in value,
  fault: (run) => digestOf(run) === run.digest ? null : "its digest is of other losses",
};

/** An open store; it holds the directory's lock until it is closed. */
export interface StoreOf<T> extends Disposable {
  /** finished items by key, in the order they were written */
  readonly items: ReadonlyMap<string, T>;
  /** what was found and mended, one sentence each */
  readonly warnings: readonly string[];
  /**
   * Adds a finished item: on return it is on the disk.
   *
   * @throws {TypeError} if it does not satisfy its schema (a NaN loss, for instance)
   * @throws {LabError} if it came damaged, or cannot be written; earlier lines stay as they were
   */
  append(item: T): void;
  /** Releases the lock. */
  close(): void;
}

/** The store of runs: finished runs by key, in the order they were written. */
export type Store = StoreOf<Run>;

interface Parsed<T> {
  items: Map<string, T>;
  warnings: string[];
  /** bytes to keep */
  length: number;
  /** the last line is complete but for its newline */
  unended: boolean;
}

/**
 * One line as an item, or in a few words why it is none.
 *
 * @throws {LabError} for one of an earlier version
 */
function parseLine<T extends { key: string }>(
  path: string,
  bytes: Uint8Array,
  { noun, lost, schema, earlier, fault }: StoreFormat<T>,
): T | string {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return "not JSON";
  }
  const item = typeof value === "object" ? value : null;
  if (item !== null && (earlier?.(item) || ("key" in item && !("checksum" in item)))) {
    throw new LabError(
      `Cannot go on from ${path}: its ${noun}s are of an earlier version; ` +
        "give another --out, or move the file",
    );
  }
  const result = schema.safeParse(value);
  if (!result.success) return `not a ${noun}, ${issueOf(result.error)}`;
  if (!isSealed(item!)) {
    throw new LabError(
      `Cannot read ${path}: ${noun} ${result.data.key} was changed after it was written, its checksum ` +
        `does not fit; take that line out (${lost}), or put the original back`,
    );
  }
  return fault?.(result.data) ?? result.data;
}

/** Reads a store's file. */
function parseLines<T extends { key: string }>(
  path: string,
  bytes: Uint8Array,
  format: StoreFormat<T>,
): Parsed<T> {
  const items = new Map<string, T>(), { noun } = format;
  const warnings: string[] = [];
  const keep = (item: T, line: number) => {
    if (items.has(item.key)) {
      warnings.push(`${path} line ${line}: ${noun} ${item.key} again, ignored`);
    } else items.set(item.key, item);
  };
  let start = 0, line = 1;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const text = bytes.subarray(start, end);
    if (text.some((b) => b > 32)) {
      const item = parseLine(path, text, format);
      if (typeof item === "string") {
        throw new LabError(
          `Cannot read ${path}: line ${line} is damaged (${item}); mend or move the file`,
        );
      }
      keep(item, line);
    }
    start = end + 1;
    line++;
  }
  const tail = bytes.subarray(start);
  if (tail.length === 0) return { items, warnings, length: start, unended: false };
  // no strict prefix of a JSON object is JSON, so a tail that parses was cut just before its newline
  const item = parseLine(path, tail, format);
  if (typeof item !== "string") {
    keep(item, line);
    return { items, warnings, length: bytes.length, unended: true };
  }
  warnings.push(
    `${path} line ${line}: torn by an interrupted write (${tail.length} bytes), ignored; ` +
      format.lost,
  );
  return { items, warnings, length: start, unended: false };
}

/**
 * Reads a store's file without holding it: what is finished, and what a crash left.
 *
 * @throws {LabError} if it cannot be read, or a line is damaged or was changed
 */
export function readStore<T extends { key: string }>(
  path: string,
  format: StoreFormat<T>,
): Pick<StoreOf<T>, "items"> & { warnings: string[] } {
  let bytes: Uint8Array;
  try {
    checkLines(path, format.noun);
    bytes = Deno.readFileSync(path);
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError(`Cannot read ${path}: ${causeOf(error)}`, { cause: error });
  }
  const { items, warnings } = parseLines(path, bytes, format);
  return { items, warnings };
}

/**
 * Opens (and if needed makes) the store of runs in a directory; see {@link openStoreOf}.
 *
 * @throws {LabError} if the directory cannot be written, another bench holds it, or a line is damaged
 */
export function openStore(directory: string, write: Write = plainWrite): Store {
  return openStoreOf(directory, RUNS, write);
}

/**
 * Opens (and if needed makes) a store in a directory, for this process alone.
 *
 * @param directory where the format's file and its `.lock` live
 * @param write how bytes reach the file; tests put a full disk here
 * @throws {LabError} if the directory cannot be written, another bench holds it, or a line is damaged
 */
export function openStoreOf<T extends { key: string }>(
  directory: string,
  format: StoreFormat<T>,
  write: Write = plainWrite,
): StoreOf<T> {
  const path = `${directory.replace(/(.)\/+$/, "$1")}/${format.file}`, { noun } = format;
  const opened: Disposable[] = [];
  const close = () => {
    for (const one of opened.splice(0).reverse()) one[Symbol.dispose]();
  };
  const cannot = (error: unknown, path = directory) =>
    new LabError(`Cannot write to ${path}: ${causeOf(error)}`, { cause: error });
  opened.push(lockFolder(directory));
  try {
    refuseUntrusted(directory);
  } catch (error) {
    close();
    throw error;
  }
  let file: Deno.FsFile;
  try {
    file = Deno.openSync(path, { read: true, write: true, create: true });
    opened.push(file);
    // a second store on the file, of this process: the folder's lock does not keep that out
    if (!file.tryLockSync(true)) throw new Error("it is open already");
  } catch (error) {
    close();
    throw cannot(error, error instanceof Deno.errors.IsADirectory ? path : directory);
  }
  let parsed: Parsed<T>;
  try {
    checkLines(path, noun);
    parsed = parseLines(path, Deno.readFileSync(path), format);
  } catch (error) {
    close();
    throw error instanceof LabError ? error : cannot(error);
  }
  const { items, warnings } = parsed;
  let { length, unended } = parsed;

  const append = (item: T) => {
    const checked = format.schema.safeParse(item);
    if (!checked.success) {
      throw new TypeError(`Cannot store ${noun} ${item.key}: ${issueOf(checked.error)}`);
    }
    const fault = format.fault?.(checked.data) ?? null;
    if (fault !== null) throw new LabError(`Cannot store ${noun} ${item.key}: ${fault}`);
    if (opened.length === 0) throw new LabError(`Cannot write to ${path}: the store is closed`);
    if (items.has(item.key)) return;
    const bytes = new TextEncoder().encode(
      `${unended ? "\n" : ""}${JSON.stringify(sealed(item))}\n`,
    );
    try {
      file.truncateSync(length);
      file.seekSync(length, Deno.SeekMode.Start);
      writeAll(file, bytes, write);
      file.syncSync();
    } catch (error) {
      try {
        file.truncateSync(length);
      } catch {
        // then the next reader finds a torn tail
      }
      throw new LabError(
        `Cannot write ${noun} ${item.key} to ${path}: ${causeOf(error)}; ` +
          `the ${items.size} ${noun}s before it are kept`,
        { cause: error },
      );
    }
    length += bytes.length;
    unended = false;
    items.set(item.key, checked.data);
  };
  return { items, warnings, append, close, [Symbol.dispose]: close };
}
