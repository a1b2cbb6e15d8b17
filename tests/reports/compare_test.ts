import assert from "node:assert/strict";
import { csvParse } from "d3-dsv";
import { LabError } from "../../lab/train/store.ts";
import { compareReport, compareTable } from "../../reports/compare/compare.ts";
import { compareCharts } from "../../reports/compare/charts.ts";
import {
  checkComparable,
  comparedPoints,
  compareNotes,
  type NamedRecord,
} from "../../reports/compare/rows.ts";
import { renderSvg } from "../../reports/charts/render.ts";
import { assertLoadsNothing, assertNothingCut, testGoldens, textsOf } from "./golden.ts";
import { FAST, latencyFixture } from "./latency_fixture.ts";

const both = (): NamedRecord[] => [
  { name: "laptop", record: latencyFixture() },
  { name: "card", record: latencyFixture({}, FAST) },
];
const refused = (records: NamedRecord[]) => {
  let message = "";
  assert.throws(() => {
    checkComparable(records);
    comparedPoints(records);
  }, (error: Error) => {
    message = error.message;
    return error instanceof LabError;
  });
  return message;
};

testGoldens(compareCharts(both(), comparedPoints(both())));

Deno.test("records of other versions of the suite, equal names or no layer in common are refused", () => {
  const [laptop, card] = both();
  assert.match(refused([laptop]), /^Cannot compare 1 record\(s\): two or more are needed$/);
  assert.match(
    refused([laptop, { ...card, record: { ...card.record, suiteVersion: "2" } }]),
    /^Cannot compare laptop with card: their versions of the suite differ, 1 and 2$/,
  );
  assert.match(refused([laptop, { ...card, name: "laptop" }]), /names must differ/);
  assert.match(
    refused([laptop, { ...card, record: { ...card.record, points: [] } }]),
    /^Cannot compare: the records share no layer \(profiles: laptop quick, card quick\)$/,
  );
  checkComparable(both());
});

Deno.test("a layer that one machine lacks is left out and said so; a third's gap is a dash", async () => {
  const [laptop, card] = both();
  const third = { name: "third", record: latencyFixture() };
  third.record.points = third.record.points.slice(1);
  card.record.points = card.record.points.slice(2);
  const two = await compareReport([laptop, card]);
  assert.match(two.text.replace(/\s+/g, " "), /laptop: 2 points that no other record has are left/);
  assert.deepEqual(two.paths, []);
  const table = compareTable([laptop, card, third], comparedPoints([laptop, card, third]));
  const gap = table.rows.find((row) => row.includes("—"))!;
  assert.deepEqual([gap[table.head.indexOf("card, ms")], gap.at(-2)], ["—", "—"]);
});

Deno.test("what differs between the machines' software is said, and what does not is not", () => {
  const [laptop, card] = both(), rows = comparedPoints([laptop, card]);
  const notes = (change: Partial<NamedRecord["record"]["environment"]>, of = laptop) => {
    const environment = { ...card.record.environment, ...change };
    return compareNotes([of, { ...card, record: { ...card.record, environment } }], rows)
      .filter((note) => /^(Commits|Versions of Deno|Kernel variants) /.test(note));
  };
  assert.deepEqual(notes({}), []);
  assert.deepEqual(notes({ gitCommit: "fedcba9876543210", deno: "2.9.7" }), [
    "Commits differ: laptop 0123456789ab, card fedcba987654.",
    "Versions of Deno differ: laptop 2.9.6, card 2.9.7.",
  ]);
  assert.deepEqual(notes({ gitCommit: null }), [
    "Commits differ: laptop 0123456789ab, card unknown.",
  ]);
  const tuned = (tuning: Record<string, string>): NamedRecord => ({
    ...laptop,
    record: { ...laptop.record, environment: { ...laptop.record.environment, tuning } },
  });
  assert.deepEqual(notes({ tuning: "none" }, tuned({ b: "x", a: "y" })), [
    "Kernel variants differ: laptop tuned (a: y; b: x), card not tuned.",
  ]);
  assert.deepEqual(notes({ tuning: { a: "y", b: "x" } }, tuned({ b: "x", a: "y" })), []);
});

Deno.test("times are given over the first machine's, shares over each one's own ceiling", () => {
  const records = both();
  const [row] = comparedPoints(records);
  const [slow, fast] = row.points.map((point) => point!);
  assert.equal(row.timesFirst[1]!.estimate, fast.time_s.estimate / slow.time_s.estimate);
  assert.equal(row.timesFirst[1]!.hi, fast.time_s.hi / slow.time_s.lo);
  const { head, rows } = compareTable(records, [row]);
  assert.equal(rows[0][head.indexOf("laptop, % of ceiling")], "33");
  assert.match(rows[0][head.indexOf("card, times laptop")], /^0\.00\d+ \[/);
});

Deno.test("a comparison is written whole, and its charts name every machine", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const problems: string[] = [];
    const onProblem = (problem: string) => problems.push(problem);
    const { text, paths } = await compareReport(both(), folder, { onProblem });
    assert.deepEqual(problems, []);
    const names = paths.map((path) => path.slice(folder.length + 1));
    assert.deepEqual([names[0], ...names.slice(-2)], ["compare.csv", "compare.md", "compare.html"]);
    assert.equal(names.length, 3 + 2 * 4);
    const page = await Deno.readTextFile(`${folder}/compare.html`);
    assertLoadsNothing(page);
    for (const words of ["made-up GPU", "laptop is a software adapter", "Storage of tensors"]) {
      assert.ok(page.includes(words) && text.replace(/\s+/g, " ").includes(words), words);
    }
    const rows = csvParse(await Deno.readTextFile(`${folder}/compare.csv`));
    assert.equal(rows.length, both()[0].record.points.length);
    assert.equal(Number(rows[0]["card time_s"]), both()[1].record.points[0].time_s.estimate);
    for (const { spec } of compareCharts(both(), comparedPoints(both()))) {
      const svg = await renderSvg(spec);
      assertNothingCut(svg);
      for (const name of ["laptop", "card", "experts, a = 8", "tokens"]) {
        assert.ok(textsOf(svg).includes(name), name);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
