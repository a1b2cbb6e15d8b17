import assert from "node:assert/strict";
import type { Device } from "../../../kernels/gpu/device.ts";
import { LabError } from "../../../lab/record/failure.ts";
import type { Run } from "../../../lab/record/run.ts";
import { type Hand, HandLost } from "../../../lab/train/hand.ts";
import { type Context, type Job, jobOf } from "../../../lab/train/job.ts";
import { TrainingPool } from "../../../lab/train/pool.ts";
import { type BenchProgress, groupLabel } from "../../../lab/train/progress.ts";
import type { Dataset } from "../../../model/task.ts";
import { language } from "../../../model/tasks/language.ts";
import { Memory } from "../../../kernels/gpu/memory.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { memoryStore } from "../../../lab/train/memory_store.ts";
import { placed, runWith } from "../runs.ts";
import { assertEquals } from "../assert.ts";

const task = language();
const context: Context = {
  task,
  dataHash: "d",
  trainUnits: 1000,
  adapter: "a",
  kernelsVersion: "k",
};

function job(label: string, rule: string, seed = 0, configuration = "dense:d=48,dh=12,H=48"): Job {
  const cell = {
    panel: "p",
    configuration,
    label,
    rule,
    role: "target" as const,
    swept: "lr" as const,
    log2x: -5,
    seed,
  };
  return jobOf(placed(cell, quickPlan), quickPlan, context);
}

Deno.test("a group's label names its width once, and its rules each once", () => {
  const both = ["complete-mue", "standard", "complete-mue"];
  const label = (name: string) => groupLabel(both.map((rule) => job(name, rule)));
  assertEquals(label("dense"), "dense d=48 complete-mue + standard");
  assertEquals(label("dense d=48"), "dense d=48 complete-mue + standard");
  assertEquals(label("dense dh=12"), "dense dh=12 d=48 complete-mue + standard");
});

/** A device that trains nothing: only its limits are asked for. */
const device = {
  gpu: { limits: { maxStorageBufferBindingSize: 2 ** 27 } },
  adapter: { description: "a" },
  profile: { kernels: "software", storage: "texture" },
  memory: new Memory(),
} as unknown as Device;
const data = { task, hash: "d", trainUnits: 1000 } as unknown as Dataset;

/** A hand whose groups end when a test says so. */
class FakeHand implements Hand {
  own = false;
  pid: number | null = 1;
  use = { cpu_s: 0, peakDevice_bytes: 0, peakRss_bytes: null };
  groups: Job[][] = [];
  #end: ((error?: unknown) => void) | null = null;

  train(_: Context, jobs: Job[], onSteps: (step: number) => void, signal: AbortSignal) {
    this.groups.push(jobs);
    onSteps(1);
    return new Promise<Run[]>((resolve, reject) => {
      signal.addEventListener("abort", () => this.end(signal.reason));
      this.#end = (error) =>
        error ? reject(error) : resolve(jobs.map((j) => ({ ...runWith(j.key), cell: j.cell })));
    });
  }

  get busy(): boolean {
    return this.#end !== null;
  }

  end(error?: unknown): void {
    this.#end?.(error);
    this.#end = null;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Until the pool has given out what it can. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

/** A pool with fake hands, and what it told. */
function poolOf(count: number, signal = new AbortController().signal) {
  const hands = Array.from({ length: count }, () => new FakeHand()), store = memoryStore<Run>();
  const told: BenchProgress[] = [];
  const pool = new TrainingPool(device, data, store, signal, (p) => told.push(p), hands);
  return { hands, store, pool, told };
}

const NINE = Array.from({ length: 9 }, (_, seed) => job("dense", "complete-mue", seed));
const NARROW = Array.from(
  { length: 30 },
  (_, seed) => job("dense", "complete-mue", seed, "dense:d=12,dh=12,H=12"),
);
const WIDE = Array.from(
  { length: 3 },
  (_, seed) => job("16e4a", "complete-mue", seed, "16e4a:d=48,dh=12,h=12"),
);

Deno.test("two hands share a group, and what is asked for twice trains once", async () => {
  const { hands, store, pool } = poolOf(2);
  const done = Promise.all([pool.train(NINE), pool.train(NINE.slice(2, 5))]);
  await settled();
  assertEquals(hands.map(({ groups }) => groups[0].length), [5, 4]);
  hands.forEach((hand) => hand.end());
  await done;
  assertEquals([store.items.size, pool.trainedRuns], [9, 9]);
  await pool.train(NINE);
  assertEquals(hands.map(({ groups }) => groups.length), [1, 1]);
});

Deno.test("one hand takes a whole group; the longest waits for no other caller", async () => {
  const { hands: [hand], pool } = poolOf(1);
  const short = pool.train([job("dense", "complete-mue", 0, "dense:d=12,dh=12,H=12")]);
  const long = pool.train(NINE);
  await settled();
  assertEquals(hand.groups.map((group) => group.length), [9]);
  hand.end();
  await long; // though the short one has not begun
  await settled();
  assertEquals(hand.groups.map((group) => group.length), [9, 1]);
  hand.end();
  await short;
});

Deno.test("a hand that is free takes follow-ups while another still trains", async () => {
  const { hands, pool, told } = poolOf(2);
  pool.expect(() => [...NINE, ...WIDE]);
  const wide = pool.train(WIDE), first = pool.train(NINE.slice(0, 3));
  await settled();
  const [a, b] = hands.map(({ groups }) => groups[0]);
  assert.ok(a.length + b.length <= 6 && hands.every(({ busy }) => busy));
  const dense = hands.find(({ groups }) => groups[0][0].cell.label === "dense")!;
  dense.end();
  await settled();
  assertEquals(told.at(-1)!.runsPlanned, 12);
  assertEquals(told.at(-1)!.groups.length <= 2, true);
  for (let i = 0; i < 9; i++, await settled()) hands.forEach((hand) => hand.end());
  await Promise.all([wide, first]);
});

Deno.test("a worker that ends costs its group only: it trains again, and that is said", async () => {
  const { hands, store, pool } = poolOf(2);
  const done = pool.train(NINE);
  await settled();
  hands[0].end(new HandLost("it ended with SIGKILL"));
  await settled();
  assertEquals(hands[0].groups.map((g) => g.length), [5, 5]);
  hands.forEach((hand) => hand.end());
  await done;
  assertEquals(store.items.size, 9);
  assert.match(pool.warnings.join(), /dense d=48 .*trained again: it ended with SIGKILL/);
});

Deno.test("a worker whose process ended still counts among those that worked, with what it used", async () => {
  const { hands, pool } = poolOf(2);
  const done = pool.train(NINE);
  await settled();
  hands[0].use = { ...hands[0].use, cpu_s: 7 };
  hands[0].pid = null; // ended, and not needed since
  hands.forEach((hand) => hand.end());
  await done;
  const { workers, coresBusy, wall_s } = pool.cost();
  assertEquals(workers, 2);
  assert.ok(coresBusy * navigator.hardwareConcurrency * wall_s >= 7, `${coresBusy} of ${wall_s} s`);
});

Deno.test("a group whose worker ends twice ends the bench; what the others trained is kept", async () => {
  const { hands, store, pool } = poolOf(2);
  const done = pool.train([...NINE, ...WIDE]);
  const failed = assert.rejects(done, /Cannot train .*: a worker process ended twice; it ended/);
  await settled();
  const [lost, other] = hands;
  lost.end(new HandLost("it ended with SIGKILL"));
  await settled();
  other.end();
  await settled();
  lost.end(new HandLost("it ended with SIGKILL"));
  await failed;
  assert.ok(store.items.size > 0);
  const open = [...NINE, ...WIDE].filter(({ key }) => !store.items.has(key));
  await assert.rejects(pool.train(open.slice(0, 1)), /ended twice/);
});

Deno.test("the first failure stops the other hands, and is what every caller hears", async () => {
  const { hands, pool } = poolOf(2);
  const full = new LabError("no space left");
  const all = [pool.train(NINE), pool.train(WIDE)].map((done) =>
    assert.rejects(done, (error) => error === full)
  );
  await settled();
  hands[1].end(full);
  await Promise.all(all);
  assert.ok(hands.every(({ busy }) => !busy));
});

Deno.test("an interruption ends all groups with its reason", async () => {
  const controller = new AbortController(), { hands, store, pool } = poolOf(2, controller.signal);
  const reason = new Error("interrupted");
  const failed = assert.rejects(pool.train(NINE), (error) => error === reason);
  await settled();
  hands[0].end(); // its runs are kept
  await settled();
  controller.abort(reason);
  await failed;
  assertEquals(store.items.size, 5);
});

Deno.test("the time left is told once something was measured, and never for what is done", async () => {
  const { hands, pool, told } = poolOf(2);
  const done = pool.train(NINE);
  await settled();
  assertEquals(told.map(({ left_s }) => left_s).filter((left) => left !== null), []);
  hands.forEach((hand) => hand.end());
  await done;
  assertEquals([told.at(-1)!.runsDone, told.at(-1)!.runsPlanned], [9, 9]);
});

Deno.test("a hand with nothing to do trains for a later suite, no longer than the others train", async () => {
  const { hands, store, pool, told } = poolOf(2);
  // the first suite has nothing short enough: its run takes longer than the wide one's
  pool.offerLater([() => [job("16e8a", "complete-mue", 0, "16e8a:d=48,dh=12,h=12")], () => NARROW]);
  const wide = pool.train(WIDE.slice(0, 1));
  await settled();
  // some narrow runs fit into the time of the wide one, not all
  const [[own], [ahead]] = hands.map(({ groups }) => groups);
  assertEquals(own.length, 1);
  assert.ok(ahead.length > 0 && ahead.length < NARROW.length, `${ahead.length}`);
  assertEquals([told.at(-1)!.runsPlanned, told.at(-1)!.groups.length], [1, 2]);
  hands[1].end();
  await settled();
  assert.ok(pool.runOf(ahead[0]) !== undefined);
  hands[0].end();
  await wide; // does not wait for what is ahead
  hands.forEach((hand) => hand.end());
  await pool.idle();
  // nobody trains ahead once the suite has what it needs
  assert.ok(hands.every(({ busy }) => !busy));
  assert.ok(store.items.size < 1 + NARROW.length);
});

for (
  const [what, befell, said] of [
    [
      "lost",
      new HandLost("it ended with SIGKILL"),
      /a worker process was lost: it ended with SIGKILL/,
    ],
    ["that failed", new RangeError("too large"), /left to it: it failed: too large/],
  ] as const
) {
  Deno.test(`a group ${what} ahead of its suite is left to it, and ends nothing`, async () => {
    const { hands, pool } = poolOf(2);
    pool.offerLater([() => NARROW]);
    const wide = pool.train(WIDE.slice(0, 1));
    await settled();
    const [lost] = hands[1].groups;
    hands[1].end(befell);
    await settled();
    // it goes on with others, and does not try those again
    assertEquals(hands[1].groups.length, 2);
    const keys = new Set(lost.map(({ key }) => key));
    assert.ok(hands[1].groups[1].every(({ key }) => !keys.has(key)));
    hands[0].end();
    await wide;
    hands.forEach((hand) => hand.end());
    await pool.idle();
    assert.match(pool.warnings.join(), said);
  });
}

Deno.test("what cannot be planned ahead fails the bench where it is waited for, and nowhere else", async () => {
  const { hands, pool } = poolOf(2);
  pool.offerLater([() => {
    throw new RangeError("no such model");
  }]);
  const failed = assert.rejects(pool.train(WIDE.slice(0, 1)), /no such model/);
  await settled();
  hands.forEach((hand) => hand.end());
  await failed;
});

Deno.test("the peak of a suite is that of its own groups, of each worker the largest", async () => {
  const { hands, pool } = poolOf(2);
  const done = pool.train(NINE);
  await settled();
  hands[0].use = { ...hands[0].use, peakDevice_bytes: 5e9 };
  hands[1].use = { ...hands[1].use, peakDevice_bytes: 1e9 };
  hands.forEach((hand) => hand.end());
  await done;
  // what a later group of another suite takes is not this one's
  hands[0].use = { ...hands[0].use, peakDevice_bytes: 9e9 };
  const { peakDevice_bytes } = pool.cost();
  assert.ok(peakDevice_bytes! >= 6e9 && peakDevice_bytes! < 7e9, `${peakDevice_bytes}`);
});
