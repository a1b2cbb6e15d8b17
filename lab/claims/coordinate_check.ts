/**
 * The coordinate check: do sizes inside the model stay put while one size of the model grows?
 *
 * Judged is block 0 alone, whose input is the embedding and so the same on every axis; later blocks mix
 * in what flows from below, and are tabulated.
 *
 * @module
 */
import { Probe } from "../../model/check/probe.ts";
import { type Configuration, parseConfiguration } from "../../rule/configuration.ts";
import { judgeOne } from "../judge/decide.ts";
import type { Findings, FindingsTable, Judgement, Panel, Point } from "../record/findings.ts";
import { column, panelOf, pointOf } from "../record/parts.ts";
import { geometricMean, noisyExponent } from "../statistics/slope.ts";
import { type Coordinate, COORDINATES, coordinatesOf, NAMES } from "./coordinates.ts";
import { probed, type Workbench } from "./models.ts";
import { type ProbePlan, trainerOf, type Variant } from "./probe_models.ts";
import {
  drawRoutingVariance,
  judgeRoutingVariance,
  measureRoutingVariance,
  type RoutingVarianceCase,
} from "./routing_variance.ts";
import { type Method, probing } from "./suite.ts";

/** The size an axis varies. */
export type Size = "d" | "H" | "h" | "a" | "N";

/** One axis: configurations that differ in one size. */
export interface CheckAxis {
  /** name of its panels, e.g. `d (dense, H = d)` */
  name: string;
  size: Size;
  configurations: string[];
  /** what the control must fail on here; none: the axis is shown and decides nothing */
  controls: ("init" | "delta")[];
  /** further quantities judged aside and drawn */
  asides: Coordinate[];
  /** further variants, judged aside */
  also: Variant[];
}

/** A coordinate check at one size. */
export interface CheckProfile extends ProbePlan {
  /** AdamW steps between the two looks */
  steps: number;
  /** the claim's variant, the control's, and others judged aside */
  rule: Variant;
  control: Variant;
  others: Variant[];
  /** most models side by side on the device */
  sideBySide: number;
  axes: CheckAxis[];
  /** the gates whose routing-variance factor is judged; absent: none */
  routing?: RoutingVarianceCase;
  /** largest slope, either way, of what is there at init and of what training changes */
  limits: { init: number; change: number };
}

/** Coordinates of one variant along an axis: `[point][seed]`. */
export interface Curve {
  axis: CheckAxis;
  variant: Variant;
  x: number[];
  y: Record<Coordinate, (number | null)[][]>;
}

/** The size of a configuration that an axis varies. */
export function sizeOf(c: Configuration, size: Size): number {
  const { ffn } = c;
  if (size === "d") return c.width;
  if (ffn.kind === "dense" && size === "H") return ffn.hidden;
  if (ffn.kind === "moe" && size !== "H") {
    return { h: ffn.expertWidth, a: ffn.active, N: ffn.experts }[size];
  }
  throw new RangeError(`Cannot vary ${size}: a ${ffn.kind} model has none`);
}

/** Measures some variants of one configuration, one row of seeds per variant. */
async function measureSome(p: CheckProfile, at: Workbench, text: string, variants: Variant[]) {
  const trainer = trainerOf(at, p, text, variants, p.steps), S = p.seeds.length;
  const probe = new Probe(at.device, trainer, at.pool.data);
  try {
    const init = await probe.look();
    await trainer.run(p.steps);
    const later = await probe.look(), active = trainer.network.router?.active ?? null;
    const all = init.map((from, z) => coordinatesOf(from, later[z], active));
    return variants.map((_, v) => all.slice(v * S, (v + 1) * S));
  } finally {
    probe.destroy();
    trainer.destroy();
  }
}

/**
 * Measures every variant of every configuration of the axes.
 *
 * @param upTo share of the suite that is done then
 */
export async function measureCurves(p: CheckProfile, at: Workbench, upTo = 1): Promise<Curve[]> {
  const all = p.axes.reduce((sum, axis) => sum + axis.configurations.length, 0);
  const reference = parseConfiguration(p.reference), curves: Curve[] = [];
  let done = 0;
  for (const axis of p.axes) {
    const variants = [p.rule, p.control, ...p.others, ...axis.also];
    const sizes = axis.configurations.map((text) =>
      sizeOf(parseConfiguration(text, reference), axis.size)
    );
    const mine = variants.map((variant): Curve => ({
      axis,
      variant,
      x: sizes,
      y: Object.fromEntries(NAMES.map((name) => [name, []])) as unknown as Curve["y"],
    }));
    for (const text of axis.configurations) {
      at.progress(probed(`${axis.name}: ${text}`, upTo * done++ / all));
      const most = Math.max(1, Math.floor(p.sideBySide / p.seeds.length));
      for (let from = 0; from < variants.length; from += most) {
        at.signal.throwIfAborted();
        const rows = await measureSome(p, at, text, variants.slice(from, from + most));
        rows.forEach((seeds, i) => {
          for (const name of NAMES) mine[from + i].y[name].push(seeds.map((c) => c[name]));
        });
      }
    }
    curves.push(...mine);
  }
  return curves;
}

/** Slope of one coordinate; null where a value is missing or not positive. */
function slopeOf({ x, y }: Curve, name: Coordinate) {
  const rows = y[name];
  return rows.some((row) => row.some((v) => v === null))
    ? null
    : noisyExponent(x, rows as number[][]);
}

const AT_INIT: readonly Coordinate[] = ["init", "laterInit", "input", "router", "entropy"];

const panelName = (axis: CheckAxis, name: Coordinate) =>
  `${axis.name}: ${name === "init" ? "at init" : name === "delta" ? "change" : COORDINATES[name]}`;

/** Judges the curves: output and change of the claim's and the control's variant, all else aside. */
export function judgeCurves(
  curves: Curve[],
  { rule, control, limits }: Pick<CheckProfile, "rule" | "control" | "limits">,
): Judgement[] {
  return curves.flatMap((curve) => {
    const { axis, variant } = curve;
    return (["init", "delta", ...axis.asides] as Coordinate[]).map((name) => {
      const judged = name === "init" || name === "delta";
      // where no wrong rule could fail a pass proves nothing: such an axis decides nothing
      const guarded = axis.controls.length > 0;
      const role = judged && guarded && variant === rule
        ? "claim"
        : judged && variant === control && axis.controls.includes(name)
        ? "control"
        : "aside";
      const what = name === "delta" ? "change of the FFN output, block 0" : COORDINATES[name];
      const limit = AT_INIT.includes(name) ? limits.init : limits.change;
      const found = slopeOf(curve, name);
      return judgeOne({
        panel: panelName(axis, name),
        subject: axis.name,
        variant: variant.name,
        role,
        name: `slope of log2 RMS over log2 ${axis.size}, ${what}`,
        unit: "",
        value: found?.value ?? null,
        noise: found?.noise,
        limits: { lo: -limit, hi: limit },
        missing: "a value is missing, zero or not finite",
      });
    });
  });
}

/** Panels and points of the curves: geometric means over seeds with t intervals. */
export function drawCurves(curves: Curve[]): { panels: Panel[]; points: Point[] } {
  const panels = new Map<string, Panel>(), points: Point[] = [];
  for (const { axis, variant, x, y } of curves) {
    for (const name of ["init", "delta", ...axis.asides] as Coordinate[]) {
      const panel = panelName(axis, name);
      const axes = {
        x: { title: axis.size, scale: "log2" },
        y: { title: "RMS", scale: "log2" },
      } as const;
      panels.set(panel, panelOf({ name: panel, title: panel, chart: "rms", ...axes }));
      x.forEach((size, i) => {
        const values = y[name][i];
        if (!values.every((v) => v !== null && v > 0 && Number.isFinite(v))) return;
        const interval = geometricMean(values as number[]);
        points.push(pointOf(panel, variant.name, size, interval.estimate, interval));
      });
    }
  }
  return { panels: [...panels.values()], points };
}

/** Slopes of everything measured, a line per axis and quantity, a column per variant. */
function tableOf(curves: Curve[]): FindingsTable {
  const names = [...new Set(curves.map((c) => c.variant.name))];
  const rows = [...new Set(curves.map((c) => c.axis))].flatMap((axis) =>
    NAMES.flatMap((name, i) => {
      const cells = names.map((variant) => {
        const curve = curves.find((c) => c.axis === axis && c.variant.name === variant);
        return (curve && slopeOf(curve, name)?.value) ?? null;
      });
      const before = COORDINATES[NAMES[i - 1]];
      const what = /^(its|their) change$/.test(COORDINATES[name])
        ? `change of: ${before}`
        : COORDINATES[name];
      return cells.some((cell) => cell !== null) ? [[axis.name, what, ...cells]] : [];
    })
  );
  return {
    title: "Slopes",
    columns: [column("axis"), column("quantity"), ...names.map((name) => column(name, "", 2))],
    rows,
    note:
      "slope of log2 RMS over log2 size with its 95% interval; 0 is flat. Blocks after the first mix in what flows from below",
  };
}

/** How much of the time the axes take where gates are looked at too, for the progress alone. */
const AXES_SHARE = 0.75;

/** Measures and judges. */
export async function measureCoordinates(p: CheckProfile, at: Workbench): Promise<Findings> {
  const { routing } = p, upTo = routing ? AXES_SHARE : 1;
  const curves = await measureCurves(p, at, upTo);
  const missing = p.axes.filter((a) => a.asides.length > 0);
  const { panels, points } = drawCurves(curves);
  const variance = routing ? await measureRoutingVariance(p, routing, p.rule, at, upTo) : [];
  const drawn = routing && drawRoutingVariance(variance, routing);
  return {
    panels: [...panels, ...drawn?.panels ?? []],
    points: [...points, ...drawn?.points ?? []],
    judgements: [
      ...judgeCurves(curves, p),
      ...routing ? judgeRoutingVariance(variance, routing) : [],
    ],
    tables: [tableOf(curves), ...drawn?.tables ?? []],
    caveats: [
      `it looks ${p.steps} steps into training at one learning rate (2^${
        Math.log2(p.base.lr)
      } at the reference); drift that builds up later is not seen`,
      "block 0 alone is judged; its input is the embedding (of images, of their patches)",
      ...missing.length > 0
        ? [
          "the authors' final projection multiplies its output by 1/rho_d and its learning rate by 1/rho_d, so that with a projection that starts at zero its first changes shrink with d; the variant with the other head is beside it",
        ]
        : [],
      ...drawn?.caveats ?? [],
    ],
  };
}

/** How a suite of this kind is measured. */
export const COORDINATE_CHECK: Method<CheckProfile> = probing(measureCoordinates);
