/** Reference and controls may have more seeds than the targets: each line is compared over the seeds it shares with its reference. */
import assert from "node:assert/strict";
import { contextFor } from "../../../lab/estimate.ts";
import type { Run } from "../../../lab/record/run.ts";
import { random } from "../../../lab/statistics/resample.ts";
import type { Job } from "../../../lab/train/job.ts";
import { linesOf } from "../../../lab/transfer/cells.ts";
import { judgeTarget } from "../../../lab/transfer/judge.ts";
import { defineTransfer } from "../../../lab/transfer/suite.ts";
import { Sweeps } from "../../../lab/transfer/sweeps.ts";
import { width } from "../../../suites/width.ts";
import { asymmetric, GRID } from "../statistics/bowls.ts";

const MORE = [3, 4, 5, 6], LIMITS = { tolerance_octaves: 1, minRegret: 0.01 };
const quick = width.profiles.quick;
const profile = (moreSeeds?: number[]) => ({
  ...quick,
  panels: [{
    name: "transfer",
    targets: ["dense:d=24", "dense:d=48"],
    controls: ["dense:d=48"],
    ...(moreSeeds ? { moreSeeds } : {}),
  }],
  grid: { reference: GRID, targets: GRID },
});

/** Finished runs of every job: a bowl at −5, the control's two octaves lower, and noise of run and seed. */
function finished(moreSeeds?: number[]): Sweeps {
  const lines = linesOf({ control: { rule: "standard", on: "" } }, profile(moreSeeds));
  const noise = new Map<string, number>(), stream = random(7);
  const runOf = ({ key, cell }: Job): Run => {
    if (!noise.has(key)) noise.set(key, 0.01 * stream.normal());
    const optimum = cell.role === "control" ? -7 : -5;
    const validationLoss = 2 + asymmetric(cell.log2x - optimum) + noise.get(key)!;
    return { cell, validationLoss } as Run;
  };
  return new Sweeps(lines, { context: contextFor(quick.plan), runOf: (job) => runOf(job) });
}

Deno.test("more seeds of reference and control narrow the control's interval, and the targets are judged as before", () => {
  const wide = finished(), own = finished(MORE);
  const [before, after] = [wide, own].map((sweeps) => sweeps.judge(LIMITS, "nats").judgements);
  const shift = (j: typeof before[number]) => j.measures[0].value!;
  assert.deepEqual(own.lines.map(({ role, seeds }) => [role, seeds.length]), [
    ["reference", 7],
    ["target", 3],
    ["target", 3],
    ["control", 7],
  ]);
  assert.equal(shift(after[2]).estimate < -1.5, true);
  assert.ok(shift(after[2]).hi - shift(after[2]).lo < shift(before[2]).hi - shift(before[2]).lo);
  for (const k of [0, 1]) {
    const { panel, subject, variant, role } = after[k], line = own.lines[k + 1];
    const all = own.sweepOf(own.lines[0])!;
    const shared = { ...all, loss: all.loss.map((row) => row.slice(0, 3)) };
    assert.deepEqual(
      after[k].measures,
      judgeTarget({ panel, subject, variant, role }, shared, own.sweepOf(line)!, LIMITS, "nats")
        .measures,
    );
  }
});

Deno.test("a control's further seed is none of the targets'", () => {
  const smoke = profile([3]), quick = profile([2]);
  const declared = { ...width, control: { rule: "standard", on: "a target" } };
  assert.throws(
    () => defineTransfer({ ...declared, profiles: { smoke, quick, paper: smoke } }),
    /seed 2 stands twice among seeds and further seeds/,
  );
});
