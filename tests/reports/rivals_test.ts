import assert from "node:assert/strict";
import { judgeSuite } from "../../lab/transfer/judge.ts";
import { chartsFor } from "../../reports/charts/charts.ts";
import { roleVerdict } from "../../reports/words/format.ts";
import { RANKING_NOTE, rankings } from "../../reports/ranking.ts";
import { reportHtml } from "../../reports/html.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { legendOf, panelsOf } from "../../reports/charts/series.ts";
import { summaryMarkdown } from "../../reports/summary.ts";
import { terminalSummary } from "../../reports/terminal.ts";
import { styleOf, toneOf, TONES } from "../../reports/charts/theme.ts";
import { fixtureRecord, rivalRecord } from "./fixture.ts";
import { assertNothingCut, testGoldens, textsOf } from "./golden.ts";

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
  const only = record.judgements.map((one) => ({ ...one, role: "rival" as const }));
  assert.ok(!terminalSummary({ ...record, judgements: only, verdict: "fail" }).includes("✓"));
  const claimPanels = ["shoot-out"];
  const with_ = judgeSuite(record.judgements, { claimPanels });
  const without = judgeSuite(record.judgements.filter((one) => one.role !== "rival"), {
    claimPanels,
  });
  assert.equal(with_.verdict, without.verdict);
  assert.equal(with_.reason, without.reason);
});

Deno.test("rules are ranked by regret, ties of overlapping intervals are said", () => {
  const [{ title, table, judgements }] = rankings(record);
  assert.equal(title, "shoot-out, 16e4a");
  const column = (name: string) => table.rows.map((row) => row[table.head.indexOf(name)]);
  assert.deepEqual(column("rule").slice(0, 2), ["complete-mue/completed-p", "complete-mue"]);
  assert.deepEqual(column("rank"), ["1–4", "1–4", "1–4", "1–5", "4–6", "5–6", "7–8", "7–8"]);
  assert.equal(column("tied with").at(-1), "embedding-lr-only");
  const costs = judgements.map((one) => one.regret!.estimate);
  assert.deepEqual(costs, costs.toSorted((a, b) => a - b));
});

Deno.test("a rule whose interval touches no other has one rank, an unmeasured one has none", () => {
  const at = (estimate: number) => ({ estimate, lo: estimate - 0.001, hi: estimate + 0.001 });
  const changed = record.judgements.slice(0, 3).map((one, index) => ({
    ...one,
    role: "rival" as const,
    regret: index === 2 ? null : at(0.02 - 0.01 * index),
  }));
  const [{ table }] = rankings({ ...record, judgements: changed });
  assert.deepEqual(table.rows.map((row) => [row[0], row[1], row.at(-1)]), [
    ["1", "standard", "none"],
    ["2", "complete-mue", "none"],
    ["—", "mup", "—"],
  ]);
});

Deno.test("page, summary and terminal hold the ranking; a suite without rivals has none", () => {
  const page = reportHtml(record, { charts: [], scripts: [], problems: [] });
  const note = "rules whose intervals overlap are tied";
  for (const text of [page, summaryMarkdown(record), terminalSummary(record, 1000)]) {
    assert.ok(text.includes(note) && text.includes("1–4") && text.includes("stays near-optimal"));
  }
  assert.ok(RANKING_NOTE.includes(note));
  assert.deepEqual(rankings(fixtureRecord()), []);
  assert.ok(!summaryMarkdown(fixtureRecord()).includes("Ranking"));
});
