/** Routers ranked on synthetic runs: alike they must pass beside a hash that differs, and unlike they must fail. */
import assert from "node:assert/strict";
import { type Wanted, wantedOf } from "../../../lab/claims/models.ts";
import { judgeRouters, routersModels } from "../../../lab/claims/routers.ts";
import { decide } from "../../../lab/judge/decide.ts";
import type { Findings } from "../../../lab/record/findings.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { PROFILES } from "../../../lab/suite.ts";
import { parseConfiguration } from "../../../rule/configuration.ts";
import { ruleById } from "../../../rule/registry.ts";
import { routers } from "../../../suites/routers.ts";
import { runsFor } from "./claim_runs.ts";

const QUICK = routers.profiles.quick;

/** Judges made-up runs: a seed's loss, noise, and what each model's differs by. */
function measured(more: (w: Wanted) => number | null, profile = QUICK): Findings {
  const r = random(5), models = routersModels(profile);
  const runs = runsFor(profile.plan, models, (w) => {
    // a third of the noise that was measured: what is tested is the judge, not the suite's power
    const own = more(w), noise = 0.004 * r.normal();
    return { validationLoss: own === null ? null : 2.2 + 0.05 * Math.sin(w.seed) + own + noise };
  });
  return judgeRouters(profile, runs, "nats");
}
const isHash = (w: Wanted) => w.configuration.includes("hash");
const isDense = (w: Wanted) => w.configuration.startsWith("dense");
/** Routers that learn are alike, a hash is worse, dense too. */
const alike = (w: Wanted) => isHash(w) ? 0.06 : isDense(w) ? 0.1 : 0.001;
const verdict = (of: Findings) => decide(of.judgements).verdict;

Deno.test("routers that end alike beside a hash that does not pass", () => {
  const found = measured(alike);
  assert.equal(verdict(found), "pass");
  assert.equal(found.judgements.filter((j) => j.role === "claim").length, 5);
  assert.ok(found.judgements.every((j) => found.panels.some(({ name }) => name === j.panel)));
  const [{ columns, rows }] = found.tables;
  assert.ok(rows.every((row) => row.length === columns.length) && rows.length === 9);
  // seven share the first ranks, then the hash, then dense
  assert.deepEqual(rows.slice(-2).map(([rank, name]) => [rank, name]), [
    ["8", QUICK.blind.name],
    ["9", QUICK.dense.name],
  ]);
  assert.equal(rows[8][5], "none");
});

Deno.test("one router that learns and differs, better or worse, fails the suite and is named", () => {
  for (const by of [0.06, -0.06]) {
    const found = measured((w) => w.configuration.includes("softmax-all") ? by : alike(w));
    assert.equal(verdict(found), "fail");
    const failed = found.judgements.filter((j) => j.role === "claim" && j.verdict === "fail");
    assert.deepEqual(failed.map((j) => j.subject), ["softmax-all"]);
    const rank = found.tables[0].rows.find(([, name]) => name === "softmax-all")![0] as string;
    if (by < 0) assert.equal(rank, "1");
    else assert.equal(rank, "7–8", "tied with the hash alone");
  }
});

Deno.test("a hash as good as the others, or better, leaves nothing to tell", () => {
  const better = (w: Wanted) => isHash(w) ? -0.06 : alike(w);
  assert.equal(verdict(measured(better)), "cannot tell at this size");
  assert.equal(verdict(measured((w) => isHash(w) ? 0 : alike(w))), "cannot tell at this size");
});

Deno.test("at the limit, with a lost run or with one seed nothing is decided, and it says why", () => {
  const soft = (w: Wanted) => w.configuration.includes("=softmax-all");
  const near = measured((w) => soft(w) ? 0.021 : alike(w));
  assert.equal(verdict(near), "inconclusive");
  assert.ok(near.judgements.some((j) => j.needs && j.needs.seeds === QUICK.seeds.length));
  const lost = measured((w) => soft(w) && w.seed === 1 ? null : alike(w));
  assert.equal(verdict(lost), "inconclusive");
  assert.equal(
    lost.judgements.find((j) => j.subject === "softmax-all")!.measures[0].missing,
    "a run diverged",
  );
  assert.deepEqual(lost.tables[0].rows.at(-1)!.slice(0, 2), [null, "softmax-all"]);
  const one = measured(alike, { ...QUICK, seeds: [0] });
  assert.equal(verdict(one), "inconclusive");
  assert.ok(one.judgements.every((j) => j.measures[0].missing === "one seed has no interval"));
  const none = measured(() => null);
  assert.equal(verdict(none), "inconclusive");
});

Deno.test("every router can be built and transferred to, and all are of one size", () => {
  for (const name of PROFILES) {
    const p = routers.profiles[name], from = parseConfiguration(p.plan.reference);
    const read = routersModels(p).map(({ configuration }) =>
      parseConfiguration(configuration, from)
    );
    const initStd = 1 / Math.sqrt(from.width);
    for (const to of read) {
      ruleById("complete-mue").transfer(from, to, { ...p.plan.base, initStd });
      const { ffn } = to, first = read[0].ffn;
      assert.deepEqual([to.width, to.depth, to.headWidth], [
        read[0].width,
        read[0].depth,
        read[0].headWidth,
      ]);
      if (first.kind === "dense") throw new Error("the usual router has experts");
      if (ffn.kind === "dense") assert.equal(ffn.hidden, first.active * first.expertWidth);
      else {
        assert.deepEqual([ffn.experts, ffn.active, ffn.expertWidth], [
          first.experts,
          first.active,
          first.expertWidth,
        ]);
      }
    }
    const wanted = wantedOf(routersModels(p));
    assert.equal(wanted.filter(({ role }) => role === "control").length, p.seeds.length);
  }
});
