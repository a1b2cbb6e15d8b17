import assert from "node:assert/strict";
import type { LatencyPoint } from "../../lab/record/latency_record.ts";
import { latencyCharts } from "../../reports/charts/latency_charts.ts";
import { expertRows } from "../../reports/charts/latency_experts.ts";
import { percentRows } from "../../reports/charts/latency_percent.ts";
import {
  paperRows,
  relativeRows,
  timesDense,
  widenedTimesDense,
} from "../../reports/charts/latency_relative.ts";
import { routingRows } from "../../reports/charts/latency_routing.ts";
import { denseBeside, moePoints, quotient } from "../../reports/charts/latency_series.ts";
import { logTicks } from "../../reports/charts/line_plot.ts";
import { compileSpec, renderPdf, renderSvg } from "../../reports/charts/render.ts";
import { assertNothingCut, testGoldens, textsOf } from "./golden.ts";
import { FAST, latencyFixture } from "./latency_fixture.ts";

const record = latencyFixture();
const charts = latencyCharts(record);

testGoldens(charts);

Deno.test("a latency bench has its five charts, captions complete, nothing cut short", async () => {
  assert.deepEqual(charts.map((chart) => chart.name), [
    "latency-vs-experts",
    "percent-of-dense",
    "times-dense",
    "latency-other-axes",
    "latency-vs-routing",
  ]);
  for (const { caption, spec } of charts) {
    for (const part of ["the paper's Fig. 7", record.suite.claim, "Verdict here: inconclusive"]) {
      assert.ok(caption.includes(part), `caption lacks ${part}: ${caption}`);
    }
    assert.match(caption, /software adapter.*Cost: \d+ points timed, 6 min 52 s/);
    assert.equal(spec.description, caption);
    assertNothingCut(await renderSvg(spec));
  }
});

Deno.test("MoE and both dense series stand on one axis of milliseconds", async () => {
  const rows = expertRows(record, "forward");
  const found = Map.groupBy(rows, (row) => row.series);
  assert.deepEqual([...found].map(([name, all]) => [name, all.length]), [
    ["MoE", 12],
    ["dense, equal active FLOPs (H = a·h)", 12],
    ["dense, equal parameters (H = N·h)", 4],
  ]);
  const moe = moePoints(record, "experts", "forward")[0];
  const row = rows.find((one) => one.series === "MoE" && one.x === moe.experts)!;
  assert.ok(Math.abs(row.y - 1e3 * moe.time_s.estimate) < 1e-3 * row.y);
  assert.ok(row.lo! < row.y && row.y < row.hi!);
  const texts = textsOf(await renderSvg(charts[0].spec));
  for (const text of ["time (ms, log axis)", "experts N (log₂ axis)", "a = 8", "64"]) {
    assert.ok(texts.includes(text), `${text} is not among ${texts.join(" | ")}`);
  }
});

Deno.test("a dense layer stands beside the MoE layers it matches, and no other", () => {
  const moe = moePoints(record, "experts", "forward")
    .find((point) => point.label === "32e4a")!;
  const equal = denseBeside(record, moe, "dense, equal active FLOPs")!;
  const wide = denseBeside(record, moe, "dense, equal parameters")!;
  assert.deepEqual([equal.hidden, equal.pass, wide.hidden], [256, "forward", 2048]);
  assert.equal(denseBeside({ ...record, points: [moe] }, moe, "dense, equal active FLOPs"), null);
});

Deno.test("the paper's points are its milliseconds over its own dense layer's", () => {
  const { capacity, granularity, widened } = paperRows();
  const near = (value: number, of: number) => assert.ok(Math.abs(value - of) < 5e-4, `${value}`);
  assert.deepEqual(capacity.map((row) => row.x), [1, 32]);
  near(capacity[0].y, 87.8 / 81.0);
  near(capacity[1].y, 97.0 / 81.0);
  assert.deepEqual(granularity.map((row) => row.x), [2, 64]);
  near(granularity[0].y, 84.1 / 81.0);
  near(granularity[1].y, 135.0 / 81.0);
  near(widened, 667.6 / 81.0);
  for (const row of [...capacity, ...granularity]) assert.match(row.line, /the paper's, one H100/);
  for (const word of ["size", "number format", "kernels", "adapter", "float32", "H100"]) {
    assert.ok(charts[2].caption.includes(word), `what differs lacks ${word}`);
  }
});

Deno.test("times dense is the inverse of the percentage, ends exchanged; unpaired it is wider", () => {
  const moe = moePoints(record, "experts", "forward+backward")[3];
  const ratio = timesDense(record, moe)!;
  assert.equal(ratio.estimate, 100 / moe.percentOfDense!.estimate);
  assert.equal(ratio.lo, 100 / moe.percentOfDense!.hi);
  const points = record.points.map((point) => ({ ...point, percentOfDense: null }));
  const bare = { ...record, points };
  const unpaired = timesDense(bare, points[record.points.indexOf(moe)])!;
  assert.ok(unpaired.hi > unpaired.estimate && unpaired.estimate > unpaired.lo);
  assert.deepEqual(
    quotient({ estimate: 4, lo: 3, hi: 5 }, { estimate: 2, lo: 1, hi: 2.5 }),
    { estimate: 2, lo: 1.2, hi: 5 },
  );
  assert.ok(Math.abs(widenedTimesDense(record, moe)!.estimate - moe.experts! / moe.active!) < 1.5);
  assert.ok(relativeRows(record).capacity.length > 12);
});

Deno.test("a point without a dense layer is left out of the percentages, not drawn as 0", () => {
  const points = record.points.map((point): LatencyPoint =>
    point.label === "64e2a" ? { ...point, percentOfDense: null } : point
  );
  const before = percentRows(record, "experts", "forward").length;
  const rows = percentRows({ ...record, points }, "experts", "forward");
  assert.equal(rows.length, before - 1);
  assert.ok(rows.every((row) => row.y > 0));
});

Deno.test("routings are written with their time and padding", () => {
  const rows = routingRows(record, "forward");
  assert.deepEqual(rows.map((row) => row.row), ["uniform", "zipf", "hot", "trained"]);
  assert.match(rows[2].text, /^\d+\.\d ms, padding 22%$/);
  assert.ok(rows.every((row) => row.dense_ms !== null && row.lo < row.y && row.y < row.hi));
});

Deno.test("a record with few points draws what it has, a fast machine's too", async () => {
  const some = record.points.filter((point) =>
    point.panel === "experts" && point.pass === "forward" && point.active !== 2
  );
  const drawn = latencyCharts({ ...record, points: some });
  assert.deepEqual(drawn.map((chart) => chart.name), [
    "latency-vs-experts",
    "percent-of-dense",
    "times-dense",
  ]);
  for (const { spec } of [...drawn, ...latencyCharts(latencyFixture({}, FAST))]) {
    assert.deepEqual(compileSpec(spec).warnings, []);
    assertNothingCut(await renderSvg(spec));
  }
  assert.deepEqual(latencyCharts({ ...record, points: [] }), []);
});

Deno.test("a chart with dashed and unbroken lines becomes a PDF", async () => {
  const svg = await renderSvg(charts[0].spec);
  assert.match(svg, /stroke-dasharray="1,0"/);
  const pdf = await renderPdf(svg, "latency");
  assert.ok(new TextDecoder("latin1").decode(pdf).startsWith("%PDF-"));
});

Deno.test("a log axis has ticks at round values, more on a narrow one", () => {
  assert.deepEqual(logTicks([8, 1100]), [10, 20, 50, 100, 200, 500, 1000]);
  assert.deepEqual(logTicks([0.9, 1.7]), [0.9, 1, 1.2, 1.4, 1.6]);
  assert.deepEqual(logTicks([0.05, 2000]), [0.1, 1, 10, 100, 1000]);
});
