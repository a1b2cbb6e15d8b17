import assert from "node:assert/strict";
import fc from "fast-check";
import type { Optimum } from "../../../lab/record/evidence.ts";
import type { Run } from "../../../lab/record/run.ts";
import { chartsFor } from "../../../reports/charts/charts.ts";
import { lossDomain, lossRows, sweptDomain } from "../../../reports/charts/loss_rows.ts";
import { renderSvg, svgSize } from "../../../reports/charts/render.ts";
import { panelsOf, type TransferRecord } from "../../../reports/charts/series.ts";
import { fixtureRecord } from "../fixture.ts";

const base = fixtureRecord();
const [someRun] = base.evidence.runs, [someOptimum] = base.evidence.optima;

/** A bowl: its places, its losses, and an optimum that may lie anywhere. */
interface Bowl {
  first: number;
  places: number;
  loss: number;
  sharp: number;
  middle: number;
  seeds: number;
  diverged: boolean[];
  star: { log2x: number; width: number; loss: number } | null;
}

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });
const bowl: fc.Arbitrary<Bowl> = fc.record({
  first: fc.integer({ min: -20, max: 5 }),
  places: fc.integer({ min: 1, max: 9 }),
  loss: fc.oneof(fc.constant(0), number(-10, 10), number(-1e-6, 1e-6), number(1e3, 1e9)),
  sharp: fc.oneof(fc.constant(0), number(0, 1), number(1, 1e12)),
  middle: number(-25, 10),
  seeds: fc.integer({ min: 1, max: 3 }),
  diverged: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
  star: fc.option(
    fc.record({ log2x: number(-4000, 4000), width: number(0, 4000), loss: number(-1e15, 1e15) }),
  ),
});

function recordOf(bowls: Bowl[]): TransferRecord {
  const runs: Run[] = [], optima: Optimum[] = [];
  bowls.forEach((bowl, index) => {
    const role = index === 0 ? "reference" as const : "target" as const;
    const names = { panel: "transfer", label: `16e${index}a`, rule: "complete-mue", role };
    for (let place = 0; place < bowl.places; place++) {
      const log2x = bowl.first + place, lost = bowl.diverged[place];
      const loss = bowl.loss + bowl.sharp * (log2x - bowl.middle) ** 2;
      for (let seed = 0; seed < bowl.seeds; seed++) {
        runs.push({
          ...someRun,
          key: `${index}-${place}-${seed}`,
          cell: { ...someRun.cell, ...names, log2x, seed },
          validationLoss: lost ? null : loss * (1 + 0.01 * seed),
          divergedAtStep: lost ? 3 : null,
        });
      }
    }
    const { star } = bowl;
    optima.push({
      ...someOptimum,
      ...names,
      log2x: star &&
        { estimate: star.log2x, lo: star.log2x - star.width, hi: star.log2x + star.width },
      loss: star && { estimate: star.loss, lo: star.loss - 1, hi: star.loss + 1 },
    });
  });
  return fixtureRecord({ runs, optima, judgements: [] });
}

Deno.test("every star, line and mark stays inside a finite frame, however sharp or empty the bowls", () => {
  fc.assert(
    fc.property(fc.array(bowl, { minLength: 1, maxLength: 4 }), (bowls) => {
      const record = recordOf(bowls), panels = panelsOf(record, "lr");
      const domain = lossDomain(panels), across = sweptDomain(panels).map((log2x) => 2 ** log2x);
      for (const [low, high] of [domain, across]) {
        assert.ok(Number.isFinite(low) && Number.isFinite(high) && low < high, `${low} to ${high}`);
      }
      const inside = (value: number, [low, high]: number[]) => value >= low && value <= high;
      for (const row of lossRows(record, "lr")) {
        for (const x of [row.x, row.x_lo ?? row.x, row.x_hi ?? row.x]) assert.ok(inside(x, across));
        if (row.kind === "optimum") assert.ok(inside(row.loss!, domain), JSON.stringify(row));
        if (row.at !== undefined) assert.ok(Number.isFinite(row.at) && row.at <= domain[1]);
      }
      const text = JSON.stringify(chartsFor(record).map(({ spec }) => spec));
      assert.doesNotMatch(
        text,
        /"(x|x_lo|x_hi|loss|lo|hi)":null/,
        "a number that JSON cannot hold",
      );
    }),
    { seed: 20260523, numRuns: 300 },
  );
});

Deno.test("a drawn chart keeps its size on any bowl", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(bowl, { minLength: 1, maxLength: 3 }), async (bowls) => {
      for (const { spec } of chartsFor(recordOf(bowls))) {
        const svg = await renderSvg(spec), { width, height } = svgSize(svg);
        assert.ok(width <= 1000 && height <= 800, `${width} × ${height}`);
        assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
      }
    }),
    { seed: 20260523, numRuns: 25 },
  );
});

Deno.test("the twin: a star that is not held in would lie outside", () => {
  const record = recordOf([{
    first: -7,
    places: 5,
    loss: 2,
    sharp: 0.1,
    middle: -5,
    seeds: 3,
    diverged: Array(9).fill(false),
    star: { log2x: -5, width: 0.1, loss: -400 },
  }]);
  const [low] = lossDomain(panelsOf(record, "lr"));
  const star = lossRows(record, "lr").find(({ kind }) => kind === "optimum")!;
  assert.ok(record.evidence.optima[0].loss!.estimate < low);
  assert.equal(star.loss, low);
  assert.ok(star.note!.endsWith("outside the axes"));
});
