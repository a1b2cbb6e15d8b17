import assert from "node:assert/strict";
import { junitXml } from "../../../reports/media/junit.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { claimFixture } from "../claim_fixture.ts";
import { fixtureRecord, rivalRecord } from "../fixture.ts";
import { junitFaults, readXml } from "../junit_schema.ts";

const NASTY = "</testcase><b a=\"'&\u0007\ud800\n";
const of = (...records: Parameters<typeof reportOf>[0][]) =>
  readXml(junitXml(records.map(reportOf)));

Deno.test("a file of several suites has the form that CI systems read", () => {
  const root = of(fixtureRecord(), claimFixture(), rivalRecord());
  assert.deepEqual(junitFaults(root), []);
  assert.deepEqual(root.children.map(({ attributes }) => attributes.name), [
    "activated-experts",
    "scaling",
    "shoot-out",
  ]);
  const [{ attributes }] = root.children;
  assert.equal(attributes.time, "742.000");
  assert.equal(attributes.timestamp, "2026-11-24T12:00:00");
  assert.deepEqual(junitFaults(of()), []);
});

Deno.test("the validator finds faults: counts that are not true, elements and attributes out of place", () => {
  const text = junitXml([reportOf(fixtureRecord())]);
  const faults = (from: string | RegExp, to: string) =>
    junitFaults(readXml(text.replace(from, to)));
  assert.match(faults(/failures="\d+"/, 'failures="7"').join(), /failures is 7/);
  assert.match(faults(/ classname="[^"]*"/, "").join(), /classname is missing/);
  assert.match(faults(/ time="/, ' when="').join(), /when=/);
  assert.match(faults("<testcase", "<case/><testcase").join(), /holds case/);
  assert.match(faults(/time="[^"]*"/, 'time="NaN"').join(), /time="NaN"/);
  assert.throws(() => readXml(text.replace("</testsuite>", "")), SyntaxError);
});

Deno.test("only a claim that fails is a failure; controls are expected to; what decides nothing is no case", () => {
  const record = fixtureRecord(), { judgements } = record.findings;
  const failing = judgements.map((one) =>
    one.panel === "transfer" ? { ...one, verdict: "fail" as const } : one
  );
  const [suite] = of(fixtureRecord({ judgements: failing })).children;
  const outcome = (name: string) =>
    suite.children.find(({ attributes }) => attributes.name === name)?.children[0]?.name ??
      "passed";
  assert.equal(outcome("verdict of the suite"), "failure");
  assert.equal(outcome("transfer: 16e2a (complete-mue)"), "failure");
  assert.equal(outcome("control, transfer: 16e2a (standard)"), "passed");
  assert.equal(outcome("control, iso-width: 16e4a (standard)"), "skipped");
  const names = suite.children.map(({ attributes }) => attributes.name);
  assert.ok(!names.includes("iso-width: 16e4a (complete-mue)"), "its panel decides nothing");
  assert.equal(new Set(names).size, names.length, "a name stands twice");
  assert.equal(of(rivalRecord()).children[0].children.length, 3);
});

Deno.test("what is not decided is skipped with its reason", () => {
  for (const verdict of ["inconclusive", "cannot tell at this size"] as const) {
    const [suite] = of(fixtureRecord({ verdict, judgements: [] })).children;
    const [{ children }] = suite.children;
    assert.equal(children[0].name, "skipped");
    assert.ok(children[0].attributes.message.startsWith(`${verdict}: `));
  }
  const [suite] = of(claimFixture()).children;
  const open = suite.children.find(({ attributes }) => attributes.name.startsWith("hidden"))!;
  assert.match(open.children[0].attributes.message, /was not measured$/);
});

Deno.test("nasty names stay text, and what XML cannot hold is left out", () => {
  const record = fixtureRecord();
  const judgements = record.findings.judgements.map((one) => ({ ...one, subject: NASTY }));
  const suite = { ...record.suite, id: NASTY };
  const root = of(fixtureRecord({ suite, judgements }));
  assert.deepEqual(junitFaults(root), []);
  assert.equal(root.children[0].attributes.name, "</testcase><b a=\"'&?\ufffd ");
});
