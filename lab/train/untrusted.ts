/**
 * What is left of a bench whose machine did not compute alike: a mark in the folder of its runs, so that the same
 * command does not go on from runs of which nobody can say which are good.
 *
 * @module
 */
import { UntrustedError } from "../../kernels/gpu/device.ts";
import { LabError } from "../record/failure.ts";
import { writeAtomic } from "../record/files.ts";

const MARK = "untrusted.txt";

/** Marks the folder of runs, where an error says that (canary.ts, recheck.ts, `Trainer.verify`). */
export function markUntrusted(folder: string, error: unknown): void {
  if (error instanceof UntrustedError) writeAtomic(`${folder}/${MARK}`, `${error.message}\n`);
}

/**
 * Refuses a marked folder.
 *
 * @throws {LabError} with what was found then
 */
export function refuseUntrusted(folder: string): void {
  let why: string;
  try {
    why = Deno.readTextFileSync(`${folder}/${MARK}`).trim().split("\n")[0].slice(0, 300);
  } catch {
    return; // it is not marked
  }
  throw new LabError(
    `Cannot go on in ${folder}: what was trained there is not to be trusted (${why}); give another --out`,
  );
}
