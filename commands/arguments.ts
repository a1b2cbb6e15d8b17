/**
 * Reading a command line.
 *
 * @module
 */
import { parseArgs, type ParseArgsConfig } from "node:util";

/** A user's mistake: one line and exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * `parseArgs` of Node, strict, with the project's error message.
 *
 * @throws {UsageError} one line naming the flag that cannot be read
 */
export function readArguments<T extends ParseArgsConfig>(
  config: T,
): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw unreadable((error as Error).message.split(/[.\n]/)[0]);
  }
}

/**
 * Refuses a flag whose value is empty, as that of a variable of a shell that was never set: an empty folder would be
 * the root of all.
 *
 * @throws {UsageError} naming the flag
 */
export function refuseEmpty(values: Record<string, unknown>): void {
  const empty = Object.keys(values).find((name) => values[name] === "");
  if (empty !== undefined) throw new UsageError(`Cannot use --${empty}: its value is empty`);
}

/** The mistake of arguments that cannot be read. */
export const unreadable = (found: string): UsageError =>
  new UsageError(`Cannot read the arguments: ${found} (--help lists them)`);
