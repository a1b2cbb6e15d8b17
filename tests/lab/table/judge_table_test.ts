/** Rows of runs judged as a function: what is said of them, and which runs it asks for. */
import assert from "node:assert/strict";
import { judgeTable, TableError } from "../../../mod.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { symmetric } from "../statistics/bowls.ts";
import { SHAPES, tableOf } from "./simulated.ts";

const [octaves] = SHAPES;

/** Rows of a bowl over `grid`, its minimum at `optimum` (log2), as many seeds, noise of a thousandth. */
function bowl(width: number, grid: number[], optimum: number, seeds = 3, more: object = {}) {
  const stream = random(width + grid.length);
  return grid.flatMap((lr) =>
    Array.from({ length: seeds }, (_, seed) => ({
      lr,
      width,
      seed,
      loss: 2 + 0.02 * (Math.log2(lr) - optimum) ** 2 + 0.002 * seed + 0.001 * stream.normal(),
      ...more,
    }))
  );
}
const powers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => 2 ** (from + i));

Deno.test("a table with a control that fails passes; without one it never does", () => {
  const rows = tableOf(octaves, [symmetric, symmetric], [-5.4, -5.5], 0.003, random(1));
  const kept = judgeTable(rows, { reference: "64" });
  assert.equal(kept.judgements[0].verdict, "pass");
  assert.deepEqual([kept.verdict, kept.reason], ["cannot tell at this size", "no control"]);
  const wrong = tableOf(octaves, [symmetric, symmetric], [-5.4, -8], 0.003, random(2));
  const control = wrong.filter(({ width }) => width === 128).map((row) => ({ ...row, rule: "sp" }));
  const both = [...rows, ...control];
  const judged = judgeTable(both, { reference: "64", control: ["rule=sp"] });
  assert.deepEqual([judged.verdict, judged.reason], ["pass", "holds"]);
  assert.deepEqual(judged.judgements.map(({ role, verdict }) => `${role} ${verdict}`), [
    "claim pass",
    "control fail",
  ]);
  // the twin: the same rows as a claim fail
  assert.equal(
    judgeTable([...rows.filter(({ width }) => width === 64), ...control], { reference: "64" })
      .verdict,
    "fail",
  );
});

Deno.test("the order of rows and the names of seeds change nothing", () => {
  const rows = tableOf(octaves, [symmetric, symmetric], [-5.4, -5.5], 0.01, random(3));
  const found = judgeTable(rows, { reference: "64" });
  const renamed = rows.toReversed().map((row) => ({ ...row, seed: `s${(row.seed * 7) % 5}` }));
  assert.deepEqual(judgeTable(renamed, { reference: "64" }), found);
});

Deno.test("a target's values are carried to the reference's scale", () => {
  const rows = [...bowl(64, powers(-9, -3), -6), ...bowl(128, powers(-10, -4), -7)];
  const shift = (scale: string[]) =>
    judgeTable(rows, { reference: "64", scale }).judgements[0].shift!.estimate;
  assert.ok(Math.abs(shift([]) + 1) < 0.1);
  assert.ok(Math.abs(shift(["width"])) < 0.1);
  assert.ok(Math.abs(shift(["128=2"])) < 0.1);
});

Deno.test("limits are those of the suites, or those that are given", () => {
  const rows = [...bowl(64, powers(-9, -3), -6), ...bowl(128, powers(-9, -3), -7.5)];
  assert.equal(judgeTable(rows, { reference: "64" }).judgements[0].verdict, "fail");
  const wide = { reference: "64", tolerance_octaves: 2 };
  assert.equal(judgeTable(rows, wide).judgements[0].verdict, "pass");
  assert.equal(judgeTable(rows, { reference: "64", minRegret: 1 }).judgements[0].verdict, "pass");
  assert.throws(() => judgeTable(rows, { ...wide, tolerance_octaves: -1 }), TableError);
});

Deno.test("runs that were never made are no divergence, diverged ones are", () => {
  const whole = bowl(64, powers(-9, -3), -6);
  const fewer = whole.filter(({ seed, lr }) => seed === 0 || lr > 2 ** -8);
  const { optima: [optimum] } = judgeTable(fewer);
  assert.equal(optimum.reason, null);
  assert.ok(optimum.log2x!.lo < -6 && -6 < optimum.log2x!.hi);
  // the same places, but there the majority diverged: the best place is no longer bracketed
  const walls = bowl(64, powers(-7, -3), -6).map((row) =>
    row.lr < 2 ** -6 && row.seed > 0 ? { ...row, loss: NaN } : row
  );
  assert.match(judgeTable(walls).optima[0].reason!, /beside diverged runs/);
});

Deno.test("one seed: where the optimum is, that nothing bounds it, and which runs would", () => {
  const rows = [...bowl(64, [1e-4, 3e-4, 1e-3, 3e-3, 1e-2], -9.8, 1)];
  const { optima: [optimum], add } = judgeTable(rows);
  assert.ok(Math.abs(optimum.log2x!.estimate + 9.8) < 0.3);
  assert.equal(optimum.reason, "one seed has no interval");
  assert.deepEqual(add.map(({ values, seeds }) => ({ values: values.map(rounded), seeds })), [
    { values: [1e-4, 3e-4, 1e-3, 3e-3, 1e-2], seeds: 3 },
  ]);
});

const rounded = (value: number) => Number(value.toPrecision(6));

/** What is asked for of a table of one configuration. */
const asked = (rows: object[]) =>
  judgeTable(rows).add.map(({ why, values }) => `${why}: ${values.map(rounded).join(" ")}`);

Deno.test("an optimum at the edge: the grid goes on as it was laid", () => {
  const edge = "its best place is the edge of what was tried";
  assert.deepEqual(asked(bowl(64, [1e-4, 3e-4, 1e-3], -5)), [`${edge}: 0.003`]);
  assert.deepEqual(asked(bowl(64, [3e-4, 1e-3, 3e-3], -20)), [`${edge}: 0.0001`]);
  assert.deepEqual(asked(bowl(64, powers(-9, -5), -4)), [`${edge}: 0.0625`]);
  assert.deepEqual(asked(bowl(64, powers(-9, -5), -12)), [`${edge}: 0.000976563`]);
});

Deno.test("too few places, diverged neighbours, a target not tried at the transferred value", () => {
  assert.deepEqual(asked(bowl(64, [0.01, 0.02], -9)), [
    "a fit needs three places that trained, it has 2: 0.005",
  ]);
  assert.deepEqual(asked(bowl(64, [0.01], -9)), [
    "a fit needs three places that trained, it has 1: 0.005 0.02",
  ]);
  const wall = bowl(64, powers(-9, -4), -5).map((row) =>
    row.lr > 2 ** -5 ? { ...row, loss: null } : row
  );
  assert.deepEqual(asked(wall), [
    `its best place lies beside diverged runs: ${rounded(2 ** -4.5)}`,
  ]);
  const lost = bowl(64, [1, 2, 4], -5).map((row) => ({ ...row, loss: "nan" }));
  assert.deepEqual(asked(lost), ["everything diverged: 0.125 0.25 0.5"]);
  const apart = [...bowl(64, powers(-9, -3), -6), ...bowl(128, powers(-14, -9), -11.5)];
  const { add } = judgeTable(apart, { reference: "64" });
  assert.deepEqual(add.map(({ why }) => why), ["the transferred value was not tried"]);
  assert.equal(add[0].values.length, 3);
  assert.ok(Math.abs(Math.log2(add[0].values[1]) + 6) < 0.2);
});

Deno.test("asked for are values as the table writes those of that configuration", () => {
  const rows = [...bowl(64, powers(-9, -3), -6), ...bowl(128, powers(-13, -9), -8.9)];
  const { add } = judgeTable(rows, { reference: "64", scale: ["width^2"] });
  assert.deepEqual(
    add.map(({ why, values }) => `${why}: ${values.map((v) => Math.log2(v).toFixed(1))}`),
    [
      "its best place is the edge of what was tried: -8.0",
      "the transferred value was not tried: -7.0",
    ],
  );
});

Deno.test("what is asked for leads to an optimum: tables that are filled up are settled", () => {
  const stream = random(5);
  for (let trial = 0; trial < 12; trial++) {
    const optimum = -9 + 6 * stream.uniform();
    let rows = bowl(64, [2 ** -6, 2 ** -5], optimum, 1);
    for (let round = 0; round < 12; round++) {
      const { add } = judgeTable(rows);
      if (add.length === 0) break;
      for (const { values, seeds } of add) {
        const more = bowl(64, values.map(rounded), optimum, seeds);
        const has = new Set(rows.map(({ lr, seed }) => `${rounded(lr)} ${seed}`));
        rows = [...rows, ...more.filter(({ lr, seed }) => !has.has(`${rounded(lr)} ${seed}`))];
      }
    }
    const { optima: [found], add } = judgeTable(rows);
    assert.deepEqual(add, []);
    assert.equal(found.reason, null);
    assert.ok(found.log2x!.lo <= optimum && optimum <= found.log2x!.hi, `${optimum}`);
  }
});

Deno.test("rows are named in errors, and the table by its name", () => {
  assert.throws(
    () => judgeTable([{ lr: 1, loss: 2 }, { lr: "x", loss: 2 }], { name: "my runs" }),
    /^TableError: Cannot read my runs: row 2, column lr: "x" is no number$/,
  );
  assert.throws(() => judgeTable([]), TableError);
});
