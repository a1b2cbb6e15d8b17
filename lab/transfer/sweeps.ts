/**
 * The sweeps of a transfer suite over a pool of models: which cells are missing, how grids grow, and what
 * came of them.
 *
 * @module
 */
import type { Optimum } from "../record/evidence.ts";
import type { Judgement } from "../record/findings.ts";
import type { Cell, CellRole, Run } from "../record/run.ts";
import { bracketGrid, nextPoints, type Sweep, sweepOptimum, widen } from "../statistics/optimum.ts";
import { type Job, jobOf } from "../train/job.ts";
import type { Models } from "../train/models.ts";
import { workOf } from "../train/size.ts";
import { cellsOf, type Line } from "./cells.ts";
import type { TransferLimits } from "./declaration.ts";
import { judgeSweep } from "./judge_sweep.ts";

/** What a judgement of a line is for: a target carries the claim. */
export const ROLE: Record<Exclude<CellRole, "reference">, Judgement["role"]> = {
  target: "claim",
  control: "control",
  rival: "rival",
};

/**
 * How many times its points a sweep is expected to take, by role: a control's optimum moves. A rival is
 * not followed until it is bounded: 51 runs for 45 in docs/results.md.
 */
const WIDENING = { reference: 1.1, target: 1.2, control: 1.7, rival: 1.2 } as const;

/** How many times its points a line's sweep is expected to take. */
export const expectedTimes = ({ bracket, role }: Line): number =>
  bracket || role === "reference" ? WIDENING[role] : 1;

/** The widest grid a sweep may grow to, octaves end to end. */
const MAX_SPAN_OCTAVES = 10;

/** The pool as sweeps see it: what is finished, and for `train` who trains the rest. */
type Pool = Pick<Models, "context" | "runOf">;

/** The lines of a suite, and the pool of their cells. */
export class Sweeps {
  readonly lines: Line[];
  readonly #pool: Pool;
  readonly #jobs = new Map<string, Job>();
  /** points of each grid as declared, and the lines whose grids grow no more */
  readonly #declared: Map<Line, number>;
  readonly #settled = new Set<Line>();

  /** Sweeps over these lines; their grids grow in place. */
  constructor(lines: Line[], pool: Pool) {
    this.lines = lines;
    this.#pool = pool;
    this.#declared = new Map(lines.map((line) => [line, line.grid.length]));
  }

  /** The job of a cell of a line. */
  job(line: Line, cell: Cell): Job {
    const id = JSON.stringify([line.plan.reference, cell]);
    const known = this.#jobs.get(id) ?? jobOf({ ...line, cell }, line.plan, this.#pool.context);
    this.#jobs.set(id, known);
    return known;
  }

  /** Jobs of lines as their grids are now. */
  jobsOf(lines: Line[]): Job[] {
    return lines.flatMap((line) => cellsOf(line).map((cell) => this.job(line, cell)));
  }

  /** The losses of a line with all its seeds, or with some of them; null while a run is missing. */
  sweepOf(line: Line, seeds = line.seeds): Sweep | null {
    const runs = cellsOf({ ...line, seeds }).map((cell) => this.#pool.runOf(this.job(line, cell)));
    if (runs.some((run) => run === undefined)) return null;
    const n = seeds.length;
    const loss = line.grid.map((_, g) => seeds.map((_, k) => runs[g * n + k]!.validationLoss));
    return { log2x: line.grid, loss };
  }

  /** The finished runs of a line at one point of its grid, by seed. */
  runsAt(line: Line, log2x: number): Map<number, Run> {
    const runs = cellsOf({ ...line, grid: [log2x] }).map((cell) =>
      [cell.seed, this.#pool.runOf(this.job(line, cell))] as const
    );
    return new Map(runs.flatMap(([seed, run]) => run === undefined ? [] : [[seed, run]]));
  }

  /** The line a line is judged against. */
  referenceOf(line: Line): Line {
    return this.lines.find((l) => l.panel === line.panel && l.role === "reference")!;
  }

  /**
   * The sweep of a line's reference: with the line's own seeds, by which both are paired, or all of it. Null while a
   * run is missing.
   */
  referenceSweep(line: Line): Sweep | null {
    const reference = this.referenceOf(line);
    return this.sweepOf(reference, line.paired ? line.seeds : reference.seeds);
  }

  /** Where the optimum of a line's reference lies, log2; null when it could not be fitted. */
  transferredTo(line: Line): number | null {
    const sweep = this.referenceSweep(line);
    return (sweep && sweepOptimum(sweep).log2x?.estimate) ?? null;
  }

  /**
   * Trains every line, each as far as it needs whatever the others do: a target is swept around its
   * reference's optimum.
   */
  async train(pool: Models): Promise<void> {
    pool.expect(() => this.jobsOf(this.lines), () => this.#toGrow());
    const resolve = async (line: Line) => {
      do await pool.train(this.jobsOf([line])); while (this.#widen(line));
      this.#settled.add(line);
    };
    const references = new Map(
      this.lines.filter((l) => l.role === "reference").map((line) => [line, resolve(line)]),
    );
    const others = this.lines.filter((l) => l.role !== "reference").map(async (line) => {
      await references.get(this.referenceOf(line));
      this.#aim(line);
      await resolve(line);
    });
    await Promise.all([...references.values(), ...others]);
  }

  /** Work of the points by which grids are expected to grow yet: what the time left would lack. */
  #toGrow(): number {
    const open = this.lines.filter((line) => !this.#settled.has(line));
    return open.reduce((sum, line) => {
      const points = expectedTimes(line) * this.#declared.get(line)! - line.grid.length;
      const one = workOf(this.job(line, cellsOf(line)[0]));
      return sum + Math.max(0, points) * line.seeds.length * one;
    }, 0);
  }

  /**
   * The jobs that will surely be trained, as far as what is finished tells: the references, and targets
   * around those optima that are settled. Grids grow to what they name.
   */
  certain(): Job[] {
    const settled = this.lines.filter((line) => {
      if (line.role !== "reference") return false;
      while (this.sweepOf(line) !== null) if (!this.#widen(line)) return true;
      return false;
    });
    const aimed = this.lines.filter((line) =>
      line.role !== "reference" && settled.includes(this.referenceOf(line))
    );
    for (const line of aimed) {
      this.#aim(line);
      while (this.sweepOf(line) !== null) if (!this.#widen(line)) break;
    }
    return this.jobsOf([...this.lines.filter((l) => l.role === "reference"), ...aimed]);
  }

  /** Widens the grid of a measured line unless its optimum lies on no edge; whether it grew. */
  #widen(line: Line): boolean {
    const sweep = this.sweepOf(line);
    const more = sweep === null ? [] : line.bracket
      // a rival decides nothing: it is followed over an edge, but not until it is bounded
      ? line.role === "rival"
        ? widen(line.grid, sweepOptimum(sweep), MAX_SPAN_OCTAVES, 1)
        : nextPoints(sweep, MAX_SPAN_OCTAVES)
      : widen(line.grid, sweepOptimum(sweep), MAX_SPAN_OCTAVES);
    line.grid = [...line.grid, ...more].sort((a, b) => a - b);
    return more.length > 0;
  }

  /**
   * Settles the grid of a target before it is trained: a bracket is put around the transferred value,
   * a fixed grid is extended to hold it, so that a miss has a measured regret.
   */
  #aim(line: Line): void {
    const x = this.transferredTo(line);
    if (x === null) return;
    if (line.bracket) line.grid = bracketGrid(Math.round(x));
    while (line.grid[0] > x) line.grid.unshift(line.grid[0] - 1);
    while (line.grid.at(-1)! < x) line.grid.push(line.grid.at(-1)! + 1);
  }

  /**
   * Optimum of every measured line, and the judgement of every one that has a measured reference.
   *
   * @param by what the controls fail by, where that is not the axis
   */
  judge(
    limits: TransferLimits,
    unit: string,
    by?: string,
  ): { optima: Optimum[]; judgements: Judgement[] } {
    const optima: Optimum[] = [], judgements: Judgement[] = [];
    for (const line of this.lines) {
      const sweep = this.sweepOf(line), { panel, label, rule, swept, role } = line;
      if (!sweep) continue;
      const { log2x, loss, atEdge, diverged, reason } = sweepOptimum(sweep);
      optima.push({ panel, label, rule, swept, role, log2x, loss, atEdge, diverged, reason });
      const against = this.referenceSweep(line);
      if (role === "reference" || !against) continue;
      const names = { panel, subject: label, variant: rule, role: ROLE[role] };
      const judged = judgeSweep(names, against, sweep, limits, unit);
      judgements.push({ ...judged, ...(role === "control" && by !== undefined && { by }) });
    }
    return { optima, judgements };
  }

  /** Every finished run, once per line it is drawn in. */
  runs(): Run[] {
    return this.lines.flatMap((line) =>
      cellsOf(line).flatMap((cell) => {
        const run = this.#pool.runOf(this.job(line, cell));
        return run ? [{ ...run, cell }] : [];
      })
    );
  }
}
