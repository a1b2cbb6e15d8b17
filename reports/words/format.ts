/**
 * How numbers become text. Everything a reader sees passes through here, so that a loss has three
 * decimals and a minus sign is a minus sign in every table, chart and terminal. A number that is not
 * finite was not measured: every writer gives {@link NOT_MEASURED} for it.
 *
 * @module
 */
import type { Column, Interval, TableCell } from "../../lab/record/findings.ts";

/** What stands where nothing was measured. */
export const NOT_MEASURED = "—";

/** A number that may be missing. */
type Maybe = number | null | undefined;

const isNumber = (value: Maybe): value is number => Number.isFinite(value);

/** An estimate with its interval; null where one of its numbers is not finite. */
export const known = (value: Interval | null): Interval | null =>
  value !== null && [value.estimate, value.lo, value.hi].every(Number.isFinite) ? value : null;

/** The least and the greatest of the finite numbers; null when there is none. */
export function extent(values: Iterable<Maybe>): [least: number, greatest: number] | null {
  const finite = [...values].filter(isNumber);
  if (finite.length === 0) return null;
  return finite.reduce(([lo, hi], x) => [Math.min(lo, x), Math.max(hi, x)], [finite[0], finite[0]]);
}

/**
 * A number with a fixed count of decimals and a real minus sign.
 *
 * @param sign write `+` before positive numbers
 * @returns the text; a value that rounds to zero carries no sign
 */
export function fixed(value: Maybe, decimals: number, sign = false): string {
  if (!isNumber(value)) return NOT_MEASURED;
  const digits = Math.abs(value).toFixed(decimals);
  if (Number(digits) === 0) return digits;
  return (value < 0 ? "−" : sign ? "+" : "") + digits;
}

/** A loss or a regret: three decimals. */
export const loss = (value: Maybe): string => fixed(value, 3);

/** A shift in octaves: two decimals and a sign. */
export const octaves = (value: Maybe): string => fixed(value, 2, true);

/** A number as it is, with a real minus sign. */
export const plain = (value: Maybe): string =>
  isNumber(value) ? String(value).replaceAll("-", "−") : NOT_MEASURED;

/** Three significant digits, without an exponent where that stays short. */
export function significant(value: Maybe): string {
  if (!isNumber(value)) return NOT_MEASURED;
  if (value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9)) {
    return value.toExponential(2).replaceAll("-", "−").replace("+", "");
  }
  return plain(Number(value.toPrecision(3)));
}

/** A value to be set somewhere, four digits of it, as programs read it: `0.003162`, `1e-7`. */
export const settable = (value: Maybe): string =>
  isNumber(value) ? String(Number(value.toPrecision(4))) : NOT_MEASURED;

/** `estimate [lo, hi]`, each number written by `write`. */
export function interval(value: Interval | null, write: (value: Maybe) => string): string {
  const found = known(value);
  return found === null
    ? NOT_MEASURED
    : `${write(found.estimate)} [${write(found.lo)}, ${write(found.hi)}]`;
}

/**
 * How an estimate and what it is compared with are written: as many decimals as give two to three
 * digits of its interval's width, so that a small loss and a large time are both readable.
 *
 * @param sign write `+` before positive numbers
 */
export function writerOf(value: Interval | null, sign = false): (value: Maybe) => string {
  const { lo, hi } = known(value) ?? { lo: 0, hi: 0 }, width = hi - lo;
  const decimals = width > 0 ? Math.max(0, Math.ceil(1.5 - Math.log10(width))) : Infinity;
  if (decimals > 6) return significant;
  return (x) => fixed(x, decimals, sign);
}

/** The value behind a log2: `2^−5.30 = 0.0254`. */
export function powerOfTwo(log2x: Maybe): string {
  return isNumber(log2x) ? `2^${fixed(log2x, 2)} = ${significant(2 ** log2x)}` : NOT_MEASURED;
}

/** From the least to the greatest: `−8 … −2`, or the one there is. */
export function range(values: Iterable<Maybe>, write: (value: Maybe) => string = plain): string {
  const ends = extent(values);
  if (ends === null) return NOT_MEASURED;
  return ends[0] === ends[1] ? write(ends[0]) : `${write(ends[0])} … ${write(ends[1])}`;
}

/** A value in the largest of the units it reaches. */
function scaled(
  value: Maybe,
  units: readonly (readonly [name: string, from: number, size: number])[],
  write: (value: number) => string,
  least: string,
): string {
  if (!isNumber(value)) return NOT_MEASURED;
  const unit = units.find(([, from]) => value >= from);
  return unit === undefined ? plain(value) + least : `${write(value / unit[2])} ${unit[0]}`;
}

/** Counts as a person says them: `950`, `12.4 k`, `3.07 M`. */
export function count(value: Maybe): string {
  return scaled(value, [["G", 1e9, 1e9], ["M", 1e6, 1e6], ["k", 1e4, 1e3]], significant, "");
}

/** Bytes with a decimal unit: `950 B`, `12.0 kB`, `3.07 GB`. */
export function byteCount(bytes: Maybe): string {
  const units = (["TB", "GB", "MB", "kB"] as const).map((name, index) => {
    const size = 10 ** (12 - 3 * index);
    return [name, size, size] as const;
  });
  return scaled(bytes, units, digits, " B");
}

/** Three digits or all before the point, zeros kept, so that columns line up: `58.0`, `0.0412`. */
export function digits(value: Maybe): string {
  if (!isNumber(value) || value === 0) return fixed(value, 0);
  const decimals = 2 - Math.floor(Math.log10(Math.abs(value)) + 1e-12);
  return fixed(value, Math.min(9, Math.max(0, decimals)));
}

/** Seconds as milliseconds without a unit, three digits or all before the point: `87.8`, `1204`. */
export const milliseconds = (seconds: Maybe): string =>
  digits(isNumber(seconds) ? 1e3 * seconds : null);

/** A number of percents: one decimal below 10, none above. */
export const percent = (value: Maybe): string =>
  fixed(value, isNumber(value) && Math.abs(value) < 10 ? 1 : 0);

/**
 * TFLOP/s where the largest rate reaches one, else GFLOP/s.
 *
 * @returns scale: units per TFLOP/s
 */
export function rateUnit(tflops: number[]): { name: string; scale: number } {
  return tflops.some((rate) => rate >= 1)
    ? { name: "TFLOP/s", scale: 1 }
    : { name: "GFLOP/s", scale: 1e3 };
}

/** Seconds as `0.4 s`, `48 s`, `12 min 30 s`, `3 h 05 min`. */
export function duration(seconds: Maybe): string {
  if (!isNumber(seconds)) return NOT_MEASURED;
  if (seconds < 10) return `${fixed(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) {
    return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  }
  const minutes = Math.round(whole / 60);
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}

/** A cell of a suite's own table; numbers with the decimals of their column. */
export function cellText(cell: TableCell, { decimals }: Pick<Column, "decimals">): string {
  const write = (x: Maybe) => decimals === null ? significant(x) : fixed(x, decimals);
  if (typeof cell === "string") return cell;
  if (Array.isArray(cell)) return cell.map(write).join(", ") || NOT_MEASURED;
  return cell === null || typeof cell === "number" ? write(cell) : interval(cell, write);
}

/** A number in data for programs: as it is, or null where it is not finite. */
export const finite = (value: Maybe): number | null => isNumber(value) ? value : null;
