import assert from "node:assert/strict";
import type { BenchRecord, Verdict } from "../../lab/record/record.ts";
import { browserScripts, jsonSafe, scriptSafe } from "../../reports/media/browser.ts";
import { chartsFor } from "../../reports/charts/charts.ts";
import { duration, fixed, interval, octaves, significant } from "../../reports/words/format.ts";
import { reportHtml } from "../../reports/html.ts";
import { notReproduced } from "../../reports/words/paper.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { summaryMarkdown } from "../../reports/summary.ts";
import { terminalSummary } from "../../reports/terminal.ts";
import { writeReport } from "../../reports/write.ts";
import { fixtureRecord } from "./fixture.ts";
import { assertLoadsNothing, withoutScripts } from "./golden.ts";

const NASTY = '</script><b onclick="x">&';
const OTHERS: Verdict[] = ["fail", "inconclusive", "cannot tell at this size"];

async function pageOf(record: BenchRecord): Promise<string> {
  const charts = await Promise.all(
    chartsFor(record).map(async (chart) => ({
      ...chart,
      svg: await renderSvg(chart.spec),
    })),
  );
  return reportHtml(record, { charts, scripts: await browserScripts(), problems: [] });
}

Deno.test("the page loads nothing: no source, link or style from anywhere", async () => {
  const page = await pageOf(fixtureRecord());
  assertLoadsNothing(page);
  const outside = withoutScripts(page);
  for (
    const word of ["Claim", "Verdict", "Beside the paper", "not reproduced", "software adapter"]
  ) {
    assert.ok(outside.includes(word), `the page lacks ${word}`);
  }
});

Deno.test("a nasty title stays text in page, specs, SVG and summary", async () => {
  const record = fixtureRecord();
  record.suite = { ...record.suite, title: NASTY, claim: NASTY, figure: NASTY };
  record.runs = record.runs.map((run) => ({ ...run, cell: { ...run.cell, rule: `r${NASTY}` } }));
  const page = await pageOf(record);
  assert.equal(page.match(/<script\b/g)?.length, page.match(/<\/script/gi)?.length);
  assert.equal(page.match(/<\/script/gi)?.length, 5);
  assert.ok(!page.includes("<b onclick"));
  assert.ok(withoutScripts(page).includes("&lt;/script&gt;&lt;b onclick="));
  assert.ok(!summaryMarkdown(record).includes("<b"));
  assert.deepEqual(JSON.parse(jsonSafe({ title: NASTY })), { title: NASTY });
  assert.equal(scriptSafe("a</SCRIPT>b<!--c"), "a<\\/SCRIPT>b<\\!--c");
});

Deno.test("a verdict that is not a pass never wears a pass's badge, tick or colour", async () => {
  for (const verdict of OTHERS) {
    const record = fixtureRecord({ verdict, reason: "Made up", judgements: [] });
    const page = withoutScripts(await pageOf(record));
    const badge = /<span class="badge (\w+)">([^<]*)</.exec(page)!;
    assert.equal(badge[1], verdict === "fail" ? "fail" : "unsure");
    assert.ok(badge[2].includes(verdict) && !badge[2].includes("✓"));
    const summary = summaryMarkdown(record);
    assert.ok(summary.startsWith(`# `) && summary.split("\n")[0].includes(verdict));
    assert.ok(!summary.split("\n")[0].includes("✓"));
    const terminal = terminalSummary(record, 80, true);
    assert.ok(terminal.includes(verdict.toUpperCase()));
    assert.ok(!terminal.includes("\x1b[32m") && !terminal.includes("✓"));
  }
});

Deno.test("the twin: a pass does wear them", async () => {
  const record = fixtureRecord();
  assert.match(withoutScripts(await pageOf(record)), /<span class="badge pass">✓ pass</);
  assert.ok(terminalSummary(record, 80, true).startsWith("\x1b[32m✓ PASS"));
  assert.ok(summaryMarkdown(record).startsWith("# ✓ pass: Activated experts"));
  assert.match(summaryMarkdown(record), /Cost: .*, at most 61\.0 MB on the device\./);
  const unmeasured = { ...record, cost: { ...record.cost, peakDevice_bytes: null } };
  assert.doesNotMatch(summaryMarkdown(unmeasured), /on the device/);
});

Deno.test("incomplete and exploratory benches say so beside the verdict", async () => {
  const record = fixtureRecord({ incomplete: true });
  record.plan = { ...record.plan, exploratory: true };
  const words = "pass (incomplete, exploratory)";
  assert.ok((await pageOf(record)).includes(words));
  assert.ok(summaryMarkdown(record).includes(words));
  assert.ok(terminalSummary(record).includes(words.toUpperCase()));
});

Deno.test("the terminal summary stays plain without colour and wraps its sentences", () => {
  const record = fixtureRecord();
  const text = terminalSummary(record, 60);
  assert.ok(!text.includes("\x1b"));
  const sentences = text.split("\n").filter((line) => !/^ {2}(panel|transfer|iso)/.test(line));
  for (const line of sentences.slice(1)) assert.ok(line.length <= 60, line);
  assert.match(
    text,
    /16e4a +standard +−1\.70 \[−2\.00, −1\.34\].*✗ fail \(expected of the control\)/,
  );
});

Deno.test("numbers are written one way", () => {
  assert.equal(fixed(-0.0004, 3), "0.000");
  assert.equal(octaves(0.4), "+0.40");
  assert.equal(interval({ estimate: -1, lo: -2, hi: 0.5 }, octaves), "−1.00 [−2.00, +0.50]");
  assert.equal(interval(null, octaves), "—");
  assert.equal(fixed(null, 2), "—");
  assert.equal(significant(2 ** -5.3), "0.0254");
  assert.equal(significant(1e-8), "1.00e−8");
  assert.deepEqual([0.44, 59.9, 742, 3599.6, 11100].map(duration), [
    "0.4 s",
    "1 min 0 s",
    "12 min 22 s",
    "1 h 00 min",
    "3 h 05 min",
  ]);
});

Deno.test("the figures that are not reproduced leave out what this record swept", () => {
  const figures = notReproduced(fixtureRecord()).map(({ figure }) => figure);
  assert.ok(!figures.includes("Fig. 2a"));
  for (const figure of ["Fig. 2b", "Fig. 2d", "Fig. 3", "Fig. 9"]) {
    assert.ok(figures.includes(figure));
  }
});

Deno.test("a report is written whole, and the record first", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = await writeReport(fixtureRecord(), `${folder}/new/out`);
    const names = paths.map((path) => path.slice(folder.length + "/new/out/".length));
    assert.deepEqual(names.slice(0, 2), ["record.json", "runs.csv"]);
    assert.deepEqual(names.slice(-2), ["summary.md", "report.html"]);
    for (const chart of ["loss-vs-lr", "optimum-shift", "expert-load"]) {
      for (const kind of ["vl.json", "svg", "png", "pdf"]) {
        assert.ok(names.includes(`${chart}.${kind}`));
      }
    }
    const present = [...Deno.readDirSync(`${folder}/new/out`)].map((entry) => entry.name);
    assert.deepEqual(present.sort(), names.sort());
    const record = JSON.parse(await Deno.readTextFile(paths[0]));
    assert.deepEqual(record, JSON.parse(JSON.stringify(fixtureRecord())));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a report that cannot be drawn keeps its record and shows why", async () => {
  const folder = await Deno.makeTempDir();
  try {
    // a panel without a name: no chart can be titled, all else can be written
    const record = fixtureRecord();
    for (const run of record.runs) Object.assign(run.cell, { panel: null });
    const problems: string[] = [];
    const paths = await writeReport(record, folder, {
      onProblem: (problem) => problems.push(problem),
    });
    assert.deepEqual(paths.map((path) => path.slice(folder.length + 1)), [
      "record.json",
      "runs.csv",
      "summary.md",
      "report.html",
    ]);
    assert.match(problems.join(), /Cannot make the charts: /);
    assert.ok(
      (await Deno.readTextFile(`${folder}/report.html`)).includes("Cannot make the charts: "),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
