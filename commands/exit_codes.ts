/**
 * The exit code a command gives, and what it says of the error that ended it.
 *
 * @module
 */
import { DeviceError, NoAdapterError } from "../kernels/gpu/device.ts";
import { AdapterLimitError } from "../kernels/gpu/tensor.ts";
import { LabError } from "../lab/record/failure.ts";
import type { Verdict } from "../lab/record/findings.ts";
import { visible } from "../reports/words/lines.ts";
import { UsageError } from "./arguments.ts";

/** Exit code of an error that is nobody's mistake but ours. */
const INTERNAL = 70;

/** 2 the user's input or disk, 3 the adapter, 70 a defect here. */
function exitCodeFor(error: unknown): number {
  if (error instanceof UsageError || error instanceof LabError) return 2;
  // a lost device rejects maps with an OperationError or AbortError
  const ofDevice = error instanceof NoAdapterError || error instanceof DeviceError ||
    error instanceof AdapterLimitError || error instanceof DOMException;
  return ofDevice ? 3 : INTERNAL;
}

/**
 * Exit code of finished suites: 1 when a claim failed, or (strict) when one was not shown to hold.
 *
 * @param verdicts one per suite
 */
export function exitCodeOf(verdicts: readonly Verdict[], strict: boolean): 0 | 1 {
  if (verdicts.includes("fail")) return 1;
  return strict && verdicts.some((v) => v !== "pass") ? 1 : 0;
}

const messageOf = (error: unknown) => error instanceof Error ? error.message : String(error);

/**
 * Says on stderr what ended a command: the message, and for a defect of mue-bench where it happened.
 *
 * @returns the process exit code
 */
export function reportError(error: unknown): number {
  const code = exitCodeFor(error);
  // a mistake is told in one line, whatever the names in it hold
  console.error(`error: ${visible(messageOf(error), code === 2 ? "" : "\n")}`);
  if (code === INTERNAL && error instanceof Error) console.error(error.stack);
  return code;
}

/**
 * Prints results as JSON when they are complete, and what there is of them, with an `error`, when an
 * error ends the work; the error goes on.
 *
 * @param json false: nothing is printed
 * @param results what is finished; asked once, at the end
 */
export async function printingJson<T>(
  json: boolean,
  results: () => Record<string, unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const print = (more: { error?: string }) => {
    if (json) console.log(JSON.stringify({ ...results(), ...more }, null, 2));
  };
  try {
    const done = await work();
    print({});
    return done;
  } catch (error) {
    print({ error: messageOf(error) });
    throw error;
  }
}
