/** The band of latencies: silent over A/A runs, and not over a layer that got slower. */
import assert from "node:assert/strict";
import { compareTimes, type TimedRun, timedRunOf } from "../../../lab/judge/band.ts";
import type { LatencyEvidence } from "../../../lab/record/evidence.ts";
import { gaussians } from "../../random.ts";
import { timedFixture } from "../../reports/latency_fixture.ts";

/** What a made-up machine does to a run: spread of a layer, and of all layers together. */
interface Machine {
  layer: number;
  day: number;
  /** now and then a run is disturbed: a layer in ten takes half as long again */
  rough?: boolean;
}

const LAYERS = 40;

/** A run; `slower` multiplies the time of each layer, `ceiling` the machine's rate. */
function runOf(
  noise: () => number,
  { layer, day, rough }: Machine,
  slower: (w: number) => number = () => 1,
): TimedRun {
  const shared = day * noise(), disturbed = rough && noise() > 1.3;
  return {
    layers: new Map(Array.from({ length: LAYERS }, (_, w) => {
      const own = layer * noise() + (disturbed && noise() > 1.3 ? Math.log(1.5) : 0);
      const log = Math.log(1e-3 * (1 + w)) + shared + own + Math.log(slower(w));
      return [`layer ${w}`, { log, error: layer / 3 }];
    })),
    ceiling: Math.log(6e10) - shared + 0.02 * noise(),
  };
}

/** Benches of `records` earlier runs, a run and one run again: how many suspect, how many are worse. */
function count(records: number, machine: Machine, slower?: (w: number) => number, benches = 200) {
  const noise = gaussians(records + 17), seen = { suspected: 0, worse: 0, together: 0 };
  for (let i = 0; i < benches; i++) {
    const earlier = Array.from({ length: records }, () => runOf(noise, machine));
    const [now, again] = [0, 1].map(() => runOf(noise, machine, slower));
    const first = compareTimes(earlier, [now])!, second = compareTimes(earlier, [now, again])!;
    const some = (times: typeof first, change: string) =>
      [...times.layers, times.together].some((one) => one.change === change);
    if (some(first, "suspected")) seen.suspected++;
    if (some(second, "worse")) seen.worse++;
    if (second.together.change === "worse") seen.together++;
  }
  return seen;
}

Deno.test("A/A benches give no alarm: not over 200 of a quiet machine, nor of one that changes by day", () => {
  for (const records of [1, 2, 3, 5]) {
    for (const machine of [{ layer: 0.03, day: 0.02 }, { layer: 0.03, day: 0.3 }]) {
      const { suspected, worse } = count(records, machine);
      assert.equal(worse, 0, `${records} records, ${JSON.stringify(machine)}`);
      assert.ok(suspected <= 20, `${records} records: ${suspected} of 200 run again`);
    }
  }
});

Deno.test("runs that are disturbed now and then are suspected more often, and rarely called worse", () => {
  const { suspected, worse } = count(5, { layer: 0.03, day: 0.1, rough: true });
  assert.ok(suspected > 10, `${suspected} of 200 suspected: the disturbance does not show`);
  assert.ok(worse <= 2, `${worse} of 200 benches`);
});

Deno.test("one layer that takes 1.3 times as long is called worse, and no other", () => {
  const slower = (w: number) => w === 7 ? 1.3 : 1;
  const { worse, together } = count(5, { layer: 0.03, day: 0.3 }, slower);
  assert.ok(worse >= 190, `seen in ${worse} of 200`);
  assert.equal(together, 0);
  const noise = gaussians(5), machine = { layer: 0.03, day: 0.1 };
  const earlier = Array.from({ length: 5 }, () => runOf(noise, machine));
  const times = compareTimes(earlier, [0, 1].map(() => runOf(noise, machine, slower)))!;
  const worst = times.layers.filter(({ change }) => change === "worse");
  assert.deepEqual(worst.map(({ name }) => name), ["layer 7"]);
  assert.ok(Math.abs(worst[0].times - 1.3) < 0.15 && worst[0].limit < 1.3);
});

Deno.test("with one earlier record the band is wide: 1.3 times passes unseen, twice is seen", () => {
  const machine = { layer: 0.03, day: 0.1 };
  assert.ok(count(1, machine, (w) => w === 7 ? 1.3 : 1).worse <= 20);
  assert.equal(count(1, machine, (w) => w === 7 ? 2 : 1).worse, 200);
});

Deno.test("all layers slower is the program's doing where the machine's rate stayed, and no alarm where it fell too", () => {
  const { worse, together } = count(5, { layer: 0.03, day: 0.02 }, () => 1.3);
  assert.equal(worse, 200);
  assert.equal(together, 200);
  const noise = gaussians(3), machine = { layer: 0.03, day: 0.02 };
  const earlier = Array.from({ length: 5 }, () => runOf(noise, machine));
  const passes = [0, 1].map(() => {
    const run = runOf(noise, machine, () => 1.6);
    return { ...run, ceiling: run.ceiling - Math.log(1.6) };
  });
  const times = compareTimes(earlier, passes)!;
  assert.equal(times.together.change, "like");
  assert.ok(times.seconds > 1.5, "but the factor is said");
});

Deno.test("slower in this bench alone is suspected; faster is better", () => {
  const noise = gaussians(9), machine = { layer: 0.02, day: 0.02 };
  const earlier = Array.from({ length: 5 }, () => runOf(noise, machine));
  const at = (w: number, times: number) => runOf(noise, machine, (v) => v === w ? times : 1);
  const changeOf = (passes: TimedRun[], w: number) =>
    compareTimes(earlier, passes)!.layers.find(({ name }) => name === `layer ${w}`)!.change;
  assert.equal(changeOf([at(3, 1.5)], 3), "suspected", "not run again yet");
  assert.notEqual(changeOf([at(3, 1.5), at(3, 1)], 3), "worse");
  assert.equal(changeOf([at(3, 1.5), at(3, 1.5)], 3), "worse");
  assert.equal(changeOf([at(3, 1 / 1.5)], 3), "better");
});

Deno.test("a record's layers: a dense layer of two roles counts once, none of two groups as one", () => {
  const { evidence } = timedFixture(), { layers } = timedRunOf(evidence as LatencyEvidence);
  const own = new Set(
    evidence.points.map((p) => [p.group, p.configuration, p.tokens, p.routing].join()),
  );
  assert.equal(layers.size, own.size);
  assert.ok(layers.size < evidence.points.length, "the fixture has no layer of two roles");
  const other = { layers: new Map([["another", { log: 0, error: 0 }]]), ceiling: 0 };
  assert.equal(compareTimes([other], [timedRunOf(evidence as LatencyEvidence)]), null);
});
