/**
 * The panels of the latency suite and what is drawn in them. Times are drawn in milliseconds.
 *
 * @module
 */
import { FIG_7 } from "../../fixtures/paper.ts";
import { AXIS, denseBeside, placeOf } from "../record/beside.ts";
import type { Interval, Panel, Point } from "../record/findings.ts";
import { panelOf } from "../record/parts.ts";
import {
  LATENCY_PASSES,
  type LatencyPanel,
  type LatencyPass,
  type LatencyPoint,
} from "../record/timed.ts";
import { mapped } from "../statistics/interval.ts";
import { CLAIMED, finerExperts, type Judged, widerDense } from "./judge.ts";
import { timesDense, widenedTimesDense } from "./multiples.ts";

/** A panel and what is drawn in it. */
export interface Drawn {
  panel: Panel;
  points: Point[];
}

/** What the paper's points are called. */
const PAPER = `the paper's, ${FIG_7.adapter}`;
const SERIES = {
  moe: "MoE",
  flops: "dense, equal active FLOPs (H = a·h)",
  parameters: "dense, equal parameters (H = N·h)",
  paper: "the paper's MoE, its first and last point",
};

const plus = (pass: LatencyPass): string => pass.replace("+", " + ");

/** A point, or none where nothing was measured. */
function at(
  line: string,
  series: string | null,
  x: number | string,
  value: Interval | number | null,
): Omit<Point, "panel">[] {
  if (value === null) return [];
  const { estimate: y, lo, hi } = typeof value === "number"
    ? { estimate: value, lo: null, hi: null }
    : value;
  return [{ line, series, x, y, lo, hi }];
}

const draw = (panel: Panel, points: Omit<Point, "panel">[]): Drawn => ({
  panel,
  points: points.map((point) => ({ panel: panel.name, ...point })),
});

const ms = (seconds: Interval): Interval => mapped(seconds, (s) => 1e3 * s);

/** The MoEs of a panel and pass in the order of its axis, those of one a after those of another. */
function moesOf(points: LatencyPoint[], panel: LatencyPanel, pass: LatencyPass): LatencyPoint[] {
  const along = (p: LatencyPoint) => panel === "routing" ? 0 : Number(placeOf(p));
  const own = points.filter((p) => p.series === "moe" && p.panel === panel && p.pass === pass);
  return own.sort((a, b) => a.active! - b.active! || along(a) - along(b));
}

/** Time against the number of experts: the MoEs of each a, and the dense layers beside them. */
function overExperts(points: LatencyPoint[], pass: LatencyPass): Drawn {
  const moes = moesOf(points, "experts", pass), widened = new Set<number>();
  const panel = panelOf({
    name: CLAIMED.experts(pass),
    title: plus(pass),
    chart: "latency-vs-experts",
    x: { title: AXIS.experts, scale: "log2" },
    y: { title: "time (ms)", scale: "log" },
  });
  const wide = moes.flatMap((moe) => {
    const dense = denseBeside(points, moe, "dense, equal parameters"), x = moe.experts!;
    if (dense === null || widened.has(x)) return [];
    widened.add(x);
    return at("dense, any a", SERIES.parameters, x, ms(dense.time_s));
  });
  const byActive = moes.flatMap((moe) => {
    const line = `a = ${moe.active}`, x = moe.experts!;
    const dense = denseBeside(points, moe, "dense, equal active FLOPs");
    return [
      ...at(line, SERIES.moe, x, ms(moe.time_s)),
      ...at(line, SERIES.flops, x, dense && ms(dense.time_s)),
    ];
  });
  return draw(panel, [...byActive, ...wide]);
}

/** What a finer MoE costs over the coarsest, beside what a wider dense layer costs over the narrowest. */
function finerOrWider(points: LatencyPoint[], pass: LatencyPass, judged: Judged): Drawn {
  const { experts: e, granularity: g, limits } = judged;
  const panel = panelOf({
    name: CLAIMED.finer(pass),
    title: plus(pass),
    chart: "finer-or-wider",
    x: { title: "times as fine, or as wide", scale: "log2" },
    y: { title: "time over that at 1", scale: "log" },
    rules: [{ y: limits.granularity, label: "limit until version 4" }],
  });
  const one: Interval = { estimate: 1, lo: 1, hi: 1 };
  const [[from, first], [to, last]] = FIG_7.granularity;
  const ascending = (list: number[]) => list.toSorted((a, b) => a - b);
  return draw(panel, [
    ...ascending(g.splits).map((by) => finerExperts(points, pass, g, by))
      .flatMap(({ times, ratio }) =>
        at("MoE, finer experts", null, times, times > 1 ? ratio : one)
      ),
    ...ascending(e.experts).map((n) => widerDense(points, pass, e, { to: n }))
      .flatMap(({ times, ratio }) => at("dense, wider", null, times, times > 1 ? ratio : one)),
    ...at(`${PAPER}, finer experts`, null, 1, 1),
    ...at(`${PAPER}, finer experts`, null, to / from, last / first),
  ]);
}

/** How much of the dense layer's speed an MoE of equal active FLOPs keeps. */
function percentOfDense(
  points: LatencyPoint[],
  panel: "experts" | "granularity",
  pass: LatencyPass,
): Drawn {
  return draw(
    panelOf({
      name: `percent of dense, ${panel}, ${pass}`,
      title: `against ${panel}, ${plus(pass)}`,
      decides: false,
      chart: "percent-of-dense",
      x: { title: AXIS[panel], scale: "log2" },
      y: { title: "% of dense, equal active FLOPs", scale: "linear" },
      rules: [{ y: 100, label: "dense" }],
    }),
    moesOf(points, panel, pass).flatMap((moe) =>
      at(
        panel === "experts" ? `a = ${moe.active}` : "a = H/h, H fixed",
        null,
        placeOf(moe),
        moe.percentOfDense,
      )
    ),
  );
}

/** Multiples of dense beside the paper's, with backward where that was timed. */
function besideThePaper(points: LatencyPoint[], pass: LatencyPass): Drawn[] {
  const { dense_ms, capacity, capacityActive, granularity, widenedDense_ms } = FIG_7;
  const experts = moesOf(points, "experts", pass);
  const moe = "MoE over dense (equal FLOPs)", wide = "dense H = N·h over H = a·h";
  const panel = (name: string, title: string, x: string, y: string, rules: Panel["rules"]) =>
    panelOf({
      name,
      title,
      decides: false,
      chart: "times-dense",
      x: { title: x, scale: "log2" },
      y: { title: y, scale: "log" },
      rules,
    });
  const like = [{ y: 1, label: "dense" }];
  return [
    draw(panel("times dense, capacity", "Capacity", "capacity N/a", moe, like), [
      ...experts.flatMap((p) =>
        at(`a = ${p.active}`, SERIES.moe, p.experts! / p.active!, timesDense(points, p))
      ),
      ...capacity.flatMap(([n, t]) => at(PAPER, SERIES.paper, n / capacityActive, t / dense_ms)),
    ]),
    draw(panel("times dense, granularity", "Granularity", AXIS.granularity, moe, like), [
      ...moesOf(points, "granularity", pass).flatMap((p) =>
        at("a = H/h", SERIES.moe, p.active!, timesDense(points, p))
      ),
      ...granularity.flatMap(([g, t]) => at(PAPER, SERIES.paper, g, t / dense_ms)),
    ]),
    draw(
      panel("times dense, widened", "The dense layer, widened", "times the width N/a", wide, [
        // a rule and no point, because no N is known to which it belongs
        { y: widenedDense_ms / dense_ms, label: "the paper's widened dense" },
      ]),
      experts.flatMap((p) =>
        at(
          `a = ${p.active}`,
          SERIES.parameters,
          p.experts! / p.active!,
          widenedTimesDense(points, p),
        )
      ),
    ),
  ];
}

/** Time against an axis of which nothing is claimed, beside the dense layer of equal active FLOPs. */
function overAxis(points: LatencyPoint[], axis: LatencyPanel, pass: LatencyPass): Drawn {
  const moes = moesOf(points, axis, pass);
  const panel = panelOf({
    name: `${axis}, ${pass}`,
    title: `${axis}, ${plus(pass)}`,
    decides: false,
    chart: "latency-other-axes",
    x: { title: AXIS[axis], scale: "log2" },
    y: { title: "time (ms)", scale: "log" },
  });
  const lineOf = (line: string, of: (moe: LatencyPoint) => LatencyPoint | null) =>
    moes.flatMap((moe) => {
      const point = of(moe);
      return at(line, null, placeOf(moe), point && ms(point.time_s));
    });
  return draw(panel, [
    ...lineOf(SERIES.flops, (moe) => denseBeside(points, moe, "dense, equal active FLOPs")),
    ...lineOf(SERIES.moe, (moe) => moe),
  ]);
}

/** Time of one layer under several loads of its experts, and what its tiles compute for no token. */
function overRouting(points: LatencyPoint[]): Drawn[] {
  const panel = (name: string, title: string, y: string, rules: Panel["rules"] = []) =>
    panelOf({
      name,
      title,
      decides: false,
      chart: "latency-vs-routing",
      mark: "points",
      x: { title: AXIS.routing, scale: "nominal" },
      y: { title: y, scale: "linear" },
      rules,
    });
  const passes = LATENCY_PASSES.map((pass) => ({ pass, moes: moesOf(points, "routing", pass) }));
  return [
    ...passes.map(({ pass, moes }) => {
      const dense = moes[0] && denseBeside(points, moes[0], "dense, equal active FLOPs");
      const rules = dense
        ? [{ y: 1e3 * dense.time_s.estimate, label: "dense, equal active FLOPs" }]
        : [];
      return draw(
        panel(`routing, ${pass}`, plus(pass), `time, ${plus(pass)} (ms)`, rules),
        moes.flatMap((moe) => at(SERIES.moe, null, placeOf(moe), ms(moe.time_s))),
      );
    }),
    draw(
      panel("padding", "Padding", "rows computed for no token (%)"),
      passes[0].moes.flatMap((moe) =>
        at(SERIES.moe, null, placeOf(moe), moe.paddingShare && 100 * moe.paddingShare)
      ),
    ),
  ];
}

/**
 * All panels, those that carry the claim first; of the others, those that have a point.
 *
 * @param step the pass that stands for a step
 */
export function panelsOf(points: LatencyPoint[], step: LatencyPass, judged: Judged): Drawn[] {
  const each = (of: (pass: LatencyPass) => Drawn[]) => LATENCY_PASSES.flatMap(of);
  const drawn = [
    ...each((pass) => [overExperts(points, pass)]),
    ...each((pass) => [finerOrWider(points, pass, judged)]),
    ...each((pass) => [
      percentOfDense(points, "experts", pass),
      percentOfDense(points, "granularity", pass),
    ]),
    ...besideThePaper(points, step),
    ...each((pass) =>
      (["active", "tokens", "width"] as const).map((axis) => overAxis(points, axis, pass))
    ),
    ...overRouting(points),
  ];
  return drawn.filter(({ panel, points }) => panel.decides || points.length > 0);
}
