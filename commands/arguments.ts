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
    const found = (error as Error).message.split(/[.\n]/)[0];
    throw new UsageError(`Cannot read the arguments: ${found} (--help lists them)`);
  }
}
