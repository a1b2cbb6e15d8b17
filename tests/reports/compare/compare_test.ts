import assert from "node:assert/strict";
import { csvParse } from "d3-dsv";
import { LabError } from "../../../lab/record/failure.ts";
import { compareReport, compareTable } from "../../../reports/compare/compare.ts";
import { compareCharts } from "../../../reports/compare/charts.ts";
import {
  checkComparable,
  comparedPoints,
  compareNotes,
  type NamedRecord,
} from "../../../reports/compare/rows.ts";
import { renderSvg } from "../../../reports/charts/render.ts";
import { assertLoadsNothing, assertNothingCut, testGoldens, textsOf } from "../golden.ts";
import { FAST, type LatencyRecord, SLOW, timedFixture } from "../latency_fixture.ts";

const both = (): NamedRecord[] => [
  { name: "laptop", record: timedFixture() },
  { name: "card", record: timedFixture(undefined, FAST) },
];
const changed = ({ name, record }: NamedRecord, change: Partial<LatencyRecord>): NamedRecord => ({
  name,
  record: { ...record, ...change },
});
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

Deno.test("other suites, versions, plans, equal names or no layer in common are refused", () => {
  const [laptop, card] = both(), { suite, plan, evidence } = card.record;
  const other = (change: Partial<LatencyRecord>) => refused([laptop, changed(card, change)]);
  assert.match(refused([laptop]), /^Cannot compare 1 record: give two or more$/);
  assert.match(refused([]), /^Cannot compare 0 records: /);
  assert.match(
    other({ suite: { ...suite, id: "other" } }),
    /^Cannot compare laptop with card: their suites differ, latency and other$/,
  );
  assert.match(
    other({ plan: { ...plan, version: "2", hash: "other" } }),
    /^Cannot compare laptop with card: their versions of the suite differ, 4 and 2$/,
  );
  assert.match(
    other({ plan: { ...plan, profile: "paper", hash: "ff" } }),
    /their plans differ, quick \(plan 5b1f0c9e77aa41d2\) and paper \(plan ff\)$/,
  );
  assert.match(
    refused([laptop, { ...card, name: "laptop" }]),
    /two records named laptop: name them yourself, as in deno task compare laptop=DIR h100=DIR$/,
  );
  assert.match(
    other({ evidence: { ...evidence, points: [] } }),
    /^Cannot compare: the records share no layer \(profiles: laptop quick, card quick\)$/,
  );
  checkComparable(both());
});

Deno.test("a layer that one machine lacks is left out and said so; a third's gap is a dash", async () => {
  const without = (name: string, many: number, machine = SLOW): NamedRecord => ({
    name,
    record: timedFixture((points) => points.slice(many), machine),
  });
  const laptop = without("laptop", 0), card = without("card", 2, FAST), third = without("third", 1);
  const two = await compareReport([laptop, card]);
  assert.match(two.text.replace(/\s+/g, " "), /laptop: 2 points that no other record has are left/);
  assert.deepEqual(two.paths, []);
  const table = compareTable([laptop, card, third], comparedPoints([laptop, card, third]));
  const gap = table.rows.find((row) => row.includes("—"))!;
  assert.deepEqual([gap[table.head.indexOf("card, ms")], gap.at(-2)], ["—", "—"]);
});

Deno.test("what differs between the machines' software is said, and what does not is not", () => {
  const [laptop, card] = both(), rows = comparedPoints([laptop, card]);
  const notes = (change: Partial<LatencyRecord["environment"]>, of = laptop) => {
    const environment = { ...card.record.environment, ...change };
    return compareNotes([of, changed(card, { environment })], rows)
      .filter((note) => /^(Commits|Versions of|Runtimes|Kernel variants)/.test(note));
  };
  assert.deepEqual(notes({}), []);
  assert.deepEqual(notes({ gitCommit: "fedcba9876543210", deno: "2.9.7", kernelsVersion: "2" }), [
    "Commits differ: laptop 0123456789ab, card fedcba987654.",
    "Versions of the kernels differ: laptop 1, card 2.",
    "Runtimes differ: laptop Deno 2.9.6, card Deno 2.9.7.",
  ]);
  assert.deepEqual(notes({ gitCommit: null }), [
    "Commits differ: laptop 0123456789ab, card unknown.",
  ]);
  const tuned = (tuning: Record<string, string>) =>
    changed(laptop, { environment: { ...laptop.record.environment, tuning } });
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
  assert.equal(rows[0][head.indexOf("laptop, % of ceiling")], "32");
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
    const summary = await Deno.readTextFile(`${folder}/compare.md`);
    assertLoadsNothing(page);
    for (const words of ["made-up GPU", "laptop is a software adapter", "Storage of tensors"]) {
      for (const medium of [page, summary, text.replace(/\s+/g, " ")]) {
        assert.ok(medium.includes(words), words);
      }
    }
    const rows = csvParse(
      (await Deno.readTextFile(`${folder}/compare.csv`)).replace(/^\uFEFF/, ""),
    );
    const { points } = both()[1].record.evidence;
    assert.equal(rows.length, points.length);
    assert.equal(Number(rows[0]["card time_s"]), points[0].time_s.estimate);
    for (const { spec } of compareCharts(both(), comparedPoints(both()))) {
      const svg = await renderSvg(spec);
      assertNothingCut(svg);
      for (const name of ["laptop", "card", "experts, a = 8", "tokens"]) {
        assert.ok(textsOf(svg).includes(name), `${name}: ${textsOf(svg).join(" | ")}`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
