/**
 * What a pool tells of its work.
 *
 * @module
 */
import type { Job } from "./job.ts";

/** A group in training. */
export interface RunningGroup {
  /** what it is, by {@link groupLabel} */
  label: string;
  step: number;
  steps: number;
  replicas: number;
}

/** What happened, for a progress line. */
export interface BenchProgress {
  /** what is being trained, one group per busy hand; that of the newest step first */
  groups: RunningGroup[];
  runsDone: number;
  runsPlanned: number;
  /** seconds left, those for runs that grids are expected to grow by among them; null until something was measured */
  left_s: number | null;
}

/** What a group is called, e.g. `16e4a d=48 complete-mue + standard`: the width once, labels may have it. */
export function groupLabel(group: Job[]): string {
  const { cell: { label }, shape } = group[0];
  const name = /\bd=/.test(label) ? label : `${label} d=${shape.width}`;
  return `${name} ${[...new Set(group.map((job) => job.cell.rule))].join(" + ")}`;
}
