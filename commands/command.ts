/**
 * The frame of a command: its flags, its help, its exit code.
 *
 * @module
 */
import type { parseArgs, ParseArgsConfig } from "node:util";
import { readArguments, refuseEmpty } from "./arguments.ts";
import { reportError } from "./exit_codes.ts";

/** The flag every command has. */
export const HELP_FLAG = { help: { type: "boolean", short: "h", default: false } } as const;

/** The flags of commands that look for an adapter and print results. */
export const ADAPTER_FLAGS = {
  json: { type: "boolean", default: false },
  "no-install": { type: "boolean", default: false },
  ...HELP_FLAG,
} as const;

/**
 * Reads the arguments and runs; `--help` prints the help instead.
 *
 * @param config arguments and flags, {@link HELP_FLAG} among them
 * @param run the work; its number is the exit code, 0 where it gives none
 * @returns the process exit code; an error that ends the command is said on stderr
 */
export async function command<T extends ParseArgsConfig>(
  help: string,
  config: T,
  run: (parsed: ReturnType<typeof parseArgs<T>>) => Promise<number | void>,
): Promise<number> {
  try {
    const parsed = readArguments(config), { values } = parsed;
    if ("help" in values && values.help) {
      console.log(help);
      return 0;
    }
    refuseEmpty(values);
    return await run(parsed) ?? 0;
  } catch (error) {
    return reportError(error);
  }
}
