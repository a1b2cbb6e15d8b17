/**
 * The paper's Fig. 7 beside what was measured here, as multiples of each one's own dense layer.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import type { Interval } from "../lab/record/record.ts";
import { interval, NOT_MEASURED } from "./words/format.ts";
import { timesDense, widenedTimesDense } from "./charts/latency_relative.ts";
import { moePoints, stepPass } from "./charts/latency_series.ts";
import { times } from "./latency_tables.ts";
import { FIG_7 } from "./words/paper.ts";
import type { Table } from "./tables.ts";

interface Found {
  name: string;
  ratio: Interval | null;
}

const write = (found: Found[]): string =>
  found.filter(({ ratio }) => ratio !== null)
    .map(({ name, ratio }) => `${name} ${interval(ratio, times)}`).join("; ") || NOT_MEASURED;

/** The first and the last of a list, or what there is. */
const outer = <T>(list: T[]): T[] => list.length > 2 ? [list[0], list[list.length - 1]] : list;

/** One row per quantity of the figure that is known to us. */
export function latencyBesideThePaper(record: LatencyRecord): Table {
  const pass = stepPass(record);
  const { dense_ms, capacity, capacityActive, granularity, widenedDense_ms, adapter } = FIG_7;
  const ratio = (ms: number) => times(ms / dense_ms);
  const ours = (panel: "experts" | "granularity"): Found[] => {
    const points = moePoints(record, panel, pass);
    const lines = panel === "experts" ? Map.groupBy(points, (p) => p.active).values() : [points];
    return [...lines].flatMap((line) =>
      outer(line).map((point) => ({ name: point.label, ratio: timesDense(record, point) }))
    );
  };
  const widened = outer(
    moePoints(record, "experts", pass)
      .map((point) => ({
        name: `${point.experts! / point.active!} times the width`,
        ratio: widenedTimesDense(record, point),
        factor: point.experts! / point.active!,
      }))
      .filter(({ ratio }) => ratio !== null)
      .sort((a, b) => a.factor - b.factor),
  );
  const [[fromN, fromMs], [toN, toMs]] = capacity;
  const [[fromG, fromGms], [toG, toGms]] = granularity;
  return {
    head: ["times the dense layer of equal active FLOPs", `the paper, ${adapter}`, `here, ${pass}`],
    rows: [
      [
        "MoE, first and last N of each a",
        `a = ${capacityActive}, N ${fromN} → ${toN}: ${ratio(fromMs)} → ${ratio(toMs)}`,
        write(ours("experts")),
      ],
      [
        "MoE, coarsest and finest granularity",
        `${fromG} → ${toG}: ${ratio(fromGms)} → ${ratio(toGms)}`,
        write(ours("granularity")),
      ],
      [
        "dense, widened to equal parameters",
        `${ratio(widenedDense_ms)}, wider ones out of memory`,
        write(widened),
      ],
    ],
  };
}
