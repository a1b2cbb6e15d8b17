/** A bench beside earlier ones: what fell is said, what is equal is not, what is unlike is refused. */
import assert from "node:assert/strict";
import { against, suspectsOf } from "../../../lab/judge/against.ts";
import { decidePanels, decideSuite } from "../../../lab/judge/decide.ts";
import { unlike } from "../../../lab/judge/likeness.ts";
import { againstSchema } from "../../../lab/record/against.ts";
import type { Verdict } from "../../../lab/record/findings.ts";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { fixtureRecord } from "../../reports/fixture.ts";
import { latencyFixture } from "../../reports/latency_fixture.ts";

/** A record whose nth judgement of a role has another verdict. */
function judged(verdict: Verdict, role = "claim", record: BenchRecord = fixtureRecord()) {
  const at = record.findings.judgements.findIndex((one) => one.role === role);
  const judgements = record.findings.judgements.map((one, i) =>
    i === at ? { ...one, verdict } : one
  );
  const findings = { ...record.findings, judgements };
  return {
    ...record,
    findings,
    decisions: decidePanels(findings),
    ...decideSuite(findings, false),
  };
}

const earlier = (...records: BenchRecord[]) => records.map((record) => ({ path: "then", record }));
const again = (record: BenchRecord) => ({ record, folder: "again" });

Deno.test("an unchanged program suspects nothing and is worse in nothing", () => {
  for (const record of [fixtureRecord(), latencyFixture()]) {
    const found = against(earlier(record, record, record), record);
    assert.deepEqual(suspectsOf(found), []);
    assert.equal(found.worse, false);
    assert.deepEqual(againstSchema.parse(JSON.parse(JSON.stringify(found))), found);
  }
});

Deno.test("a claim that fell is suspected, and worse once it fell again; to undecided counts too", () => {
  const passing = judged("pass");
  for (const verdict of ["fail", "inconclusive"] as const) {
    const fell = judged(verdict), first = against(earlier(passing), fell);
    assert.equal(first.worse, false);
    assert.ok(suspectsOf(first).length > 0);
    assert.equal(against(earlier(passing), fell, again(passing)).worse, false);
    const second = against(earlier(passing), fell, again(fell));
    assert.equal(second.worse, true);
    assert.ok(second.verdicts.some((v) => v.role === "claim" && v.change === "worse"));
  }
});

Deno.test("a claim that failed before is no news, and one that passes now is better", () => {
  const failing = judged("fail");
  assert.deepEqual(suspectsOf(against(earlier(failing), failing)), []);
  const found = against(earlier(failing), judged("pass"));
  assert.equal(found.worse, false);
  assert.ok(found.verdicts.some(({ role, change }) => role === "claim" && change === "better"));
});

Deno.test("a control that passes now fell", () => {
  const seen = judged("fail", "control"), unseen = judged("pass", "control");
  assert.equal(against(earlier(seen), unseen, again(unseen)).worse, true);
  assert.equal(against(earlier(unseen), seen, again(seen)).worse, false);
});

Deno.test("a judgement that is gone counts as undecided", () => {
  const passing = judged("pass"), { findings } = passing;
  const gone = {
    ...passing,
    findings: {
      ...findings,
      judgements: findings.judgements.filter(({ role }) => role !== "claim"),
    },
  };
  assert.equal(against(earlier(passing), gone, again(gone)).worse, true);
});

Deno.test("of several earlier records the lowest verdict counts", () => {
  const [passing, failing] = [judged("pass"), judged("fail")];
  assert.equal(against(earlier(passing, failing), failing, again(failing)).worse, false);
});

/** A record whose first layer takes so many times as long, whatever its verdicts say. */
function slowed(record: BenchRecord, times: number): BenchRecord {
  const { evidence } = record;
  assert.ok(evidence.kind === "latency");
  const [{ time_s: { estimate, lo, hi } }] = evidence.points;
  const time_s = { estimate: times * estimate, lo: times * lo, hi: times * hi };
  const points = evidence.points.map((p, i) => i === 0 ? { ...p, time_s } : p);
  return { ...record, evidence: { ...evidence, points } };
}

Deno.test("a verdict on times counts only where a layer left its band", () => {
  const before = judged("pass", "claim", latencyFixture()), now = judged("fail", "claim", before);
  const three = earlier(before, before, before);
  const noise = against(three, now, again(now));
  assert.equal(noise.worse, false);
  assert.deepEqual(suspectsOf(noise), [], "no reason to run it again");
  assert.match(noise.notes.join(), /verdict on times/);
  const slow = slowed(now, 1.5), found = against(three, slow, again(slow));
  assert.equal(found.worse, true);
  assert.deepEqual(
    new Set(found.verdicts.map(({ change }) => change)),
    new Set(["worse"]),
  );
  assert.equal(found.times!.layers.filter(({ change }) => change === "worse").length, 1);
  assert.equal(against(three, slow, again(before)).worse, false);
});

Deno.test("what is unlike is refused with a reason, what a change in CI changes is noted", () => {
  const record = fixtureRecord();
  const now = (change: Partial<BenchRecord>) => ({ ...record, ...change, timed: false });
  assert.equal(unlike(record, now({})), null);
  const { plan, environment, suite } = record;
  const cases: [Partial<BenchRecord>, RegExp][] = [
    [{ suite: { ...suite, id: "width" } }, /its suite is activated-experts, this bench's is width/],
    [{ plan: { ...plan, profile: "paper" } }, /profile/],
    [{ plan: { ...plan, version: "99" } }, /version of the suite/],
    [{ plan: { ...plan, hash: "0" } }, /plan/],
    [{ suite: { ...suite, options: "--router hash" } }, /options/],
    [{ data: { ...record.data!, hash: "other" } }, /data/],
    [{ environment: { ...environment, adapter: "another GPU" } }, /adapter/],
    [{ environment: { ...environment, backend: "gl" } }, /adapter/],
    [{ environment: { ...environment, profile: "gpu kernels" } }, /device profile/],
  ];
  for (const [change, reason] of cases) assert.match(unlike(record, now(change)) ?? "", reason);
  assert.match(unlike({ ...record, incomplete: true }, now({})) ?? "", /stopped/);
  const cores = { environment: { ...environment, cpus: 64 } };
  assert.equal(unlike(record, now(cores)), null, "losses do not depend on it");
  assert.match(unlike(record, { ...now(cores), timed: true }) ?? "", /processors/);
  const newer = { ...record, environment: { ...environment, kernelsVersion: "99", deno: "3.0.0" } };
  assert.equal(unlike(record, { ...newer, timed: true }), null);
  const { notes } = against(earlier(record), newer);
  assert.equal(notes.length, 2);
  assert.match(notes.join(), /kernels: .* before, 99 now.*Deno: .* 3\.0\.0 now/);
});
