/**
 * One case, all contenders: each is checked, its dispatches are counted, and those that pass are
 * timed side by side in the same rounds. Dispatches are counted through all timed calls too, and
 * after them the result must still be right, and right for another input. Who fails gets the reason
 * in place of a time.
 *
 * @module
 */
import type { Device } from "../../kernels/gpu/device.ts";
import type { Interval3 } from "../../kernels/gpu/order_statistics.ts";
import {
  ratioOf,
  timeInterleaved,
  type TimerOptions,
  type Timing,
} from "../../kernels/gpu/timer.ts";
import { check, expected, type Worst, worstOf, WrongError } from "./check.ts";
import { countDispatches } from "./count.ts";
import {
  CannotError,
  type Case,
  type Contender,
  type Floats,
  flopsOf,
  inputsOf,
  type Prepared,
  renewed,
  type Results,
} from "./peer.ts";

/** A line of the table; what was not measured is null. */
export interface PeerRow {
  work: string;
  contender: string;
  version: string;
  /** seconds per repetition */
  time_s: Interval3 | null;
  gflops: Interval3 | null;
  /** its time over ours, paired by round */
  timeOverOurs: Interval3 | null;
  dispatches: number | null;
  /** first call less a steady one, seconds */
  compile_s: number | null;
  /** the result nearest to its bound; null of our own training step, which is the reference */
  worst: Worst | null;
  /** why there is no time */
  reason: string | null;
  warnings: string[];
}

/** How a comparison is timed. */
export interface CompareOptions extends TimerOptions {
  /** a peer whose repetition takes longer is not timed, seconds (20) */
  limit_s?: number;
}

/** A peer this slow would hold up everybody's rounds, seconds. */
const SLOW_S = 20;

/** A contender that passed, ready to be timed. */
interface Passed {
  row: PeerRow;
  work: Prepared;
}

/** Takes a contender as far as the clock. */
async function admit(
  c: Case,
  contender: Contender,
  work: Prepared,
  want: Results | null,
  limit_s: number,
): Promise<Pick<PeerRow, "worst" | "dispatches">> {
  const worst = want && await check(c, work, want);
  const t0 = performance.now(), dispatches = await countDispatches(() => work.run(1));
  const one_s = (performance.now() - t0) / 1000;
  if (dispatches === 0) throw new WrongError(`wrong: ${contender.name} dispatched no kernel`);
  const three = await countDispatches(() => work.run(3));
  if (three !== 3 * dispatches) {
    throw new WrongError(
      `wrong: 3 repetitions dispatched ${three} kernels, 1 dispatched ${dispatches}`,
    );
  }
  if (one_s > limit_s) {
    throw new CannotError(
      `too slow: a repetition took ${one_s.toFixed(0)} s, the limit is ${limit_s} s`,
    );
  }
  return { worst, dispatches };
}

/** A contender failed while it was timed. */
class TimedError extends Error {
  override name = "TimedError";
  constructor(readonly contender: Passed, cause: unknown) {
    super(`${contender.row.contender} failed while it was timed`, { cause });
  }
}

/** One timed call; its dispatches are counted, which costs all contenders the same. */
async function runTimed(contender: Passed, repetitions: number): Promise<void> {
  const { row, work } = contender, due = repetitions * row.dispatches!;
  try {
    const found = await countDispatches(() => work.run(repetitions));
    if (found === due) return;
    throw new WrongError(
      `wrong: ${repetitions} timed repetitions dispatched ${found} kernels, not ${due}`,
    );
  } catch (error) {
    throw new TimedError(contender, error);
  }
}

/** Times contenders; one that fails meanwhile is struck from the list, and the others start anew. */
async function timeAll(device: Device, passed: Passed[], timer: TimerOptions): Promise<Timing[]> {
  for (;;) {
    try {
      return await timeInterleaved(
        device,
        passed.map((p) => ({ name: p.row.contender, run: (n) => runTimed(p, n) })),
        timer,
      );
    } catch (error) {
      if (!(error instanceof TimedError)) throw error;
      const at = passed.indexOf(error.contender);
      if (at === 0) throw error.cause;
      error.contender.row.reason = reasonOf(error.cause);
      error.contender.row.dispatches = null;
      passed.splice(at, 1);
    }
  }
}

/** What a case must give after its first input was changed; null for steps, whose weights move. */
type Renewed = { values: Floats; want: Results } | null;

/** The changed input of a case and its results. */
async function renewedOf(c: Case): Promise<Renewed> {
  if (c.kind === "step") return null;
  const other = renewed(c);
  return { values: inputsOf(other)[0].values, want: await expected(other) };
}

/** Checks that the timed repetitions computed what the checked one did. */
async function recheck(c: Case, work: Prepared, want: Results, other: Renewed) {
  const results = await work.results();
  if (c.kind === "step") {
    // trained on one batch all along, so its loss must have fallen
    const [loss] = results.loss, [first] = want.loss;
    if (!(loss < first)) throw new WrongError(`wrong: after timing the loss was ${loss}`);
    return;
  }
  const refuseUnless = (found: Results, want: Results, when: string) => {
    const { result, error, bound } = worstOf(c, found, want);
    if (error <= bound) return;
    throw new WrongError(`wrong: after ${when} ${result} was off by ${error.toExponential(1)}`);
  };
  refuseUnless(results, want, "timing");
  if (!other) return;
  if (!work.renew) throw new WrongError("wrong: its input cannot be changed after timing");
  work.renew(other.values);
  await work.run(1);
  refuseUnless(await work.results(), other.want, "timing, on another input,");
}

/** The first line of an error, for the table. */
function reasonOf(error: unknown): string {
  const text = (error instanceof Error ? error.message : String(error)).trim().split("\n")[0];
  return error instanceof CannotError || error instanceof WrongError ? text : `failed: ${text}`;
}

/**
 * Compares contenders on a case.
 *
 * @param ours the first of them: its failure is an error, it has the rows' times for denominator
 * @returns one row per contender, ours first
 * @throws {WrongError} when our own result is wrong
 */
export async function compare(
  device: Device,
  c: Case,
  ours: Contender,
  peers: Contender[],
  options: CompareOptions = {},
): Promise<PeerRow[]> {
  const { limit_s = SLOW_S, ...timer } = options, rows: PeerRow[] = [], passed: Passed[] = [];
  const works: Prepared[] = [];
  const blank = ({ name, version }: Contender): PeerRow => ({
    work: c.name,
    contender: name,
    version,
    time_s: null,
    gflops: null,
    timeOverOurs: null,
    dispatches: null,
    compile_s: null,
    worst: null,
    reason: null,
    warnings: [],
  });
  try {
    const own = await ours.prepare(c);
    works.push(own);
    const want = await expected(c, own);
    for (const contender of [ours, ...peers]) {
      const row = blank(contender);
      rows.push(row);
      try {
        const work = contender === ours ? own : await contender.prepare(c);
        if (contender !== ours) works.push(work);
        const isReference = contender === ours && c.kind === "step";
        const limit = contender === ours ? Infinity : limit_s;
        Object.assign(row, await admit(c, contender, work, isReference ? null : want, limit));
        passed.push({ row, work });
      } catch (error) {
        if (contender === ours) throw error;
        row.reason = reasonOf(error);
      }
    }
    const timings = await timeAll(device, passed, timer);
    const other = await renewedOf(c);
    for (const [i, { row, work }] of passed.entries()) {
      try {
        await recheck(c, work, want, other);
        fill(row, c, timings[i], i === 0 ? null : timings[0]);
      } catch (error) {
        if (i === 0) throw error;
        row.reason = reasonOf(error);
      }
    }
    return rows;
  } finally {
    for (const work of works) work.dispose();
  }
}

/** Writes a timing into its row. */
function fill(row: PeerRow, c: Case, t: Timing, ours: Timing | null): void {
  const flops = flopsOf(c);
  row.time_s = { estimate: t.median_s, lo: t.lo_s, hi: t.hi_s };
  row.gflops = flops === null ? null : {
    estimate: flops / t.median_s / 1e9,
    lo: flops / t.hi_s / 1e9,
    hi: flops / t.lo_s / 1e9,
  };
  row.timeOverOurs = ours && ratioOf(t, ours);
  row.compile_s = t.compile_s;
  row.warnings = t.warnings;
}
