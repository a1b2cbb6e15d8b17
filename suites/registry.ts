/**
 * The suites there are.
 *
 * @module
 */
import type { LatencySuite } from "../lab/latency_suite.ts";
import type { Suite } from "../lab/suite.ts";
import { activatedExperts } from "./activated_experts.ts";
import { latency } from "./latency.ts";

/** A suite of any kind; `kind` tells them apart. */
export type AnySuite = Suite | LatencySuite;

/** All suites, in the order of the paper's figures. */
export const SUITES: AnySuite[] = [activatedExperts, latency];

/**
 * The suite of an id.
 *
 * @throws {RangeError} listing the ids there are
 */
export function suiteById(id: string): AnySuite {
  const found = SUITES.find((s) => s.id === id);
  if (found) return found;
  throw new RangeError(
    `Cannot run suite ${id}: not one of ${SUITES.map((s) => s.id).join(", ")}`,
  );
}
