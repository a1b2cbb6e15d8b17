/**
 * What the intervals and verdicts of tables are worth, measured on simulated ones of the shapes people have:
 * coverage of optimum and shift, verdicts that are false. `TRIALS=400` for the figures in docs/judge.md.
 */
import assert from "node:assert/strict";
import { judgeTable } from "../../../lab/table/judge_table.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { asymmetric, type Bowl, symmetric } from "../statistics/bowls.ts";
import { type Shape, SHAPES, tableOf } from "./simulated.ts";

const TRIALS = Number(Deno.env.get("TRIALS") ?? 40);
const NOISES = [0.003, 0.01, 0.02];

/** Shares of trials, where the target's optimum lies `shift` octaves off. */
function measured(shape: Shape, shift: number) {
  const stream = random(77 + Math.round(10 * shift));
  const count = { optimum: 0, shift: 0, pass: 0, fail: 0 };
  for (let trial = 0; trial < TRIALS; trial++) {
    const bowl: Bowl = trial % 2 === 0 ? symmetric : asymmetric;
    const home = -5.5 - shift / 2 + stream.uniform(), away = home + shift;
    const sd = NOISES[trial % NOISES.length];
    const rows = tableOf(shape, [bowl, bowl], [home, away], sd, stream);
    const { optima: [, found], judgements: [judged] } = judgeTable(rows, { reference: "64" });
    const holds = (at: number, of: { lo: number; hi: number } | null) =>
      // no estimate is no false claim
      of === null || (of.lo <= at && at <= of.hi);
    if (holds(away, found.log2x)) count.optimum++;
    if (holds(shift, judged.shift)) count.shift++;
    if (judged.verdict === "pass") count.pass++;
    if (judged.verdict === "fail") count.fail++;
  }
  return {
    optimum: count.optimum / TRIALS,
    shift: count.shift / TRIALS,
    pass: count.pass / TRIALS,
    fail: count.fail / TRIALS,
  };
}

for (const shape of SHAPES) {
  Deno.test(`intervals hold and verdicts are seldom false: ${shape.name}`, () => {
    const kept = measured(shape, 0), moved = measured(shape, 2);
    if (Deno.env.get("TRIALS")) console.log(shape.name, { kept, moved });
    for (const found of [kept, moved]) {
      assert.ok(found.optimum >= 0.9, `optimum held in ${found.optimum}`);
      assert.ok(found.shift >= 0.92, `shift held in ${found.shift}`);
    }
    assert.ok(kept.fail <= 0.02, `unmoved fails in ${kept.fail}`);
    assert.ok(moved.pass <= 0.05, `moved by two octaves passes in ${moved.pass}`);
    assert.ok(kept.pass > moved.pass + 0.2, `unmoved passes in ${kept.pass}`);
  });
}
