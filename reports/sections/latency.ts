/**
 * Sections of a suite that times layers: its panels as charts, the measured ceilings, every timed layer.
 *
 * @module
 */
import { AXIS } from "../../lab/record/beside.ts";
import type { LatencyEvidence } from "../../lab/record/evidence.ts";
import type { Interval } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import {
  LATENCY_PANELS,
  type LatencyPoint,
  type LatencySeries,
  type RooflineFacts,
} from "../../lab/record/timed.ts";
import { type ChartWords, panelCharts } from "../charts/panels.ts";
import {
  byteCount,
  digits,
  finite,
  interval,
  milliseconds,
  percent,
  rateUnit,
} from "../words/format.ts";
import { capital } from "../words/phrases.ts";
import {
  chartSection,
  type Data,
  intervalCells,
  listSection,
  type Section,
  section,
  type Table,
  tableBlock,
  tableOf,
} from "./section.ts";

/** A record of a suite that times layers. */
export type LatencyRecord = BenchRecord & { evidence: LatencyEvidence };

const CHARTS: Record<string, ChartWords> = {
  "latency-vs-experts": {
    title: "Time of a layer against its number of experts",
    what: "MoE layers of experts of one width for several a; dense layers of equal active FLOPs " +
      "(H = a·h) and of equal parameters (H = N·h) at the N of the MoE layer beside them.",
  },
  "finer-or-wider": {
    title: "What finer experts cost, beside a wider dense layer",
    what:
      "Time over the coarsest MoE layer (N and a times as many, h divided) and over the narrowest " +
      "dense layer of equal parameters, each paired by round; the paper's first and last point.",
  },
  "percent-of-dense": {
    title: "Share of the dense layer's speed that an MoE layer keeps",
    what:
      "Time of the dense layer H = a·h over the MoE layer's, timed in the same rounds: 100% is as " +
      "fast; granularity H/h splits one active width and one total width into ever finer experts.",
  },
  "times-dense": {
    title: "Time relative to dense, beside the paper's",
    what:
      "The paper's points are its milliseconds over its own dense layer's, on another adapter, of " +
      "a size, number format and kernels that are not known to us. Its widened dense layer is a rule " +
      "across, because the N to which it belongs is not known to us; wider ones did not fit into its memory.",
  },
  "latency-other-axes": {
    title: "Time against activated experts, tokens and width",
    what: "The MoE layer beside the dense layer of equal active FLOPs (H = a·h).",
  },
  "latency-vs-routing": {
    title: "Time under several routings",
    what:
      "The same layer and tokens, routed in other shares; dashed: the dense layer of equal active " +
      "FLOPs. Padding is the share of rows that a tile computes for no token.",
  },
};

/** A point's layer as tables write it: configuration (one layer, so without L), tokens, routing. */
export function layerOf({ routing, configuration, tokens }: LatencyPoint): string {
  const load = routing !== null && routing !== "uniform" ? `, ${routing}` : "";
  return `${configuration.replace(",L=1", "")}, ${tokens} tokens${load}`;
}

const SHORT: Record<LatencySeries, string> = {
  "moe": "MoE",
  "dense, equal active FLOPs": "dense, H\u00a0=\u00a0a·h",
  "dense, equal parameters": "dense, H\u00a0=\u00a0N·h",
};

/** The table of some points; rates in the unit that suits all of the record's. */
export function pointTable({ evidence }: LatencyRecord, points: LatencyPoint[]): Table {
  const rate = rateUnit(evidence.points.map(({ tflops }) => tflops.estimate));
  return tableOf(points, [
    ["configuration", layerOf],
    ["layer", ({ series }) => SHORT[series]],
    ["pass", ({ pass }) => pass],
    ["ms", ({ time_s }) => interval(time_s, milliseconds)],
    [rate.name, ({ tflops }) => digits(tflops.estimate * rate.scale)],
    [
      "% of dense",
      ({ series, percentOfDense }) =>
        series === "dense, equal active FLOPs"
          ? percent(percentOfDense?.estimate)
          : interval(percentOfDense, percent),
    ],
    ["% of ceiling", ({ percentOfCeiling }) => percent(percentOfCeiling.estimate)],
    ["bytes moved", ({ bytes }) => byteCount(bytes)],
    [
      "padding, %",
      ({ paddingShare }) => percent(paddingShare === null ? null : 100 * paddingShare),
    ],
    ["dispatches", ({ dispatches }) => String(dispatches)],
  ]);
}

/** What the columns of {@link pointTable} mean. */
const COLUMN_NOTES =
  "ms: median wall clock of one pass, with its 95% interval. FLOPs: the products of the dense layer or " +
  "of the activated experts, without the router's. % of dense: time of the dense layer of equal active " +
  "FLOPs over this one's, paired by round; 100 is as fast. % of ceiling: of the measured FMA rate. " +
  "Bytes moved: compulsory traffic by formula, not measured. Padding: rows computed for no token.";

/** A rate of 1e9 a second, with its interval. */
export const giga = (value: Interval): string =>
  interval(value, (one) => digits(one === null || one === undefined ? null : one / 1e9));

/** The measured ceilings. */
function ceilings(
  { fma_flops, read_bytes_s, copy_bytes_s, storage }: RooflineFacts,
): [name: string, value: string][] {
  return [
    ["FMA rate", `${giga(fma_flops)} GFLOP/s, a multiply-add counted as two`],
    ["reading", `${giga(read_bytes_s)} GB/s`],
    ["copying", `${giga(copy_bytes_s)} GB/s, bytes read plus bytes written`],
    ["tensors held in", `${storage}s`],
  ];
}

/** Warnings by kind, what stands before the first colon: counted, and the first of them told. */
function byKind(told: { where: string; text: string }[], all: string): string[] {
  return [...Map.groupBy(told, ({ text }) => text.split(":")[0])].map(([kind, same]) => {
    const [{ where, text }] = same, rest = text.slice(kind.length).replace(/^:\s*/, "");
    return same.length === 1
      ? `${where}: ${text}`
      : `${kind} at ${same.length} of ${all}, the first ${where}${rest === "" ? "" : `: ${rest}`}`;
  });
}

/** What the timer noticed, said once for each kind; those of every point are in the data. */
export function timerWarnings(
  { points, roofline }: Pick<LatencyEvidence, "points" | "roofline">,
): string[] {
  const atPoints = points.flatMap((point) =>
    point.warnings.map((text) => ({ where: `${layerOf(point)}, ${point.pass}`, text }))
  );
  const atCeilings = roofline.warnings.map((warning) => {
    const [where] = warning.split(": ");
    return { where, text: warning.slice(where.length + 2) };
  });
  return [...byKind(atCeilings, "3 ceilings"), ...byKind(atPoints, `${points.length} points`)];
}

/** The sections. */
export function latencySections(record: LatencyRecord): Section[] {
  const { points, roofline } = record.evidence;
  const tables = LATENCY_PANELS.flatMap((panel): Section[] => {
    const own = points.filter((p) => p.panel === panel);
    const ordered = ["forward", "forward+backward"].flatMap((pass) =>
      own.filter((p) => p.pass === pass)
    );
    const block = tableBlock(`latency-${panel}`, pointTable(record, ordered), COLUMN_NOTES);
    return own.length === 0 ? [] : [section(capital(AXIS[panel]), [block])];
  });
  return [
    chartSection(panelCharts(record, CHARTS)),
    section(
      "Ceilings measured on this adapter",
      [{ kind: "pairs", pairs: ceilings(roofline) }],
      "all",
    ),
    ...tables,
    ...listSection("What the timer noticed", timerWarnings(record.evidence), "all"),
  ];
}

/** `points`: one row per timed layer, every field; an interval gives three columns, a list is joined by `; `. */
export function latencyData({ evidence }: LatencyRecord): Data[] {
  const rows = evidence.points.map((point) =>
    Object.fromEntries(
      Object.entries(point).flatMap(([name, value]: [string, unknown]) => cellsOf(name, value)),
    )
  );
  return [{ stem: "points", columns: Object.keys(rows[0] ?? {}), rows }];
}

/** Fields that are an interval, in a point where they may be null. */
const INTERVALS = new Set(["time_s", "tflops", "percentOfDense", "percentOfCeiling"]);

function cellsOf(name: string, value: unknown): [string, string | number | null][] {
  if (INTERVALS.has(name)) return Object.entries(intervalCells(name, value as Interval | null));
  if (Array.isArray(value)) return [[name, value.join("; ")]];
  return [[name, typeof value === "string" ? value : finite(value as number | null)]];
}
