/** Assertions of the tests of lab/. */
import { deepStrictEqual, ok, rejects, strictEqual, throws } from "node:assert/strict";

export { deepStrictEqual as assertEquals, ok as assert, rejects, strictEqual as assertIs, throws };

/** |found − expected| ≤ tolerance. */
export function assertNear(found: number, expected: number, tolerance: number): void {
  ok(Math.abs(found - expected) <= tolerance, `${found} is not within ${tolerance} of ${expected}`);
}
