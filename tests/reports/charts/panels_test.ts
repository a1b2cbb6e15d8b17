/** One plot for panels of every suite: axes, intervals, limits, words, what is left out. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { Panel, Point } from "../../../lab/record/findings.ts";
import { axisTitle, domainsOf, logTicks, powers, shown } from "../../../reports/charts/axes.ts";
import { drawnPanels, panelCharts, panelSpec } from "../../../reports/charts/panels.ts";
import { compileSpec, renderPdf, renderSvg } from "../../../reports/charts/render.ts";
import { claimFixture } from "../claim_fixture.ts";
import { assertNothingCut, testGoldens, textsOf } from "../golden.ts";

const record = claimFixture();
const charts = panelCharts(record);

testGoldens(charts, "claims-");

const panelOf = (change: Partial<Panel> = {}): Panel => ({
  name: "one",
  title: "One",
  decides: true,
  chart: "made-up",
  mark: "line",
  x: { title: "size", scale: "log2" },
  y: { title: "time (ms)", scale: "log" },
  rules: [],
  ...change,
});
const point = (x: Point["x"], y: number, more: Partial<Point> = {}): Point => ({
  panel: "one",
  line: "a = 2",
  series: null,
  x,
  y,
  lo: null,
  hi: null,
  ...more,
});
const HEAD = { title: "Made up", subtitle: [], description: "Made up." };
const specOf = (panels: Panel[], points: Point[]) => panelSpec(HEAD, drawnPanels(panels, points));

Deno.test("panels of one stem stand in one chart, each says what its judgements say", async () => {
  assert.deepEqual(charts.map(({ name }) => name), ["rms-of-the-change", "gap", "axes"]);
  const texts = [];
  for (const { spec } of charts) {
    const svg = await renderSvg(spec);
    assertNothingCut(svg);
    texts.push(textsOf(svg));
  }
  const [rms, gap, axes] = texts;
  for (const text of ["RMS along width", "RMS along hidden", "2⁻⁴", "1024", "standard"]) {
    assert.ok(rms.includes(text), `${text} is not among ${rms.join(" | ")}`);
  }
  assert.ok(rms.some((text) => /1 of 1 claim.* pass; controls seen to fail: 1 of 1/.test(text)));
  assert.ok(gap.includes("limit 0.1") && gap.includes("limit −0.1") && gap.includes("gap (nats)"));
  assert.ok(axes.includes("16e16a") && axes.includes("at half the steps"));
  for (const { spec: { description } } of charts) {
    for (const part of ["paper's Fig. 6", "Verdict here: inconclusive", "llvmpipe"]) {
      assert.ok(description.includes(part));
    }
  }
});

Deno.test("words of a suite stand in the place of those that follow from its panels", () => {
  const [rms, gap] = panelCharts(record, { gap: { title: "My title", what: "My words." } });
  assert.match(gap.spec.description, /^My title\. My words\. After/);
  assert.equal(gap.about, "My words.");
  assert.match(
    rms.spec.description,
    /^Made-up claims: RMS of the change\. Panels: RMS along width; /,
  );
});

Deno.test("log panels of a chart span as many octaves, linear ones have one range with the limits", () => {
  const of = (names: string[]) =>
    domainsOf(names.map((name) => ({
      panel: record.findings.panels.find((panel) => panel.name === name)!,
      points: record.findings.points.filter((one) => one.panel === name),
    })));
  const [a, b] = of(["width", "hidden"]).map(([low, high]) => Math.log2(high / low));
  assert.ok(Math.abs(a - b) < 0.01 && a > 4, `${a} and ${b} octaves`);
  const [[low, high]] = of(["gap"]);
  assert.ok(low < -0.1 && high > 0.29, `${low} to ${high}`);
});

Deno.test("panels of other quantities in one chart keep their own scales", () => {
  const padding = panelOf({ name: "two", y: { title: "padding (%)", scale: "linear" } });
  const spec = specOf([panelOf(), padding], [
    point(1, 3),
    point(2, 4),
    point(1, 90, { panel: "two" }),
  ]);
  assert.doesNotMatch(JSON.stringify(spec), /as many octaves|have one scale/);
});

Deno.test("ticks: powers of two are at most seven, log axes have round values, more on a narrow one", () => {
  assert.deepEqual(powers([0.1, 1.1]), [0.125, 0.25, 0.5, 1]);
  assert.ok(powers([2 ** -20, 2 ** 20]).length <= 7);
  assert.deepEqual(logTicks([8, 1100]), [10, 20, 50, 100, 200, 500, 1000]);
  assert.deepEqual(logTicks([0.9, 1.7]), [0.9, 1, 1.2, 1.4, 1.6]);
  assert.deepEqual(logTicks([0.05, 2000]), [0.1, 1, 10, 100, 1000]);
  assert.equal(axisTitle("time (ms)", "log"), "time (ms, log axis)");
  assert.equal(axisTitle("width d", "log2"), "width d (log₂ axis)");
  assert.equal(axisTitle("step", "linear"), "step");
});

Deno.test("a point that an axis cannot show is left out and counted, never drawn at 0", () => {
  const points = [point(1, 3), point(2, 0), point(4, 5), point(8, NaN), point(16, Infinity)];
  const text = JSON.stringify(specOf([panelOf()], points));
  assert.ok(text.includes("3 points at 0 or below have no place on a log axis"), text);
  assert.ok(!JSON.stringify(charts).includes("no place on a log axis"));
  assert.ok(shown(panelOf({ x: { title: "", scale: "nominal" } }), point("uniform", 1)));
  assert.deepEqual(drawnPanels([panelOf()], []), []);
});

Deno.test("no number that is not finite reaches a spec, whatever the points", () => {
  const anything = fc.double({ noNaN: false });
  fc.assert(
    fc.property(
      fc.array(fc.record({ x: anything, y: anything, lo: anything, hi: anything }), {
        minLength: 1,
      }),
      fc.constantFrom("linear", "log", "log2" as const),
      (rows, scale) => {
        const panel = panelOf({ y: { title: "y", scale } });
        const drawn = drawnPanels([panel], rows.map(({ x, y, lo, hi }) => point(x, y, { lo, hi })));
        const spec = drawn.length ? panelSpec(HEAD, drawn) : {};
        JSON.stringify(spec, (_, value) => {
          assert.ok(typeof value !== "number" || Number.isFinite(value), `${value}`);
          return value;
        });
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("series are told by dashes with a legend of their own, in a chart that has several", async () => {
  const both = [1, 2, 4].flatMap((x) => [
    point(x, x, { series: "MoE", lo: 0.9 * x, hi: 1.2 * x }),
    point(x, 2 * x, { series: "dense" }),
  ]);
  const spec = specOf([panelOf()], both);
  assert.deepEqual(compileSpec(spec).warnings, []);
  const svg = await renderSvg(spec);
  for (const text of ["MoE", "dense", "time (ms, log axis)"]) {
    assert.ok(textsOf(svg).includes(text));
  }
  assert.match(svg, /stroke-dasharray="6,3"/);
  const alone = await renderSvg(specOf([panelOf()], both.filter((p) => p.series === "MoE")));
  assert.doesNotMatch(alone, /stroke-dasharray="6,3"/);
  const pdf = await renderPdf(svg, "dashed and unbroken lines");
  assert.ok(new TextDecoder("latin1").decode(pdf).startsWith("%PDF-"));
});

Deno.test("the words of a limit stand where they hide no point", () => {
  const rules = [{ y: 2, label: "limit 2" }];
  const lookOf = (points: Point[]) => {
    const text = JSON.stringify(specOf([panelOf({ rules })], points));
    return /"align":"(left|right)","dx":-?4,"dy":(-6|9)/.exec(text)!.slice(1).join(" ");
  };
  const far = [point(1, 10), point(64, 20), point(8, 0.5)];
  assert.equal(lookOf(far), "left -6");
  assert.equal(lookOf([...far, point(1, 2.3)]), "left 9");
  assert.equal(lookOf([...far, point(1, 2.3), point(1.1, 1.8)]), "right -6");
});
