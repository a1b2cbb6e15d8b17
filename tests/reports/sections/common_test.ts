import assert from "node:assert/strict";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { summaryMarkdown } from "../../../reports/media/markdown.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { verdictTable } from "../../../reports/sections/common.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { claimFixture } from "../claim_fixture.ts";
import { fixtureRecord } from "../fixture.ts";

const summaryOf = (record: BenchRecord): string => summaryMarkdown(reportOf(record));
const linesOf = (record: BenchRecord, width: number): string =>
  terminalSummary(reportOf(record), width);

Deno.test("one table of verdicts for every kind: a column per measure where all have the same", () => {
  const transfer = verdictTable(fixtureRecord()), claims = verdictTable(claimFixture());
  assert.deepEqual(transfer.table.head, [
    "panel",
    "judged",
    "under",
    "shift of the optimum, octaves",
    "regret, nats",
    "verdict",
  ]);
  assert.match(
    transfer.caption,
    /^Estimates with 95% intervals\. Passes if .* A control must fail, or .* nothing\.$/,
  );
  assert.deepEqual(claims.table.head, [
    "panel",
    "judged",
    "under",
    "measured",
    "limits",
    "verdict",
  ]);
  const roles = claims.judged!.map(({ role }) => role);
  assert.deepEqual(roles, ["claim", "claim", "claim", "control", "control", "aside"]);
  const own = fixtureRecord().findings.judgements.map((one, index) => ({
    ...one,
    variant: "",
    measures: one.measures.map((measure) => ({ ...measure, limits: { lo: null, hi: index } })),
  }));
  assert.deepEqual(verdictTable(fixtureRecord({ judgements: own })).table.head, [
    "panel",
    "judged",
    "shift of the optimum, octaves",
    "its limit",
    "regret, nats",
    "its limit",
    "verdict",
  ]);
});

Deno.test("beside the paper stands what is known of its figure, and that none asks where none does", () => {
  const beside = (suite: Partial<BenchRecord["suite"]>) => {
    const record = fixtureRecord();
    const { sections } = reportOf({ ...record, suite: { ...record.suite, ...suite } });
    const block = sections.find(({ title }) => title === "Beside the paper")!.blocks[0];
    assert.ok(block.kind === "table");
    return Object.fromEntries(block.table.rows.map(([name, paper]) => [name, paper]));
  };
  const { claim } = fixtureRecord().suite;
  assert.equal(beside({}).claim, claim);
  const toy = beside({ id: "toy", figure: "Fig. 4 (toy)" });
  assert.equal(toy.claim, `not known to us; in the words of the suite: ${claim}`);
  assert.deepEqual([toy.targets, toy["shift of the optimum"]], Array(2).fill("not known to us"));
  const own = beside({ id: "toy", figure: "none (our own comparison)" });
  assert.equal(own.claim, `no figure asks this; our claim: ${claim}`);
  assert.deepEqual([own.targets, own["shift of the optimum"]], ["—", "—"]);
});

Deno.test("a report of toy sizes says so first, and expects what it finds", () => {
  const record = fixtureRecord({ verdict: "inconclusive" });
  const first = (profile: string) => {
    const { sections } = reportOf({ ...record, plan: { ...record.plan, profile } });
    const block = sections.find(({ title }) => title === "What this does not say")!.blocks[0];
    assert.ok(block.kind === "list");
    return block.items;
  };
  assert.match(first("smoke")[0], /^Profile smoke: toy sizes.* inconclusive is expected here\.$/);
  assert.ok(!first("smoke").some((text) => text.startsWith("Inconclusive")));
  assert.ok(first("quick").includes("Inconclusive is neither a pass nor a fail."));
});

Deno.test("a claim of a panel that decides nothing is shown as deciding nothing", () => {
  const { judged } = verdictTable(fixtureRecord());
  const iso = judged!.find(({ name }) => name.startsWith("iso-width: 16e4a (complete-mue)"))!;
  assert.equal(iso.role, "aside");
  assert.ok(linesOf(fixtureRecord(), 300).includes("· pass (decides nothing)"));
});

Deno.test("dropped tokens are said, with how many", () => {
  const { runs } = fixtureRecord().evidence;
  assert.ok(!summaryOf(fixtureRecord()).includes("dropped"));
  const [first, ...rest] = runs.filter(({ router }) => router !== null);
  const router = { ...first.router!, dropRate: [0.125, 0], unserved: [0, 0.03] };
  const text = summaryOf(fixtureRecord({ runs: [{ ...first, router }, ...rest.slice(0, 3)] }));
  assert.match(text, /Tokens were dropped: 1 of 4 runs lost picks .* up to 13% .* up to 3\.0%/);
});
