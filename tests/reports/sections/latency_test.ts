/** A latency record as findings, charts, sections and data. */
import assert from "node:assert/strict";
import { findLatency } from "../../../lab/latency/findings.ts";
import { timesDense, widenedTimesDense } from "../../../lab/latency/multiples.ts";
import { denseBeside, quotient } from "../../../lab/record/beside.ts";
import type { LatencyPoint } from "../../../lab/record/timed.ts";
import { compileSpec, renderSvg } from "../../../reports/charts/render.ts";
import { csvText } from "../../../reports/media/csv.ts";
import { summaryMarkdown } from "../../../reports/media/markdown.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import {
  latencyData,
  latencySections,
  pointTable,
  timerWarnings,
} from "../../../reports/sections/latency.ts";
import type { Section } from "../../../reports/sections/section.ts";
import { writeReport } from "../../../reports/write.ts";
import { csvParse } from "d3-dsv";
import { assertNothingCut, testGoldens, textsOf } from "../golden.ts";
import { FAST, type LatencyRecord, SIZES, timedFixture } from "../latency_fixture.ts";

const record = timedFixture(), { points } = record.evidence, { findings } = record;
const chartsOf = (sections: Section[]) =>
  sections.flatMap(({ blocks }) => blocks.flatMap((b) => b.kind === "chart" ? [b.chart] : []));
const charts = chartsOf(latencySections(record));
const drawnIn = (panel: string) => findings.points.filter((p) => p.panel === panel);

testGoldens(charts);

Deno.test("a latency bench has its charts, captions complete, nothing cut short", async () => {
  assert.deepEqual(charts.map((chart) => chart.name), [
    "latency-vs-experts",
    "finer-or-wider",
    "percent-of-dense",
    "times-dense",
    "latency-other-axes",
    "latency-vs-routing",
  ]);
  for (const { about, spec } of charts) {
    const caption = spec.description;
    assert.ok(caption.includes(about) && !about.includes("Adapter"), about);
    for (const part of ["the paper's Fig. 7", record.suite.claim, "Verdict here: pass"]) {
      assert.ok(caption.includes(part), `caption lacks ${part}: ${caption}`);
    }
    assert.match(caption, /software adapter.*Cost: \d+ points timed, 6 min 52 s/);
    assertNothingCut(await renderSvg(spec));
  }
  const texts = textsOf(await renderSvg(charts[0].spec));
  for (const text of ["time (ms, log axis)", "experts N (log₂ axis)", "a = 8", "64"]) {
    assert.ok(texts.includes(text), `${text} is not among ${texts.join(" | ")}`);
  }
});

Deno.test("MoE and both dense series stand on one axis of milliseconds", () => {
  const rows = drawnIn("experts, forward");
  const found = Map.groupBy(rows, (row) => row.series);
  assert.deepEqual([...found].map(([name, all]) => [name, all.length]), [
    ["MoE", 12],
    ["dense, equal active FLOPs (H = a·h)", 12],
    ["dense, equal parameters (H = N·h)", 4],
  ]);
  const moe = points.find((p) => p.series === "moe")!;
  const { y, lo, hi } = rows.find((row) => row.series === "MoE" && row.x === moe.experts)!;
  assert.deepEqual(
    [y, lo, hi],
    [moe.time_s.estimate, moe.time_s.lo, moe.time_s.hi].map((s) => 1e3 * s),
  );
});

Deno.test("finer experts stand beside a wider dense layer and the paper's, each over its first", () => {
  const rows = drawnIn("finer or wider, forward");
  const of = (line: string) => rows.filter((row) => row.line.includes(line));
  assert.deepEqual(of("MoE").map((row) => row.x), [1, 2, 4, 8, 16]);
  assert.deepEqual(of("wider").map((row) => row.x), [1, 2, 4, 8]);
  assert.deepEqual(of("paper").map(({ x, y }) => [x, Number(y.toFixed(3))]), [[1, 1], [32, 1.605]]);
  for (const first of rows.filter((row) => row.x === 1)) assert.equal(first.y, 1);
  const claim = findings.judgements.find((j) => j.variant === "finer experts")!;
  const [split, wide] = [of("MoE").at(-1)!, of("wider").at(-1)!];
  assert.ok(Math.abs(claim.measures[0].value!.estimate - split.y / wide.y) < 1e-12);
});

Deno.test("a dense layer stands beside the MoE layers it matches, and no other", () => {
  const moe = points.find((p) => p.label === "32e4a" && p.pass === "forward" && p.tokens === 1024)!;
  const equal = denseBeside(points, moe, "dense, equal active FLOPs")!;
  const wide = denseBeside(points, moe, "dense, equal parameters")!;
  assert.deepEqual([equal.hidden, equal.pass, wide.hidden], [256, "forward", 2048]);
  assert.equal(denseBeside([moe], moe, "dense, equal active FLOPs"), null);
});

Deno.test("times dense is the inverse of the percentage, ends exchanged; unpaired it is wider", () => {
  const moe = points.find((p) => p.panel === "experts" && p.label === "64e8a")!;
  const ratio = timesDense(points, moe)!;
  assert.equal(ratio.estimate, 100 / moe.percentOfDense!.estimate);
  assert.equal(ratio.lo, 100 / moe.percentOfDense!.hi);
  const bare = points.map((point) => ({ ...point, percentOfDense: null }));
  const unpaired = timesDense(bare, bare[points.indexOf(moe)])!;
  assert.ok(unpaired.hi - unpaired.lo > ratio.hi - ratio.lo);
  assert.deepEqual(
    quotient({ estimate: 4, lo: 3, hi: 5 }, { estimate: 2, lo: 1, hi: 2.5 }),
    { estimate: 2, lo: 1.2, hi: 5 },
  );
  assert.ok(Math.abs(widenedTimesDense(points, moe)!.estimate - 8) < 0.5);
});

Deno.test("the paper's points are its milliseconds over its own dense layer's", () => {
  const paper = (panel: string) =>
    drawnIn(panel).filter((p) => p.line.startsWith("the paper's")).map(({ x, y }) => [x, y]);
  assert.deepEqual(paper("times dense, capacity"), [[1, 87.8 / 81], [32, 97 / 81]]);
  assert.deepEqual(paper("times dense, granularity"), [[2, 84.1 / 81], [64, 135 / 81]]);
  const widened = findings.panels.find((p) => p.name === "times dense, widened")!;
  assert.equal(widened.rules[0].y, 667.6 / 81);
  const { rows } = findings.tables[0];
  assert.deepEqual(rows.map(([, , times]) => (times as number).toFixed(2)), [
    "1.08",
    "1.20",
    "1.04",
    "1.67",
    "8.24",
  ]);
  assert.deepEqual(rows.map(([, , , ours]) => ours), ["8e8a", "64e8a", "8e2a", "128e32a", "64e8a"]);
  for (const [, , , ours, value] of rows) assert.ok(value !== null, `${ours} was not found`);
  const [, differences] = findings.caveats;
  for (
    const word of ["size", "d = 256", "number format", "kernels", "adapter", "float32", "H100"]
  ) {
    assert.ok(differences.includes(word), `what differs lacks ${word}`);
  }
});

Deno.test("a point without a dense layer is left out of the percentages, not drawn as 0", () => {
  const without = findLatency(
    points.map((p): LatencyPoint => p.label === "64e2a" ? { ...p, percentOfDense: null } : p),
    SIZES,
  );
  const of = (all: typeof findings) =>
    all.points.filter((p) => p.panel === "percent of dense, experts, forward");
  assert.equal(of(without).length, of(findings).length - 1);
  assert.ok(of(without).every(({ y }) => y > 0));
});

Deno.test("routings have their time, the dense layer as a rule, and their padding", () => {
  assert.deepEqual(drawnIn("routing, forward").map((p) => p.x), [
    "uniform",
    "zipf",
    "hot",
    "trained",
  ]);
  assert.deepEqual(drawnIn("padding").map((p) => p.y), [4, 9, 22, 11]);
  const { rules } = findings.panels.find((p) => p.name === "routing, forward")!;
  assert.equal(rules[0].label, "dense, equal active FLOPs");
});

Deno.test("a record with few points draws what it has, a fast machine's too", async () => {
  const some = timedFixture((all) =>
    all.filter((p) => p.panel === "experts" && p.pass === "forward" && p.active !== 2)
  );
  const drawn = chartsOf(latencySections(some));
  assert.deepEqual(drawn.map((chart) => chart.name), [
    "latency-vs-experts",
    "finer-or-wider",
    "percent-of-dense",
    "times-dense",
  ]);
  for (const { spec } of [...drawn, ...chartsOf(latencySections(timedFixture(undefined, FAST)))]) {
    assert.deepEqual(compileSpec(spec).warnings, []);
    assertNothingCut(await renderSvg(spec));
  }
});

Deno.test("one table has every figure of a point, its rate in the unit that fits", () => {
  const slow = pointTable(record, points);
  assert.equal(slow.head[4], "GFLOP/s");
  assert.equal(pointTable(timedFixture(undefined, FAST), points).head[4], "TFLOP/s");
  const [row] = slow.rows;
  assert.equal(row[3], "10.4 [9.56, 11.1]");
  assert.deepEqual([row[1], row[2], row[8], row[9]], ["MoE", "forward", "4.0", "9"]);
  assert.equal(slow.rows.length, points.length);
});

Deno.test("data parse back to the points, every field, nothing rounded, gaps empty", () => {
  const [data] = latencyData(record), rows = csvParse(csvText(data).replace(/^\uFEFF/, ""));
  assert.equal(data.stem, "points");
  assert.equal(rows.length, points.length);
  for (const [index, point] of points.entries()) {
    const row = rows[index];
    for (const [name, value] of Object.entries(point)) {
      if (Array.isArray(value)) assert.equal(row[name], value.join("; "));
      else if (value !== null && typeof value === "object") {
        assert.equal(Number(row[name]), value.estimate);
        assert.equal(Number(row[`${name}_lo`]), value.lo);
        assert.equal(Number(row[`${name}_hi`]), value.hi);
      } else assert.equal(row[name], String(value ?? ""));
    }
  }
  const bare = latencyData(timedFixture((all) => all.map((p) => ({ ...p, percentOfDense: null }))));
  assert.deepEqual(bare[0].columns, data.columns, "columns do not depend on what was measured");
});

Deno.test("warnings of one kind are told once and counted", () => {
  const some = points.slice(0, 3).map((point, index) => ({
    ...point,
    warnings: [`short samples: one takes ${index} ms`],
  }));
  const warnings = ["fma: host busy: 34%", "read: host busy: 30%", "copy: not warm: it moved"];
  const roofline = { ...record.evidence.roofline, warnings };
  assert.deepEqual(timerWarnings({ points: some, roofline }), [
    "host busy at 2 of 3 ceilings, the first fma: 34%",
    "copy: not warm: it moved",
    "short samples at 3 of 3 points, the first 8e2a:d=256,h=64, 1024 tokens, forward: one takes 0 ms",
  ]);
  assert.match(timerWarnings(record.evidence).join(), /hot, forward: the clock drifted by 4%/);
});

Deno.test("every medium says verdict, control, the moved limit and the paper's doubling", () => {
  const report = reportOf(record);
  const text = `${summaryMarkdown(report)}\n${terminalSummary(report, 200)}`;
  for (
    const words of [
      "fail (expected of the control)",
      "pass (decides nothing)",
      "moved after looking",
      "Cost of a doubling",
      "Beside the paper",
      "60.0 [59.4, 60.8] GFLOP/s",
      "one H100 80GB",
    ]
  ) assert.ok(text.includes(words), `no medium says ${words}`);
  assert.match(text, /\| granularity \| 1\.10 \| 16 \| 1\.0\d \[/);
});

Deno.test("no medium shows a number that is not one", () => {
  const broken: LatencyRecord = timedFixture((all) =>
    all.map((p, i) => i % 7 ? p : { ...p, tflops: { estimate: NaN, lo: NaN, hi: Infinity } })
  );
  const report = reportOf(broken);
  const text = summaryMarkdown(report) + terminalSummary(report) +
    report.data.map(csvText).join("") + JSON.stringify(report);
  assert.doesNotMatch(text, /\bNaN\b|\bInfinity\b|∞/);
});

Deno.test("a latency report is written whole, and the record first", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const problems: string[] = [];
    const onProblem = (problem: string) => problems.push(problem);
    const paths = await writeReport(record, `${folder}/out`, { onProblem });
    assert.deepEqual(problems, []);
    const names = paths.map((path) => path.slice(folder.length + "/out/".length));
    assert.equal(names[0], "record.json");
    for (const name of ["points.csv", "summary.md", "report.html"]) assert.ok(names.includes(name));
    for (const { name } of charts) {
      for (const kind of ["vl.json", "svg", "png", "pdf"]) {
        assert.ok(names.includes(`${name}.${kind}`));
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
