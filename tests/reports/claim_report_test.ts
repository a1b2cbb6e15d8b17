import assert from "node:assert/strict";
import { csvParse } from "d3-dsv";
import type { ClaimRecord } from "../../lab/record/claim_record.ts";
import type { Verdict } from "../../lab/record/record.ts";
import { browserScripts } from "../../reports/media/browser.ts";
import { claimCharts, claimDomains, panelVerdicts } from "../../reports/charts/claim_charts.ts";
import { claimJudgementsCsv, claimPointsCsv } from "../../reports/claim_csv.ts";
import { claimHtml } from "../../reports/claim_html.ts";
import { powers } from "../../reports/charts/claim_plot.ts";
import { claimMarkdown } from "../../reports/claim_summary.ts";
import { claimJudgementTable, limitsOf } from "../../reports/claim_tables.ts";
import { claimTerminal } from "../../reports/claim_terminal.ts";
import { writeClaimReport } from "../../reports/claim_write.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { toneOf, TONES } from "../../reports/charts/theme.ts";
import { claimFixture } from "./claim_fixture.ts";
import {
  assertLoadsNothing,
  assertNothingCut,
  testGoldens,
  textsOf,
  withoutScripts,
} from "./golden.ts";

const NASTY = '</script><b onclick="x">&|';
const record = claimFixture();
const charts = claimCharts(record);

async function pageOf(record: ClaimRecord): Promise<string> {
  const charts = await Promise.all(
    claimCharts(record).map(async (chart) => ({ ...chart, svg: await renderSvg(chart.spec) })),
  );
  return claimHtml(record, { charts, scripts: await browserScripts(), problems: [] });
}

testGoldens(charts, "claims-");

Deno.test("panels of one quantity stand in one chart, each other panel has its own", async () => {
  assert.deepEqual(charts.map(({ name }) => name), ["rms-of-the-change", "gap", "axes"]);
  const texts = [];
  for (const { spec } of charts) {
    const svg = await renderSvg(spec);
    assertNothingCut(svg);
    texts.push(textsOf(svg));
  }
  const [rms, gap, axes] = texts;
  for (const text of ["RMS along width", "RMS along hidden", "2⁻⁴", "1024", "standard"]) {
    assert.ok(rms.includes(text), `${text} is not among ${rms.join(" | ")}`);
  }
  assert.ok(rms.includes("1 of 1 claims pass; controls seen to fail: 1 of 1"));
  assert.ok(gap.includes("limit 0.1") && gap.includes("limit −0.1") && gap.includes("gap (nats)"));
  assert.ok(axes.includes("16e16a") && axes.includes("at half the steps"));
  for (const { caption } of charts) {
    for (const part of ["paper's Fig. 6", "Verdict here: inconclusive", "llvmpipe"]) {
      assert.ok(caption.includes(part));
    }
  }
});

Deno.test("log panels of a chart span as many octaves, linear ones have one range with the limits", () => {
  const of = (names: string[]) =>
    claimDomains(names.map((name) => ({
      panel: record.panels.find((panel) => panel.name === name)!,
      points: record.points.filter((point) => point.panel === name),
    })));
  const [a, b] = of(["width", "hidden"]).map(([low, high]) => Math.log2(high / low));
  assert.ok(Math.abs(a - b) < 0.01 && a > 4, `${a} and ${b} octaves`);
  const [[low, high]] = of(["gap"]);
  assert.ok(low < -0.1 && high > 0.29, `${low} to ${high}`);
  assert.deepEqual(powers([0.1, 1.1]), [0.125, 0.25, 0.5, 1]);
  assert.ok(powers([2 ** -20, 2 ** 20]).length <= 7);
});

Deno.test("a point that a log axis cannot show is left out and counted", () => {
  const points = record.points.map((point, index) => index === 2 ? { ...point, y: 0 } : point);
  const [chart] = claimCharts({ ...record, points });
  const values = JSON.stringify(chart.spec);
  assert.ok(values.includes("1 points at 0 or below have no place on a log axis"));
  assert.ok(!JSON.stringify(charts[0].spec).includes("no place on a log axis"));
});

Deno.test("what a panel's judgements say is counted, failures by name", () => {
  const judgements = record.judgements.map((one) => ({ ...one, verdict: "fail" as const }));
  assert.equal(
    panelVerdicts({ ...record, judgements }, "width"),
    "0 of 1 claims pass; 1 fail; controls seen to fail: 1 of 1",
  );
  assert.equal(panelVerdicts(record, "axes"), "");
});

Deno.test("a record without points or judgements still has its page, summary and lines", async () => {
  const bare = claimFixture({ points: [], judgements: [], tables: [], runs: [], data: null });
  assert.deepEqual(claimCharts(bare), []);
  assert.match(await pageOf(bare), /0 points, in points\.csv/);
  assert.ok(claimMarkdown(bare).includes("## Verdicts"));
  assert.ok(claimTerminal(bare).startsWith("? INCONCLUSIVE"));
});

Deno.test("the page of claims loads nothing and states verdict, tables, the paper, caveats", async () => {
  const page = await pageOf(record);
  assertLoadsNothing(page);
  const outside = withoutScripts(page);
  for (
    const word of [
      "? inconclusive",
      "fail (expected of the control)",
      "fail (decides nothing)",
      "−0.25 to 0.25",
      "0.004 [−0.021, 0.033] nats",
      "≤ 0.1",
      "Slopes",
      "What the paper is known to show",
      "Made up: it says nothing about anything.",
      "software adapter",
    ]
  ) assert.ok(outside.includes(word), `the page lacks ${word}`);
});

Deno.test("a nasty record of claims stays text in page, specs, SVG and summary", async () => {
  const nasty = claimFixture({
    suite: { ...record.suite, title: NASTY, claim: NASTY, figure: NASTY },
    panels: record.panels.map((panel) => ({
      ...panel,
      title: NASTY,
      rules: [{ y: 0.1, label: NASTY }],
    })),
    points: record.points.map((point) => ({ ...point, line: NASTY })),
    judgements: record.judgements.map((one) => ({ ...one, quantity: NASTY, reason: NASTY })),
    tables: [{ title: NASTY, head: [NASTY], rows: [[NASTY]], note: NASTY }],
    caveats: [NASTY],
  });
  const page = await pageOf(nasty);
  assert.equal(page.match(/<script\b/g)?.length, page.match(/<\/script/gi)?.length);
  assert.ok(!page.includes("<b onclick"));
  const summary = claimMarkdown(nasty);
  assert.ok(!summary.includes("<b"));
  const cells = summary.split("\n").find((line) => line.includes("complete-mue"))!;
  assert.equal(cells.match(/(?<!\\)\|/g)?.length, 8);
});

Deno.test("claims that do not pass wear no pass's badge, tick or colour", async () => {
  for (const verdict of ["fail", "inconclusive", "cannot tell at this size"] as Verdict[]) {
    const other = claimFixture({ verdict, reason: "Made up", judgements: [] });
    const badge = /<span class="badge (\w+)">([^<]*)</.exec(withoutScripts(await pageOf(other)))!;
    assert.equal(badge[1], verdict === "fail" ? "fail" : "unsure");
    assert.ok(badge[2].includes(verdict) && !badge[2].includes("✓"));
    assert.ok(!claimMarkdown(other).split("\n")[0].includes("✓"));
    const terminal = claimTerminal(other, 80, true);
    assert.ok(terminal.includes(verdict.toUpperCase()));
    assert.ok(!terminal.includes("\x1b[32m") && !terminal.includes("✓"));
  }
});

Deno.test("the twin: claims that pass do wear them", async () => {
  const other = claimFixture({ verdict: "pass" });
  assert.match(withoutScripts(await pageOf(other)), /<span class="badge pass">✓ pass</);
  assert.ok(claimTerminal(other, 80, true).startsWith("\x1b[32m✓ PASS"));
  assert.ok(claimMarkdown(other).startsWith("# ✓ pass: Made-up claims"));
});

Deno.test("asides and controls never get a tick or a pass's colour, whatever their verdict", () => {
  for (const role of ["aside", "control"] as const) {
    for (const verdict of ["pass", "inconclusive", "cannot tell at this size"] as const) {
      const judgements = record.judgements.slice(0, 1).map((one) => ({ ...one, role, verdict }));
      assert.ok(!claimTerminal({ ...record, judgements }).includes("✓"));
      assert.notEqual(TONES[toneOf({ role, verdict })].colour, TONES.pass.colour);
    }
  }
  assert.ok(claimTerminal(record).includes("✓ pass"));
});

Deno.test("judgements too wide for a terminal get two lines each", () => {
  const rows = (width: number) => claimTerminal(record, width).split("\n");
  assert.ok(rows(200).some((row) => /^ {2}quantity +under +value +limits +verdict$/.test(row)));
  const narrow = rows(80);
  assert.ok(!narrow.some((row) => row.startsWith("  quantity")));
  assert.ok(narrow.includes("  mean gap to dense (16e4a)"));
  assert.ok(narrow.includes("    ✓ pass: 0.004 [−0.021, 0.033] nats; limits ≤ 0.1"));
});

Deno.test("a panel of one line has no legend and names the line; a narrow log axis has plain ticks", async () => {
  const points = record.points.filter(({ line, panel }) => line === "mup" && panel === "width")
    .map((point, index) => ({ ...point, y: 1 + index / 10, lo: null, hi: null }));
  const [chart] = claimCharts({ ...record, points });
  const texts = textsOf(await renderSvg(chart.spec));
  assert.ok(texts.some((text) => text.includes("● mup")) && !texts.includes("mup"));
  assert.ok(texts.includes("1.2"), texts.join(" | "));
});

Deno.test("limits say on which side they lie, values that were not measured are dashes", () => {
  const { head, rows } = claimJudgementTable(record);
  assert.deepEqual(rows.map((row) => row[head.indexOf("limits")]), [
    "−0.25 to 0.25",
    "−0.25 to 0.25",
    "≤ 0.1",
    "−0.25 to 0.25",
    "≤ 0.1",
    "−0.25 to 0.25",
  ]);
  assert.equal(rows[1][head.indexOf("value")], "—");
  assert.equal(limitsOf({ ...record.judgements[0], limits: { lo: 1, hi: null } }), "≥ 1");
});

Deno.test("points.csv and judgements.csv parse back, nothing rounded, gaps empty", () => {
  const points = csvParse(claimPointsCsv(record));
  assert.equal(points.length, record.points.length);
  record.points.forEach((point, index) => {
    for (const [name, value] of Object.entries(point)) {
      assert.equal(points[index][name], String(value ?? ""));
    }
  });
  const rows = csvParse(claimJudgementsCsv(record));
  record.judgements.forEach((one, index) => {
    assert.equal(rows[index].quantity, one.quantity);
    assert.equal(rows[index].value, String(one.value?.estimate ?? ""));
    assert.equal(rows[index].limit_lo, String(one.limits.lo ?? ""));
    assert.equal(rows[index].verdict, one.verdict);
  });
});

Deno.test("a report of claims is written whole, and the record first", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const problems: string[] = [];
    const onProblem = (problem: string) => problems.push(problem);
    const paths = await writeClaimReport(record, `${folder}/out`, { onProblem });
    assert.deepEqual(problems, []);
    const names = paths.map((path) => path.slice(folder.length + "/out/".length));
    assert.deepEqual(names.slice(0, 4), [
      "record.json",
      "points.csv",
      "judgements.csv",
      "runs.csv",
    ]);
    assert.deepEqual(names.slice(-2), ["summary.md", "report.html"]);
    assert.equal(names.length, 4 + 3 * 4 + 2);
    assert.deepEqual(
      JSON.parse(await Deno.readTextFile(paths[0])),
      JSON.parse(JSON.stringify(record)),
    );
    assert.ok((await Deno.readTextFile(`${folder}/out/summary.md`)).includes("(gap.svg)"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
