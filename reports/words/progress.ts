/**
 * How far a bench is, in one line.
 *
 * @module
 */
import { duration } from "./format.ts";

/** What is being done, how much of it, and the seconds that are left; as a suite tells it. */
export interface HowFar {
  label: string;
  done: number;
  planned: number;
  unit: string;
  left_s: number | null;
}

/**
 * One line of progress: `capacity: 12/40 runs, 3 min 20 s left, 1 h 10 min of all suites | 16e4a d=48:
 * step 100/448`.
 *
 * @param all_s seconds left of all suites; null: not known, or there is one
 */
export function progressText(
  suite: string,
  { label, done, planned, unit, left_s }: HowFar,
  all_s: number | null = null,
): string {
  // what is planned so far may be done, and more be planned from it
  const left = left_s === null || done === planned ? "" : `, ${duration(left_s)} left`;
  const all = all_s === null ? "" : `, ${duration(all_s)} of all suites`;
  const part = unit === "%" ? `${Math.round(100 * done / planned)}%` : `${done}/${planned} ${unit}`;
  return `${suite}: ${part}${left}${all} | ${label}`;
}
