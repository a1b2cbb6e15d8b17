/**
 * The tables of a latency record that the summary, the page and the terminal share: numbers already
 * formatted, one unit of rates per table.
 *
 * @module
 */
import type {
  LatencyJudgement,
  LatencyPoint,
  LatencyRecord,
} from "../lab/record/latency_record.ts";
import type { Interval } from "../lab/record/record.ts";
import {
  byteCount,
  digits,
  fixed,
  interval,
  milliseconds,
  NOT_MEASURED,
  percent,
  rateUnit,
  roleVerdict,
} from "./words/format.ts";
import { latencyPanels, passesOf } from "./charts/latency_series.ts";
import { machinePairs, planPair, suitePairs, type Table } from "./tables.ts";
import { type Tone, toneOf } from "./charts/theme.ts";

/** A claim in a reader's words. */
export const CLAIM: Record<LatencyJudgement["claim"], string> = {
  capacity: "capacity costs almost nothing",
  beyond: "capacity at fewer active experts than the paper timed (decides nothing)",
  granularity: "granularity costs a little",
  widening: "widening the dense layer costs a lot",
  control: "control: dense widening under capacity's limit",
};

/** What a judgement is for. */
export const roleOf = ({ claim }: LatencyJudgement): "control" | "target" =>
  claim === "control" ? "control" : "target";

/** The tone of a judgement; the control must fail. */
export function claimTone(judgement: LatencyJudgement): Tone {
  return toneOf({ role: roleOf(judgement), verdict: judgement.verdict });
}

/** What the verdict of a judgement means. */
export function claimVerdict(judgement: LatencyJudgement): string {
  return roleVerdict(roleOf(judgement), judgement.verdict);
}

/** A ratio of times: two decimals. */
export const times = (value: number | null): string => fixed(value, 2);

/** The limit with its side. */
export const limitOf = ({ claim, limit }: LatencyJudgement): string =>
  `${claim === "widening" ? "≥" : "≤"} ${times(limit)}`;

/** Claim, ratio, limit and verdict of every judgement. */
export function claimTable(record: LatencyRecord): Table {
  return {
    head: ["claim", "quantity", "ratio", "limit", "verdict", "reason"],
    rows: record.judgements.map((one) => [
      CLAIM[one.claim],
      one.quantity,
      interval(one.ratio, times),
      limitOf(one),
      claimVerdict(one),
      one.reason,
    ]),
  };
}

/** A point's layer as tables write it: configuration (one layer, so without L), tokens, routing. */
export function layerOf(point: LatencyPoint): string {
  const routing = point.routing !== null && point.routing !== "uniform" ? `, ${point.routing}` : "";
  return `${point.configuration.replace(",L=1", "")}, ${point.tokens} tokens${routing}`;
}

const SHORT: Record<LatencyPoint["series"], string> = {
  "moe": "MoE",
  "dense, equal active FLOPs": "dense, H\u00a0=\u00a0a·h",
  "dense, equal parameters": "dense, H\u00a0=\u00a0N·h",
};

/**
 * The table of points.
 *
 * @param record the bench
 * @param points those of it to show; every one when left out
 */
export function pointTable(record: LatencyRecord, points: LatencyPoint[] = record.points): Table {
  const rate = rateUnit(record.points.map(({ tflops }) => tflops.estimate));
  const inUnits = ({ estimate, lo, hi }: Interval): Interval => ({
    estimate: estimate * rate.scale,
    lo: lo * rate.scale,
    hi: hi * rate.scale,
  });
  return {
    head: [
      "configuration",
      "layer",
      "pass",
      "ms",
      rate.name,
      "% of dense",
      "% of ceiling",
      "bytes moved",
      "padding, %",
      "dispatches",
    ],
    rows: points.map((point) => [
      layerOf(point),
      SHORT[point.series],
      point.pass,
      interval(point.time_s, milliseconds),
      digits(inUnits(point.tflops).estimate),
      point.series === "dense, equal active FLOPs"
        ? percent(point.percentOfDense?.estimate ?? null)
        : interval(point.percentOfDense, percent),
      percent(point.percentOfCeiling.estimate),
      byteCount(point.bytes),
      point.paddingShare === null ? NOT_MEASURED : percent(100 * point.paddingShare),
      String(point.dispatches),
    ]),
  };
}

/** The panels with their points, forward passes first, for a table each. */
export function pointsByPanel(record: LatencyRecord): [LatencyPoint["panel"], LatencyPoint[]][] {
  return latencyPanels(record).map((panel) => [
    panel,
    passesOf(record).flatMap((pass) =>
      record.points.filter((point) => point.panel === panel && point.pass === pass)
    ),
  ]);
}

/** What the columns of {@link pointTable} mean. */
export const COLUMN_NOTES =
  "ms: median wall clock of one pass, with its 95% interval. FLOPs: the products of the dense layer or " +
  "of the activated experts, without the router's. % of dense: time of the dense layer of equal active " +
  "FLOPs over this one's, paired by round; 100 is as fast. % of ceiling: of the measured FMA rate. " +
  "Bytes moved: compulsory traffic by formula, not measured. Padding: rows computed for no token.";

/** The measured ceilings. */
export function rooflinePairs(record: LatencyRecord): [string, string][] {
  const { fma_flops, read_bytes_s, copy_bytes_s, storage, warnings } = record.roofline;
  const giga = (value: Interval) =>
    interval(value, (one) => digits(one === null ? null : one / 1e9));
  return [
    ["FMA rate", `${giga(fma_flops)} GFLOP/s, a multiply-add counted as two`],
    ["reading", `${giga(read_bytes_s)} GB/s`],
    ["copying", `${giga(copy_bytes_s)} GB/s, bytes read plus bytes written`],
    ["tensors held in", `${storage}s`],
    ...warnings.map((warning): [string, string] => ["warning", warning]),
  ];
}

/** The plan, the machine and the cost, as pairs of name and value. */
export function latencyPairs(record: LatencyRecord): [string, string][] {
  const { plan } = record;
  const { capacity, granularity, wideningShare } = plan.limits;
  return [
    ...suitePairs(record.suite),
    ["profile", plan.profile],
    ["planned", `${plan.cases.length} works, ${plan.rounds} rounds of ${plan.sample_s} s samples`],
    [
      "limits",
      `capacity at most ${times(capacity)}, granularity at most ${times(granularity)}, widening ` +
      `at least ${times(wideningShare)} of the growth in parameters`,
    ],
    planPair(plan),
    ["version of the suite", record.suiteVersion],
    ...machinePairs(record.environment),
    ["made", record.createdAt],
    ["record", record.schema],
  ];
}

/**
 * Warnings of the bench and of its points. A point's warning says its kind before the first colon;
 * those of one kind are counted and one is told, all are in `points.csv`.
 */
export function latencyWarnings(record: LatencyRecord): string[] {
  const told = record.points.flatMap((point) => point.warnings.map((text) => ({ point, text })));
  const kinds = Map.groupBy(told, ({ text }) => text.split(":")[0]);
  return [
    ...record.warnings,
    ...[...kinds].map(([kind, all]) => {
      const [{ point, text }] = all;
      const rest = text.slice(kind.length).replace(/^:\s*/, "");
      const where = `${layerOf(point)}, ${point.pass}`;
      return all.length === 1
        ? `${where}: ${text}`
        : `${kind} at ${all.length} of ${record.points.length} points, the first ${where}` +
          (rest === "" ? "" : `: ${rest}`);
    }),
  ];
}
