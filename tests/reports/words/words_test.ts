import assert from "node:assert/strict";
import { decide, judge } from "../../../lab/judge/decide.ts";
import type { Judgement } from "../../../lab/record/findings.ts";
import * as format from "../../../reports/words/format.ts";
import { judgementReason, limitsText, valueText } from "../../../reports/words/judgement.ts";
import { alsoNeeds } from "../../../reports/words/paper.ts";
import { costPhrase, reproduceCommand, shellWord } from "../../../reports/words/phrases.ts";
import { countsBeside, countsPhrase, reasonSentence } from "../../../reports/words/reason.ts";
import { claimFixture } from "../claim_fixture.ts";
import { assertFinite } from "../finite.ts";
import { fixtureRecord } from "../fixture.ts";

const BAD = [NaN, Infinity, -Infinity, null, undefined];
const { NOT_MEASURED } = format;

Deno.test("a number that is not finite is a dash in every writer, and so is an empty list", () => {
  const writers: Record<string, (value: number | null | undefined) => string> = {
    fixed: (x) => format.fixed(x, 2),
    loss: format.loss,
    octaves: format.octaves,
    plain: format.plain,
    significant: format.significant,
    settable: format.settable,
    powerOfTwo: format.powerOfTwo,
    count: format.count,
    byteCount: format.byteCount,
    digits: format.digits,
    milliseconds: format.milliseconds,
    percent: format.percent,
    duration: format.duration,
    range: (x) => format.range([x]),
    cellText: (x) => format.cellText(x ?? null, { decimals: 2 }),
    interval: (x) => format.interval({ estimate: 1, lo: x!, hi: 2 }, format.loss),
  };
  const written = Object.keys(format).filter((name) =>
    !["NOT_MEASURED", "extent", "finite", "known", "rateUnit", "writerOf"].includes(name)
  );
  assert.deepEqual(Object.keys(writers).sort(), written.sort(), "a writer is not tested");
  for (const [name, write] of Object.entries(writers)) {
    for (const bad of BAD) {
      if (name === "interval" && bad === undefined) continue;
      assert.equal(write(bad), NOT_MEASURED, `${name} of ${bad}`);
    }
    assert.notEqual(write(1), NOT_MEASURED, name);
  }
  assert.equal(format.range([]), NOT_MEASURED);
  assert.equal(format.cellText([], { decimals: 1 }), NOT_MEASURED);
  assert.equal(format.cellText([NaN, 1], { decimals: 1 }), `${NOT_MEASURED}, 1.0`);
  assert.equal(format.extent([]), null);
  assert.deepEqual(format.extent([NaN, 2, -Infinity, 1, null]), [1, 2]);
  assert.deepEqual(BAD.map(format.finite), BAD.map(() => null));
  for (const bad of [NaN, Infinity]) {
    assertFinite({ writer: format.writerOf({ estimate: 1, lo: 0, hi: bad })(bad) });
    assertFinite({ unit: format.rateUnit([bad]).name });
  }
});

Deno.test("the scan finds what it looks for", () => {
  for (const text of ["NaN", "−Infinity", "a undefined b", "[object Object]"]) {
    assert.throws(() => assertFinite({ text }), /holds/);
  }
  assertFinite({ page: "<script>if (x === undefined) NaN</script>", text: "Nano, infinity pool" });
});

Deno.test("numbers are written one way", () => {
  assert.equal(format.fixed(-0.0004, 3), "0.000");
  assert.equal(format.octaves(0.4), "+0.40");
  const value = { estimate: -1, lo: -2, hi: 0.5 };
  assert.equal(format.interval(value, format.octaves), "−1.00 [−2.00, +0.50]");
  assert.equal(format.significant(2 ** -5.3), "0.0254");
  assert.equal(format.significant(1e-8), "1.00e−8");
  assert.equal(format.range([-8, -2, -5]), "−8 … −2");
  assert.equal(format.range([600, 600]), "600");
  assert.deepEqual([0.44, 59.9, 742, 3599.6, 11100].map(format.duration), [
    "0.4 s",
    "1 min 00 s",
    "12 min 22 s",
    "1 h 00 min",
    "3 h 05 min",
  ]);
  assert.deepEqual([950, 12_400, 3.07e6].map(format.count), ["950", "12.4 k", "3.07 M"]);
  assert.deepEqual([950, 12_000, 61e6].map(format.byteCount), ["950 B", "12.0 kB", "61.0 MB"]);
});

Deno.test("an estimate is written to two or three digits of its interval's width", () => {
  const text = (estimate: number, lo: number, hi: number) =>
    format.interval({ estimate, lo, hi }, format.writerOf({ estimate, lo, hi }));
  assert.equal(text(0.65272, -0.34931, 1.41973), "0.65 [−0.35, 1.42]");
  assert.equal(text(0.0058128, 0.0000522, 0.0216798), "0.0058 [0.0001, 0.0217]");
  assert.equal(text(1.234, 1.1, 2.83), "1.23 [1.10, 2.83]");
  assert.equal(text(1204.2, 1000, 2400), "1204 [1000, 2400]");
  assert.equal(text(1.43e-7, 1.43e-7, 1.43e-7), "1.43e−7 [1.43e−7, 1.43e−7]");
});

const judged = (change: Partial<Parameters<typeof judge>[0]> = {}): Judgement =>
  judge({
    panel: "transfer",
    subject: "16e4a",
    variant: "complete-mue",
    role: "claim",
    need: "any",
    measures: [
      {
        name: "shift",
        unit: "octaves",
        value: { estimate: 0.1, lo: -0.2, hi: 0.4 },
        limits: { lo: -1, hi: 1 },
      },
      {
        name: "regret",
        unit: "nats",
        value: { estimate: 0.02, lo: 0.015, hi: 0.025 },
        limits: { hi: 0.012 },
      },
    ],
    ...change,
  });

Deno.test("a judgement says every measure with its interval, unit and limits", () => {
  const one = judged();
  assert.equal(
    judgementReason(one),
    "shift +0.10 [−0.20, +0.40] octaves lies within ±1; " +
      "regret 0.0200 [0.0150, 0.0250] nats lies outside its limit ≤ 0.012",
  );
  assert.equal(
    judgementReason(one, false),
    "shift lies within ±1; regret lies outside its limit ≤ 0.012",
  );
  const [shift] = one.measures;
  assert.equal(valueText(shift), "+0.10 [−0.20, +0.40]");
  const undecided = judged({ measures: [{ ...shift, value: { estimate: 1, lo: 0.8, hi: 1.2 } }] });
  assert.match(
    judgementReason(undecided),
    /\+1\.000? .*octaves and its interval reaches beyond ±1$/,
  );
  assert.equal(judgementReason(undecided, false), "shift: its interval reaches beyond ±1");
  const sided = (limits: { lo: number } | { hi: number }) =>
    judgementReason(judged({ measures: [{ ...shift, limits }] }), false);
  assert.equal(sided({ hi: 0.1 }), "shift: its interval reaches above 0.1");
  assert.equal(sided({ lo: 0 }), "shift: its interval reaches below 0");
});

Deno.test("what was not measured, lies beyond or stays open is said so", () => {
  const measure = { name: "regret", unit: "nats", value: null, limits: { hi: 0.012 } };
  const reason = (missing: string | null, open: string | null = null) =>
    judgementReason(judged({ measures: [{ ...measure, missing }], open }));
  assert.equal(reason(null), "regret was not measured");
  assert.equal(
    reason("no optimum of the target"),
    "regret was not measured: no optimum of the target",
  );
  assert.equal(
    reason("beyond"),
    "regret has no finite value and lies beyond ≤ 0.012: runs diverged",
  );
  assert.equal(
    reason(null, "an optimum is at the edge of its grid"),
    "open, an optimum is at the edge of its grid",
  );
  assert.equal(judgementReason(judged({ measures: [] })), "nothing was measured");
});

Deno.test("limits say on which side they lie", () => {
  assert.equal(limitsText({ lo: -0.25, hi: 0.25 }), "±0.25");
  assert.equal(limitsText({ lo: null, hi: 0.1 }), "≤ 0.1");
  assert.equal(limitsText({ lo: 1, hi: null }), "≥ 1");
  assert.equal(limitsText({ lo: -0.75, hi: -0.25 }), "−0.75 to −0.25");
  assert.equal(limitsText({ lo: null, hi: 0.0123937149 }), "≤ 0.0124");
});

Deno.test("every reason of a decision has its sentence, with what it rests on", () => {
  const of = (role: Judgement["role"], verdict: Judgement["verdict"], subject = "16e4a") => ({
    ...judged({ role, subject }),
    verdict,
  });
  const told = (...judgements: Judgement[]) => reasonSentence(decide(judgements), judgements);
  assert.match(
    told(of("claim", "fail"), of("claim", "pass"), of("control", "fail")),
    /^1 of 2 claims fails: 16e4a \(complete-mue\): shift \+0\.10 .* within ±1; regret/,
  );
  assert.match(
    told(of("claim", "pass"), of("control", "pass")),
    /^1 of 1 controls passes too, so that nothing shows/,
  );
  assert.match(told(of("claim", "pass")), /^there is no control that could have failed/);
  assert.match(
    told(of("claim", "inconclusive"), of("control", "inconclusive")),
    /^1 of 1 claims and 1 of 1 controls are undecided: 16e4a \(complete-mue, claim\): .*; 16e4a \(complete-mue, control\): /,
  );
  const both = [of("claim", "inconclusive"), of("control", "inconclusive", "8e2a")];
  assert.equal(
    reasonSentence(decide(both), both, false),
    "1 of 1 claims and 1 of 1 controls are undecided: " +
      "16e4a (complete-mue, claim); 8e2a (complete-mue, control)",
  );
  assert.equal(countsBeside(decide(both).reason), "", "the sentence says it");
  const controls = decide([of("control", "pass")]).reason;
  assert.equal(countsPhrase(controls), "controls seen to fail: 0 of 1");
  assert.equal(told(of("control", "fail")), "nothing is claimed");
  assert.equal(
    told(of("claim", "pass"), of("control", "fail")),
    "the claim passes and the control fails, as it should",
  );
  const many = Array.from({ length: 6 }, (_, index) => of("claim", "fail", `${index}e1a`));
  assert.match(told(...many), /: 0e1a \(complete-mue\); .*3e1a \(complete-mue\); and 2 more$/);
  const { reason } = decide([of("claim", "pass"), of("claim", "fail"), of("control", "fail")]);
  assert.equal(
    reasonSentence({ verdict: "inconclusive", reason: { ...reason, code: "stopped" } }, []),
    "stopped before its last planned measurement; so far 1 of 2 claims pass, 1 fail; " +
      "controls seen to fail: 1 of 1",
  );
  assert.equal(countsPhrase(decide([]).reason), "nothing judged");
});

Deno.test("the line that repeats a bench reaches the program word by word", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const stub = `${folder}/deno`;
    await Deno.writeTextFile(
      stub,
      '#!/bin/sh\nfor word in "$@"; do printf "%s\\0" "$word"; done\n',
    );
    await Deno.chmod(stub, 0o755);
    const record = fixtureRecord();
    const argv = async (path: string, options?: string) => {
      const line = reproduceCommand({
        ...record,
        suite: { ...record.suite, options },
        data: { ...record.data!, file: path },
      });
      const { stdout } = await new Deno.Command("sh", {
        args: ["-c", line],
        env: { PATH: `${folder}:${Deno.env.get("PATH")}` },
      }).output();
      return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
    };
    const start = ["task", "bench", "activated-experts", "--profile", "quick"];
    for (
      const path of [
        "texts/a.txt",
        'my texts/l\'été $HOME `ls` "x".txt',
        "a;rm -rf b",
        "*.txt",
        "back\\slash",
      ]
    ) assert.deepEqual(await argv(path), [...start, "--text", path]);
    assert.deepEqual(await argv("a", "--router gate=softmax,bias=0.1*2 --balance (x)"), [
      ...start,
      ...["--router", "gate=softmax,bias=0.1*2", "--balance", "(x)", "--text", "a"],
    ]);
    const images = { ...record, task: { ...record.task!, id: "diffusion" } };
    const data = { ...record.data!, file: "my pics" };
    for (const options of [undefined, "--router gate=softmax --data my pics"]) {
      const line = reproduceCommand({ ...images, data, suite: { ...record.suite, options } });
      const router = options === undefined ? "" : " --router gate=softmax";
      const start = "deno task bench activated-experts --profile quick";
      assert.equal(line, `${start}${router} --data 'my pics'`);
    }
    assert.equal(shellWord(""), "''");
    assert.equal(
      reproduceCommand(record),
      "deno task bench activated-experts --profile quick",
      "a text that comes with the suite needs no option",
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("what a bench cost says what was trained, or what was measured where nothing was", () => {
  assert.match(costPhrase(fixtureRecord()), /^201 runs trained, 61\.7 M tokens, 12 min 22 s$/);
  assert.match(costPhrase(claimFixture({ runs: [] })), /^132 points measured, /);
});

Deno.test("a record names what its own figures need beside it, and no other figure", () => {
  const record = fixtureRecord();
  assert.deepEqual(alsoNeeds(record), [
    "Fig. 2b also needs activated-experts to sweep the weight decay",
    "Fig. 2c also needs activated-experts to sweep the init standard deviation",
  ]);
  const as = (id: string) => alsoNeeds({ ...record, suite: { ...record.suite, id } });
  assert.deepEqual(as("capacity"), ["Fig. 3 also needs granularity, hybrids"]);
  assert.deepEqual(["batch", "shoot-out"].map(as), [[], []]);
});

Deno.test("what is undecided says in its own words what would decide it", () => {
  const of = (
    needs: Judgement["needs"],
    role: Judgement["role"] = "claim",
    verdict = "inconclusive",
  ) =>
    judgementReason({
      panel: "p",
      subject: "16e4a",
      variant: "standard",
      role,
      need: "any",
      open: null,
      verdict: verdict as Judgement["verdict"],
      measures: [{
        name: "shift",
        unit: "octaves",
        value: { estimate: 0.9, lo: 0.4, hi: 1.4 },
        limits: { lo: -1, hi: 1 },
        missing: null,
        verdict: "inconclusive",
      }],
      needs,
    });
  const shared = { seeds: 3, verdict: "pass", tried: 48, rest: 0.25 } as const;
  assert.match(
    of({ ...shared, decisive: 7 }),
    /reaches beyond ±1; 7 seeds instead of 3 would decide it, as a pass by these numbers$/,
  );
  assert.match(
    of({ ...shared, decisive: null }),
    /no number of seeds up to 48 would decide it: ±0.25 octaves of its interval are the fit.s own error and no noise of seeds$/,
  );
  assert.match(
    of({ ...shared, decisive: null, rest: 0 }),
    /lies too near its limit for its noise$/,
  );
  const passing = (further: number | null) =>
    of({ ...shared, verdict: "fail", decisive: null, further }, "control", "pass");
  assert.match(
    passing(1.74),
    /an axis of 1.7 times as many octaves would, if its miss grows evenly/,
  );
  assert.match(passing(null), /cannot be told from none, so no size can be named$/);
  assert.doesNotMatch(of(undefined), /seeds/);
});

Deno.test("a control that fails by something else than the axis says so in the verdict's line", () => {
  const judgement = (role: Judgement["role"], by?: string): Judgement => ({
    ...judge({
      panel: "p",
      subject: "16e4a",
      variant: "v",
      role,
      measures: [{
        name: "shift",
        unit: "",
        value: role === "claim"
          ? { estimate: 0, lo: -0.1, hi: 0.1 }
          : { estimate: 3, lo: 2.9, hi: 3.1 },
        limits: { hi: 1 },
      }],
    }),
    ...(by ? { by } : {}),
  });
  const line = (by?: string) => {
    const all = [judgement("claim"), judgement("control", by)];
    return reasonSentence(decide(all), all);
  };
  assert.match(line("width"), /the control fails by the width and not by this axis, as it should$/);
  assert.match(line(), /the control fails, as it should$/);
});
