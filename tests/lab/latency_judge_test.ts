/** The judges of the latency suite say pass, fail and inconclusive where they must. */
import assert from "node:assert/strict";
import { decideLatency, judgeLatency, ratioOfPoints } from "../../lab/latency/latency_judge.ts";
import type { LatencyJudgement, LatencyPoint } from "../../lab/record/latency_record.ts";
import type { Verdict } from "../../lab/record/record.ts";
import { latency } from "../../suites/latency.ts";
import { type Law, pointsOf } from "./latency_points.ts";

const { limits } = latency, { quick } = latency.profiles;
/** The paper's Fig. 7, nearly: 1.1 times for 8 times the experts, 1.4 for 16 parts, 8 for 8. */
const CLAIMED: Law = { capacity: 0.05, granularity: 0.12, widening: 1 };

/** Verdicts by claim: one where all judgements of the claim agree, else what was found. */
function verdicts(points: LatencyPoint[]): Record<string, Verdict | Verdict[]> {
  const by = Map.groupBy(judgeLatency(points, limits, quick), (j: LatencyJudgement) => j.claim);
  return Object.fromEntries([...by].map(([claim, list]) => {
    const found = [...new Set(list.map((j) => j.verdict))];
    return [claim, found.length === 1 ? found[0] : found];
  }));
}

const decided = (points: LatencyPoint[]) => decideLatency(judgeLatency(points, limits, quick));

Deno.test("what the paper claims passes, and the control fails", () => {
  const points = pointsOf(CLAIMED), judged = judgeLatency(points, limits, quick);
  assert.deepEqual(verdicts(points), {
    capacity: "pass",
    beyond: "pass",
    granularity: "pass",
    widening: "pass",
    control: "fail",
  });
  // three a and one granularity, widening and control, twice
  assert.equal(judged.length, 2 * (3 + 3));
  assert.match(judged[0].quantity, /^time of 64e8a over 8e8a, forward$/);
  assert.match(judged[0].reason, /^1\.1\d \[1\.\d\d, 1\.\d\d\] times, within the limit 1\.25$/);
  const { verdict, reason } = decided(points);
  assert.equal(verdict, "pass");
  assert.match(reason, /6 of 6 claims hold and the control fails on 2 of 2/);
});

Deno.test("capacity that costs half of its growth fails", () => {
  const points = pointsOf({ ...CLAIMED, capacity: 0.5 });
  assert.equal(verdicts(points).capacity, "fail");
  assert.equal(decided(points).verdict, "fail");
  assert.match(decided(points).reason, /2 of 6 claims fail: capacity: time of 64e8a over 8e8a/);
});

Deno.test("capacity at fewer active experts is judged, and decides nothing", () => {
  const points = [
    ...pointsOf({ ...CLAIMED, capacity: 0.5 }).filter((p) => p.active === 2),
    ...pointsOf(CLAIMED).filter((p) => p.active !== 2),
  ];
  const beyond = judgeLatency(points, limits, quick).filter((j) => j.claim === "beyond");
  assert.deepEqual(beyond.map((j) => j.verdict), ["pass", "fail", "pass", "fail"]);
  assert.equal(decided(points).verdict, "pass");
  // left out, the claimed a is missing; another does not take its place
  const without = points.filter((p) => p.active !== 8);
  assert.equal(decided(without).verdict, "inconclusive");
});

Deno.test("granularity above its limit fails", () => {
  const points = pointsOf({ ...CLAIMED, granularity: 0.4 });
  assert.equal(verdicts(points).granularity, "fail");
  assert.equal(decided(points).verdict, "fail");
});

Deno.test("granularity within its limit but above dense widening fails", () => {
  const points = pointsOf({ ...CLAIMED, granularity: 0.2, widening: 0.05 });
  const judged = judgeLatency(points, limits, quick).filter((j) => j.claim === "granularity");
  assert.deepEqual(judged.map((j) => j.verdict), ["fail", "fail"]);
  assert.match(judged[0].reason, /within the limit 2\.00; above dense widening's 1\.1/);
});

Deno.test("dense widening that costs a third of its growth fails", () => {
  const points = pointsOf({ ...CLAIMED, widening: 0.45 });
  assert.equal(verdicts(points).widening, "fail");
  assert.equal(decided(points).verdict, "fail");
});

Deno.test("dense widening as cheap as capacity leaves nothing to tell", () => {
  const judged = judgeLatency(pointsOf({ ...CLAIMED, widening: 0.05 }), limits, quick);
  assert.ok(judged.filter((j) => j.claim === "control").every((j) => j.verdict === "pass"));
  const blind = judged.map((j) => j.claim === "control" ? j : { ...j, verdict: "pass" as const });
  assert.equal(decideLatency(blind).verdict, "cannot tell at this size");
  assert.match(decideLatency(blind).reason, /the control is not seen to fail/);
  const none = judgeLatency(pointsOf(CLAIMED), limits, quick).filter((j) => j.claim !== "control");
  assert.equal(decideLatency(none).verdict, "cannot tell at this size");
});

Deno.test("a control that real points do not show to fail leaves nothing to tell", () => {
  // the widest dense layer is slow, but the second narrowest as fast as the narrowest
  const points = pointsOf(CLAIMED), { experts, expertWidth } = quick.experts;
  const dense = (n: number, pass: string) =>
    points.find((p) =>
      p.panel === "experts" && p.series === "dense, equal parameters" && p.pass === pass &&
      p.hidden === n * expertWidth
    )!;
  for (const pass of ["forward", "forward+backward"]) {
    dense(experts[1], pass).samples_s = dense(experts[0], pass).samples_s;
  }
  assert.equal(verdicts(points).widening, "pass");
  assert.equal(verdicts(points).control, "pass");
  assert.equal(decided(points).verdict, "cannot tell at this size");
});

Deno.test("an end point that was left out is missing: the next one never takes its place", () => {
  const points = pointsOf({ ...CLAIMED, capacity: 0.5 });
  const left = points.filter((p) => p.label !== "64e8a");
  assert.equal(verdicts(points).capacity, "fail");
  assert.equal(verdicts(left).capacity, "inconclusive");
  for (
    const { claim, configuration } of [
      { claim: "granularity", configuration: /^128e32a/ },
      { claim: "widening", configuration: /^dense.*H=8192/ },
    ]
  ) {
    const without = pointsOf(CLAIMED).filter((p) => !configuration.test(p.configuration));
    assert.equal(verdicts(without)[claim], "inconclusive", claim);
    assert.equal(decided(without).verdict, "inconclusive", claim);
  }
});

Deno.test("an interval across the limit is inconclusive", () => {
  const points = pointsOf({ ...CLAIMED, capacity: 0.107, noise: 0.15 });
  const judged = judgeLatency(points, limits, quick).filter((j) => j.claim === "capacity");
  assert.ok(judged.some((j) => j.verdict === "inconclusive"), JSON.stringify(judged));
  assert.notEqual(decided(points).verdict, "pass");
});

Deno.test("missing points are inconclusive and named, never a pass", () => {
  const whole = pointsOf(CLAIMED);
  for (const panel of ["experts", "granularity"] as const) {
    const judged = judgeLatency(whole.filter((p) => p.panel !== panel), limits, quick);
    const open = judged.filter((j) => j.verdict === "inconclusive");
    assert.ok(open.length >= 2);
    assert.ok(open.some((j) => j.ratio === null && /a point is missing/.test(j.reason)));
    assert.notEqual(decideLatency(judged).verdict, "pass");
  }
  const noDense = whole.filter((p) => p.series !== "dense, equal parameters");
  const judged = judgeLatency(noDense, limits, quick);
  assert.match(judged.find((j) => j.claim === "granularity")!.reason, /no dense widening/);
  assert.equal(decideLatency(judged).verdict, "cannot tell at this size");
  assert.deepEqual(
    judgeLatency([], limits, quick).map((j) => j.verdict),
    Array(12).fill("inconclusive"),
  );
});

Deno.test("a drift that a round shares drops out, and other rounds are never paired", () => {
  const points = pointsOf({ ...CLAIMED, noise: 0 }).filter((p) => p.series === "moe");
  const [small, , , large] = points;
  const { estimate, lo, hi } = ratioOfPoints(large, small);
  for (const x of [estimate, lo, hi]) assert.ok(Math.abs(x / 8 ** 0.05 - 1) < 1e-12);
  const other = points.find((p) => p.group !== small.group)!;
  assert.throws(() => ratioOfPoints(other, small), /not of the same rounds/);
});
