/**
 * The charts of a latency record with their words, in the order of its report.
 *
 * @module
 */
import type { LatencyRecord } from "../lab/record/latency_record.ts";
import { caption, type Chart } from "../words/caption.ts";
import { adapterName, afterFigure, duration, significant, verdictPhrase } from "../words/format.ts";
import { latencyAxes } from "./latency_axes.ts";
import { latencyExperts } from "./latency_experts.ts";
import { latencyPercent } from "./latency_percent.ts";
import { latencyRelative } from "./latency_relative.ts";
import { latencyRouting } from "./latency_routing.ts";
import { moePoints } from "./latency_series.ts";
import { FIG_7 } from "../words/paper.ts";
import { distinct } from "./series.ts";
import type { ChartSpec, Head } from "./theme.ts";

/** What a latency bench cost, as one phrase. */
export function latencyCost(record: LatencyRecord): string {
  return `${record.points.length} points timed, ${duration(record.cost.wall_s)}`;
}

/** The sizes of the MoE layers of a record: `d = 256, h = 16 to 256, 1024 tokens`. */
export function sizesOf(record: LatencyRecord): string {
  const { panel } = moePoints(record, "experts")[0] ?? record.points[0] ?? {};
  const points = record.points.filter((point) => point.panel === panel && point.series === "moe");
  const span = (values: (number | null)[]) => {
    const known = distinct(values.filter((value) => value !== null)).sort((a, b) => a - b);
    return known.length > 1 ? `${known[0]} to ${known.at(-1)}` : `${known[0] ?? "?"}`;
  };
  return `d = ${span(points.map((p) => p.width))}, h = ${
    span(points.map((p) => p.expertWidth))
  }, ` +
    `${span(points.map((p) => p.tokens))} tokens`;
}

/** What differs between the paper's measurement and ours, so that only ratios are compared. */
export function differences(record: LatencyRecord): string {
  return `The paper's points are its milliseconds per step on ${FIG_7.adapter} divided by its ` +
    `dense layer's ${significant(FIG_7.dense_ms)} ms. What differs: size (ours: ${
      sizesOf(record)
    }; ` +
    "the paper's is not known to us), number format (ours: float32; the paper's is not known to us), " +
    "kernels (ours: WGSL through WebGPU), and the adapter.";
}

function provenance(record: LatencyRecord): string[] {
  return [
    `${afterFigure(record.suite.figure)} · verdict here: ${verdictPhrase(record)}`,
    `one SwiGLU layer, ${sizesOf(record)} · ${adapterName(record.environment)}`,
  ];
}

/** The charts that the record has points for. */
export function latencyCharts(record: LatencyRecord): Chart[] {
  const chart = (
    name: string,
    title: string,
    what: string,
    draw: (record: LatencyRecord, head: Head) => ChartSpec | null,
  ): Chart[] => {
    const text = caption(record, `${title}. ${what}`, latencyCost(record));
    const spec = draw(record, { title, subtitle: provenance(record), description: text });
    return spec === null ? [] : [{ name, title, caption: text, spec }];
  };
  return [
    ...chart(
      "latency-vs-experts",
      "Time of a layer against its number of experts",
      "MoE layers of experts of one width for several a; dense layers of equal active FLOPs " +
        "(H = a·h) and of equal parameters (H = N·h) at the N of the MoE layer beside them.",
      latencyExperts,
    ),
    ...chart(
      "percent-of-dense",
      "Share of the dense layer's speed that a MoE layer keeps",
      "100% is the dense layer of equal active FLOPs, timed in the same rounds; granularity H/h " +
        "splits one active width and one total width into ever finer experts.",
      latencyPercent,
    ),
    ...chart(
      "times-dense",
      "Time relative to dense, beside the paper's",
      `${
        differences(record)
      } The paper's widened dense layer is a line, because the N to which it ` +
        "belongs is not known to us; wider ones did not fit into its memory.",
      latencyRelative,
    ),
    ...chart(
      "latency-other-axes",
      "Time against activated experts, tokens and width",
      "The MoE layer beside the dense layer of equal active FLOPs; every plot has its own scale.",
      latencyAxes,
    ),
    ...chart(
      "latency-vs-routing",
      "Time under several routings",
      "The same layer and tokens, routed in other shares; padding is what a tile computes for no " +
        "token.",
      latencyRouting,
    ),
  ];
}
