/** What a record says must follow from its runs: every kind of change is found, and named. */
import assert from "node:assert/strict";
import { type Checked, checkRecord, differences } from "../../lab/check.ts";
import { sealed } from "../../lab/record/hash.ts";
import type { BenchRecord } from "../../lab/record/record.ts";
import { signed } from "../../lab/record/run.ts";
import { suiteById } from "../../suites/registry.ts";
import { CONTEXT, DATA, madeUpRecord } from "./made_up.ts";

const SUITE = suiteById("activated-experts");

const check = (record: BenchRecord) => checkRecord(record, SUITE, "smoke", CONTEXT, DATA);
const wrong = (checks: Checked[]) => checks.filter(({ state }) => state === "wrong");

/** A record of sweeps. */
async function made() {
  const record = await madeUpRecord(SUITE, "smoke"), { evidence } = record;
  assert.ok(evidence.kind === "transfer");
  return { record, evidence };
}

Deno.test("a record as it was written holds in every point, and none is left open", async () => {
  const { record } = await made(), checks = await check(record);
  assert.ok(checks.length >= 6 && record.findings.judgements.length > 0);
  assert.deepEqual(checks.filter(({ state }) => state !== "ok"), []);
});

Deno.test("one number changed by hand is found, whatever it is", async () => {
  const { record } = await made();
  const cases: [what: string, change: (r: BenchRecord) => void, found: RegExp][] = [
    ["a loss", (r) => {
      if (r.evidence.kind === "transfer") r.evidence.runs[3].validationLoss = 0.01;
    }, /digest is of other numbers/],
    ["a training loss", (r) => {
      if (r.evidence.kind === "transfer") r.evidence.runs[3].trainLoss[1] = 0.01;
    }, /digest is of other numbers/],
    ["a singular value", (r) => {
      if (r.evidence.kind === "transfer") r.evidence.runs[3].topSingular!.wq = 1;
    }, /digest is of other numbers/],
    [
      "what a table says",
      (r) => void (r.findings.tables[0].rows[0][3] = 1),
      /findings\.tables\[0\]\.rows\[0\]\[3\]: 1 in the record/,
    ],
    [
      "an estimate",
      (r) => void (r.findings.judgements[0].measures[0].value!.estimate += 1e-4),
      /findings\.judgements\[0\]\.measures\[0\]\.value\.estimate/,
    ],
    [
      "an estimate beyond its interval",
      (r) => void (r.findings.judgements[0].measures[0].value!.estimate += 9),
      /judgements\[0\].*: Cannot judge shift of the optimum: .* is not within/,
    ],
    [
      "a panel that is not there",
      (r) => void (r.findings.judgements[0].panel = "other"),
      /verdict: Cannot decide on .*: no panel other/,
    ],
    ["a limit", (r) => void (r.findings.judgements[0].measures[0].limits.hi = 9), /limits\.hi/],
    ["a verdict of a judgement", (r) => {
      const [one] = r.findings.judgements;
      one.verdict = one.verdict === "pass" ? "fail" : "pass";
    }, /judgements\[0\]/],
    ["the verdict", (r) => void (r.verdict = r.verdict === "pass" ? "fail" : "pass"), /verdict: /],
    [
      "the plan",
      (r) => void ((r.plan.decided as { seeds: number[] }).seeds = [0]),
      /plan\.decided\.seeds/,
    ],
    ["an optimum", (r) => {
      if (r.evidence.kind === "transfer") r.evidence.optima[1].log2x!.lo -= 1;
    }, /evidence\.optima\[1\]\.log2x\.lo/],
    [
      "the claim",
      (r) => void (r.suite.claim = "it is best"),
      /suite\.claim: "it is best" in the record/,
    ],
    ["the unit", (r) => void (r.task!.loss.unit = "bits"), /task\.loss\.unit: "bits"/],
    ["the licence", (r) => void (r.data!.licence = "mine"), /data\.licence/],
    ["the canary", (r) => void (r.trust.canary = { before: "a", after: "b" }), /canaryUnchanged/],
    ["the machine", (r) => void (r.environment.adapter = "H100"), /adapterIsIdentitys/],
  ];
  for (const [what, change, found] of cases) {
    const changed = structuredClone(record);
    change(changed);
    const named = wrong(await check(changed));
    assert.ok(named.some(({ what }) => what === "checksum"), what);
    assert.match(named.flatMap(({ details }) => details).join("\n"), found, what);
  }
});

Deno.test("a forger who seals what he changed is found by what follows from it", async () => {
  const { record, evidence } = await made();
  const better = signed({ ...evidence.runs[3], validationLoss: 1.5 });
  const runs = evidence.runs.map((run) => run.key === better.key ? better : run);
  const checks = wrong(await check(sealed({ ...record, evidence: { ...evidence, runs } })));
  assert.ok(checks.some(({ what }) => what === "findings from the runs"));
  // a run under other hyperparameters than the rule's
  const { rows } = evidence.runs[3], wq = { ...rows.wq, lr: 2 * rows.wq.lr };
  const other = signed({ ...evidence.runs[3], rows: { ...rows, wq } });
  const swapped = evidence.runs.map((run) => run.key === other.key ? other : run);
  const named = wrong(await check(sealed({ ...record, evidence: { ...evidence, runs: swapped } })));
  assert.match(named.flatMap(({ details }) => details).join(), /rows\.wq\.lr: .* follows/);
  // a run of another seed under this one's key
  const stray = signed({ ...evidence.runs[3], key: "0123456789abcdef" });
  const strays = evidence.runs.map((run, i) => i === 3 ? stray : run);
  const found = wrong(await check(sealed({ ...record, evidence: { ...evidence, runs: strays } })));
  assert.match(found.flatMap(({ details }) => details).join(), /no run of the plan has this key/);
});

Deno.test("parts of a run that do not go together are found, also when they are sealed", async () => {
  const { record, evidence } = await made();
  const cases: [Partial<(typeof evidence.runs)[0]>, RegExp][] = [
    [{ trainLoss: [] }, /0 training losses for \d+ steps/],
    [{ parameters: 7 }, /7 parameters, not \d+/],
    [{ divergedAtStep: 1 }, /it diverged and has a held-out loss/],
    [{ validationLoss: null }, /it has no held-out loss and did not diverge/],
    [{ expertLoad: [[1, 1]] }, /load/],
    [{ trainZLoss: [1] }, /z-losses/],
    [{ divergedAtStep: 1 }, /it diverged and has singular values/],
  ];
  for (const [change, found] of cases) {
    const runs = evidence.runs.map((run, i) => i === 3 ? signed({ ...run, ...change }) : run);
    const named = wrong(await check(sealed({ ...record, evidence: { ...evidence, runs } })));
    assert.match(named.flatMap(({ details }) => details).join("\n"), found, found.source);
  }
});

Deno.test("a record of another version of the suite is unknown, and its verdicts still checked", async () => {
  const { record } = await made();
  const older = sealed({ ...record, plan: { ...record.plan, version: "0" } });
  const checks = await check(older);
  assert.deepEqual(wrong(checks), []);
  assert.match(
    checks.find(({ state }) => state === "unknown")!.details[0],
    /version 0 of the suite/,
  );
  const painted = sealed({ ...older, verdict: older.verdict === "fail" ? "pass" : "fail" });
  assert.equal(wrong(await check(painted as BenchRecord)).length, 1);
});

Deno.test("differences name the place and both values, and rounding is none", () => {
  assert.deepEqual(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 2 + 1e-12 }] }), []);
  assert.deepEqual(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }], c: null }), [
    "a[1].b: 2 in the record, 3 follows",
    "c: nothing in the record, null follows",
  ]);
  assert.deepEqual(differences([1, 2], [1]), ["[1]: 2 in the record, nothing follows"]);
});
