/**
 * One bench of one transfer suite: plan → missing cells → training → judgement → record.
 *
 * The plan and its hash are written before the first run. Every finished run is on the disk before
 * the next group starts, so a bench that was stopped goes on where it stopped.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Dataset } from "../../model/task.ts";
import { type Job, jobOf } from "../train/job.ts";
import { durationExponent } from "./duration_exponent.ts";
import { cellsOf, type Line, linesOf, planOf, settlePlan } from "./lines.ts";
import { bracketGrid, nextPoints, type Sweep, sweepOptimum, widen } from "../statistics/optimum.ts";
import {
  type BenchProgress,
  checkData,
  dataFacts,
  replicasThatFit,
  TrainingPool,
} from "../train/pool.ts";
import {
  type BenchRecord,
  type Cell,
  type Environment,
  type Estimated,
  type Judgement,
  type Optimum,
  type Run,
  SCHEMA,
} from "../record/record.ts";
import { routerWarningLines } from "../train/router_warnings.ts";
import { openStore } from "../train/store.ts";
import { factsOf, type ProfileName, type Suite } from "../suite.ts";
import { judgeSuite, judgeTarget } from "./judge.ts";

/** What to bench and where to put it. */
export interface BenchOptions {
  suite: Suite;
  profile: ProfileName;
  /** folder of the runs and the plan; several suites share it, and with it the runs */
  storeDir: string;
  /** aborted: the running submit ends, what is finished is kept, the record says `incomplete` */
  signal: AbortSignal;
  onProgress(progress: BenchProgress): void;
  /** what happened before that a reader of the record must know */
  warnings?: string[];
}

/** What a bench leaves: its record, and the error that ended it early, if any. */
export interface BenchResult {
  record: BenchRecord;
  /** null also after an interruption; then the record is `incomplete` */
  failure: unknown;
}

/** The sweeps of a suite over a pool: which cells there are, and what came of them. */
class Sweeps {
  readonly lines: Line[];
  readonly #pool: TrainingPool;
  readonly #jobs = new Map<string, Job>();

  constructor(lines: Line[], pool: TrainingPool) {
    this.lines = lines;
    this.#pool = pool;
  }

  /** The job of a cell of a line. */
  job(line: Line, cell: Cell): Job {
    const id = JSON.stringify([line.plan.reference, cell]);
    const known = this.#jobs.get(id) ?? jobOf(cell, line.plan, this.#pool.context);
    this.#jobs.set(id, known);
    return known;
  }

  /** Jobs of all lines as their grids are now. */
  jobsOf(lines: Line[]): Job[] {
    return lines.flatMap((line) => cellsOf(line).map((cell) => this.job(line, cell)));
  }

  /** The losses of a line; null while a run is missing. */
  sweepOf(line: Line): Sweep | null {
    const runs = cellsOf(line).map((cell) => this.#pool.runOf(this.job(line, cell)));
    if (runs.some((run) => run === undefined)) return null;
    const n = line.seeds.length;
    const loss = line.grid.map((_, g) => line.seeds.map((_, k) => runs[g * n + k]!.validationLoss));
    return { log2x: line.grid, loss };
  }

  /** The line a line is judged against. */
  referenceOf(line: Line): Line {
    return this.lines.find((l) => l.panel === line.panel && l.role === "reference")!;
  }

  /** Where the reference's optimum lies, log2; null when it could not be fitted. */
  transferredTo(line: Line): number | null {
    const sweep = this.sweepOf(this.referenceOf(line));
    return (sweep && sweepOptimum(sweep).log2x?.estimate) ?? null;
  }

  /** Trains lines and widens their grids until no optimum lies on an edge. */
  async resolve(of: Line[]): Promise<void> {
    for (let open = of; open.length > 0;) {
      await this.#pool.train(this.jobsOf(open));
      open = open.filter((line) => {
        const sweep = this.sweepOf(line);
        const more = sweep === null ? [] : line.bracket
          // a rival decides nothing: it is followed over an edge, but not until it is bounded
          ? line.role === "rival" ? widen(line.grid, sweepOptimum(sweep), 10, 1) : nextPoints(sweep)
          : widen(line.grid, sweepOptimum(sweep), 10);
        line.grid = [...line.grid, ...more].sort((a, b) => a - b);
        return more.length > 0;
      });
    }
  }

  /**
   * Settles the grid of a target before it is trained: a bracket is put around the transferred value,
   * a fixed grid is extended to hold it, so that a miss has a measured regret.
   */
  aim(line: Line): void {
    const x = this.transferredTo(line);
    if (x === null) return;
    if (line.bracket) line.grid = bracketGrid(Math.round(x));
    while (line.grid[0] > x) line.grid.unshift(line.grid[0] - 1);
    while (line.grid.at(-1)! < x) line.grid.push(line.grid.at(-1)! + 1);
  }

  /** Optimum of every measured line, and the judgement of every one that has a measured reference. */
  judge(tolerance: number): { optima: Optimum[]; judged: Judgement[] } {
    const optima: Optimum[] = [], judged: Judgement[] = [];
    for (const line of this.lines) {
      const sweep = this.sweepOf(line), { panel, label, rule, swept, role } = line;
      if (!sweep) continue;
      const names = { panel, label, rule, swept };
      const { log2x, loss, atEdge, diverged } = sweepOptimum(sweep);
      optima.push({ ...names, role, log2x, loss, atEdge, diverged });
      const against = this.sweepOf(this.referenceOf(line));
      if (role === "reference" || !against) continue;
      judged.push({ ...names, role, ...judgeTarget(against, sweep, { tolerance }) });
    }
    return { optima, judged };
  }

  /** The exponent of D in the optimal learning rate, from the targets of the rule; see duration_exponent.ts. */
  durationExponent(): Estimated[] {
    const panels = Map.groupBy(
      this.lines.filter((l) => l.role === "target" && l.swept === "lr"),
      (line) => line.panel,
    );
    return [...panels].flatMap(([panel, targets]) => {
      const reference = this.sweepOf(this.referenceOf(targets[0]));
      const swept = targets.flatMap((line) => {
        const { steps, sequences } = this.job(line, cellsOf(line)[0]), { plan } = line;
        const sweep = this.sweepOf(line);
        const rhoD = steps * sequences / (plan.steps * plan.sequences);
        return sweep && rhoD !== 1 ? [{ rhoD, sweep }] : [];
      });
      if (!reference || swept.length === 0) return [];
      const { exponent, reason } = durationExponent(reference, swept, 1 / 2);
      return [{
        quantity: `p in eta ~ D^-p, panel ${panel}, from ${swept.length + 1} durations`,
        value: exponent,
        note: `1/2 in the rule; 0.28 to 0.32 measured elsewhere${reason ? `; ${reason}` : ""}`,
      }];
    });
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

/**
 * Runs or resumes a bench. What ends it early (an interruption, a full disk, a GPU error) comes back
 * as `failure` beside the record of what was finished, so that the report is never lost.
 *
 * @returns the record, not written yet
 * @throws {LabError} when the store cannot be used, for a text too short or a model the adapter cannot
 *   hold
 */
export async function runBench(
  device: Device,
  environment: Environment,
  data: Dataset,
  options: BenchOptions,
): Promise<BenchResult> {
  const { suite, storeDir, signal } = options, profile = suite.profiles[options.profile];
  const overlap = checkData(data, profile.plan);
  using store = openStore(storeDir);
  const plan = settlePlan(
    storeDir,
    suite.id,
    planOf(suite, options.profile, data.hash),
    store.runs.size > 0,
  );
  const warnings = [...options.warnings ?? [], ...store.warnings];
  if (plan.exploratory) {
    warnings.push("the runs in this directory were begun under another plan: exploratory");
  }
  if (overlap) warnings.push(overlap);
  const pool = new TrainingPool(device, data, store, signal, options.onProgress);
  const sweeps = new Sweeps(linesOf(suite, options.profile), pool), { lines } = sweeps;
  try {
    for (const line of lines) replicasThatFit(device, sweeps.job(line, cellsOf(line)[0]));
  } catch (error) {
    pool.close();
    throw error;
  }
  let incomplete = false, failure: unknown = null;
  try {
    pool.expect(() => sweeps.jobsOf(lines));
    await sweeps.resolve(lines.filter((l) => l.role === "reference"));
    const others = lines.filter((l) => l.role !== "reference");
    for (const line of others) sweeps.aim(line);
    await sweeps.resolve(others);
  } catch (error) {
    incomplete = true;
    if (!signal.aborted || error !== signal.reason) failure = error;
  } finally {
    pool.close();
  }

  const { optima, judged } = sweeps.judge(suite.tolerance_octaves), runs = sweeps.runs();
  const decision = judgeSuite(judged, { claimPanels: suite.claimPanels });
  const diverged = new Set(runs.filter((r) => r.divergedAtStep !== null).map((r) => r.key)).size;
  if (diverged) warnings.push(`${diverged} runs diverged and count as missing`);
  warnings.push(...routerWarningLines(runs));
  const planned = lines.filter((l) => l.role !== "reference").length;
  const aside = Object.entries(decision.panels)
    .filter(([panel]) => !suite.claimPanels.includes(panel))
    .map(([panel, d]) => `; ${panel} (not part of the claim): ${d.verdict}, ${d.reason}`).join("");
  const record: BenchRecord = {
    schema: SCHEMA,
    createdAt: new Date().toISOString(),
    suite: factsOf(suite),
    plan,
    environment,
    data: dataFacts(data),
    runs,
    optima,
    judgements: decision.judgements,
    ...(suite.durationExponent ? { estimates: sweeps.durationExponent() } : {}),
    verdict: incomplete ? "inconclusive" : decision.verdict,
    reason: incomplete
      ? `stopped before the last run, with ${judged.length} of ${planned} targets and controls judged`
      : decision.reason + aside,
    incomplete,
    cost: pool.cost(),
    warnings,
  };
  return { record, failure };
}
