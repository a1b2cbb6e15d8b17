/** Singular values against the width: a power that was put in is found, and its twin is not. */
import assert from "node:assert/strict";
import { contextFor } from "../../../lab/estimate.ts";
import type { FindingsTable, Interval } from "../../../lab/record/findings.ts";
import type { Run } from "../../../lab/record/run.ts";
import { linesOf } from "../../../lab/transfer/cells.ts";
import type { TransferProfile } from "../../../lab/transfer/declaration.ts";
import { singularValues } from "../../../lab/transfer/singular_values.ts";
import { Sweeps } from "../../../lab/transfer/sweeps.ts";
import { SINGULAR_KINDS } from "../../../model/measure/top_singular.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { GRID } from "../statistics/bowls.ts";

const DENSE = "dense:d=48,H=48,dh=12", MOE = "16e4a:d=48,dh=12,h=12";

/** Runs whose singular values are 3·d^p, p by rule at the transferred optimum and far off beside it. */
function made(targets: string[], measured = true): FindingsTable[] {
  const profile: TransferProfile = {
    plan: quickPlan,
    panels: [{ name: "transfer", targets, controls: targets.slice(0, 1) }],
    seeds: [0, 1, 2],
    grid: { reference: GRID, targets: GRID },
    limits: { tolerance_octaves: 1, minRegret: 0.01 },
  };
  const lines = linesOf({ control: { rule: "standard", on: "" } }, profile);
  return singularValues(
    new Sweeps(lines, {
      context: contextFor(quickPlan),
      runOf: ({ cell, shape }) => {
        const { rule, log2x, seed } = cell, p = rule === "standard" ? 0.75 : 0.25;
        const value = log2x === -5 ? 3 * shape.width ** p * 2 ** (seed / 10) : 99;
        const topSingular = Object.fromEntries(SINGULAR_KINDS.map((kind) => [kind, value]));
        const validationLoss = 2 + 0.02 * (log2x + 5.3) ** 2 + seed / 10;
        return { cell, validationLoss, ...(measured ? { topSingular } : {}) } as Run;
      },
    }),
  );
}

Deno.test("the exponent of the width is that of the values at the transferred point, rule by rule", () => {
  const [{ rows }] = made([DENSE, MOE]);
  assert.equal(rows.length, 3 * SINGULAR_KINDS.length);
  for (const [, , rule, kind, reference, here, p] of rows) {
    // a control has the reference of the rule
    const own = Math.log2(3 * 48 ** (rule === "standard" ? 0.75 : 0.25)) -
      Math.log2(3 * 12 ** 0.25);
    const { estimate, lo, hi } = p as Interval;
    for (const v of [estimate, lo, hi]) assert.ok(Math.abs(v - own / 2) < 1e-9, `${rule} ${kind}`);
    const seeds = (1 + 2 ** 0.1 + 2 ** 0.2) / 3;
    assert.ok(Math.abs(reference as number / (3 * 12 ** 0.25 * seeds) - 1) < 1e-9);
    assert.ok((here as number) > (reference as number));
  }
});

Deno.test("a gain that is kept asks for 0 of square matrices, and for the root of the sizes of others", () => {
  const [{ rows }] = made([DENSE, MOE]);
  const kept = (label: string, kind: string) =>
    rows.find((row) => row[1] === label && row[3] === kind)!.at(-1);
  for (const kind of SINGULAR_KINDS) assert.equal(Math.abs(kept("dense d=48", kind) as number), 0);
  // experts stay 12 wide where d grows from 12 to 48
  assert.deepEqual([kept("16e4a", "wup"), kept("16e4a", "wdown")], [-0.5, 0.5]);
  assert.equal(Math.abs(kept("16e4a", "wo") as number), 0);
});

Deno.test("nothing is said where nothing was measured, or the width does not change", () => {
  assert.deepEqual(made([DENSE], false), []);
  assert.deepEqual(made(["16e4a:d=12,h=12"]), []);
});
