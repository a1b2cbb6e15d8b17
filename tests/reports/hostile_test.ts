/** Records that anyone may have made: whatever their texts and numbers are, no file leaves the folder and no code runs. */
import assert from "node:assert/strict";
import { sealed } from "../../lab/record/hash.ts";
import * as vega from "vega";
import { compileSpec } from "../../reports/charts/render.ts";
import { writeFront } from "../../reports/front/write.ts";
import { ReportFolder } from "../../reports/media/folder.ts";
import { junitXml } from "../../reports/media/junit.ts";
import { tablesLatex } from "../../reports/media/latex.ts";
import { line, summaryMarkdown } from "../../reports/media/markdown.ts";
import { reportPage } from "../../reports/media/page.ts";
import { terminalSummary } from "../../reports/media/terminal.ts";
import { csvText } from "../../reports/media/csv.ts";
import { visible } from "../../reports/words/lines.ts";
import { type BenchRecord, recordSchema } from "../../lab/record/record.ts";
import { chartsOf, reportOf } from "../../reports/sections/index.ts";
import { writeReport } from "../../reports/write.ts";
import { claimFixture } from "./claim_fixture.ts";
import { fixtureRecord } from "./fixture.ts";
import { latencyFixture } from "./latency_fixture.ts";

const TEXTS = [
  "constructor",
  "__proto__",
  "../<script>alert(1)</script>\r\x1b[31m\u202e[x](javascript:alert(1))![y](https://example.org/z.png)",
];
const NUMBERS = [1e308, -1];

/** Every text, or every number, of a value; what is chosen by a list stays, as a reader refuses any other. */
function replaced(value: unknown, by: string | number): unknown {
  if (Array.isArray(value)) return value.map((one) => replaced(one, by));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, replaced(one, by)]));
  }
  return typeof value === typeof by ? by : value;
}

/** The records of a base with one field after the other replaced, of those that a reader takes. */
function* hostile(base: BenchRecord, by: string | number): Generator<[string, BenchRecord]> {
  const { findings, ...others } = base;
  const changed = [
    ...Object.entries(others).map(([name, own]) => [name, { [name]: replaced(own, by) }] as const),
    ...Object.entries(findings).map(([name, own]) =>
      [name, { findings: { ...findings, [name]: replaced(own, by) } }] as const
    ),
    // names alone: what a schema chooses from a list stays
    ["suite", { suite: replaced(base.suite, by) }] as const,
  ];
  for (const [name, change] of changed) {
    const { success, data } = recordSchema.safeParse(
      JSON.parse(JSON.stringify({ ...base, ...change })),
    );
    if (success) yield [`${name} = ${JSON.stringify(by)}`, data];
  }
}

/** All words of a record in every medium; charts are compiled and not drawn. */
function mediaOf(record: BenchRecord) {
  const report = reportOf(record);
  const charts = chartsOf(report).map((chart) => ({ ...chart, svg: null }));
  return {
    charts,
    html: reportPage(report, { charts, scripts: ["0"], problems: [] }),
    terminal: terminalSummary(report),
    markdown: summaryMarkdown(report, charts),
    others: [tablesLatex(report), junitXml([report]), ...report.data.map(csvText)],
  };
}

Deno.test("whatever texts and numbers a record holds, its words are made and stay words", () => {
  let tried = 0;
  for (const base of [fixtureRecord(), claimFixture(), latencyFixture()]) {
    for (const by of [...TEXTS, ...NUMBERS]) {
      for (const [what, record] of hostile(base, by)) {
        tried++;
        try {
          const { html, terminal, markdown } = mediaOf(record);
          assert.ok(!/<script>alert|<img[^>]*example/.test(html));
          // deno-lint-ignore no-control-regex -- they are what must not be there
          assert.ok(!/[\x00-\x09\x0b-\x1f\x7f\u202e]/.test(terminal));
          const words = markdown.replace(/^(`{3,}).*\n[^]*?^\1$/gm, ""); // code stands as it is
          const found = /.{0,40}(?:\]\((?:javascript|https):|<script).*/.exec(words);
          assert.equal(found?.[0], undefined);
        } catch (error) {
          throw new Error(`${what}: ${(error as Error).message}`, { cause: error });
        }
      }
    }
  }
  assert.ok(tried > 30, `${tried} records`);
});

Deno.test("a spec holds texts of a record as data and never as an expression", () => {
  for (const nasty of ["' + alert(1) + '", '" + alert(1) + "', "${alert(1)}"]) {
    const text = JSON.stringify(nasty).slice(1, -1);
    for (const base of [fixtureRecord(), claimFixture(), latencyFixture()]) {
      const record = JSON.parse(
        JSON.stringify(base).replace(
          /"(title|name|line|series|panel|subject)":"/g,
          `$&${text.replaceAll("$", "$$$$")}`,
        ),
      ) as BenchRecord;
      for (const { spec } of mediaOf(record).charts) {
        vega.parse(compileSpec(spec).vega as vega.Spec); // compiles every expression
      }
    }
  }
});

Deno.test("the twin: an expression that calls what it must not is refused", () => {
  const signals = [{ name: "x", update: "'' + alert(1) + ''" }];
  assert.throws(() => vega.parse({ signals }), /Unrecognized function: alert/);
});

Deno.test("a chart's name cannot lead out of the folder, nor can a picture's", async () => {
  const root = await Deno.makeTempDir();
  try {
    const folder = await ReportFolder.open(`${root}/in`);
    const names = [
      "../out.txt",
      "/tmp/out.txt",
      "a/b",
      "a\\b",
      "C:x",
      "..",
      ".",
      ".hidden",
      "",
      "a\nb",
      "a\0",
    ];
    for (const name of names) {
      assert.throws(
        () => folder.write(name, ""),
        /^LabError: Cannot write to .*names no file in it/,
      );
    }
    folder.write("loss-vs-lr.vl.json", "");
    const base = claimFixture(), { findings } = base;
    const panels = findings.panels.map((panel) => ({ ...panel, chart: "../outside" }));
    const record = { ...base, findings: { ...findings, panels } };
    await assert.rejects(writeReport(record, `${root}/in`, { onProblem: () => {} }), /outside/);
    assert.deepEqual([...Deno.readDirSync(root)].map(({ name }) => name), ["in"]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("a record in a folder of several cannot take their page with it", async () => {
  const root = await Deno.makeTempDir();
  try {
    const base = claimFixture(), names = { id: "constructor", title: "<script>alert(1)</script>" };
    await Deno.mkdir(`${root}/a`);
    const text = JSON.stringify(sealed({ ...base, suite: { ...base.suite, ...names } }));
    await Deno.writeTextFile(`${root}/a/record.json`, text);
    await writeFront(root, { onProblem: () => {} });
    const page = await Deno.readTextFile(`${root}/report.html`);
    assert.ok(page.includes("&lt;script&gt;alert(1)") && !page.includes("<script>alert(1)"));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("keys of a record that programs know are lost or refused, and change nothing else", () => {
  const text = JSON.stringify(claimFixture());
  const record = recordSchema.parse(
    JSON.parse(text.replace('"decisions":{', '"__proto__":{"polluted":1},"decisions":{')),
  );
  assert.equal(({} as { polluted?: number }).polluted, undefined);
  assert.equal((record as { polluted?: number }).polluted, undefined);
});

Deno.test("control characters stand as they are written in programs, letters as they are", () => {
  assert.equal(visible("√ρ → ≤ é"), "√ρ → ≤ é");
  assert.equal(visible("\x1b[2J\u202e\n"), "\\u001b[2J\\u202e\\u000a");
  assert.equal(visible("a\nb\r", "\n"), "a\nb\\u000d");
  assert.equal(line("a [b](c)\nd"), "a [b]\\(c) d");
});
