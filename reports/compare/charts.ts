/**
 * The charts of a comparison: time against each axis, and the same layers as a share of each
 * machine's own measured ceiling. One colour and shape per machine.
 *
 * @module
 */
import { AXIS, denseBeside, placeOf } from "../../lab/record/beside.ts";
import type { Interval, Panel, Point } from "../../lab/record/findings.ts";
import type { LatencyPanel, LatencyPass, LatencyPoint } from "../../lab/record/timed.ts";
import { drawnPanels, panelSpec } from "../charts/panels.ts";
import type { Chart } from "../words/caption.ts";
import { adapterName, sentence } from "../words/phrases.ts";
import type { ComparedPoint, NamedRecord } from "./rows.ts";

const AXES: LatencyPanel[] = ["experts", "granularity", "active", "tokens", "width"];

const LAYERS =
  "MoE layers and the dense layers of equal active FLOPs beside them; for the axis of " +
  "experts, the a with the most layers in common";

/** What stands on the y axis. */
interface Quantity {
  name: string;
  title: string;
  what: string;
  y: Panel["y"];
  of(point: LatencyPoint): Interval;
}

const QUANTITIES: Quantity[] = [
  {
    name: "compare-time",
    title: "Time of the same layers on several machines",
    what: "",
    y: { title: "time (ms)", scale: "log" },
    of: ({ time_s: { estimate, lo, hi } }) => ({
      estimate: 1e3 * estimate,
      lo: 1e3 * lo,
      hi: 1e3 * hi,
    }),
  },
  {
    name: "compare-ceiling",
    title: "The same layers as a share of each machine's ceiling",
    what:
      "Rate of the same layers over the FMA rate measured on that machine in the same bench: how " +
      "much of its own machine the software uses.",
    y: { title: "% of own ceiling", scale: "linear" },
    of: ({ percentOfCeiling }) => percentOfCeiling,
  },
];

/** The MoE layers of an axis on one line: those of the a that most machines timed, the larger of equals. */
function lineOf(rows: ComparedPoint[], axis: LatencyPanel, pass: LatencyPass): ComparedPoint[] {
  const inside = rows.filter(({ point }) =>
    point.panel === axis && point.pass === pass && point.series === "moe"
  );
  if (axis !== "experts") return inside;
  const byActive = [...Map.groupBy(inside, ({ point }) => point.active!)];
  return byActive.sort(([a, one], [b, other]) => other.length - one.length || b - a)[0]?.[1] ?? [];
}

function pointsOf(
  records: NamedRecord[],
  panel: string,
  line: ComparedPoint[],
  of: Quantity["of"],
): Point[] {
  const at = (name: string, series: string, x: Point["x"], point: LatencyPoint): Point => {
    const { estimate: y, lo, hi } = of(point);
    return { panel, line: name, series, x, y, lo, hi };
  };
  return records.flatMap(({ name, record }, index) =>
    line.flatMap(({ points }) => points[index] ?? [])
      .sort((a, b) => Number(placeOf(a)) - Number(placeOf(b)))
      .flatMap((moe) => {
        const dense = denseBeside(record.evidence.points, moe, "dense, equal active FLOPs");
        const x = placeOf(moe);
        return [
          at(name, "MoE", x, moe),
          ...(dense === null ? [] : [at(name, "dense, equal active FLOPs (H = a·h)", x, dense)]),
        ];
      })
  );
}

/** The charts of a comparison. */
export function compareCharts(records: NamedRecord[], rows: ComparedPoint[]): Chart[] {
  const passes = rows.map(({ point }) => point.pass);
  const pass = passes.includes("forward+backward") ? "forward+backward" : "forward";
  const axes = AXES.map((axis) => ({ axis, line: lineOf(rows, axis, pass) }))
    .filter(({ line }) => line.length > 0);
  return QUANTITIES.flatMap(({ name, title, what, y, of }): Chart[] => {
    const panels = axes.map(({ axis, line: [{ point }] }): Panel => ({
      name: axis,
      title: axis === "experts"
        ? `experts, a = ${point.active}`
        : AXIS[axis].replace(/ (\S|H\/h)$/, ""),
      decides: false,
      chart: name,
      mark: "line",
      x: { title: AXIS[axis], scale: "log2" },
      y,
      rules: [],
    }));
    const points = axes.flatMap(({ axis, line }) => pointsOf(records, axis, line, of));
    const drawn = drawnPanels(panels, points);
    if (drawn.length === 0) return [];
    const about = sentence(`${what} ${LAYERS}`);
    const subtitle = [
      ...records.map(({ name, record }) => `${name}: ${adapterName(record.environment)}`),
      pass.replace("+", " + "),
    ];
    const spec = panelSpec({ title, subtitle, description: `${title}. ${about}` }, drawn);
    return [{ name, title, about, spec }];
  });
}
