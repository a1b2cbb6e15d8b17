import assert from "node:assert/strict";
import { UsageError } from "../../commands/arguments.ts";
import { budgetLines, budgetOf, fit } from "../../commands/budget.ts";
import type { SuiteRunner } from "../../commands/suite_runner.ts";
import { estimateOf, REFERENCE_RATE, secondsOf } from "../../lab/estimate.ts";
import { suiteById, SUITES } from "../../suites/registry.ts";

const named = (id: string) => ({ id }) as SuiteRunner;

Deno.test("a budget is read in seconds, minutes and hours; anything else is refused", () => {
  assert.deepEqual(["90s", "20m", "1.5h"].map(budgetOf), [90, 1200, 5400]);
  for (const bad of ["20", "m", "-5m", "0s", "20 m", "20min"]) {
    assert.throws(() => budgetOf(bad), UsageError);
  }
});

Deno.test("suites that fit are taken in order, the others are named with their time", () => {
  const seconds: Record<string, number> = { a: 100, b: 500, c: 150 };
  const choice = fit(["a", "b", "c"].map(named), 300, (of) => of.map((r) => seconds[r.id]));
  assert.deepEqual(choice.chosen.map((c) => c.runner.id), ["a", "c"]);
  assert.deepEqual(budgetLines(choice, 300), [
    "budget 5 min 00 s: planned 4 min 10 s: a (1 min 40 s), c (2 min 30 s)",
    "left out: b (8 min 20 s)",
  ]);
});

Deno.test("a model that two suites share costs the second nothing, and a finished one nobody", () => {
  const both = ["capacity", "hybrids"].map((id) => estimateOf(suiteById(id) as never, "quick"));
  const [, after] = secondsOf(both, REFERENCE_RATE);
  const [alone] = secondsOf([both[1]], REFERENCE_RATE);
  assert.ok(after < alone);
  const done = both[0].jobs.map(({ job }) => job.key);
  assert.equal(secondsOf([both[0]], REFERENCE_RATE, done)[0], both[0].other_s);
  assert.ok(
    Math.abs(
      secondsOf([both[0]], 2 * REFERENCE_RATE)[0] * 2 - secondsOf([both[0]], REFERENCE_RATE)[0],
    ) < 1e-9,
  );
});

Deno.test("by the estimate the quick profile of all suites takes at most 60 minutes, of any one 12", () => {
  const estimates = SUITES.map((s) => estimateOf(s, "quick"));
  const all = secondsOf(estimates, REFERENCE_RATE).reduce((a, b) => a + b, 0);
  assert.ok(all <= 3600, `all suites: ${all} s`);
  SUITES.forEach((s, i) => {
    const [seconds] = secondsOf([estimates[i]], REFERENCE_RATE);
    assert.ok(seconds <= 720, `${s.id}: ${seconds} s`);
  });
});
