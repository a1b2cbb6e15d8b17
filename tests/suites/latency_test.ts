/** The latency suite: its caption, its plan, its points. */
import assert from "node:assert/strict";
import { groupsOf, type LatencyProfile } from "../../lab/latency/works.ts";
import { PROFILES } from "../../lab/suite.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { latency } from "../../suites/latency.ts";

Deno.test("what is derived is in the caption: limits, the largest a, rounds", () => {
  const { passesIf, measured, control } = latency;
  assert.match(passesIf, /largest a \(2 in smoke, 8 in quick, 8 in paper\) .* ≤ 1\.25 ×/);
  assert.match(passesIf, /≥ 0\.5 × the growth.*deciding nothing: .* ≤ 2 × the coarsest/);
  assert.match(measured, /\(6 in smoke, 11 in quick, 11 in paper\)/);
  assert.match(control, /capacity's limit \(1\.25\), must fail/);
});

Deno.test("a plan lists every point, and its time is that of its samples", () => {
  const { lines, trainings } = latency.plan("quick");
  assert.match(lines[0], new RegExp(`^${lines.length - 1} points, 11 rounds of 0.2 s samples`));
  assert.deepEqual(trainings, []);
  const { jobs, timed_s, other_s } = latency.estimate("quick");
  assert.deepEqual([jobs, other_s], [[], 0]);
  assert.ok(timed_s > 200 && timed_s < 700, `${timed_s} s`);
});

Deno.test("no layer of a profile needs a tensor that 4 GiB bindings cannot hold", () => {
  for (const profile of Object.values(latency.profiles)) {
    for (const { ffn, width, tokens, configuration } of groupsOf(profile).flatMap((g) => g.works)) {
      const [rows, hidden] = ffn.kind === "moe"
        ? [tokens * ffn.active + 64 * ffn.experts, ffn.expertWidth]
        : [tokens, ffn.hidden];
      const weights = 2 * (ffn.kind === "moe" ? ffn.experts : 1) * hidden * width;
      const largest = 4 * Math.max(rows * 2 * hidden, rows * width, weights);
      assert.ok(largest < 2 ** 32 - 4, `${configuration}: ${largest} bytes`);
    }
  }
});

Deno.test("every group has MoEs and, beside each, a dense layer of equal active FLOPs", () => {
  for (const profile of Object.values(latency.profiles)) {
    for (const { works } of groupsOf(profile)) {
      for (const work of works) {
        const { configuration, ffn, width } = work, read = parseConfiguration(configuration);
        assert.equal(read.width, width);
        if (ffn.kind === "dense") {
          assert.deepEqual(read.ffn, ffn);
          continue;
        }
        assert.equal(read.ffn.kind === "moe" && read.ffn.experts, ffn.experts);
        const dense = works.filter((w) =>
          w.tokens === work.tokens &&
          w.roles.some((r) =>
            r.series === "dense, equal active FLOPs" && r.matches!.includes(configuration)
          )
        );
        assert.equal(dense.length, 1, configuration);
        assert.deepEqual(dense[0].ffn, { kind: "dense", hidden: ffn.active * ffn.expertWidth });
        for (const w of works) {
          const equal = w.roles.find((r) => r.series === "dense, equal parameters");
          if (!equal?.matches?.includes(configuration) || w.width !== width) continue;
          assert.deepEqual(w.ffn, { kind: "dense", hidden: ffn.experts * ffn.expertWidth });
        }
      }
    }
  }
});

Deno.test("cases are all different, and splitting keeps active and total width", () => {
  for (const name of PROFILES) {
    const [, ...cases] = latency.plan(name).lines;
    assert.equal(new Set(cases).size, cases.length);
    const split = groupsOf(latency.profiles[name]).filter((g) => g.panel === "granularity")
      .flatMap((g) => g.works).flatMap(({ ffn }) => ffn.kind === "moe" ? [ffn] : []);
    for (const { experts, active, expertWidth } of split) {
      assert.equal(active * expertWidth, split[0].active * split[0].expertWidth);
      assert.equal(experts * expertWidth, split[0].experts * split[0].expertWidth);
    }
  }
});

Deno.test("a declaration that cannot be timed, or would judge with two measures, is refused", () => {
  const { smoke, ...others } = latency.profiles;
  const broken = (change: Partial<LatencyProfile>) => () =>
    latency.changed({}, { ...others, smoke: { ...smoke, ...change } });
  const granularity = { experts: 4, active: 1, expertWidth: 30, splits: [1, 4] };
  assert.throws(broken({ granularity }), /experts of 30 do not split by 4/);
  assert.throws(
    broken({ experts: { experts: [8], active: [2], expertWidth: 32 } }),
    /experts, a = 2: one point is no axis/,
  );
  assert.throws(
    broken({ experts: { experts: [2, 8], active: [4], expertWidth: 32 } }),
    /2e4a has too few experts/,
  );
  assert.throws(
    broken({ experts: { experts: [2, 16], active: [2], expertWidth: 32 } }),
    /experts 4 times as fine against a dense layer 8 times as wide/,
  );
  assert.throws(broken({ limits: { ...smoke.limits, capacity: 9 } }), /other limits than/);
});
