import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Judgement } from "../../../lab/record/findings.ts";
import { chartsFor } from "../../../reports/charts/charts.ts";
import { loadMultiples } from "../../../reports/charts/expert_load.ts";
import { lossDomain, lossRows } from "../../../reports/charts/loss_rows.ts";
import {
  compileSpec,
  PNG_SCALE,
  renderPdf,
  renderPng,
  renderSvg,
  svgSize,
} from "../../../reports/charts/render.ts";
import { averageOverSeeds, panelsOf } from "../../../reports/charts/series.ts";
import { toneOf, TONES } from "../../../reports/charts/theme.ts";
import { fixtureRecord } from "../fixture.ts";
import { testGoldens, textsOf } from "../golden.ts";

const record = fixtureRecord();
const charts = chartsFor(record);

const unmeasured = (one: Judgement): Judgement => ({
  ...one,
  measures: one.measures.map((measure) => ({ ...measure, value: null, missing: "no optimum" })),
  verdict: "inconclusive",
});

Deno.test("a bench of activated-experts has its three charts, captions complete", () => {
  assert.deepEqual(charts.map((chart) => chart.name), [
    "loss-vs-lr",
    "optimum-shift",
    "expert-load",
  ]);
  for (const { about, spec } of charts) {
    const caption = spec.description;
    assert.ok(caption.includes(about) && !about.includes("Adapter"), about);
    for (
      const part of ["the paper's Fig. 2a", record.suite.claim, "Verdict here: pass", "llvmpipe"]
    ) {
      assert.ok(caption.includes(part), `caption lacks ${part}: ${caption}`);
    }
    assert.match(caption, /software adapter.*Cost: 201 runs trained/);
  }
});

testGoldens(charts);

Deno.test("the loss chart has a panel per rule, a star per optimum, powers of two on its axis", async () => {
  const svg = await renderSvg(charts[0].spec);
  const texts = textsOf(svg);
  for (
    const text of [
      "Transfer, d = 16 → 64",
      "control: standard",
      "rule: complete-mue",
      "Iso-width, d = 64",
      "2⁻⁵",
      "validation loss (cross-entropy, nats)",
      "16e16a",
      "dense",
    ]
  ) assert.ok(texts.includes(text), `${text} is not among ${texts.join(" | ")}`);
  const stars = svg.match(/aria-roledescription="point"[^>]*d="M[^"]*"[^>]*stroke="white"/g) ?? [];
  const optima = lossRows(record, "lr").filter((row) => row.kind === "optimum");
  assert.equal(optima.length, 3 + 1 + 3 + 1 + 1 + 1 + 1 + 1);
  assert.equal(stars.length, optima.length);
});

Deno.test("a diverged seed is marked and does not stretch the loss axis", () => {
  const [low, high] = lossDomain(panelsOf(record, "lr"));
  assert.ok(low > 1.9 && high < 2.6, `axis ${low} to ${high}`);
  const rows = lossRows(record, "lr").filter((row) => row.label === "16e2a" && row.x === 0.5);
  assert.deepEqual(rows.map((row) => row.kind), ["mean", "above", "diverged"]);
  assert.ok(
    rows.every((row) => row.kind === "mean" || (row.at! < high && row.at! > low)),
  );
});

Deno.test("means and standard errors over seeds are the closed forms", () => {
  const runs = record.evidence.runs.slice(0, 3).map((run, seed) => ({
    ...run,
    validationLoss: [2, 3, 7][seed],
  }));
  const [point] = averageOverSeeds(runs);
  assert.equal(point.mean, 4);
  assert.equal(point.standardError, Math.sqrt(7 / 3));
});

Deno.test("a panel without its own reference shows the one that was tuned elsewhere", () => {
  const runs = record.evidence.runs.filter(({ cell }) =>
    cell.panel !== "iso-width" || cell.role !== "reference"
  );
  const iso = panelsOf(fixtureRecord({ runs }), "lr").find((panel) => panel.panel === "iso-width")!;
  assert.ok(iso.points.some((point) => point.role === "reference"));
  assert.equal(iso.title[0], "Iso-width, d = 16 → 64");
});

Deno.test("loads are multiples of a/N, the busiest first", () => {
  assert.deepEqual(loadMultiples([0.25, 0.75, 0.5]), [1.5, 1, 0.5]);
});

Deno.test("only a claim's pass is blue: every other verdict has another colour and shape", () => {
  const pass = TONES[toneOf({ role: "claim", verdict: "pass" })];
  for (const verdict of ["fail", "inconclusive", "cannot tell at this size"] as const) {
    const other = TONES[toneOf({ role: "claim", verdict })];
    assert.notEqual(other.colour, pass.colour);
    assert.notEqual(other.shape, pass.shape);
  }
  for (const verdict of ["pass", "fail", "inconclusive"] as const) {
    assert.notEqual(TONES[toneOf({ role: "control", verdict })].colour, pass.colour);
  }
});

Deno.test("the shift chart writes every verdict beside its row", async () => {
  const texts = textsOf(await renderSvg(charts[1].spec));
  const count = (text: string) => texts.filter((one) => one === text).length;
  assert.equal(count("pass"), 4);
  assert.equal(count("fail (expected of the control)"), 3);
  assert.equal(count("pass (the control should fail)"), 1);
});

Deno.test("every part of the shift chart has the same rows, measured or not", () => {
  const judgements = record.findings.judgements.filter((one) => one.panel === "transfer").map((
    one,
  ) => one.subject === "16e2a" ? unmeasured(one) : one);
  const chart = chartsFor(fixtureRecord({ judgements }))[1];
  const text = JSON.stringify(compileSpec(chart.spec).vega);
  const scale = /"name":"\w*_y","type":"\w+","domain":(\[[^\]]*\])/g;
  const domains = [...text.matchAll(scale)].map(([, list]) => list);
  const rows = judgements.map((one) => `${one.subject} · ${one.variant}`);
  assert.deepEqual(domains, [JSON.stringify(rows), JSON.stringify(rows)]);
});

Deno.test("a few losses far above the rest are marked and do not flatten the curves", () => {
  const runs = record.evidence.runs.map((run) =>
    run.cell.label === "16e16a" && run.cell.log2x > -4 ? { ...run, validationLoss: 9.1 } : run
  );
  const [low, high] = lossDomain(panelsOf(fixtureRecord({ runs }), "lr"));
  assert.ok(low > 1.9 && high < 2.7, `axis ${low} to ${high}`);
  assert.ok(lossRows(fixtureRecord({ runs }), "lr").some((row) => row.kind === "above"));
});

Deno.test("a record without intervals, seeds to compare or experts still draws", async () => {
  const bare = fixtureRecord({
    runs: record.evidence.runs.filter((run) => run.cell.seed === 0)
      .map((run) => ({ ...run, expertLoad: null, validationLoss: null, divergedAtStep: 3 })),
    optima: record.evidence.optima.map((one) => ({ ...one, log2x: null, loss: null })),
    judgements: record.findings.judgements.map(unmeasured),
  });
  const drawn = chartsFor(bare);
  assert.deepEqual(drawn.map((chart) => chart.name), ["loss-vs-lr", "optimum-shift"]);
  const [loss, shift] = await Promise.all(drawn.map((chart) => renderSvg(chart.spec)));
  assert.ok(textsOf(loss).some((text) => text.includes("One seed, no band")));
  assert.ok(textsOf(shift).includes("— not measured"));
  for (const { spec } of drawn) assert.deepEqual(compileSpec(spec).warnings, []);
});

Deno.test("every transfer suite has these charts, with its own title and figure", () => {
  const suite = { ...record.suite, id: "depth", title: "Depth", figure: "Fig. 4" };
  const own = chartsFor({ ...record, suite });
  assert.deepEqual(own.map(({ name }) => name), charts.map(({ name }) => name));
  for (const { title, spec: { description } } of own) {
    assert.ok(title.startsWith("Depth: ") && description.includes("paper's Fig. 4."));
    assert.ok(!description.includes("Fig. 2"));
  }
  assert.deepEqual(chartsFor(fixtureRecord({ runs: [], judgements: [] })), []);
});

Deno.test("a panel's title names the sizes that differ from the reference", () => {
  const depth = record.evidence.runs.filter(({ cell }) => cell.panel === "transfer").map((run) => {
    const { cell } = run;
    const configuration = cell.role === "reference"
      ? "dense:d=16,L=2,H=16,B=512"
      : `${cell.label}:d=16,L=${cell.label === "16e2a" ? 4 : 8},h=16,B=512`;
    return { ...run, cell: { ...cell, configuration } };
  });
  const titles = panelsOf(fixtureRecord({ runs: depth }), "lr").map(({ title }) => title[0]);
  assert.deepEqual(titles, ["Transfer, L = 2 → 4, 8", "Transfer, L = 2 → 4, 8"]);
  const batch = depth.map((run) => ({
    ...run,
    cell: {
      ...run.cell,
      configuration: run.cell.role === "reference"
        ? run.cell.configuration
        : run.cell.configuration.replace(/L=\d/, "L=2").replace("B=512", "B=1024"),
    },
  }));
  assert.equal(
    panelsOf(fixtureRecord({ runs: batch }), "lr")[0].title[0],
    "Transfer, B = 512 → 1024",
  );
});

Deno.test("panels with sweeps of their own have a loss chart for each sweep", () => {
  const moved = record.evidence.runs.map((run) =>
    run.cell.panel === "iso-width"
      ? { ...run, cell: { ...run.cell, swept: "weightDecay" as const } }
      : run
  );
  const names = chartsFor(fixtureRecord({ runs: moved })).map(({ name }) => name);
  assert.deepEqual(names.slice(0, 2), ["loss-vs-lr", "loss-vs-weight-decay"]);
});

Deno.test("the PNG has the SVG's size times the scale and is not blank", async () => {
  const svg = await renderSvg(charts[1].spec);
  const { width, height } = svgSize(svg);
  const bytes = await renderPng(svg);
  const png = Buffer.from(bytes);
  assert.equal(png.subarray(1, 4).toString(), "PNG");
  assert.ok(Math.abs(png.readUInt32BE(16) - width * PNG_SCALE) <= 1);
  assert.ok(Math.abs(png.readUInt32BE(20) - height * PNG_SCALE) <= 1);
  const blank = await renderPng(svg.replaceAll(/<text[\s\S]*?<\/text>/g, ""));
  assert.ok(bytes.length > 1.5 * blank.length, "text is missing: the font was not found");
});

Deno.test("the PDF is vector with embedded fonts, the same bytes each time", async () => {
  const svg = await renderSvg(charts[1].spec);
  const [first, second] = [await renderPdf(svg, "shift"), await renderPdf(svg, "shift")];
  assert.deepEqual(first, second);
  const text = Buffer.from(first).toString("latin1");
  assert.ok(text.startsWith("%PDF-") && text.includes("/FontFile2"));
  assert.ok(!text.includes("/Subtype /Image"));
});

Deno.test("axes and tooltips take the loss and its unit from the task", () => {
  const task = { id: "diffusion", loss: { name: "velocity error", unit: "squared" } };
  const text = JSON.stringify(chartsFor({ ...record, task }).map(({ spec }) => spec));
  assert.ok(text.includes("validation loss (velocity error, squared)"));
  assert.ok(text.includes("regret (squared)") && !text.includes("nats"));
});
