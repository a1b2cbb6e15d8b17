/**
 * The top singular value of the trained matrices against the width: whether a layer's gain stays what it is in the
 * reference at the value that a rule carries over.
 *
 * Shown is the exponent p of σ ∝ ρ_d^p, seed by seed, between reference and target at one point of both grids, the nearest
 * to the reference's optimum; its interval is Student's over the seeds that both have. Beside it stands what a gain of one
 * matrix that does not grow with the width asks for, σ ∝ √(fan_out / fan_in), with the sizes of the two models: 0 where both grow alike.
 *
 * Source: arXiv 2510.15262; the spectral form of muP, 2310.17813.
 *
 * @module
 */
import { SINGULAR_KINDS, type SingularKind } from "../../model/measure/top_singular.ts";
import { layoutOf } from "../../model/shape.ts";
import type { FindingsTable, TableCell } from "../record/findings.ts";
import { meanInterval } from "../statistics/paired.ts";
import { mean } from "../statistics/resample.ts";
import { cellsOf, type Line } from "./cells.ts";
import type { Sweeps } from "./sweeps.ts";

const NOTE =
  "Largest singular value after training, mean over blocks, experts and seeds, at the grid point nearest to the " +
  'transferred optimum, wherever that of the model lies; p of rho_d^p with a 95% interval over paired seeds. "gain kept" is the p of ' +
  "sqrt(fan-out/fan-in), by which one matrix alone would keep its gain (muP); multipliers, and the sum over the active " +
  "experts, are left aside. arXiv 2510.15262 finds sqrt(lr/wd) · d^0.75 where weight decay and updates have come to " +
  "balance: of square matrices 0.25 under lr/rho_d with one weight decay, 0.75 under one learning rate. A timescale that is no small share " +
  "of the training says that they have not. Nothing is judged.";

/** log2 of √(fan-out / fan-in) of a kind. */
function gainOf(sweeps: Sweeps, line: Line, kind: SingularKind): number {
  const { parameters } = layoutOf(sweeps.job(line, cellsOf(line)[0]).shape);
  const [out, into] = parameters.find((p) => p.kind === kind)!.shape.slice(-2);
  return Math.log2(out / into) / 2;
}

/** The point of two grids nearest to x; null where they share none. */
function nearest(a: readonly number[], b: readonly number[], x: number): number | null {
  const both = a.filter((point) => b.includes(point));
  return both.toSorted((p, q) => Math.abs(p - x) - Math.abs(q - x)).at(0) ?? null;
}

/** The rows of one target or control: one per kind of matrix that both have. */
function rowsOf(sweeps: Sweeps, line: Line): TableCell[][] {
  const reference = sweeps.referenceOf(line), rho = line.to.width / line.from.width;
  const x = sweeps.transferredTo(line);
  const at = x === null || rho === 1 ? null : nearest(reference.grid, line.grid, x);
  if (at === null) return [];
  const from = sweeps.runsAt(reference, at), to = sweeps.runsAt(line, at);
  const pairs = [...to].flatMap(([seed, { topSingular: target }]) => {
    const own = from.get(seed)?.topSingular;
    const whole = SINGULAR_KINDS.every((kind) => own?.[kind]! > 0 && target?.[kind]! > 0);
    return whole ? [{ own: own!, target: target! }] : [];
  });
  if (pairs.length === 0) return [];
  const octaves = Math.log2(rho);
  return SINGULAR_KINDS.map((kind) => {
    const exponents = pairs.map(({ own, target }) => Math.log2(target[kind] / own[kind]) / octaves);
    return [
      line.panel,
      line.label,
      line.rule,
      kind,
      mean(pairs.map(({ own }) => own[kind])),
      mean(pairs.map(({ target }) => target[kind])),
      meanInterval(exponents) ?? mean(exponents),
      (gainOf(sweeps, line, kind) - gainOf(sweeps, reference, kind)) / octaves,
    ];
  });
}

/** The singular values of targets and controls that are wider or narrower than their reference; no table where none was measured. */
export function singularValues(sweeps: Sweeps): FindingsTable[] {
  const lines = sweeps.lines.filter(({ role }) => role === "target" || role === "control");
  const rows = lines.flatMap((line) => rowsOf(sweeps, line));
  if (rows.length === 0) return [];
  return [{
    title: "Top singular value of the trained matrices against the width",
    columns: [
      { name: "panel", unit: "", decimals: null },
      { name: "model", unit: "", decimals: null },
      { name: "rule", unit: "", decimals: null },
      { name: "matrix", unit: "", decimals: null },
      { name: "reference", unit: "", decimals: 2 },
      { name: "here", unit: "", decimals: 2 },
      { name: "p", unit: "", decimals: 2 },
      { name: "gain kept", unit: "", decimals: 2 },
    ],
    rows,
    note: NOTE,
  }];
}
