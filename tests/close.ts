/** How numbers from the GPU are held against a reference. */
import assert from "node:assert/strict";

/** ‖actual − expected‖ / ‖expected‖ (‖actual‖ when the reference is zero); NaN spreads. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let difference = 0, norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2;
    norm += expected[i] ** 2;
  }
  return norm === 0 ? Math.sqrt(difference) : Math.sqrt(difference / norm);
}

/**
 * Fails unless the two have one length, every number is finite, and the relative error is within
 * the bound.
 */
export function assertClose(
  what: string,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: number,
): void {
  assert.equal(actual.length, expected.length, `${what}: length`);
  for (let i = 0; i < expected.length; i++) {
    assert.ok(Number.isFinite(expected[i]), `${what}: the reference has ${expected[i]} at ${i}`);
    assert.ok(Number.isFinite(actual[i]), `${what}: ${actual[i]} at ${i}, want ${expected[i]}`);
  }
  const error = relativeError(actual, expected);
  assert.ok(error <= bound, `${what}: relative error ${error.toExponential(2)} over ${bound}`);
}

/** The twin of {@link assertClose}: fails unless the comparison rejects this wrong reference. */
export function assertApart(
  what: string,
  actual: ArrayLike<number>,
  wrong: ArrayLike<number>,
  bound: number,
): void {
  assert.throws(
    () => assertClose(what, actual, wrong, bound),
    assert.AssertionError,
    `${what}: a wrong reference passed`,
  );
}
