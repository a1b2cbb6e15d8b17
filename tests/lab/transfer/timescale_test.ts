/** AdamW's timescale at the optima: of sweeps whose optima are known, constant and not. */
import assert from "node:assert/strict";
import { contextFor } from "../../../lab/estimate.ts";
import type { FindingsTable, Interval } from "../../../lab/record/findings.ts";
import type { Run } from "../../../lab/record/run.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { linesOf } from "../../../lab/transfer/cells.ts";
import type { TransferPanel, TransferProfile } from "../../../lab/transfer/declaration.ts";
import { Sweeps } from "../../../lab/transfer/sweeps.ts";
import { timescales } from "../../../lab/transfer/timescale.ts";
import { quickPlan } from "../../../suites/plans.ts";
import { GRID } from "../statistics/bowls.ts";

const WIDE = "dense:d=48,H=48,dh=12", LIMITS = { tolerance_octaves: 1, minRegret: 0.01 };

/** Sweeps of bowls: the reference's optimum at 2^−5.3, that of others by so many octaves further. */
function made(
  further: number | Partial<Record<string, number>>,
  own: Partial<TransferPanel> = {},
  { noise = 0, weightDecay = 0.1 } = {},
): FindingsTable[] {
  const base = { ...quickPlan.base, weightDecay }, plan = { ...quickPlan, base };
  const panel = { name: "transfer", targets: [WIDE], controls: [WIDE], ...own };
  const grid = { reference: GRID, targets: GRID };
  const profile: TransferProfile = {
    plan,
    panels: [panel],
    seeds: [0, 1, 2],
    grid,
    limits: LIMITS,
  };
  const stream = random(11), losses = new Map<string, number>();
  const lines = linesOf({ control: { rule: "standard", on: "" } }, profile);
  const sweeps = new Sweeps(lines, {
    context: contextFor(plan),
    runOf: ({ key, cell }) => {
      const { role, rule, log2x, seed } = cell;
      const moved = typeof further === "number" ? further : further[rule]!;
      const off = log2x + 5.3 - (role === "reference" ? 0 : moved);
      if (!losses.has(key)) {
        losses.set(key, 2 + seed / 10 + 0.02 * off ** 2 + noise * stream.normal());
      }
      return { cell, validationLoss: losses.get(key)! } as Run;
    },
  });
  return timescales(sweeps, sweeps.judge(LIMITS, "nats").judgements);
}

const column = ([table]: FindingsTable[], name: string) =>
  table.rows.map((row) => row[table.columns.findIndex((c) => c.name === name)]);
const near = (cell: unknown, want: number, within = 1e-6) => {
  const { estimate, lo, hi } = cell as Interval;
  for (const v of [estimate, lo, hi]) assert.ok(Math.abs(v - want) < within, `${v}, not ${want}`);
};

Deno.test("the timescale of a known optimum is 1/(lr · wd · steps), and moves against the swept value", () => {
  const table = made(2), at = 1 / (2 ** -5.3 * 0.1 * quickPlan.steps);
  const [reference, target, control] = column(table, "tau");
  near(reference, at);
  near(target, at); // lr/4 at four times its value
  near(control, at / 4);
  assert.ok(Math.abs(column(table, "lr as trained")[1] as number - 2 ** -5.3) < 1e-9);
  assert.deepEqual(column(table, "wd"), [0.1, 0.1, 0.1]);
});

Deno.test("a timescale that is constant says 0 octaves, one that moves with the width says by how many", () => {
  // the rule divides lr by 4: two octaves longer where nothing moves
  const [reference, constant, control] = column(made(2), "ratio");
  assert.equal(reference, "reference");
  near(constant, 0);
  near(control, -2);
  const kept = made({ "complete-mue": 0, standard: -2 });
  assert.deepEqual(column(kept, "if kept"), [null, 2, 0]);
  near(column(kept, "ratio")[1], 2);
  near(column(kept, "ratio")[2], 2);
});

Deno.test("with noise its interval is that of the shift, and constancy that is broken is seen", () => {
  const noisy = { noise: 0.003 };
  const broken = column(made(0, {}, noisy), "ratio")[1] as Interval;
  assert.ok(broken.lo > 0.5 && broken.lo < 2 && broken.hi > 2, JSON.stringify(broken));
  const held = column(made(2, {}, noisy), "ratio")[1] as Interval;
  assert.ok(held.lo < 0 && held.hi > 0 && held.hi - held.lo > 0.05, JSON.stringify(held));
});

Deno.test("batch and duration leave the timescale where it is: q on both, and fewer steps or more", () => {
  const { sequences, seq, steps } = quickPlan, B = sequences * seq, D = steps * B;
  const targets = [`dense:d=12,H=12,dh=12,B=${2 * B}`, `dense:d=12,H=12,dh=12,D=${2 * D}`];
  const kept = column(made(0, { targets, controls: [] }), "if kept") as number[];
  assert.ok(kept.slice(1).every((octaves) => Math.abs(octaves) < 1e-9), `${kept}`);
});

Deno.test("a sweep of the weight decay has one, of the init std none, nor has what does not decay", () => {
  const table = made(1, { swept: "weightDecay" }), [reference, target] = column(table, "tau");
  near(reference, 1 / (2 ** -5 * 2 ** -5.3 * quickPlan.steps));
  near(target, 4 / (2 ** -5 * 2 ** -4.3 * quickPlan.steps));
  assert.deepEqual(made(0, { swept: "initStd" }), []);
  assert.deepEqual(made(0, {}, { weightDecay: 0 }), []);
});
