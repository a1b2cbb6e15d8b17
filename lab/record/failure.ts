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

/** What failures of the file system mean, by the names of Deno's errors and the codes of Node's. */
const CAUSES: Record<string, string> = {
  NotCapable: "Deno was started without that permission",
  PermissionDenied: "permission denied",
  EACCES: "permission denied",
  EPERM: "permission denied",
  NotFound: "no such file or directory",
  ENOENT: "no such file or directory",
  NotADirectory: "a part of its path is a file",
  ENOTDIR: "a part of its path is a file",
  AlreadyExists: "a file is in its place",
  EEXIST: "a file is in its place",
  IsADirectory: "it is a folder",
  EISDIR: "it is a folder",
  ENOSPC: "no space left on the disk",
  EROFS: "read-only file system",
};

/** Why a file could not be used, in a few words. */
export function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  const known = CAUSES[error.name] ?? CAUSES[code];
  if (known !== undefined) return known;
  if (error.message.includes("os error 28")) return CAUSES.ENOSPC;
  if (error.message.includes("os error 30")) return CAUSES.EROFS;
  return error.message;
}
