/**
 * How right is the time left? A finished bench is played back: the pool and its two hands do what they would
 * do, each group takes the seconds that its runs took, and every telling of the time left is held against the
 * time that was left; and how well the work of a run (lab/train/size.ts) tells its seconds, model by model. No device, no load of the machine enters but that of the bench itself.
 *
 *     deno run -R -W -E -S docs/time_left.ts out activated-experts capacity …
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Bench } from "../lab/suite.ts";
import type { Cell, Run } from "../lab/record/run.ts";
import type { Hand } from "../lab/train/hand.ts";
import type { Job } from "../lab/train/job.ts";
import { TrainingPool } from "../lab/train/pool.ts";
import type { Store } from "../lab/train/store.ts";
import type { Dataset } from "../model/task.ts";
import { workOf } from "../lab/train/size.ts";
import { taskById } from "../model/tasks/registry.ts";
import { suiteById } from "../suites/registry.ts";

/** Seconds of the play. */
let clock_s = 0;
performance.now = () => 1000 * clock_s;

/** Lets everything that waits for no time happen. */
const settled = async () => {
  for (let i = 0; i < 6; i++) await new Promise((resolve) => setTimeout(resolve));
};

/** What tells a run from the others of a bench, whatever machine or version it was trained on. */
const placeOf = (
  { configuration, rule, swept, log2x, seed }: Cell,
  { steps, sequences, seq }: Pick<Job, "steps" | "sequences" | "seq">,
) => [configuration, rule, swept, log2x, seed, steps, sequences * seq].join(" ");

/** Work of a run and the seconds that each took, by what was trained. */
const paces = new Map<string, { work: number; seconds: number[] }>();

const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Steps of a group that are told. */
const TOLD = 25;

interface Event {
  at_s: number;
  happen(): void;
}

/** Plays one suite; gives (seconds, time left told) and when it ended. */
async function play(id: string, known: Map<string, Run>) {
  const events: Event[] = [], items = new Map<string, Run>(), told: [number, number][] = [];
  const hand = (): Hand => ({
    own: false,
    use: null,
    close: () => Promise.resolve(),
    train(_context: unknown, jobs: Job[], onSteps: (step: number) => void) {
      // a seed that the bench did not have yet took as long as another
      const found = jobs.map((job) =>
        known.get(placeOf(job.cell, job)) ??
          known.get(placeOf({ ...job.cell, seed: job.cell.seed % 3 }, job))
      );
      const lost = found.indexOf(undefined);
      if (lost >= 0) {
        const place = placeOf(jobs[lost].cell, jobs[lost]);
        return Promise.reject(new RangeError(`Cannot play ${id}: no run of ${place} was kept`));
      }
      const runs = found.map((run, i) => ({ ...run!, key: jobs[i].key, cell: jobs[i].cell }));
      const took = runs.reduce((sum, run) => sum + run.wall_s, 0), from = clock_s;
      const pace = paces.get(jobs[0].group) ?? { work: workOf(jobs[0]), seconds: [] };
      paces.set(jobs[0].group, pace);
      pace.seconds.push(...runs.map((run) => run.wall_s));
      for (let i = 1; i < TOLD; i++) {
        const happen = () => onSteps(Math.round(i * jobs[0].steps / TOLD));
        events.push({ at_s: from + i * took / TOLD, happen });
      }
      return new Promise<Run[]>((resolve) =>
        events.push({ at_s: from + took, happen: () => resolve(runs) })
      );
    },
  } as unknown as Hand);
  const store = { items, warnings: [], append: (run: Run) => void items.set(run.key, run) };
  const suite = suiteById(id), task = taskById(suite.task!);
  const data = { hash: "", trainUnits: 1, task } as unknown as Dataset;
  const device = {
    adapter: { description: "played" },
    gpu: { limits: { maxStorageBufferBindingSize: 2 ** 27 } },
    profile: { kernels: "software", storage: "texture" },
    memory: { resetPeak() {}, peak: 0 },
  } as unknown as Device;
  const signal = new AbortController().signal;
  const pool = new TrainingPool(device, data, store as unknown as Store, signal, ({ left_s }) => {
    if (left_s !== null) told.push([clock_s, left_s]);
  }, [hand(), hand()]);
  const began = clock_s;
  let over = false, failure: unknown = null;
  suite.measure(
    "quick",
    { device, pool, signal, ifStopped() {}, warn() {}, progress() {} } as unknown as Bench,
  )
    .catch((error) => failure = error).finally(() => over = true);
  await settled();
  while (!over && events.length > 0) {
    events.sort((a, b) => a.at_s - b.at_s);
    const { at_s, happen } = events.shift()!;
    clock_s = at_s;
    happen();
    await settled();
  }
  if (!over || failure) throw failure ?? new Error(`${id}: nothing happens any more`);
  return { took_s: clock_s - began, told: told.map(([at, left]) => [at - began, left] as const) };
}

const [folder, ...ids] = Deno.args;
const known = new Map<string, Run>();
for (const line of Deno.readTextFileSync(`${folder}/runs.jsonl`).trim().split("\n")) {
  const run: Run = JSON.parse(line);
  known.set(placeOf(run.cell, { steps: run.steps, sequences: run.batchTokens, seq: 1 }), run);
}
let all = 0, within = 0;
for (const id of ids) {
  const { took_s, told } = await play(id, known);
  const later = told.filter(([at]) => at > took_s / 5 && at < 0.95 * took_s);
  const errors = later.map(([at, left]) => (left - (took_s - at)) / took_s);
  const worst = errors.reduce((a, b) => Math.abs(b) > Math.abs(a) ? b : a, 0);
  const relative = later.map(([at, left]) => Math.abs(left / (took_s - at) - 1));
  all += relative.length;
  within += relative.filter((e) => e <= 0.2).length;
  const middle = median(relative);
  console.log(
    `${id}: ${took_s.toFixed(0)} s; after the first fifth the time left is off by ${
      (100 * middle).toFixed(0)
    }% (median), the end by at most ${(100 * worst).toFixed(0)}% of the whole`,
  );
}
console.log(`${within} of ${all} tellings are within 20% of what was left`);
const rates = [...paces.values()].map(({ work, seconds }) => work / median(seconds));
const off = rates.map((rate) => Math.abs(rate / median(rates) - 1));
console.log(
  `the work of ${off.length} models tells their seconds to ${
    (100 * median(off)).toFixed(0)
  }% (median), ${(100 * Math.max(...off)).toFixed(0)}% at most`,
);
