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

/** The mistake of arguments that cannot be read. */
export const unreadable = (found: string): UsageError =>
  new UsageError(`Cannot read the arguments: ${found} (--help lists them)`);
