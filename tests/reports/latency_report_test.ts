import assert from "node:assert/strict";
import { csvParse } from "d3-dsv";
import type { LatencyRecord } from "../../lab/record/latency_record.ts";
import type { Verdict } from "../../lab/record/record.ts";
import { browserScripts } from "../../reports/media/browser.ts";
import { byteCount, digits, milliseconds, percent, rateUnit } from "../../reports/words/format.ts";
import { latencyCharts } from "../../reports/charts/latency_charts.ts";
import { latencyCsv } from "../../reports/latency_csv.ts";
import { latencyHtml } from "../../reports/latency_html.ts";
import { latencyBesideThePaper } from "../../reports/latency_paper.ts";
import { latencyMarkdown } from "../../reports/latency_summary.ts";
import {
  claimTable,
  claimTone,
  latencyWarnings,
  pointTable,
} from "../../reports/latency_tables.ts";
import { latencyTerminal } from "../../reports/latency_terminal.ts";
import { latencyReproduce } from "../../reports/latency_summary.ts";
import { writeLatencyReport } from "../../reports/latency_write.ts";
import { notReproduced } from "../../reports/words/paper.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { assertLoadsNothing, withoutScripts } from "./golden.ts";
import { FAST, latencyFixture } from "./latency_fixture.ts";

const NASTY = '</script><b onclick="x">&|';

async function pageOf(record: LatencyRecord): Promise<string> {
  const charts = await Promise.all(
    latencyCharts(record).map(async (chart) => ({ ...chart, svg: await renderSvg(chart.spec) })),
  );
  return latencyHtml(record, { charts, scripts: await browserScripts(), problems: [] });
}

Deno.test("the latency page loads nothing, and states verdict, ceilings, warnings, the paper", async () => {
  const page = await pageOf(latencyFixture());
  assertLoadsNothing(page);
  const outside = withoutScripts(page);
  for (
    const word of [
      "? inconclusive",
      "capacity costs almost nothing",
      "≤ 1.25",
      "fail (expected of the control)",
      "Ceilings measured on this adapter",
      "60.0 [59.4, 60.8] GFLOP/s",
      "the clock drifted by 4%",
      "one H100 80GB",
      "software adapter",
    ]
  ) assert.ok(outside.includes(word), `the page lacks ${word}`);
});

Deno.test("a nasty record stays text in the latency page, specs, SVG and summary", async () => {
  const record = latencyFixture();
  record.suite = { ...record.suite, title: NASTY, claim: NASTY, figure: NASTY };
  record.points = record.points.map((point) => ({ ...point, warnings: [NASTY] }));
  record.judgements = record.judgements.map((one) => ({ ...one, quantity: NASTY, reason: NASTY }));
  record.environment = { ...record.environment, adapter: NASTY };
  const page = await pageOf(record);
  assert.equal(page.match(/<script\b/g)?.length, page.match(/<\/script/gi)?.length);
  assert.ok(!page.includes("<b onclick"));
  const summary = latencyMarkdown(record);
  assert.ok(!summary.includes("<b"));
  const cells = summary.split("\n").find((line) => line.includes("capacity costs"))!;
  assert.equal(cells.match(/(?<!\\)\|/g)?.length, 7);
});

Deno.test("a latency verdict that is not a pass wears no pass's badge, tick or colour", async () => {
  const others: Verdict[] = ["fail", "inconclusive", "cannot tell at this size"];
  for (const verdict of others) {
    const record = latencyFixture({ verdict, reason: "Made up", judgements: [] });
    const badge = /<span class="badge (\w+)">([^<]*)</.exec(withoutScripts(await pageOf(record)))!;
    assert.equal(badge[1], verdict === "fail" ? "fail" : "unsure");
    assert.ok(badge[2].includes(verdict) && !badge[2].includes("✓"));
    assert.ok(!latencyMarkdown(record).split("\n")[0].includes("✓"));
    const terminal = latencyTerminal(record, 80, true);
    assert.ok(terminal.includes(verdict.toUpperCase()));
    assert.ok(!terminal.includes("\x1b[32m") && !terminal.includes("✓"));
  }
});

Deno.test("the twin: a latency pass does wear them", async () => {
  const record = latencyFixture({ verdict: "pass" });
  assert.match(withoutScripts(await pageOf(record)), /<span class="badge pass">✓ pass</);
  assert.ok(latencyTerminal(record, 80, true).startsWith("\x1b[32m✓ PASS"));
  assert.ok(latencyMarkdown(record).startsWith("# ✓ pass: Latency"));
});

Deno.test("the control has done its duty when it fails, and gets no tick when it passes", () => {
  const record = latencyFixture();
  const [control] = record.judgements.filter((one) => one.claim === "control");
  assert.equal(claimTone(control), "control fails");
  const passed = { ...control, verdict: "pass" as const };
  assert.equal(claimTone(passed), "control does not fail");
  const text = latencyTerminal({ ...record, judgements: [passed] });
  assert.match(text, /≈ pass \(the control should fail\)/);
  assert.ok(!text.includes("✓"));
});

Deno.test("limits say on which side they lie, missing ratios are dashes", () => {
  const { head, rows } = claimTable(latencyFixture());
  const limit = head.indexOf("limit");
  assert.deepEqual(rows.map((row) => row[limit]), [
    "≤ 1.25",
    "≤ 1.60",
    "≥ 4.00",
    "≥ 8.00",
    "≤ 1.25",
  ]);
  assert.equal(rows[3][head.indexOf("ratio")], "—");
});

Deno.test("one table has every figure of a point, its rate in the unit that fits", () => {
  const slow = pointTable(latencyFixture());
  assert.equal(slow.head[4], "GFLOP/s");
  assert.equal(pointTable(latencyFixture({}, FAST)).head[4], "TFLOP/s");
  const [row] = slow.rows;
  assert.match(row[3], /^10\.3 \[10\.1, 10\.5\]$/);
  assert.deepEqual([row[1], row[2], row[7], row[8], row[9]], [
    "MoE",
    "forward",
    "5.24 MB",
    "4.0",
    "9",
  ]);
  assert.equal(slow.rows.length, latencyFixture().points.length);
});

Deno.test("points.csv parses back to the points, every field, nothing rounded, gaps empty", () => {
  const { points } = latencyFixture();
  const rows = csvParse(latencyCsv(latencyFixture()));
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
});

Deno.test("the paper stands beside ours as multiples of dense", () => {
  const { head, rows } = latencyBesideThePaper(latencyFixture());
  assert.match(head[1], /the paper, one H100 80GB/);
  assert.deepEqual(rows.map((row) => row[1]), [
    "a = 8, N 8 → 256: 1.08 → 1.20",
    "2 → 64: 1.04 → 1.67",
    "8.24, wider ones out of memory",
  ]);
  assert.match(rows[0][2], /8e2a 1\.\d\d \[.*64e8a 1\.\d\d \[/);
  const figures = notReproduced(latencyFixture()).map(({ figure }) => figure);
  assert.ok(!figures.includes("Fig. 7") && figures.includes("Fig. 2a"));
});

Deno.test("warnings of one kind are told once and counted", () => {
  const record = latencyFixture({ warnings: [] });
  record.points = record.points.slice(0, 3).map((point, index) => ({
    ...point,
    warnings: [`short samples: one takes ${index} ms`],
  }));
  assert.deepEqual(latencyWarnings(record), [
    "short samples at 3 of 3 points, the first 8e2a:d=256,h=64, 1024 tokens, forward: one takes 0 ms",
  ]);
});

Deno.test("times, rates, bytes and shares are written one way", () => {
  assert.deepEqual([0.0878, 0.6676, 1.2344, 0.0000412, 0.058].map(milliseconds), [
    "87.8",
    "668",
    "1234",
    "0.0412",
    "58.0",
  ]);
  assert.equal(milliseconds(null), "—");
  assert.deepEqual([950, 65e6, 3.07e9].map(byteCount), ["950 B", "65.0 MB", "3.07 GB"]);
  assert.deepEqual([9.96, 88.4, null].map(percent), ["10.0", "88", "—"]);
  assert.equal(digits(0), "0");
  assert.deepEqual([rateUnit([0.2, 1]).name, rateUnit([0.2]).name], ["TFLOP/s", "GFLOP/s"]);
});

Deno.test("a latency report is written whole, and the record first", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const record = latencyFixture();
    const problems: string[] = [];
    const onProblem = (problem: string) => problems.push(problem);
    const paths = await writeLatencyReport(record, `${folder}/out`, { onProblem });
    assert.deepEqual(problems, []);
    const names = paths.map((path) => path.slice(folder.length + "/out/".length));
    assert.deepEqual(names.slice(0, 2), ["record.json", "points.csv"]);
    assert.deepEqual(names.slice(-2), ["summary.md", "report.html"]);
    for (const { name } of latencyCharts(record)) {
      for (const kind of ["vl.json", "svg", "png", "pdf"]) {
        assert.ok(names.includes(`${name}.${kind}`));
      }
    }
    assert.deepEqual(
      JSON.parse(await Deno.readTextFile(paths[0])),
      JSON.parse(JSON.stringify(record)),
    );
    const summary = await Deno.readTextFile(`${folder}/out/summary.md`);
    assert.ok(summary.includes("(times-dense.svg)") && summary.includes(latencyReproduce(record)));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
