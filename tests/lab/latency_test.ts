/** A latency bench of toy layers: stopped, resumed, with and without a trained load. */
import assert from "node:assert/strict";
import type { Device } from "../../kernels/gpu/device.ts";
import { trainedLoad } from "../../lab/latency/histogram.ts";
import { type LatencyOptions, latencyPlanOf, runLatency } from "../../lab/latency/latency.ts";
import { type LatencyRecord, latencyRecordSchema } from "../../lab/record/latency_record.ts";
import { groupsOf, type LatencySuite } from "../../lab/latency/latency_suite.ts";
import type { Environment } from "../../lab/record/record.ts";
import { latency } from "../../suites/latency.ts";
import { withDevice } from "../with_device.ts";
import { fixtureRecord } from "../reports/fixture.ts";

/** The suite at sizes that take milliseconds. */
const TOY: LatencySuite = {
  ...latency,
  profiles: {
    ...latency.profiles,
    smoke: {
      width: 16,
      tokens: 40,
      rounds: 6,
      sample_s: 0.005,
      roofline: { samples: 6, sample_s: 0.005, elements: 1 << 14, variants: 1 },
      experts: { experts: [2, 4], active: [2], expertWidth: 8 },
      granularity: { experts: 2, active: 1, expertWidth: 16, splits: [1, 2] },
      active: null,
      tokensOf: null,
      widthOf: null,
      routingOf: { experts: 4, active: 2, expertWidth: 8, routings: ["uniform", "trained"] },
    },
  },
};
const GROUPS = groupsOf(TOY.profiles.smoke).length;

function environmentOf(device: Device): Environment {
  return { ...fixtureRecord().environment, adapter: device.adapter.description };
}

/** Runs the toy bench; `stopAfter` groups it is interrupted. */
async function bench(
  device: Device,
  outDir: string,
  more: Partial<LatencyOptions> = {},
  stopAfter = Infinity,
): Promise<{ record: LatencyRecord | null; failure: unknown; timed: string[] }> {
  const controller = new AbortController(), timed: string[] = [];
  const result = await runLatency(device, environmentOf(device), {
    suite: TOY,
    profile: "smoke",
    outDir,
    trained: null,
    signal: controller.signal,
    onProgress({ label, share, done }) {
      if (share === 0) timed.push(label);
      if (done >= stopAfter) controller.abort(new Error("stop"));
    },
    ...more,
  });
  return { ...result, timed };
}

async function temporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test("a latency bench that was stopped goes on and times no group twice", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const first = await bench(device, dir, {}, 2);
      assert.equal(first.failure, null);
      assert.equal(first.record!.incomplete, true);
      assert.equal(first.record!.verdict, "inconclusive");
      assert.match(first.record!.reason, /with 2 of 6 timed/);
      const kept = await Deno.readTextFile(`${dir}/latency.jsonl`);
      assert.equal(kept.trim().split("\n").length, 1 + 2, "roofline and two groups");
      const second = await bench(device, dir);
      assert.equal(second.timed.length, GROUPS - 2, second.timed.join());
      assert.equal(second.record!.incomplete, false);
      const whole = await Deno.readTextFile(`${dir}/latency.jsonl`);
      assert.ok(whole.startsWith(kept));
      const third = await bench(device, dir);
      assert.deepEqual(third.timed, []);
      const { points, judgements, roofline } = third.record!;
      assert.deepEqual([points, judgements, roofline], [
        second.record!.points,
        second.record!.judgements,
        second.record!.roofline,
      ]);
      assert.equal(third.record!.cost.wall_s, second.record!.cost.wall_s, "of all runs");
      latencyRecordSchema.parse(third.record);
    }));
});

Deno.test("points say what was timed: pairs by round, padding, load, formulas", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const { record } = await bench(device, dir), { points, plan } = record!;
      const cases = plan.cases.filter((c) => !c.includes("/trained/"));
      assert.equal(points.length, cases.length);
      assert.equal(new Set(points.map((p) => p.key)).size, points.length);
      assert.ok(record!.warnings.some((w) => /no load of a trained router/.test(w)));
      for (const p of points) {
        assert.equal(p.samples_s.length, 6);
        assert.ok(p.time_s.lo <= p.time_s.estimate && p.time_s.estimate <= p.time_s.hi);
        assert.ok(p.percentOfCeiling.estimate > 0 && p.percentOfCeiling.estimate < 100);
        assert.equal(p.flops, (p.pass === "forward" ? 6 : 18) * 16 * p.hidden * 40);
        assert.equal(p.matches === null, p.series === "moe");
        assert.equal(p.paddingShare === null, p.experts === null);
        if (p.experts) assert.ok(p.busiestOverMean! >= 1 && p.paddingShare! >= 0);
        if (p.series === "dense, equal active FLOPs") {
          assert.deepEqual(p.percentOfDense, { estimate: 100, lo: 100, hi: 100 });
        } else {
          const dense = points.find((q) =>
            q.group === p.group && q.series === "dense, equal active FLOPs" &&
            q.matches!.includes(p.matches?.[0] ?? p.configuration)
          )!;
          const ratios = p.samples_s.map((s, i) => 100 * dense.samples_s[i] / s);
          assert.ok(p.percentOfDense!.estimate >= Math.min(...ratios));
          assert.ok(p.percentOfDense!.estimate <= Math.max(...ratios));
        }
      }
    }));
});

Deno.test("a trained load is timed, named in the record, and another one is another point", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const trained = { shares: [1, 0.6, 0.3, 0.1], source: "a made-up router" };
      const { record } = await bench(device, dir, { trained });
      const point = record!.points.find((p) => p.routing === "trained" && p.pass === "forward")!;
      assert.equal(point.busiestOverMean, 2, "every token picks the first of 4, twice the mean");
      assert.ok(record!.warnings.includes("trained load: a made-up router"));
      const other = { ...trained, shares: [1, 0.5, 0.3, 0.2] };
      const again = await bench(device, dir, { trained: other });
      assert.deepEqual(again.timed, ["routing, forward", "routing, forward+backward"]);
    }));
});

Deno.test("a layer the adapter cannot hold is left out with its reason", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const smoke = {
        ...TOY.profiles.smoke,
        experts: { experts: [2, 1026], active: [2], expertWidth: 4 },
      };
      const suite = { ...TOY, profiles: { ...TOY.profiles, smoke } };
      const { record } = await bench(device, dir, { suite });
      const left = record!.warnings.filter((w) => w.startsWith("left out: "));
      assert.equal(left.length, 2);
      assert.match(left[0], /1026e2a:d=16,L=1,h=4, 40 tokens, forward: Cannot route to 1026/);
      assert.equal(record!.judgements.find((j) => j.claim === "capacity")!.verdict, "inconclusive");
      assert.notEqual(record!.verdict, "pass");
    }));
});

Deno.test("points of another plan make a record exploratory", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      await bench(device, dir, {}, 1);
      const suite = { ...TOY, limits: { ...TOY.limits, capacity: 9 } };
      assert.notEqual(latencyPlanOf(suite, "smoke").hash, latencyPlanOf(TOY, "smoke").hash);
      const { record } = await bench(device, dir, { suite }, 1);
      assert.equal(record!.plan.exploratory, true);
      assert.ok(record!.warnings.some((w) => /exploratory/.test(w)));
    }));
});

Deno.test("the trained load is the best target run's most uneven block, or none", () => {
  const record = fixtureRecord(), [run] = record.runs;
  const made = (
    loss: number | null,
    role: "target" | "control",
    expertLoad: number[][] | null,
  ) => ({
    ...run,
    validationLoss: loss,
    expertLoad,
    cell: { ...run.cell, label: "4e2a", role },
  });
  const even = [0.5, 0.5, 0.5, 0.5], uneven = [1, 0.5, 0.3, 0.2];
  record.runs = [
    made(2.1, "target", [even, even]),
    made(1.9, "target", [even, uneven]),
    made(1.5, "control", [even, even]),
    made(null, "target", [even, even]),
    made(1.2, "target", null),
  ];
  const load = trainedLoad(record, 4, 2)!;
  assert.deepEqual(load.shares, uneven);
  assert.match(load.source, /validation loss 1\.900 nats, block 1$/);
  assert.equal(trainedLoad(record, 8, 2), null);
});
