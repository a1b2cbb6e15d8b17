import assert from "node:assert/strict";
import { decide } from "../../../lab/judge/decide.ts";
import { chartsFor } from "../../../reports/charts/charts.ts";
import { roleVerdict } from "../../../reports/words/verdict.ts";
import { renderSvg } from "../../../reports/charts/render.ts";
import { legendOf, panelsOf } from "../../../reports/charts/series.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { styleOf, toneOf, TONES } from "../../../reports/charts/theme.ts";
import { rivalRecord } from "../fixture.ts";
import { assertNothingCut, testGoldens, textsOf } from "../golden.ts";

const record = rivalRecord();
const charts = chartsFor(record);

testGoldens(charts, "rivals-");

Deno.test("where rules are compared there is one panel per configuration and one line per rule", async () => {
  const panels = panelsOf(record, "lr");
  assert.deepEqual(panels.map((panel) => panel.title), [
    ["Shoot-out, d = 16 → 64", "16e4a, one line per rule"],
  ]);
  const lines = legendOf(record, "lr");
  assert.deepEqual(lines.slice(0, 4), ["dense", "complete-mue", "standard", "mup"]);
  assert.equal(lines.length, 9);
  for (const { spec } of charts) {
    const svg = await renderSvg(spec);
    assertNothingCut(svg);
    for (const line of ["complete-mue", "moe-dmft"]) {
      assert.ok(textsOf(svg).some((text) => text.includes(line)), line);
    }
  }
});

Deno.test("no two of sixteen-odd lines look alike, and the first colour stays the reference's", () => {
  const styles = Array.from({ length: 22 }, (_, index) => styleOf(index));
  assert.equal(new Set(styles.map(({ colour, shape }) => colour + shape)).size, 22);
  assert.equal(styles.filter(({ colour }) => colour === styles[0].colour).length, 1);
});

Deno.test("a rival neither passes nor fails, wears no tick and decides nothing", () => {
  for (const verdict of ["pass", "fail", "inconclusive", "cannot tell at this size"] as const) {
    assert.doesNotMatch(roleVerdict("rival", verdict), /pass|fail/);
    const { colour } = TONES[toneOf({ role: "rival", verdict })];
    assert.ok(colour !== TONES.pass.colour && colour !== TONES.fail.colour);
  }
  const { judgements } = record.findings;
  const only = judgements.map((one) => ({ ...one, role: "rival" as const }));
  const other = { ...record, findings: { ...record.findings, judgements: only } };
  assert.ok(!terminalSummary(reportOf({ ...other, verdict: "fail" })).includes("✓"));
  const { verdict, reason } = decide(judgements.filter((one) => one.role !== "rival"));
  assert.deepEqual({ verdict, reason }, decide(judgements));
});
