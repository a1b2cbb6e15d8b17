import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decide,
  decideSuite,
  judge,
  type Unjudged,
  type UnjudgedMeasure,
} from "../../../lab/judge/decide.ts";
import type { Findings, Judgement, Panel, Role, Verdict } from "../../../lab/record/findings.ts";

const SOME = ["pass", "fail", "inconclusive"] as const;
type Some = typeof SOME[number];

/** A judgement with this verdict, by way of a value on the right side of a limit. */
function judged(role: Role, verdict: Verdict, panel = "transfer"): Judgement {
  const value = {
    pass: { estimate: 0, lo: -1, hi: 1 },
    fail: { estimate: 5, lo: 4, hi: 6 },
    inconclusive: { estimate: 2, lo: 1, hi: 3 },
  }[verdict as Some];
  const measures = [{ name: "shift", unit: "", value, limits: { hi: 2 } }];
  const found = judge({ panel, subject: "16e4a", variant: "any", role, measures });
  assert.equal(found.verdict, verdict);
  return found;
}

/** Every list of up to `most` verdicts, order left out. */
function mixes(most: number): Some[][] {
  const all: Some[][] = [[]];
  for (let of: Some[][] = [[]], n = 0; n < most; n++) {
    of = of.flatMap((list) =>
      SOME.filter((v) => !list.length || SOME.indexOf(v) >= SOME.indexOf(list.at(-1)!))
        .map((v) => [...list, v])
    );
    all.push(...of);
  }
  return all;
}

/** The table of docs/verdicts.md, written another way: by what is there, not by what comes first. */
function expected(claims: Some[], controls: Some[]): Verdict {
  if (claims.includes("fail")) return "fail";
  if (controls.length === 0 || controls.includes("pass")) return "cannot tell at this size";
  const settled = claims.length > 0 && claims.every((v) => v === "pass") &&
    controls.every((v) => v === "fail");
  return settled ? "pass" : "inconclusive";
}

Deno.test("decide keeps its table over every mix of up to three claims and three controls", () => {
  const counts = new Map<Verdict, number>();
  for (const claims of mixes(3)) {
    for (const controls of mixes(3)) {
      const list = [
        ...claims.map((v) => judged("claim", v)),
        ...controls.map((v) => judged("control", v)),
      ];
      const { verdict, reason } = decide(list);
      assert.equal(verdict, expected(claims, controls), `${claims} | ${controls}`);
      assert.deepEqual(reason.claims, {
        pass: claims.filter((v) => v === "pass").length,
        fail: claims.filter((v) => v === "fail").length,
        undecided: claims.filter((v) => v === "inconclusive").length,
      });
      for (const at of reason.deciding) assert.ok(list[at], "it rests on one of them");
      counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
    }
  }
  assert.equal([...counts.values()].reduce((a, b) => a + b), 400);
  assert.equal(counts.size, 4, "every verdict occurs");
});

Deno.test("the mixes on which earlier judges disagreed have one verdict each", () => {
  const of = (claims: Some[], controls: Some[]) =>
    decide([
      ...claims.map((v) => judged("claim", v)),
      ...controls.map((v) => judged("control", v)),
    ]).verdict;
  assert.equal(of(["inconclusive"], ["pass"]), "cannot tell at this size");
  assert.equal(of(["inconclusive"], ["inconclusive"]), "inconclusive");
  assert.equal(of(["pass", "pass", "pass"], ["fail", "fail", "inconclusive"]), "inconclusive");
  assert.equal(of(["pass"], []), "cannot tell at this size");
  assert.equal(of([], ["fail"]), "inconclusive");
});

Deno.test("rivals and asides decide nothing, and the order of judgements changes nothing", () => {
  const one = fc.constantFrom(...SOME), any = fc.constantFrom<Role>("claim", "control");
  fc.assert(
    fc.property(
      fc.array(fc.tuple(any, one), { minLength: 1, maxLength: 8 }),
      fc.array(fc.tuple(fc.constantFrom<Role>("rival", "aside"), one), { maxLength: 4 }),
      (deciding, beside) => {
        const list = deciding.map(([role, v]) => judged(role, v));
        const more = beside.map(([role, v]) => judged(role, v));
        const { verdict } = decide(list);
        assert.equal(decide([...more, ...list]).verdict, verdict);
        assert.equal(decide(list.toReversed()).verdict, verdict);
      },
    ),
  );
});

Deno.test("a suite is decided by the panels that carry its claim, and never while it is incomplete", () => {
  const panel = (name: string, decides: boolean): Panel => ({
    name,
    title: name,
    decides,
    chart: name,
    mark: "line",
    x: { title: "x", scale: "log2" },
    y: { title: "y", scale: "linear" },
    rules: [],
  });
  const findings: Findings = {
    panels: [panel("beside", false), panel("transfer", true)],
    points: [],
    judgements: [
      judged("claim", "fail", "beside"),
      judged("claim", "pass"),
      judged("control", "fail"),
    ],
    tables: [],
    caveats: [],
  };
  assert.equal(decideSuite(findings, false).verdict, "pass");
  assert.deepEqual(
    [decideSuite(findings, true).verdict, decideSuite(findings, true).reason.code],
    ["inconclusive", "stopped"],
  );
  const failing = { ...findings, judgements: [...findings.judgements, judged("claim", "fail")] };
  const { verdict, reason } = decideSuite(failing, false);
  assert.equal(verdict, "fail");
  assert.deepEqual(reason.deciding, [3], "places are those in the findings");
  const stray = { ...findings, judgements: [judged("claim", "fail", "nowhere")] };
  assert.throws(() => decideSuite(stray, false), /Cannot decide on 16e4a: no panel nowhere/);
});

Deno.test("what is undecided says how many seeds would tell, where its noise is known", () => {
  const noise = { error: 1, seeds: 3, freedom: 2, rest: 0 };
  const of = (estimate: number, more: Partial<Unjudged> = {}, own = {}) =>
    judge({
      panel: "p",
      subject: "s",
      variant: "v",
      role: "claim",
      measures: [{
        name: "gap",
        unit: "",
        value: { estimate, lo: estimate - 4.3, hi: estimate + 4.3 },
        limits: { hi: 2 },
        noise,
        ...own,
      }],
      ...more,
    });
  const needs = of(0).needs!;
  assert.deepEqual([needs.seeds, needs.verdict], [3, "pass"]);
  assert.ok(needs.decisive! > 3 && needs.decisive! < 15, `${needs.decisive}`);
  assert.equal(of(4).needs!.verdict, "fail");
  assert.equal(of(2).needs!.decisive, null);
  for (
    const none of [of(-9), of(9), of(0, { open: "one seed" }), of(0, {}, { noise: null })]
  ) assert.ok(!("needs" in none), JSON.stringify(none));
  const unmeasured = of(0, {}, { value: null });
  assert.ok(!("needs" in unmeasured) && unmeasured.verdict === "inconclusive");
  assert.throws(() => of(0, {}, { noise: { ...noise, seeds: 1 } }), /1 seeds have no noise/);
});

const measure = (more: Partial<UnjudgedMeasure>): UnjudgedMeasure => ({
  name: "ratio",
  unit: "",
  value: { estimate: 1, lo: 0.9, hi: 1.1 },
  limits: { lo: 0, hi: 2 },
  ...more,
});
const names: Omit<Unjudged, "measures"> = {
  panel: "p",
  subject: "s",
  variant: "v",
  role: "claim",
};
const verdictOf = (more: Partial<UnjudgedMeasure>) =>
  judge({ ...names, measures: [measure(more)] }).verdict;

Deno.test("a quantity passes inside its limits, fails outside, and is undecided between", () => {
  const at = (estimate: number, lo: number, hi: number) => ({ value: { estimate, lo, hi } });
  assert.equal(verdictOf({}), "pass");
  assert.equal(verdictOf(at(2, 1, 2)), "pass", "the limit itself is within");
  assert.equal(verdictOf(at(3, 2.1, 4)), "fail");
  assert.equal(verdictOf(at(-2, -3, -0.1)), "fail");
  assert.equal(verdictOf(at(2, 1, 3)), "inconclusive");
  assert.equal(verdictOf(at(1, -5, 5)), "inconclusive", "out on both sides is no fail");
  assert.equal(verdictOf({ limits: { hi: 0.5 } }), "fail");
  assert.equal(verdictOf({ limits: { lo: 0.5 } }), "pass");
});

Deno.test("what was not measured, or is not finite, is undecided; what diverged lies beyond", () => {
  assert.equal(verdictOf({ value: null }), "inconclusive");
  assert.equal(verdictOf({ value: null, missing: "2 runs diverged" }), "inconclusive");
  assert.equal(verdictOf({ value: null, missing: "beyond" }), "fail");
  for (const bad of [NaN, Infinity, -Infinity]) {
    const found = judge({
      ...names,
      measures: [measure({ value: { estimate: 1, lo: bad, hi: 1 } })],
    });
    assert.deepEqual([found.verdict, found.measures[0].value], ["inconclusive", null]);
  }
  const finite = judge({
    ...names,
    measures: [measure({ value: { estimate: 9, lo: 8, hi: Infinity } })],
  });
  assert.equal(finite.measures[0].missing, "it is not finite");
  assert.equal(judge({ ...names, measures: [] }).verdict, "inconclusive");
});

Deno.test("what nothing could miss, or no measurement could be, is refused", () => {
  const value = (estimate: number, lo: number, hi: number) => () =>
    verdictOf({ value: { estimate, lo, hi } });
  assert.throws(() => verdictOf({ limits: {} }), /Cannot judge ratio: it has no limit/);
  for (const limits of [{ hi: Infinity }, { lo: -Infinity }, { hi: NaN }, { lo: 2, hi: 1 }]) {
    assert.throws(() => verdictOf({ limits }), /nothing lies, or all lies, within/);
  }
  assert.throws(value(0, 50, -50), /0 is not within 50 to -50/);
  assert.throws(value(99, -0.5, 0.5), RangeError);
});

Deno.test("several measures: all must hold or any, as it is asked; what is open is undecided", () => {
  const by = (need: "all" | "any", ...verdicts: Some[]) =>
    judge({
      ...names,
      need,
      measures: verdicts.map((v) => {
        const { name, unit, value, limits } = judged("claim", v).measures[0];
        return { name, unit, value, limits };
      }),
    }).verdict;
  assert.equal(by("any", "pass", "fail"), "pass");
  assert.equal(by("any", "inconclusive", "fail"), "inconclusive");
  assert.equal(by("any", "fail", "fail"), "fail");
  assert.equal(by("all", "pass", "fail"), "fail");
  assert.equal(by("all", "pass", "inconclusive"), "inconclusive");
  assert.equal(by("all", "pass", "pass"), "pass");
  const open = judge({ ...names, open: "one seed has no interval", measures: [measure({})] });
  assert.equal(open.verdict, "inconclusive");
});
