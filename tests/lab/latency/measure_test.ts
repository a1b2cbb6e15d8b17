/** Timing a latency suite of toy layers: stopped, resumed, with and without a trained load. */
import assert from "node:assert/strict";
import { loadOf, trainedLoad } from "../../../lab/latency/load.ts";
import { casesOf, groupsOf, type LatencyProfile } from "../../../lab/latency/works.ts";
import { decideSuite } from "../../../lab/judge/decide.ts";
import { evidenceSchema } from "../../../lab/record/evidence.ts";
import { LabError } from "../../../lab/record/failure.ts";
import { findingsSchema } from "../../../lab/record/findings.ts";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { signed } from "../../../lab/record/run.ts";
import type { Suite } from "../../../lab/suite.ts";
import { latency } from "../../../suites/latency.ts";
import { withDevice } from "../../with_device.ts";
import { latencyFixture } from "../../reports/latency_fixture.ts";
import { timeSuite } from "./workbench.ts";

/** Sizes that take milliseconds. */
const toy: LatencyProfile = {
  limits: latency.profiles.smoke.limits,
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
};
const suiteOf = (change: Partial<LatencyProfile> = {}): Suite<LatencyProfile> =>
  latency.changed({}, { ...latency.profiles, smoke: { ...toy, ...change } });
const TOY = suiteOf(), GROUPS = groupsOf(toy).length;

async function temporary(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A record of a transfer suite with made-up routers of 4e2a. */
function trainedRecord(
  runs: [loss: number | null, role: "target" | "control", load: number[][] | null][],
): BenchRecord {
  return latencyFixture({
    evidence: {
      kind: "transfer",
      runs: runs.map(([validationLoss, role, expertLoad], i) =>
        signed({
          key: `${i}`,
          cell: {
            panel: "transfer",
            configuration: "4e2a:d=16,L=1,h=8",
            label: "4e2a",
            rule: "complete-mue",
            role,
            swept: "lr",
            log2x: -5,
            seed: 3,
          },
          base: BASE,
          rows: {},
          multipliers: { residual: 1, outputMultiplier: 1, routeScale: 1, logits: 1 },
          parameters: 1,
          steps: 1,
          batchTokens: 1,
          trainLoss: [],
          validationLoss,
          divergedAtStep: null,
          expertLoad,
          router: null,
          trainZLoss: null,
          wall_s: 1,
          replicas: 1,
        })
      ),
      optima: [],
    },
  });
}

const BASE = {
  lr: 1,
  weightDecay: 0,
  eps: 1,
  beta1: 0,
  beta2: 0,
  initStd: 1,
  embedInitStd: 1,
  unembedInitStd: 0,
};

Deno.test("a latency bench that was stopped goes on and times no group twice", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const first = await timeSuite(device, TOY, "smoke", dir, { stopAfter: 2 });
      assert.match(String(first.failure), /stop/);
      assert.ok(first.warnings.includes(`2 of ${GROUPS} groups are timed`), first.warnings.join());
      assert.equal(decideSuite(first.findings, true).verdict, "inconclusive");
      const kept = await Deno.readTextFile(`${dir}/latency.jsonl`);
      assert.equal(kept.trim().split("\n").length, 1 + 2, "roofline and two groups");
      const second = await timeSuite(device, TOY, "smoke", dir);
      assert.equal(second.failure, null);
      assert.equal(second.timed.length, GROUPS - 2, second.timed.join());
      const whole = await Deno.readTextFile(`${dir}/latency.jsonl`);
      assert.ok(whole.startsWith(kept));
      const third = await timeSuite(device, TOY, "smoke", dir);
      assert.deepEqual(third.timed, []);
      assert.deepEqual(third.measured, second.measured, "seconds of all benches too");
      evidenceSchema.parse(third.measured!.evidence);
      findingsSchema.parse(third.findings);
    }));
});

Deno.test("nothing can be said before the ceilings are measured", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const { measured, failure } = await timeSuite(device, TOY, "smoke", dir, { stopAfter: 0 });
      assert.match(String(failure), /stop/);
      assert.equal(measured, null);
      assert.equal(await Deno.readTextFile(`${dir}/latency.jsonl`), "");
    }));
});

Deno.test("points say what was timed: pairs by round, padding, load, formulas", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const { points, warnings } = await timeSuite(device, TOY, "smoke", dir);
      const cases = casesOf(groupsOf(toy)).filter((c) => !c.includes("/trained/"));
      assert.equal(points.length, cases.length);
      assert.equal(new Set(points.map((p) => p.key)).size, points.length);
      assert.ok(warnings.some((w) => /no load of a trained router/.test(w)));
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

Deno.test("a trained load is found, timed and named, and another one is another point", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const put = async (shares: number[]) => {
        await Deno.mkdir(`${dir}/all`, { recursive: true });
        const record = trainedRecord([[1.9, "target", [shares]]]);
        const path = `${dir}/all/record.json`;
        await Deno.writeTextFile(path, JSON.stringify(record));
      };
      await put([1, 0.6, 0.3, 0.1]);
      const inputs = { histogram: null, folders: [`${dir}/none`, `${dir}/all`] };
      const { points, warnings } = await timeSuite(device, TOY, "smoke", `${dir}/out`, { inputs });
      const point = points.find((p) => p.routing === "trained" && p.pass === "forward")!;
      assert.equal(point.busiestOverMean, 2, "every token picks the first of 4, twice the mean");
      assert.ok(
        warnings.some((w) => /^trained load: latency, quick: 4e2a/.test(w)),
        warnings.join(),
      );
      await put([1, 0.5, 0.3, 0.2]);
      const again = await timeSuite(device, TOY, "smoke", `${dir}/out`, { inputs });
      assert.deepEqual(again.timed, ["routing, forward", "routing, forward+backward"]);
    }));
});

Deno.test("a histogram that cannot be used is refused before any work", async () => {
  await temporary(async (dir) => {
    const refused = async (text: string, message: RegExp) => {
      await Deno.writeTextFile(`${dir}/load.json`, text);
      const inputs = { histogram: `${dir}/load.json`, folders: [] };
      await assert.rejects(
        () => TOY.prepare!("smoke", inputs),
        (error: Error) => error instanceof LabError && message.test(error.message),
      );
    };
    await refused("{", /Cannot read .*load\.json: it is not JSON, or cut short/);
    await refused(
      JSON.stringify(latencyFixture()),
      /no finished target 4e2a, which this profile times/,
    );
    const good = trainedRecord([[1.9, "target", [[0.5, 0.5, 0.5, 0.5]]]]);
    await Deno.writeTextFile(`${dir}/load.json`, JSON.stringify(good));
    await TOY.prepare!("smoke", { histogram: `${dir}/load.json`, folders: [] });
    assert.equal(await loadOf({ histogram: null, folders: [dir] }, toy.routingOf), null);
  });
});

Deno.test("a layer the adapter cannot hold is left out with its reason", async () => {
  await withDevice({}, (device) =>
    temporary(async (dir) => {
      const wide = suiteOf({ experts: { experts: [1026, 1028], active: [2], expertWidth: 4 } });
      const { warnings, findings } = await timeSuite(device, wide, "smoke", dir);
      const left = warnings.filter((w) => w.startsWith("left out: "));
      assert.equal(left.length, 4);
      assert.match(left[0], /1026e2a:d=16,L=1,h=4, 40 tokens, forward: Cannot route to 1026/);
      const capacity = findings.judgements.find((j) => j.variant === "more experts")!;
      assert.deepEqual([capacity.verdict, capacity.measures[0].missing], [
        "inconclusive",
        "a point is missing",
      ]);
      assert.notEqual(decideSuite(findings, false).verdict, "pass");
    }));
});

Deno.test("limits are part of what a plan decided", () => {
  const limits = { ...toy.limits, capacity: 9 }, { smoke, quick, paper } = TOY.profiles;
  const other = TOY.changed({}, {
    smoke: { ...smoke, limits },
    quick: { ...quick, limits },
    paper: { ...paper, limits },
  });
  assert.notDeepEqual(other.plan("smoke").decided, TOY.plan("smoke").decided);
  assert.match(other.passesIf, /≤ 9 ×/);
});

Deno.test("the trained load is the best target run's most uneven block, or none", () => {
  const even = [0.5, 0.5, 0.5, 0.5], uneven = [1, 0.5, 0.3, 0.2];
  const record = trainedRecord([
    [2.1, "target", [even, even]],
    [1.9, "target", [even, uneven]],
    [1.5, "control", [even, even]],
    [null, "target", [even, even]],
    [1.2, "target", null],
  ]);
  const load = trainedLoad(record, { experts: 4, active: 2 })!;
  assert.deepEqual(load.shares, uneven);
  assert.match(load.source, /^latency, quick: 4e2a.*seed 3, its lowest .*, block 1$/);
  assert.equal(trainedLoad(record, { experts: 8, active: 2 }), null);
  assert.equal(
    trainedLoad({ ...record, evidence: { kind: "claims", runs: [] } }, toy.routingOf),
    null,
  );
});
