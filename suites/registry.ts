/**
 * The suites there are.
 *
 * @module
 */
import type { Suite } from "../lab/suite.ts";
import { activatedExperts } from "./activated_experts.ts";

/** All suites, in the order of the paper's figures. */
export const SUITES: Suite[] = [activatedExperts];

/**
 * The suite of an id.
 *
 * @throws {RangeError} listing the ids there are
 */
export function suiteById(id: string): Suite {
  const found = SUITES.find((s) => s.id === id);
  if (found) return found;
  throw new RangeError(
    `Cannot run suite ${id}: not one of ${SUITES.map((s) => s.id).join(", ")}`,
  );
}
