import assert from "node:assert/strict";
import { LabError } from "../../../lab/record/failure.ts";
import { sealed } from "../../../lab/record/hash.ts";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { decidePanels } from "../../../lab/judge/decide.ts";
import {
  decisionOf,
  entryReason,
  figuresOf,
  type Found,
  whyMissing,
} from "../../../reports/front/rows.ts";
import { writeFront } from "../../../reports/front/write.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { FIGURES } from "../../../reports/words/paper.ts";
import { claimFixture } from "../claim_fixture.ts";
import { assertFinite, textsIn } from "../finite.ts";
import { type Change, fixtureRecord, rivalRecord } from "../fixture.ts";
import { assertLoadsNothing } from "../golden.ts";
import { junitFaults, readXml } from "../junit_schema.ts";

const NASTY = '</script><b onclick="x">&|';
const found = (...records: BenchRecord[]): Found[] =>
  records.map((record) => ({
    folder: record.suite.id,
    record,
    report: reportOf(record),
    hasReport: true,
  }));

/** Records in folders of their own, and what `look` makes of the place. */
async function withFolder(
  records: Record<string, BenchRecord | string>,
  look: (folder: string) => Promise<void>,
): Promise<void> {
  const out = await Deno.makeTempDir();
  try {
    for (const [name, record] of Object.entries(records)) {
      await Deno.mkdir(`${out}/${name}`, { recursive: true });
      const text = typeof record === "string" ? record : JSON.stringify(sealed(record));
      await Deno.writeTextFile(`${out}/${name}/record.json`, text);
      await Deno.writeTextFile(`${out}/${name}/report.html`, "made up");
    }
    await look(out);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
}

const refused = async (act: () => Promise<unknown>): Promise<string> => {
  let message = "";
  await assert.rejects(act, (error: Error) => {
    message = error.message;
    return error instanceof LabError;
  });
  return message;
};

Deno.test("every figure has its section: what was measured, and why the rest is missing", () => {
  const sections = figuresOf(found(fixtureRecord(), rivalRecord()), [
    "activated-experts",
    "latency",
    "capacity",
    "shoot-out",
  ]);
  const of = (figure: string) => sections.find((section) => section.figure === figure)!;
  assert.deepEqual(sections.map(({ figure }) => figure).slice(0, FIGURES.length), [
    ...FIGURES.map(({ figure }) => figure),
  ]);
  assert.equal(of("Fig. 2a").entries[0].chart!.name, "loss-vs-lr");
  assert.deepEqual(of("Fig. 2a").missing, []);
  assert.deepEqual(of("Fig. 2b").missing, [
    "activated-experts has no finished run that sweeps the weight decay",
  ]);
  assert.deepEqual(whyMissing(of("Fig. 3")), [
    "not run here: `deno task bench capacity`",
    "not built: granularity, hybrids",
  ]);
  assert.match(of("Fig. 9").missing[0], /^no video model is trained here; `samples` stands in/);
  assert.equal(sections.at(-1)!.entries[0].record.suite.id, "shoot-out");
  assert.equal(sections.at(-1)!.figure, "");
});

Deno.test("a record that no figure can place is still shown", () => {
  const sections = figuresOf(found(fixtureRecord({ runs: [], optima: [] })), null);
  assert.deepEqual(sections.flatMap(({ entries }) => entries).length, 1);
  assert.equal(sections.at(-1)!.entries[0].record.suite.id, "activated-experts");
});

Deno.test("several records reproduce a figure together, one of its suites does not", () => {
  const as = (id: string): BenchRecord => {
    const record = fixtureRecord();
    return { ...record, suite: { ...record.suite, id } };
  };
  const third = (...ids: string[]) =>
    figuresOf(found(...ids.map(as)), null).find(({ figure }) => figure === "Fig. 3")!;
  assert.equal(third("capacity", "hybrids").entries.length, 2);
  assert.equal(third("capacity", "hybrids").command, "deno task bench granularity");
  assert.deepEqual(whyMissing(third("capacity", "granularity", "hybrids")), []);
});

Deno.test("the front page has claim, verdict, picture and link of every suite, and loads nothing", async () => {
  await withFolder({
    "activated-experts": fixtureRecord(),
    "scaling": claimFixture(),
    "shoot-out": rivalRecord(),
    "broken": "{",
    "empty": "",
  }, async (out) => {
    await Deno.mkdir(`${out}/no-record`);
    const told: string[] = [];
    const { paths, suites, problems } = await writeFront(out, {
      built: ["activated-experts"],
      onProblem: (problem) => told.push(problem),
    });
    assert.equal(suites, 3);
    assert.deepEqual(paths.map((path) => path.slice(out.length + 1)), [
      "suites.json",
      "junit.xml",
      "summary.md",
      "report.html",
    ]);
    assert.deepEqual(told, problems);
    assert.equal(problems.length, 2);
    assert.deepEqual(problems, [
      "Left out: Cannot read broken/record.json: it is not JSON, or cut short",
      "Left out: Cannot read empty/record.json: it is empty",
    ]);
    const page = await Deno.readTextFile(`${out}/report.html`);
    assertLoadsNothing(page);
    assert.doesNotMatch(page, /<script/);
    assert.equal(page.match(/<svg/g)?.length, 3);
    for (const id of ["activated-experts", "scaling", "shoot-out"]) {
      assert.ok(page.includes(`href="${id}/report.html"`), id);
    }
    assert.ok(page.includes("Left out: Cannot read") && page.includes("not built: bridges"));
    assert.ok(page.includes("✓ 2 pass") && page.includes("? 1 inconclusive"));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "an id stands twice");
    for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(to), to);
    for (const [, to] of page.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.includes(to), to);
    const summary = await Deno.readTextFile(`${out}/summary.md`);
    assert.ok(summary.includes("[All numbers: the report of Made-up claims](scaling/report.html)"));
    const index = JSON.parse(await Deno.readTextFile(`${out}/suites.json`));
    assert.deepEqual(index.suites.map((suite: { id: string }) => suite.id), [
      "activated-experts",
      "scaling",
      "shoot-out",
    ]);
    assert.equal(index.suites[1].verdict, "inconclusive");
    assert.equal(index.suites[0].panels["iso-width"], "cannot tell at this size");
    assert.ok(summary.includes("](activated-experts/loss-vs-lr.svg)"));
    const junit = readXml(await Deno.readTextFile(`${out}/junit.xml`));
    assert.deepEqual(junitFaults(junit), []);
    assert.equal(junit.children.length, 3);
    assertFinite(await textsIn(paths));
    // a picture of a suite whose report was not written is no link to nothing
    await Deno.remove(`${out}/scaling/report.html`);
    await writeFront(out, { onProblem: () => {} });
    const again = await Deno.readTextFile(`${out}/report.html`);
    assert.ok(again.includes("holds no report.html") && !again.includes("scaling/report.html"));
  });
});

Deno.test("a front page of no pass shows no tick of a pass", async () => {
  const record = fixtureRecord({ verdict: "cannot tell at this size" });
  await withFolder({ "activated-experts": record }, async (out) => {
    await writeFront(out, { onProblem: () => {} });
    const page = await Deno.readTextFile(`${out}/report.html`);
    assert.doesNotMatch(page, /badge pass|✓ \d* ?pass/);
    assert.ok(page.includes("≈ cannot tell at this size"));
    assert.ok(!(await Deno.readTextFile(`${out}/summary.md`)).includes("✓"));
  });
});

Deno.test("a nasty record stays text on the front page, its summary and its index", async () => {
  const record = fixtureRecord();
  record.suite = { ...record.suite, title: NASTY, claim: NASTY, figure: NASTY };
  await withFolder({ "a 'b' #c": record }, async (out) => {
    await writeFront(out, { onProblem: () => {} });
    const page = await Deno.readTextFile(`${out}/report.html`);
    assert.ok(!page.includes("<b onclick") && !page.includes("</script"));
    assert.ok(page.includes('href="a%20&#39;b&#39;%20%23c/report.html"'));
    assert.ok(!(await Deno.readTextFile(`${out}/summary.md`)).includes("<b"));
  });
});

Deno.test("no front page over a suite's own report, of nothing, or of no folder", async () => {
  await withFolder({ ".": fixtureRecord() }, async (out) => {
    assert.match(
      await refused(() => writeFront(out)),
      /^Cannot write a front page to .*: it holds the report of a suite itself$/,
    );
    assert.equal(await Deno.readTextFile(`${out}/report.html`), "made up");
  });
  await withFolder({ broken: "{" }, async (out) => {
    assert.match(await refused(() => writeFront(out)), /no folder in it has a record.*cut short/);
    assert.match(await refused(() => writeFront(`${out}/none`)), /no such file or directory/);
  });
});

Deno.test("a figure that is a panel of its own has that panel's verdict and never the suite's pass", () => {
  const { evidence, findings } = fixtureRecord();
  const as = (panel: string) => (one: { panel: string }) =>
    one.panel === "iso-width" ? panel : one.panel;
  const change: Change = {
    runs: evidence.runs.map((run) => ({
      ...run,
      cell: {
        ...run.cell,
        panel: as("weight decay")(run.cell),
        swept: run.cell.panel === "iso-width" ? "weightDecay" : "lr",
      },
    })),
    panels: findings.panels.map((panel) => ({
      ...panel,
      name: as("weight decay")({ panel: panel.name }),
    })),
    judgements: findings.judgements.map((one) => ({ ...one, panel: as("weight decay")(one) })),
  };
  const of = (record: BenchRecord, figure: string) =>
    figuresOf(found(record), null).find((one) => one.figure === figure)!.entries[0];
  const record = fixtureRecord(change), entry = of(record, "Fig. 2b");
  assert.equal(record.verdict, "pass");
  assert.equal(decisionOf(entry).verdict, "cannot tell at this size");
  assert.match(
    entryReason(entry),
    /^Of this panel alone: 1 of 1 controls passes too.*decides nothing/,
  );
  assert.equal(entry.chart!.name, "loss-vs-weight-decay");
  assert.equal(decisionOf(of(record, "Fig. 2a")).verdict, "pass");
  for (const verdict of ["pass", "fail", "inconclusive"] as const) {
    const judgements = record.findings.judgements.map((one) =>
      one.panel !== "weight decay"
        ? one
        : { ...one, verdict: one.role === "control" ? "fail" as const : verdict }
    );
    const other = fixtureRecord({ ...change, judgements });
    assert.equal(decisionOf(of(other, "Fig. 2b")).verdict, verdict);
    assert.deepEqual(other.decisions, decidePanels(other.findings));
  }
});
