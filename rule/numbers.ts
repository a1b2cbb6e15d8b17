/** Numbers in the text of a configuration, and of those handed over by code. */

const SUFFIXES: Record<string, number> = { K: 1e3, M: 1e6, B: 1e9, T: 1e12 };

/**
 * Reads the number of an entry; `4M` is 4 000 000, and K, B, T are 10^3, 10^9, 10^12.
 *
 * @param key the entry's key, for the message
 * @param text what follows `=`
 * @returns the number; may be infinite, which sizes refuse
 * @throws {TypeError} if the text is none
 */
export function numberOf(key: string, text: string): number {
  const [, plain, suffix] = /^([+-]?\d*\.?\d+)([KMBT])$/i.exec(text) ?? [, text, ""];
  const scale = SUFFIXES[suffix.toUpperCase()] ?? 1;
  // 1.1 * 1e6 is no whole number in binary
  const exact = (x: number) => scale === 1 ? x : Number((x * scale).toPrecision(15));
  const number = /^[+-]?[\d.]/.test(plain) ? exact(Number(plain)) : NaN;
  if (Number.isNaN(number)) {
    throw new TypeError(`Cannot use ${key}=${text}: not a number (K, M, B and T may end one)`);
  }
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
