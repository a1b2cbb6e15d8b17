/** A second training: equal to the bit, within the limits, or different, and which runs are taken. */
import assert from "node:assert/strict";
import { type Run, signed, type UnsignedRun } from "../../lab/record/run.ts";
import { compareRuns, sameMachine, sampleOf } from "../../lab/reproduce.ts";
import type { Job } from "../../lab/train/job.ts";
import { suiteById } from "../../suites/registry.ts";
import { madeUpRuns } from "./made_up.ts";
import { ENVIRONMENT } from "./runs.ts";

const runs = [...madeUpRuns(suiteById("activated-experts"), "smoke").values()];
const [RUN] = runs;

/** A run with other numbers. */
const changed = (change: Partial<UnsignedRun>): Run => signed({ ...RUN, ...change });

Deno.test("equal bits are equal on any machine, whatever time they took", () => {
  const again = changed({ wall_s: 99, replicas: 7, key: "another adapter's key" });
  for (const same of [true, false]) {
    assert.equal(compareRuns(RUN, again, runs, same).verdict, "equal");
  }
});

Deno.test("a record of before singular values were measured is equal still; one that has them wants them again", () => {
  const old = changed({ topSingular: undefined });
  assert.equal(compareRuns(old, RUN, runs, true).verdict, "equal");
  assert.equal(compareRuns(RUN, old, runs, true).verdict, "differs");
  const other = changed({ topSingular: { ...RUN.topSingular, wq: 9 } });
  assert.match(compareRuns(RUN, other, runs, true).why!, /bits are others on an equal machine/);
});

Deno.test("one bit differs: on an equal machine that is a fault, elsewhere it is rounding", () => {
  const again = changed({ validationLoss: RUN.validationLoss! + 2 ** -40 });
  assert.match(compareRuns(RUN, again, runs, true).why!, /bits are others on an equal machine/);
  const { verdict, early, last } = compareRuns(RUN, again, runs, false);
  assert.deepEqual([verdict, early], ["agrees", 0]);
  assert.equal(last!.limit, 0.02 * RUN.validationLoss!);
});

Deno.test("another arithmetic shows in the first steps, another training in the last loss", () => {
  const early = changed({ trainLoss: RUN.trainLoss.map((x, i) => i === 1 ? 1.002 * x : x) });
  assert.match(compareRuns(RUN, early, runs, false).why!, /first \d+ losses are others/);
  const last = changed({ validationLoss: RUN.validationLoss! * 1.03 });
  assert.match(compareRuns(RUN, last, runs, false).why!, /last loss is another/);
  const lost = changed({ validationLoss: null, divergedAtStep: 1 });
  assert.match(compareRuns(RUN, lost, runs, false).why!, /one of the two diverged/);
  for (const trainLoss of [[...RUN.trainLoss, 9], []]) {
    assert.match(compareRuns(RUN, changed({ trainLoss }), runs, false).why!, /it lacks parts/);
  }
});

Deno.test("seeds that spread allow more, and the seeds of other places do not", () => {
  const { cell } = RUN, again = changed({ validationLoss: RUN.validationLoss! + 0.5 });
  const beside = (seed: number, loss: number, log2x = cell.log2x) =>
    signed({ ...RUN, key: `${seed}`, cell: { ...cell, seed, log2x }, validationLoss: loss });
  const here = [RUN, beside(8, 2), beside(9, 3)], there = [RUN, beside(8, 2, 9), beside(9, 9, 9)];
  assert.equal(compareRuns(RUN, again, here, false).verdict, "agrees");
  assert.equal(compareRuns(RUN, again, there, false).verdict, "differs");
});

Deno.test("a machine is equal by adapter, driver, Deno and kernels, and what differs is named", () => {
  assert.equal(sameMachine(ENVIRONMENT, { ...ENVIRONMENT, cpus: 99, os: "other" }), null);
  assert.equal(
    sameMachine(ENVIRONMENT, { ...ENVIRONMENT, driver: "Mesa 26", deno: "3" }),
    "driver: unknown in the record, Mesa 26 here; Deno: 2.9.6 in the record, 3 here",
  );
});

Deno.test("the sample follows from the seed, holds every role, and is another for another seed", () => {
  const jobs = new Map(runs.map((run) => [run.key, {} as Job]));
  const take = (seed: string, count: number) => sampleOf(jobs, seed, runs, count);
  const three = take("a", 3);
  assert.deepEqual(new Set(three.map(({ cell }) => cell.role)).size, 3);
  assert.deepEqual(take("a", 3), three);
  assert.notDeepEqual(take("b", 3), three);
  assert.equal(new Set(take("a", Infinity).map(({ key }) => key)).size, jobs.size);
  jobs.delete(three[0].key);
  assert.ok(!sampleOf(jobs, "a", runs, 99).includes(three[0]));
});
