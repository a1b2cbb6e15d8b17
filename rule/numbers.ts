/** Numbers in the text of a configuration, and of those handed over by code. */

/**
 * Reads the number of an entry.
 *
 * @param key the entry's key, for the message
 * @param text what follows `=`
 * @returns the number; may be infinite, which sizes refuse
 * @throws {TypeError} if the text is none
 */
export function numberOf(key: string, text: string): number {
  const number = /^[+-]?[\d.]/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(number)) throw new TypeError(`Cannot use ${key}=${text}: not a number`);
  return number;
}

/**
 * Checks that a value is a number: callers without types may hand over anything.
 *
 * @throws {TypeError} if it is none
 */
export function checkNumber(key: string, value: unknown): asserts value is number {
  if (typeof value !== "number") throw new TypeError(`Cannot use ${key}=${value}: not a number`);
}
