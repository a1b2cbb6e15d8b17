import assert from "node:assert/strict";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { claimFixture } from "../claim_fixture.ts";
import { fixtureRecord } from "../fixture.ts";

const linesOf = (record: BenchRecord, width?: number): string =>
  terminalSummary(reportOf(record), width);

Deno.test("in a terminal a reason stands once: above by name, below with its values", () => {
  const [one] = fixtureRecord().findings.judgements;
  const why = "an optimum is at the edge of its grid";
  const judgements = [{ ...one, open: why, verdict: "inconclusive" as const }, {
    ...one,
    role: "control" as const,
    verdict: "fail" as const,
  }];
  for (const width of [60, 300]) {
    const text = linesOf(fixtureRecord({ judgements }), width).replace(/\s+/g, " ");
    assert.equal(text.split(`open, ${why}`).length, 2, text);
    assert.ok(text.includes(`is undecided: ${one.subject} (${one.variant}, claim). `), text);
  }
});

Deno.test("the terminal summary stays plain without colour and within its width", () => {
  for (const record of [fixtureRecord(), claimFixture()]) {
    for (const width of [60, 80, 120]) {
      const text = linesOf(record, width);
      assert.ok(!text.includes("\x1b"));
      for (const line of text.split("\n").slice(1)) assert.ok(line.length <= width, line);
    }
  }
  assert.match(
    linesOf(fixtureRecord(), 160),
    /16e4a +standard +−1\.70 \[−2\.00, −1\.34\].*✗ fail \(expected of the control\)/,
  );
});

Deno.test("verdicts too wide for a terminal stand under their names, other tables are left to the page", () => {
  const rows = (width: number) => linesOf(claimFixture(), width).split("\n");
  assert.ok(
    rows(200).some((row) => /^ {2}panel +judged +under +measured +limits +verdict$/.test(row)),
  );
  const narrow = rows(80);
  assert.ok(!narrow.some((row) => row.startsWith("  panel")));
  assert.ok(narrow.includes("  gap: 16e4a (complete-mue)"));
  assert.ok(
    narrow.some((row) => row.startsWith("    ✓ pass: mean gap to dense 0.004 [−0.021, 0.0")),
  );
  assert.ok(narrow.includes("  Slopes:"));
  assert.ok(rows(30).some((row) => row.startsWith("  Slopes: in report.html")));
});
