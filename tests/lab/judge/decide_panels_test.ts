import assert from "node:assert/strict";
import { decidePanels, decideSuite, judge } from "../../../lab/judge/decide.ts";
import type { Findings, Judgement, Panel } from "../../../lab/record/findings.ts";

const judged = (panel: string, role: Judgement["role"], value: number) =>
  judge({
    panel,
    subject: "16e4a",
    variant: role,
    role,
    measures: [{
      name: "gap",
      unit: "",
      value: { estimate: value, lo: value, hi: value },
      limits: { hi: 1 },
    }],
  });

const panel = (name: string, decides: boolean): Panel => ({
  name,
  title: name,
  decides,
  chart: name,
  mark: "line",
  x: { title: "x", scale: "linear" },
  y: { title: "y", scale: "linear" },
  rules: [],
});

const findings: Findings = {
  panels: [panel("a", true), panel("b", false), panel("empty", false)],
  points: [],
  judgements: [
    judged("a", "claim", 0),
    judged("b", "claim", 2),
    judged("a", "control", 2),
    judged("b", "control", 2),
  ],
  tables: [],
  caveats: [],
};

Deno.test("a panel is decided by its own judgements and by nothing else", () => {
  const decisions = decidePanels(findings);
  assert.deepEqual(
    Object.keys(decisions),
    ["a", "b"],
    "one that nothing is judged in has no verdict",
  );
  assert.equal(decisions.a.verdict, "pass");
  assert.equal(decisions.b.verdict, "fail");
  assert.deepEqual(decisions.b.reason.deciding, [1], "places are those in the findings");
  assert.deepEqual(decisions.a, decideSuite(findings, false));
});

Deno.test("panels of a bench that was stopped are inconclusive, whatever is judged so far", () => {
  for (const decision of Object.values(decidePanels(findings, true))) {
    assert.equal(decision.verdict, "inconclusive");
    assert.equal(decision.reason.code, "stopped");
  }
});
