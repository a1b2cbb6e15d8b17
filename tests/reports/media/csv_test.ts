import assert from "node:assert/strict";
import { csvParse } from "d3-dsv";
import { csvText } from "../../../reports/media/csv.ts";
import { judgementsData, pointsData, runsData } from "../../../reports/sections/data.ts";
import { claimFixture } from "../claim_fixture.ts";
import { assertFinite } from "../finite.ts";
import { fixtureRecord } from "../fixture.ts";

const BOM = [0xef, 0xbb, 0xbf];
const bytesOf = (text: string) => new TextEncoder().encode(text);
const parse = (text: string) => csvParse(text.replace(/^\uFEFF/, ""));

Deno.test("runs.csv parses back to the runs, nothing rounded, gaps empty", () => {
  const record = fixtureRecord(), rows = parse(csvText(runsData(record)[0]));
  assert.equal(rows.length, record.evidence.runs.length);
  for (const [index, run] of record.evidence.runs.entries()) {
    const row = rows[index];
    assert.equal(row.configuration, run.cell.configuration);
    assert.equal(Number(row.lr), run.base.lr);
    assert.equal(row.validation_loss, String(run.validationLoss ?? ""));
    assert.equal(row.diverged_at_step, String(run.divergedAtStep ?? ""));
    assert.equal(row.loss_unit, "nats");
    assert.equal(row.drop_rate, run.router === null ? "" : "0");
  }
});

Deno.test("a run's drop rate is its worst block's", () => {
  const [run] = fixtureRecord().evidence.runs.filter(({ router }) => router !== null);
  const router = { ...run.router!, dropRate: [0.1, 0.25], unserved: [0.02, 0] };
  const [row] = runsData(fixtureRecord({ runs: [{ ...run, router }] }))[0].rows;
  assert.deepEqual([row.drop_rate, row.unserved], [0.25, 0.02]);
});

Deno.test("points.csv and judgements.csv parse back, one row per measure, one shape for every kind", () => {
  const record = claimFixture(), { findings } = record;
  const points = parse(csvText(pointsData(record)));
  assert.equal(points.length, findings.points.length);
  findings.points.forEach((point, index) => {
    for (const [name, value] of Object.entries(point)) {
      assert.equal(points[index][name], String(value ?? ""));
    }
  });
  const rows = parse(csvText(judgementsData(record)));
  findings.judgements.forEach(({ measures: [measure], ...one }, index) => {
    assert.equal(rows[index].subject, one.subject);
    assert.equal(rows[index].value, String(measure.value?.estimate ?? ""));
    assert.equal(rows[index].limit_lo, String(measure.limits.lo ?? ""));
    assert.equal(rows[index].verdict, one.verdict);
  });
  const transfer = parse(csvText(judgementsData(fixtureRecord())));
  assert.equal(transfer.length, 2 * fixtureRecord().findings.judgements.length);
  assert.deepEqual(transfer.columns, rows.columns);
  const bare = { ...findings.judgements[0], measures: [], open: "nothing to see" };
  const [open] = parse(csvText(judgementsData(claimFixture({ judgements: [bare] }))));
  assert.deepEqual([open.measure, open.value, open.open], ["", "", "nothing to see"]);
});

Deno.test("a file with anything beyond ASCII starts with the mark that spreadsheets look for, others have none", () => {
  const data = (text: string) => ({ stem: "x", columns: ["a", "b"], rows: [{ a: text, b: 1 }] });
  assert.deepEqual([...bytesOf(csvText(data("√ρ_B, batch")))].slice(0, 3), BOM);
  const plain = bytesOf(csvText(data('plain, quoted "text"')));
  assert.ok(plain.every((byte) => byte < 0x80));
  assert.deepEqual([...plain].slice(0, 4), [...bytesOf("a,b\n")]);
  assert.equal(parse(csvText(data("√ρ_B, batch")))[0].a, "√ρ_B, batch");
});

Deno.test("text is never run as a formula, and numbers stay numbers", () => {
  const cell = (a: string | number | null) =>
    parse(csvText({ stem: "x", columns: ["a"], rows: [{ a }] }))[0].a;
  for (const text of ["=1+1", "+cmd|' /C calc'!A0", "-2", "@SUM(A1)", "\t=1", " =1", "\r=1"]) {
    assert.equal(cell(text), `'${text}`);
  }
  for (const text of ["16e4a", "a=1", "−0.2", "|log2 q|", "a-b", ""]) {
    assert.equal(cell(text), text);
  }
  assert.equal(cell(-0.5), "-0.5");
  assert.equal(cell(1e-300), "1e-300");
  for (const bad of [NaN, Infinity, null]) assert.equal(cell(bad), "");
  const x = "=HYPERLINK(1)";
  const points = claimFixture().findings.points.map((point) => ({ ...point, line: x }));
  const text = csvText(pointsData(claimFixture({ points })));
  assert.ok(!/(^|,)"?=/m.test(text));
  assertFinite({ text });
});

Deno.test("a column's name is guarded as its cells are, and may hold what it likes", () => {
  const names = ["=1+1", 'two\nlines, "quoted"', "plain"];
  const row = Object.fromEntries(names.map((name, i) => [name, i]));
  const one = { stem: "x", columns: names, rows: [row] };
  const [found] = parse(csvText(one));
  assert.deepEqual({ ...found }, { "'=1+1": "0", [names[1]]: "1", plain: "2" });
  assert.equal(csvText({ ...one, columns: ["a", "b"], rows: [] }), "a,b\n");
});
