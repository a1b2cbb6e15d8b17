/** The judge of the latency suite says pass, fail and inconclusive where it must. */
import assert from "node:assert/strict";
import { decide } from "../../../lab/judge/decide.ts";
import { findLatency } from "../../../lab/latency/findings.ts";
import { judgeLatency, ratioOfPoints } from "../../../lab/latency/judge.ts";
import type { Judgement } from "../../../lab/record/findings.ts";
import type { LatencyPoint } from "../../../lab/record/timed.ts";
import { latency } from "../../../suites/latency.ts";
import { type Law, pointsOf } from "./points.ts";

const { quick } = latency.profiles;
/** The paper's Fig. 7, nearly: 1.1 times for 8 times the experts, 1.4 for 16 parts, 8 for 8. */
const PAPER: Law = { capacity: 0.05, granularity: 0.12, widening: 1 };

/** `role: variant`, shortened, of the five kinds of judgements. */
function kindOf({ role, variant }: Judgement): string {
  if (role !== "aside") return role === "control" ? role : variant;
  return variant.includes("fewer active") ? "beyond" : "old limit";
}

/** Verdicts by kind: one where all judgements of the kind agree, else what was found. */
function verdicts(points: LatencyPoint[]): Record<string, unknown> {
  const by = Map.groupBy(judgeLatency(points, quick), kindOf);
  return Object.fromEntries([...by].map(([kind, list]) => {
    const found = [...new Set(list.map((j) => j.verdict))];
    return [kind, found.length === 1 ? found[0] : found];
  }));
}

const decided = (points: LatencyPoint[]) => decide(judgeLatency(points, quick));
const law = (change: Partial<Law>) => pointsOf({ ...PAPER, ...change });

Deno.test("what the paper claims passes, and the control fails", () => {
  const points = pointsOf(PAPER), judged = judgeLatency(points, quick);
  assert.deepEqual(verdicts(points), {
    "more experts": "pass",
    "beyond": "pass",
    "control": "fail",
    "finer experts": "pass",
    "old limit": "pass",
    "a wider dense layer": "pass",
  });
  // three a, two controls, finer experts twice and widening, for each pass
  assert.equal(judged.length, 2 * (3 + 2 + 2 + 1));
  assert.equal(judged[0].subject, "64e8a over 8e8a, forward");
  const { verdict, reason } = decided(points);
  assert.equal(verdict, "pass");
  assert.deepEqual([reason.claims.pass, reason.controls.fail], [6, 4]);
});

Deno.test("each claim has a twin that must fail", () => {
  const twins: [kind: string, law: Partial<Law>][] = [
    ["more experts", { capacity: 0.5 }],
    // dearer than widening a dense layer as far: as N grows 8 times by 8, so 16 parts by 16^1.2
    ["finer experts", { granularity: 1.2 }],
    ["finer experts", { granularity: 0.2, widening: 0.05 }],
    ["a wider dense layer", { widening: 0.45 }],
  ];
  for (const [kind, change] of twins) {
    assert.equal(verdicts(law(change))[kind], "fail", `${kind} under ${JSON.stringify(change)}`);
    assert.equal(decided(law(change)).verdict, "fail", kind);
  }
});

Deno.test("what failed until version 4 is shown as an aside that fails, and decides nothing", () => {
  const points = law({ granularity: 0.311 }); // 2.37 times for 16 parts, as on the reference machine
  assert.deepEqual(
    [verdicts(points)["old limit"], verdicts(points)["finer experts"]],
    ["fail", "pass"],
  );
  assert.equal(decided(points).verdict, "pass");
  const { caveats, tables } = findLatency(points, quick);
  assert.ok(caveats.some((c) => /moved after looking: until version 4 .* at most 2 times/.test(c)));
  const [, doublings] = tables, [, finer] = doublings.rows;
  const [name, paper, range, forward] = finer;
  assert.deepEqual([name, range], ["granularity", 16]);
  assert.ok(Math.abs(Number(paper) - (135 / 84.1) ** 0.2) < 1e-12, `${paper}`);
  assert.ok(Math.abs((forward as { estimate: number }).estimate - 2 ** 0.311) < 0.02);
});

Deno.test("capacity at fewer active experts is judged, and decides nothing", () => {
  const points = [
    ...law({ capacity: 0.5 }).filter((p) => p.active === 2),
    ...pointsOf(PAPER).filter((p) => p.active !== 2),
  ];
  const beyond = judgeLatency(points, quick).filter((j) => kindOf(j) === "beyond");
  assert.deepEqual(beyond.map((j) => j.verdict), ["pass", "fail", "pass", "fail"]);
  assert.equal(decided(points).verdict, "pass");
  // left out, the claimed a is missing; another does not take its place
  assert.equal(decided(points.filter((p) => p.active !== 8)).verdict, "inconclusive");
});

Deno.test("dense widening as cheap as capacity leaves nothing to tell", () => {
  const judged = judgeLatency(law({ widening: 0.05 }), quick);
  const narrow = judged.filter((j) => j.role === "control" && j.panel.startsWith("experts"));
  assert.deepEqual(narrow.map((j) => j.verdict), ["pass", "pass"]);
  const blind = judged.map((j) => j.role === "control" ? j : { ...j, verdict: "pass" as const });
  assert.equal(decide(blind).reason.code, "control passes");
  const none = judgeLatency(pointsOf(PAPER), quick).filter((j) => j.role !== "control");
  assert.equal(decide(none).reason.code, "no control");
});

Deno.test("a control that real points do not show to fail leaves nothing to tell", () => {
  // the widest dense layer is slow, but the second narrowest as fast as the narrowest
  const points = pointsOf(PAPER), { experts, expertWidth } = quick.experts;
  const dense = (n: number, pass: string) =>
    points.find((p) =>
      p.panel === "experts" && p.series === "dense, equal parameters" && p.pass === pass &&
      p.hidden === n * expertWidth
    )!;
  for (const pass of ["forward", "forward+backward"]) {
    dense(experts[1], pass).samples_s = dense(experts[0], pass).samples_s;
  }
  assert.equal(verdicts(points)["a wider dense layer"], "pass");
  assert.deepEqual(verdicts(points).control, ["pass", "fail"], "the narrowest, and the widest");
  assert.equal(decided(points).verdict, "cannot tell at this size");
});

Deno.test("a cost beyond widening that would not be seen leaves finer experts undecided", () => {
  // the widest two take the same time, so that a cost beyond widening's would not be seen
  const points = pointsOf(PAPER), { experts, expertWidth } = quick.experts;
  const dense = (hidden: number, pass: string) =>
    points.find((p) =>
      p.panel === "experts" && p.series === "dense, equal parameters" && p.pass === pass &&
      p.hidden === hidden
    )!;
  const widest = experts.at(-1)! * expertWidth;
  for (const pass of ["forward", "forward+backward"]) {
    dense(widest, pass).samples_s = dense(widest / 2, pass).samples_s;
  }
  assert.equal(verdicts(points)["finer experts"], "pass");
  assert.deepEqual(
    verdicts(points).control,
    ["fail", "inconclusive"],
    "the narrowest, and a cost unseen",
  );
  assert.equal(decided(points).verdict, "inconclusive");
  // times so noisy that one layer more is not seen either
  const noisy = judgeLatency(law({ noise: 0.4 }), quick);
  const finer = noisy.filter((j) => j.role === "control" && j.panel.startsWith("finer"));
  assert.deepEqual(finer.map((j) => j.verdict), ["inconclusive", "inconclusive"]);
});

Deno.test("an end point that was left out is missing: the next one never takes its place", () => {
  const left = law({ capacity: 0.5 }).filter((p) => p.label !== "64e8a");
  assert.equal(verdicts(left)["more experts"], "inconclusive");
  const ends: [kind: string, configuration: RegExp][] = [
    ["finer experts", /^128e32a/],
    ["a wider dense layer", /^dense.*H=8192/],
  ];
  for (const [kind, configuration] of ends) {
    const without = pointsOf(PAPER).filter((p) => !configuration.test(p.configuration));
    assert.equal(verdicts(without)[kind], "inconclusive", kind);
    assert.equal(decided(without).verdict, "inconclusive", kind);
  }
});

Deno.test("an interval across the limit is inconclusive", () => {
  const points = law({ capacity: 0.107, noise: 0.15 });
  const judged = judgeLatency(points, quick).filter((j) => kindOf(j) === "more experts");
  assert.ok(judged.some((j) => j.verdict === "inconclusive"), JSON.stringify(judged));
  assert.notEqual(decided(points).verdict, "pass");
});

Deno.test("missing points are inconclusive and named, never a pass", () => {
  const whole = pointsOf(PAPER);
  for (const panel of ["experts", "granularity"] as const) {
    const judged = judgeLatency(whole.filter((p) => p.panel !== panel), quick);
    const open = judged.filter((j) => j.verdict === "inconclusive");
    assert.ok(open.length >= 2);
    assert.ok(
      open.every(({ measures: [m] }) => m.value === null && m.missing === "a point is missing"),
    );
    assert.notEqual(decide(judged).verdict, "pass");
  }
  const none = judgeLatency([], quick);
  assert.deepEqual(none.map((j) => j.verdict), Array(16).fill("inconclusive"));
});

Deno.test("a drift that a round shares drops out, and other rounds are never paired", () => {
  const points = law({ noise: 0 }).filter((p) => p.series === "moe");
  const [small, , , large] = points;
  const { estimate, lo, hi } = ratioOfPoints(large, small);
  for (const x of [estimate, lo, hi]) assert.ok(Math.abs(x / 8 ** 0.05 - 1) < 1e-12);
  const other = points.find((p) => p.group !== small.group)!;
  assert.throws(() => ratioOfPoints(other, small), /not of the same rounds/);
});

Deno.test("every judgement stands in a panel that is there and carries the claim", () => {
  for (const points of [pointsOf(PAPER), []]) {
    const { panels, judgements, points: drawn } = findLatency(points, quick);
    const deciding = panels.filter((p) => p.decides).map((p) => p.name);
    for (const { panel } of judgements) assert.ok(deciding.includes(panel), panel);
    assert.equal(new Set(panels.map((p) => p.name)).size, panels.length);
    for (const point of drawn) assert.ok(panels.some((p) => p.name === point.panel), point.panel);
  }
});
