/**
 * The paper's Fig. 7 beside what was measured: per doubling, and as multiples of each one's own dense
 * layer.
 *
 * @module
 */
import { FIG_7 } from "../../fixtures/paper.ts";
import type { FindingsTable, Interval, TableCell } from "../record/findings.ts";
import { column } from "../record/parts.ts";
import { LATENCY_PASSES, type LatencyPass, type LatencyPoint } from "../record/timed.ts";
import { mapped } from "../statistics/interval.ts";
import { finerExperts, type Grown, type Judged, moreExperts, widerDense } from "./judge.ts";
import { timesDense, widenedTimesDense } from "./multiples.ts";

/** The factor of one doubling where so many of them give a ratio. */
const root = (ratio: number, times: number): number => ratio ** (1 / Math.log2(times));

function perDoubling({ ratio, times }: Grown): Interval | null {
  return ratio && mapped(ratio, (v) => root(v, times));
}

/** What one doubling costs along each axis, from its first and last point. */
function doublings(points: LatencyPoint[], { experts: e, granularity: g }: Judged): FindingsTable {
  const a = Math.max(...e.active);
  const [[n0, first], [n1, last]] = FIG_7.capacity, [[g0, coarse], [g1, fine]] = FIG_7.granularity;
  const row = (axis: string, paper: number | null, of: (pass: LatencyPass) => Grown) => {
    const found = LATENCY_PASSES.map(of);
    return [axis, paper, found[0].times, ...found.map(perDoubling)];
  };
  return {
    title: "Cost of a doubling",
    columns: [
      column("doubled"),
      column("the paper", "×", 2),
      column("range here", "×", 0),
      ...LATENCY_PASSES.map((pass) => column(`here, ${pass}`, "×", 2)),
    ],
    rows: [
      row(
        `experts N, at a = ${a}`,
        root(last / first, n1 / n0),
        (pass) => moreExperts(points, pass, e, a),
      ),
      row("granularity", root(fine / coarse, g1 / g0), (pass) => finerExperts(points, pass, g)),
      row("width of the dense layer", null, (pass) => widerDense(points, pass, e)),
    ],
    note:
      "Last point over the first, to the power of 1 / doublings: 1 is free, 2 is in proportion. " +
      `The paper's granularity: ${(fine / coarse).toFixed(2)} times for ${g1 / g0} times as fine.`,
  };
}

/** First and last point of each axis as multiples of dense. */
function multiples(points: LatencyPoint[], pass: LatencyPass, judged: Judged): FindingsTable {
  const { dense_ms, capacity, capacityActive, granularity, widenedDense_ms } = FIG_7;
  const { experts: e, granularity: g } = judged, a = Math.max(...e.active);
  const moe = (label: string, panel: LatencyPoint["panel"]) =>
    points.find((p) => p.panel === panel && p.pass === pass && p.label === label) ?? null;
  const row = (
    what: string,
    place: string,
    paper_ms: number,
    label: string,
    of: (points: LatencyPoint[], moe: LatencyPoint) => Interval | null,
    panel: LatencyPoint["panel"] = "experts",
  ): TableCell[] => {
    const point = moe(label, panel);
    return [what, place, paper_ms / dense_ms, label, point && of(points, point)];
  };
  const ends = [Math.min, Math.max], which = ["first", "last"];
  return {
    title: "Beside the paper",
    columns: [
      column("layer"),
      column("the paper's"),
      column("the paper", "×", 2),
      column("ours"),
      column(`here, ${pass}`, "×", 2),
    ],
    rows: [
      ...capacity.map(([experts, time], i) =>
        row(
          `MoE, ${which[i]} N`,
          `${experts}e${capacityActive}a`,
          time,
          `${ends[i](...e.experts)}e${a}a`,
          timesDense,
        )
      ),
      ...granularity.map(([fine, time], i) => {
        const by = ends[i](...g.splits);
        return row(
          `MoE, ${["coarsest", "finest"][i]} experts`,
          `granularity ${fine}`,
          time,
          `${g.experts * by}e${g.active * by}a`,
          timesDense,
          "granularity",
        );
      }),
      row(
        "dense, of equal parameters",
        "widened",
        widenedDense_ms,
        `${Math.max(...e.experts)}e${a}a`,
        widenedTimesDense,
      ),
    ],
    note:
      `Times the dense layer of equal active FLOPs; the paper's on ${FIG_7.adapter}, where wider ` +
      "dense layers were out of memory.",
  };
}

/** The tables, of the pass that stands for a step. */
export function paperTables(
  points: LatencyPoint[],
  pass: LatencyPass,
  judged: Judged,
): FindingsTable[] {
  return [multiples(points, pass, judged), doublings(points, judged)];
}
