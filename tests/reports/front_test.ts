import assert from "node:assert/strict";
import { LabError } from "../../lab/train/store.ts";
import { readAnyRecord } from "../../lab/record/any_record.ts";
import type { AnyRecord } from "../../lab/record/any_record.ts";
import {
  countsOf,
  countsPhrase,
  entryVerdict,
  type Found,
  sectionsOf,
} from "../../reports/front/rows.ts";
import { writeFront } from "../../reports/front/write.ts";
import { FIGURES, notReproduced } from "../../reports/words/paper.ts";
import { claimFixture } from "./claim_fixture.ts";
import { fixtureRecord, rivalRecord } from "./fixture.ts";
import { assertLoadsNothing } from "./golden.ts";
import { latencyFixture } from "./latency_fixture.ts";

const NASTY = '</script><b onclick="x">&|';
const found = (...records: AnyRecord[]): Found[] =>
  records.map((record) => ({ folder: record.suite.id, record, hasReport: true }));

/** Records in folders of their own, and what `look` makes of the place. */
async function withFolder(
  records: Record<string, AnyRecord | string>,
  look: (folder: string) => Promise<void>,
): Promise<void> {
  const out = await Deno.makeTempDir();
  try {
    for (const [name, record] of Object.entries(records)) {
      await Deno.mkdir(`${out}/${name}`, { recursive: true });
      const text = typeof record === "string" ? record : JSON.stringify(record);
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

Deno.test("a record of any kind is read by its schema, another one is refused by name", async () => {
  await withFolder({
    transfer: fixtureRecord(),
    latency: latencyFixture(),
    claims: claimFixture(),
    newer: JSON.stringify({ ...claimFixture(), schema: "mue-bench/claims/9" }),
    torn: '{"schema": "mue-bench/rec',
    wrong: JSON.stringify({ ...claimFixture(), verdict: "perhaps" }),
  }, async (out) => {
    for (const name of ["transfer", "latency", "claims"]) {
      assert.ok((await readAnyRecord(`${out}/${name}/record.json`)).schema.length > 0);
    }
    const told = (name: string) => refused(() => readAnyRecord(`${out}/${name}/record.json`));
    assert.match(await told("newer"), /found "mue-bench\/claims\/9", this version reads .* or /);
    assert.match(await told("torn"), /it is not JSON, or cut short/);
    assert.match(await told("wrong"), /verdict: /);
    assert.match(await told("none"), /no such file/);
  });
});

Deno.test("every figure has its section: what was measured, and why the rest is missing", () => {
  const sections = sectionsOf(found(fixtureRecord(), latencyFixture(), rivalRecord()), [
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
  assert.deepEqual(of("Fig. 3").missing, [
    "not run here: deno task bench capacity",
    "not built: granularity, hybrids",
  ]);
  assert.deepEqual(of("Fig. 9").missing, ["no video model is trained here"]);
  assert.equal(sections.at(-1)!.entries[0].record.suite.id, "shoot-out");
  assert.equal(sections.at(-1)!.figure, "");
});

Deno.test("a record that no figure can place is still shown", () => {
  const sections = sectionsOf(found(fixtureRecord({ runs: [] })), null);
  assert.deepEqual(sections.flatMap(({ entries }) => entries).length, 1);
  assert.equal(sections.at(-1)!.entries[0].record.suite.id, "activated-experts");
});

Deno.test("several records reproduce a figure together, one of its suites does not", () => {
  const as = (id: string): AnyRecord => {
    const record = fixtureRecord();
    return { ...record, suite: { ...record.suite, id } };
  };
  const figures = (...records: AnyRecord[]) => notReproduced(...records).map((one) => one.figure);
  assert.ok(figures(as("capacity"), as("granularity")).includes("Fig. 3"));
  assert.ok(!figures(as("capacity"), as("granularity"), as("hybrids")).includes("Fig. 3"));
  const partly = sectionsOf(found(as("capacity"), as("hybrids")), null)
    .find(({ figure }) => figure === "Fig. 3")!;
  assert.equal(partly.entries.length, 2);
  assert.deepEqual(partly.missing, ["not run here: deno task bench granularity"]);
});

Deno.test("judgements are counted by role: rivals and asides count as nothing decided", () => {
  assert.equal(
    countsPhrase(countsOf(fixtureRecord())),
    "3 pass, 1 cannot tell at this size; controls seen to fail: 3 of 4",
  );
  assert.deepEqual([countsOf(rivalRecord()).beside, countsOf(rivalRecord()).controls], [6, 1]);
  assert.equal(countsOf(claimFixture()).beside, 1);
  assert.equal(countsOf(fixtureRecord(), "weightDecay").controls, 0);
  assert.equal(
    countsPhrase(countsOf(fixtureRecord(), "weightDecay")),
    "nothing judged; no control",
  );
});

Deno.test("the front page has claim, verdict, picture and link of every suite, and loads nothing", async () => {
  await withFolder({
    "activated-experts": fixtureRecord(),
    "scaling": claimFixture(),
    "shoot-out": rivalRecord(),
    "latency": latencyFixture(),
    "broken": "{",
    "empty": "",
  }, async (out) => {
    await Deno.mkdir(`${out}/no-record`);
    const told: string[] = [];
    const { paths, suites, problems } = await writeFront(out, {
      built: ["activated-experts"],
      onProblem: (problem) => told.push(problem),
    });
    assert.equal(suites, 4);
    assert.deepEqual(paths.map((path) => path.slice(out.length + 1)), [
      "suites.json",
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
    assert.equal(page.match(/<svg/g)?.length, 4);
    for (const id of ["activated-experts", "scaling", "shoot-out", "latency"]) {
      assert.ok(page.includes(`href="${id}/report.html"`), id);
    }
    assert.ok(page.includes("Left out: Cannot read") && page.includes("not built: bridges"));
    assert.ok(page.includes("✓ 2 pass") && page.includes("? 2 inconclusive"));
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ids.length, "an id stands twice");
    for (const [, to] of page.matchAll(/href="#([^"]+)"/g)) assert.ok(ids.includes(to), to);
    for (const [, to] of page.matchAll(/url\(#([^)]+)\)/g)) assert.ok(ids.includes(to), to);
    const summary = await Deno.readTextFile(`${out}/summary.md`);
    assert.ok(summary.includes("[Report](scaling/report.html)"));
    const index = JSON.parse(await Deno.readTextFile(`${out}/suites.json`));
    assert.deepEqual(index.suites.map((suite: { id: string }) => suite.id), [
      "activated-experts",
      "scaling",
      "latency",
      "shoot-out",
    ]);
    assert.equal(index.suites[1].verdict, "inconclusive");
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
  const record = fixtureRecord({ reason: NASTY });
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

Deno.test("a figure of another sweep has that sweep's verdict and never the suite's pass", () => {
  const record = fixtureRecord({ verdict: "pass", reason: "the learning rate's" });
  const [judged] = record.judgements;
  const at = (role: "target" | "control", verdict: typeof judged.verdict) =>
    ({ ...judged, role, verdict, swept: "weightDecay" }) as const;
  const of = (...judgements: (typeof judged)[]) => {
    const [one] = found({ ...record, judgements: [...record.judgements, ...judgements] });
    return entryVerdict({ ...one, swept: "weightDecay", chart: null }).verdict;
  };
  assert.equal(of(at("target", "pass"), at("control", "fail")), "pass");
  assert.equal(of(at("target", "pass"), at("control", "inconclusive")), "cannot tell at this size");
  assert.equal(of(at("target", "pass")), "cannot tell at this size");
  assert.equal(of(at("target", "fail"), at("control", "fail")), "fail");
  assert.equal(of(), "inconclusive");
  const [whole] = found(record);
  assert.equal(entryVerdict({ ...whole, swept: "lr", chart: null }).verdict, "pass");
});
