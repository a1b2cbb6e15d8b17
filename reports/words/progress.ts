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

/** One line of progress: `12/40 runs, 3 min 20 s left | 16e4a d=48: step 100/448`. */
export function progressText({ label, done, planned, unit, left_s }: HowFar): string {
  // what is planned so far may be done, and more be planned from it
  const left = left_s === null || done === planned ? "" : `, ${duration(left_s)} left`;
  const part = unit === "%" ? `${Math.round(100 * done / planned)}%` : `${done}/${planned} ${unit}`;
  return `${part}${left} | ${label}`;
}
