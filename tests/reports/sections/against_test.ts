/** What got worse stands in every medium, fails in JUnit, and nothing else does. */
import assert from "node:assert/strict";
import { sealed } from "../../../lab/record/hash.ts";
import { against } from "../../../lab/judge/against.ts";
import { AGAINST_FILE, readAgainst } from "../../../lab/record/against.ts";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { writeFront } from "../../../reports/front/write.ts";
import { junitXml } from "../../../reports/media/junit.ts";
import { summaryMarkdown } from "../../../reports/media/markdown.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { withAgainst } from "../../../reports/sections/against.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { writeReport } from "../../../reports/write.ts";
import { junitFaults, readXml } from "../junit_schema.ts";
import { latencyFixture } from "../latency_fixture.ts";

/** The made-up record with every layer of one configuration 1.6 times as slow. */
function slowed(): BenchRecord {
  const record = latencyFixture(), { evidence } = record;
  assert.ok(evidence.kind === "latency");
  const [{ configuration }] = evidence.points;
  const points = evidence.points.map((p) => {
    const { estimate, lo, hi } = p.time_s;
    return p.configuration === configuration
      ? { ...p, time_s: { estimate: 1.6 * estimate, lo: 1.6 * lo, hi: 1.6 * hi } }
      : p;
  });
  return { ...record, evidence: { ...evidence, points } };
}

const earlier = [1, 2, 3].map((n) => ({ path: `then/${n}/record.json`, record: latencyFixture() }));
const worse = () => against(earlier, slowed(), { record: slowed(), folder: "out/again" });
const like = () => against(earlier, latencyFixture());

const failures = (record: BenchRecord, found: ReturnType<typeof like> | null) => {
  const root = readXml(junitXml([withAgainst(reportOf(record), found)]));
  assert.deepEqual(junitFaults(root), []);
  return root.children[0].children
    .filter((one) => one.children.some(({ name }) => name === "failure"))
    .map(({ attributes }) => attributes.name);
};

Deno.test("JUnit fails for what got worse and for nothing else, a claim that fails as before included", () => {
  const record = latencyFixture();
  const failed: BenchRecord = { ...record, verdict: "fail" };
  assert.ok(failures(failed, null).length > 0, "without a baseline it is a failure");
  assert.deepEqual(failures(failed, like()), []);
  const named = failures(slowed(), worse());
  assert.ok(named.length > 0);
  assert.ok(named.every((name) => name.startsWith("baseline, time of ")), named.join());
});

Deno.test("terminal and Markdown say what got worse, beside what, and in which folder it was run again", () => {
  const report = withAgainst(reportOf(slowed()), worse());
  for (const text of [terminalSummary(report), summaryMarkdown(report)]) {
    assert.match(text, /Against the baseline/);
    assert.match(
      text.replace(/\s+/g, " "),
      /latency got worse in \d+ of what is compared, beside 3 earlier records/,
    );
    assert.match(
      text.replace(/\s+/g, " "),
      /1\.6\d? times before, 1\.6\d? when run again, limit [\d.]+: ✗ worse/,
    );
    assert.match(text, /out\/again/);
  }
  const calm = terminalSummary(withAgainst(reportOf(latencyFixture()), like()), 160);
  assert.match(calm, /nothing got worse, beside 3 earlier records/);
  assert.doesNotMatch(calm, /✗ worse/);
});

Deno.test("against.json lies beside its record; the front page tells it, and not that of another record", async () => {
  const out = await Deno.makeTempDir();
  try {
    const record = sealed(slowed()), folder = `${out}/latency`;
    await writeReport(record, folder, {}, worse());
    assert.deepEqual(readAgainst(folder, record.createdAt), worse());
    assert.equal(readAgainst(folder, "another time"), null);
    await writeFront(out);
    const junit = readXml(await Deno.readTextFile(`${out}/junit.xml`));
    assert.ok(Number(junit.children[0].attributes.failures) > 0);
    assert.match(await Deno.readTextFile(`${out}/summary.md`), /latency got worse in/);
    await Deno.writeTextFile(`${folder}/${AGAINST_FILE}`, "{");
    assert.equal(readAgainst(folder, record.createdAt), null);
  } finally {
    await Deno.remove(out, { recursive: true });
  }
});
