import assert from "node:assert/strict";
import type { Verdict } from "../../lab/record/findings.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { toneOf, TONES } from "../../reports/charts/theme.ts";
import { browserScripts, jsonSafe, scriptSafe } from "../../reports/media/browser.ts";
import { type DrawnChart, escapeHtml } from "../../reports/media/html_parts.ts";
import { summaryMarkdown } from "../../reports/media/markdown.ts";
import { reportPage } from "../../reports/media/page.ts";
import { terminalSummary } from "../../reports/media/terminal.ts";
import { chartsOf, reportOf } from "../../reports/sections/index.ts";
import { writeReport } from "../../reports/write.ts";
import { claimFixture } from "./claim_fixture.ts";
import { assertFinite, textsIn } from "./finite.ts";
import { fixtureRecord } from "./fixture.ts";
import { assertLoadsNothing, withoutScripts } from "./golden.ts";

const NASTY = '</script><b onclick="x">&|';
const OTHERS: Verdict[] = ["fail", "inconclusive", "cannot tell at this size"];
/** One record of each kind that is drawn here, with `change` in both. */
const both = (
  change: Pick<Partial<BenchRecord>, "verdict" | "incomplete"> & { judgements?: [] },
) => [
  fixtureRecord(change),
  claimFixture(change),
];

async function pageOf(record: BenchRecord): Promise<string> {
  const report = reportOf(record);
  const charts: DrawnChart[] = await Promise.all(
    chartsOf(report).map(async (chart) => ({ ...chart, svg: await renderSvg(chart.spec) })),
  );
  return reportPage(report, { charts, scripts: await browserScripts(), problems: [] });
}

/** The page without pictures and scripts, which is enough for its words. */
const wordsOf = (record: BenchRecord): string =>
  reportPage(reportOf(record), { charts: [], scripts: [], problems: [] });
const summaryOf = (record: BenchRecord): string => summaryMarkdown(reportOf(record));
const linesOf = (record: BenchRecord, width?: number, colour?: boolean): string =>
  terminalSummary(reportOf(record), width, colour);

/** A folder for `act`, gone afterwards. */
async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await act(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the page loads nothing: no source, link or style from anywhere", async () => {
  const page = await pageOf(fixtureRecord());
  assertLoadsNothing(page);
  const outside = withoutScripts(page);
  assert.equal(outside.match(/<svg/g)?.length, 3);
  for (
    const word of ["Claim", "Verdict", "Beside the paper", "also needs", "software adapter"]
  ) assert.ok(outside.includes(word), `the page lacks ${word}`);
  assertLoadsNothing(await pageOf(claimFixture()));
});

Deno.test("the page of claims states verdict, tables, the paper, caveats", () => {
  const page = wordsOf(claimFixture());
  for (
    const word of [
      "? inconclusive",
      "fail (expected of the control)",
      "fail (decides nothing)",
      "±0.25",
      "mean gap to dense 0.004 [−0.021, 0.033] nats",
      "≤ 0.1",
      "Slopes",
      "0.02 [−0.04, 0.08]",
      "What the paper is known to show",
      "Made up: it says nothing about anything.",
      "&quot;limit&quot;: 0.25",
    ]
  ) assert.ok(page.includes(word), `the page lacks ${word}`);
});

Deno.test("a page says claim, pass rule, control and cost where they belong, not under every chart", () => {
  for (const record of both({})) {
    const page = wordsOf(record), { claim, passesIf, control } = record.suite;
    const times = (text: string) => page.split(escapeHtml(text)).length - 1;
    assert.ok(times(claim) <= 2, "above the sections and beside the paper");
    assert.deepEqual([times(passesIf), times(control)], [2, 1], "verdicts and facts");
    const chart = chartsOf(reportOf(record))[0];
    for (const text of [claim, passesIf, control]) {
      assert.ok(chart.spec.description.includes(text));
    }
  }
});

Deno.test("a nasty record stays text in page, specs, SVG and summary", async () => {
  const transfer = fixtureRecord();
  transfer.suite = { ...transfer.suite, title: NASTY, claim: NASTY, figure: NASTY };
  transfer.evidence.runs = transfer.evidence.runs.map((run) => ({
    ...run,
    cell: { ...run.cell, rule: `r${NASTY}` },
  }));
  const record = claimFixture(), { findings } = record;
  const claims = claimFixture({
    suite: transfer.suite,
    panels: findings.panels.map((panel) => ({ ...panel, title: NASTY })),
    points: findings.points.map((point) => ({ ...point, line: NASTY })),
    judgements: findings.judgements.map((one) => ({ ...one, subject: NASTY, open: NASTY })),
    tables: [{
      title: NASTY,
      columns: [{ name: NASTY, unit: NASTY, decimals: null }],
      rows: [[NASTY]],
      note: NASTY,
    }],
    caveats: [NASTY],
    warnings: [NASTY],
  });
  for (const nasty of [transfer, claims]) {
    const page = await pageOf(nasty);
    assert.equal(page.match(/<script\b/g)?.length, page.match(/<\/script/gi)?.length);
    assert.equal(page.match(/<\/script/gi)?.length, 5);
    assert.ok(!page.includes("<b onclick"));
    assert.ok(withoutScripts(page).includes("&lt;/script&gt;&lt;b onclick="));
    assert.ok(!summaryOf(nasty).includes("<b"));
  }
  const row = summaryOf(claims).split("\n").find((line) => line.startsWith("| width"))!;
  assert.equal(row.match(/(?<!\\)\|/g)?.length, 8);
  assert.deepEqual(JSON.parse(jsonSafe({ title: NASTY })), { title: NASTY });
  assert.equal(scriptSafe("a</SCRIPT>b<!--c"), "a<\\/SCRIPT>b<\\!--c");
});

Deno.test("a verdict that is not a pass never wears a pass's badge, tick or colour", () => {
  for (const verdict of OTHERS) {
    for (const record of both({ verdict, judgements: [] })) {
      const badge = /<span class="badge (\w+)">([^<]*)</.exec(wordsOf(record))!;
      assert.equal(badge[1], verdict === "fail" ? "fail" : "unsure");
      assert.ok(badge[2].includes(verdict) && !badge[2].includes("✓"));
      const [first] = summaryOf(record).split("\n");
      assert.ok(first.startsWith("# ") && first.includes(verdict) && !first.includes("✓"));
      const terminal = linesOf(record, 80, true);
      assert.ok(terminal.includes(verdict.toUpperCase()));
      assert.ok(!terminal.includes("\x1b[32m") && !terminal.includes("✓"));
    }
  }
});

Deno.test("the twin: a pass does wear them", () => {
  for (const record of both({ verdict: "pass" })) {
    assert.match(wordsOf(record), /<span class="badge pass">✓ pass</);
    assert.ok(linesOf(record, 80, true).startsWith("\x1b[32m✓ PASS"));
    assert.ok(summaryOf(record).startsWith(`# ✓ pass: ${record.suite.title}`));
    assert.match(summaryOf(record), /Cost: .*, at most 61\.0 MB on the device · profile quick\./);
  }
  const { cost } = fixtureRecord();
  const unmeasured = fixtureRecord({ cost: { ...cost, peakDevice_bytes: null } });
  assert.doesNotMatch(summaryOf(unmeasured), /on the device/);
});

Deno.test("asides and controls never get a tick or a pass's colour, whatever their verdict", () => {
  const { judgements: [first] } = claimFixture().findings;
  for (const role of ["aside", "control"] as const) {
    for (const verdict of ["pass", "inconclusive"] as const) {
      const judgements = [{ ...first, role, verdict }];
      assert.ok(!linesOf(claimFixture({ judgements })).includes("✓"));
      assert.notEqual(TONES[toneOf({ role, verdict })].colour, TONES.pass.colour);
    }
  }
  assert.ok(linesOf(claimFixture()).includes("✓ pass"));
});

Deno.test("incomplete and exploratory benches say so beside the verdict", () => {
  const record = fixtureRecord({ incomplete: true, verdict: "pass" });
  record.plan = { ...record.plan, exploratory: true };
  const words = "pass (incomplete, exploratory)";
  assert.ok(wordsOf(record).includes(words) && summaryOf(record).includes(words));
  assert.ok(linesOf(record).includes(words.toUpperCase()));
  assert.match(summaryOf(record), /- Incomplete: .*\n- |- Exploratory: /);
});

Deno.test("a record of nothing still has its page, summary and lines", () => {
  const nothing = { points: [], judgements: [], tables: [], runs: [], data: null, task: null };
  for (const bare of [claimFixture(nothing), fixtureRecord({ ...nothing, optima: [] })]) {
    assert.deepEqual(chartsOf(reportOf(bare)), []);
    assert.match(wordsOf(bare), /Nothing was judged/);
    assert.ok(summaryOf(bare).includes("## Verdicts"));
    assert.match(linesOf(bare), /^≈ CANNOT TELL/);
  }
});

Deno.test("a report is written whole, the record first, and is the same for every kind", async () => {
  await inFolder(async (folder) => {
    for (
      const [record, csv, charts] of [
        [fixtureRecord(), ["runs.csv", "judgements.csv"], 3],
        [claimFixture(), ["runs.csv", "points.csv", "judgements.csv"], 3],
      ] as const
    ) {
      const out = `${folder}/${record.suite.id}/out`, problems: string[] = [];
      const paths = await writeReport(record, out, { onProblem: (one) => problems.push(one) });
      assert.deepEqual(problems, []);
      const names = paths.map((path) => path.slice(out.length + 1));
      assert.deepEqual(names.slice(0, 1 + csv.length), ["record.json", ...csv]);
      assert.deepEqual(names.slice(-4), ["tables.tex", "junit.xml", "summary.md", "report.html"]);
      assert.equal(names.length, 1 + csv.length + 4 * charts + 4);
      const present = [...Deno.readDirSync(out)].map((entry) => entry.name);
      assert.deepEqual(present.sort(), names.toSorted());
      const written = JSON.parse(await Deno.readTextFile(paths[0]));
      assert.deepEqual(written, JSON.parse(JSON.stringify(record)));
      assertFinite(await textsIn(paths));
    }
    const summary = await Deno.readTextFile(`${folder}/scaling/out/summary.md`);
    assert.ok(summary.includes("(gap.svg)"));
  });
});

Deno.test("numbers that are none reach no medium, wherever in a record they stand", async () => {
  const bad = [NaN, Infinity, -Infinity];
  const at = (index: number) => bad[index % 3];
  const none = (index: number) => ({ estimate: at(index), lo: at(index + 1), hi: at(index + 2) });
  const transfer = fixtureRecord(), claims = claimFixture();
  transfer.evidence.optima.forEach((one, i) =>
    Object.assign(one, { log2x: none(i), loss: none(i) })
  );
  transfer.evidence.runs.forEach((run, i) =>
    i % 4 === 0 && Object.assign(run, { validationLoss: at(i), wall_s: at(i), trainLoss: [at(i)] })
  );
  claims.findings.points.forEach((point, i) =>
    i % 5 === 0 && Object.assign(point, { lo: null, hi: null, y: 1 })
  );
  claims.findings.tables[0].rows = [[NaN, none(0), [Infinity]], ["x", -Infinity, null]];
  for (const record of [transfer, claims]) {
    record.findings.judgements.forEach(({ measures }, i) =>
      measures.forEach((measure) =>
        Object.assign(measure, { value: none(i), limits: { lo: null, hi: at(i) } })
      )
    );
    Object.assign(record.cost, { wall_s: NaN, trainedTokens: Infinity, peakDevice_bytes: NaN });
    await inFolder(async (folder) => {
      const problems: string[] = [];
      const paths = await writeReport(record, folder, { onProblem: (one) => problems.push(one) });
      assert.deepEqual(problems, []);
      assertFinite({ ...await textsIn(paths), terminal: linesOf(record) });
    });
  }
});

Deno.test("a report that cannot be drawn keeps its record and its numbers, and shows why", async () => {
  await inFolder(async (folder) => {
    // a panel without a name: no chart can be titled, all else can be written
    const record = fixtureRecord();
    for (const run of record.evidence.runs) Object.assign(run.cell, { panel: null });
    const problems: string[] = [];
    const onProblem = (problem: string) => problems.push(problem);
    const paths = await writeReport(record, folder, { onProblem });
    assert.deepEqual(paths.map((path) => path.slice(folder.length + 1)), [
      "record.json",
      "runs.csv",
      "judgements.csv",
      "tables.tex",
      "junit.xml",
      "summary.md",
      "report.html",
    ]);
    assert.match(problems.join(), /Cannot make the charts: /);
    const page = await Deno.readTextFile(`${folder}/report.html`);
    assert.ok(page.includes("Cannot make the charts: ") && page.includes("Verdicts"));
  });
});

Deno.test("a folder that cannot be made is named, with why", async () => {
  await inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/file`, "");
    await assert.rejects(
      () => writeReport(fixtureRecord(), `${folder}/file/out`),
      /Cannot write to .*file\/out: a part of its path is a file/,
    );
  });
});
