/**
 * Failures that a user can act on.
 *
 * @module
 */
import type { z } from "zod";

/** An error a user can act on; the command line prints its message alone. */
export class LabError extends Error {
  /** exit status of the command line */
  readonly exitCode = 2;
  /** Makes one from a message in one line. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "LabError";
  }
}

/** The first field that a schema does not allow and why; `line` where it is the whole. */
export function issueOf({ issues: [{ path, message }] }: z.ZodError): string {
  return `${path.join(".") || "line"}: ${message}`;
}

/** Why a file could not be used, in a few words. */
export function causeOf(error: unknown): string {
  if (error instanceof Deno.errors.NotCapable) return "Deno was started without that permission";
  if (error instanceof Deno.errors.PermissionDenied) return "permission denied";
  if (error instanceof Deno.errors.NotFound) return "no such file or directory";
  if (error instanceof Deno.errors.IsADirectory) return "it is a folder";
  if (error instanceof Deno.errors.NotADirectory) return "a part of its path is a file";
  if (error instanceof Deno.errors.AlreadyExists) return "a file is in its place";
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const text = error instanceof Error ? error.message : String(error);
  if (code === "ENOSPC" || text.includes("os error 28")) return "no space left on the disk";
  if (code === "EROFS" || text.includes("os error 30")) return "read-only file system";
  return text;
}
