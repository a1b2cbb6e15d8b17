/** Other active experts in evaluation: judged without an eye, and evaluated by the model that was trained. */
import assert from "node:assert/strict";
import {
  type FewerProfile,
  judgeFewer,
  measureFewer,
  trainedActive,
  type WithActive,
} from "../../../lab/claims/fewer_active.ts";
import { jobOfWanted, type Workbench } from "../../../lab/claims/models.ts";
import { lossWith, shuffledRouters, trainedWeights } from "../../../lab/claims/other_active.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { findingsSchema } from "../../../lab/record/findings.ts";
import { PROFILES } from "../../../lab/suite.ts";
import { contextOf } from "../../../lab/train/job.ts";
import { layoutOf } from "../../../model/shape.ts";
import { unpack } from "../../../model/stored.ts";
import { textDataset } from "../../../model/tasks/language.ts";
import { fewerActive } from "../../../suites/fewer_active.ts";
import { withDevice } from "../../with_device.ts";
import { text } from "./workbench.ts";

const { quick, smoke } = fewerActive.profiles;

/** Made-up losses of the quick profile: what each number costs, and what shuffled routers do. */
function made(cost: Record<number, number>, shuffled = 0.5): WithActive[] {
  const at = (k: number, more: number) => 2.2 + 0.02 * Math.sin(k) + more * (1 + 0.02 * (k % 3));
  return quick.active.map((active) => ({
    active,
    own: quick.seeds.map((_, k) => at(k, cost[active] ?? 0)),
    shuffled: quick.seeds.map((_, k) => at(k, shuffled)),
  }));
}
/** The world of the sources. */
const SOURCES = { 1: 0.3, 2: 0.02, 3: 0.005, 6: 0.001, 8: 0.004, 16: 0.01 };
const verdict = (of: WithActive[]) => decide(judgeFewer(quick, of, "nats").judgements).verdict;
const failing = (of: WithActive[]) =>
  judgeFewer(quick, of, "nats").judgements
    .filter((j) => j.role === "claim" && j.verdict === "fail").map((j) => j.subject);

Deno.test("where half costs little and twice gains nothing, the suite passes", () => {
  assert.equal(verdict(made(SOURCES)), "pass");
  // what twice costs is no gain
  assert.equal(verdict(made({ ...SOURCES, 8: 0.2 })), "pass");
});

Deno.test("where half costs much or twice gains, the suite fails, and names which", () => {
  const half = made({ ...SOURCES, 2: 0.1 }), twice = made({ ...SOURCES, 8: -0.03 });
  assert.deepEqual([verdict(half), failing(half)], ["fail", ["2 experts instead of 4"]]);
  assert.deepEqual([verdict(twice), failing(twice)], ["fail", ["8 experts instead of 4"]]);
});

Deno.test("where any router does, or one expert as well as two, nothing can be told", () => {
  assert.equal(verdict(made(SOURCES, 0.02)), "cannot tell at this size");
  assert.equal(verdict(made({ ...SOURCES, 1: 0.02 })), "cannot tell at this size");
});

Deno.test("one seed, or a lost run, leaves the question open and says why", () => {
  const missing = (of: WithActive[]) =>
    judgeFewer(quick, of, "nats").judgements.map((j) => j.measures[0].missing);
  const one = made(SOURCES).map((w) => ({
    ...w,
    own: w.own.slice(0, 1),
    shuffled: w.shuffled.slice(0, 1),
  }));
  assert.equal(verdict(one), "inconclusive");
  assert.ok(missing(one).every((why) => why === "one seed has no interval"));
  const lost = made(SOURCES).map((w) => ({
    ...w,
    own: w.own.with(3, null),
    shuffled: w.shuffled.with(3, null),
  }));
  assert.equal(verdict(lost), "inconclusive");
  assert.ok(missing(lost).every((why) => why === "a run diverged"));
});

Deno.test("every profile evaluates with what its judgements compare", () => {
  for (const name of PROFILES) {
    const p = fewerActive.profiles[name], a = trainedActive(p);
    assert.ok(a >= 2 && a % 2 === 0, `${name}: a = ${a}`);
    for (const n of [1, 2, a / 2, a, 2 * a]) assert.ok(p.active.includes(n), `${name}: ${n}`);
    assert.deepEqual(p.active, p.active.toSorted((x, y) => x - y));
  }
});

/** Two seeds of a small model on a made-up text. */
const SMALL: FewerProfile = {
  ...smoke,
  plan: { ...smoke.plan, steps: 40, sequences: 4, seq: 8, evaluationBatches: 2 },
};

Deno.test("weights are evaluated as they were trained, whatever the number of active experts", () =>
  withDevice({}, async (device) => {
    const bytes = text();
    const set = textDataset({
      name: "made up",
      bytes,
      trainBytes: 3000,
      hash: "h",
      licence: "none",
    });
    const data = set.upload(device), { id, loss: unit } = set.task;
    const at = {
      device,
      pool: { data, task: { id, loss: unit }, context: contextOf(set, device) },
      signal: new AbortController().signal,
      progress() {},
    } as unknown as Workbench;
    const jobs = SMALL.seeds.map((seed) =>
      jobOfWanted(
        {
          panel: "p",
          configuration: SMALL.configuration,
          rule: "complete-mue",
          role: "target",
          seed,
        },
        SMALL.plan,
        at.pool.context,
      )
    );
    const { parameters, loss } = await trainedWeights(at, jobs, () => {});
    const half = await lossWith(at, jobs, parameters, 1, "own");
    const same = await lossWith(at, jobs, parameters, 2, "own");
    assert.deepEqual(same, loss, "the same experts give the same loss, to the bit");
    assert.ok(half.every((v, k) => Number.isFinite(v) && v !== same[k]));
    assert.notDeepEqual(await lossWith(at, jobs, parameters, 2, "shuffled"), same);
    assert.ok((await lossWith(at, jobs, parameters, 4, "own")).every(Number.isFinite));
    await assert.rejects(lossWith(at, jobs, parameters, 5, "own"), /Cannot route 4e5a/);

    // rows move, each to another expert, and nothing else does
    const layout = layoutOf(jobs[0].shape), moved = shuffledRouters(layout, parameters[0], 3);
    for (const p of layout.parameters) {
      const [was, is] = [parameters[0], moved].map((all) => unpack(p, all));
      if (p.kind !== "wrouter") assert.deepEqual(is, was, p.name);
      else {
        const rows = (of: Float32Array) =>
          Array.from({ length: 4 }, (_, e) => of.slice(16 * e, 16 * (e + 1)).join());
        assert.deepEqual(rows(is).toSorted(), rows(was).toSorted());
        assert.ok(rows(is).every((row, e) => row !== rows(was)[e]), "an expert keeps its row");
      }
    }

    const found = await measureFewer(SMALL, at);
    assert.deepEqual(findingsSchema.parse(JSON.parse(JSON.stringify(found))), found);
    for (const { name } of found.panels) assert.ok(found.points.some((p) => p.panel === name));
    assert.ok(found.judgements.every((j) => found.panels.some(({ name }) => name === j.panel)));
    for (const { columns, rows } of found.tables) {
      for (const row of rows) assert.equal(row.length, columns.length);
    }
    const stopped = new AbortController();
    stopped.abort();
    await assert.rejects(
      measureFewer(SMALL, Object.create(at, { signal: { value: stopped.signal } })),
      { name: "AbortError" },
    );
    data.destroy();
  }));
