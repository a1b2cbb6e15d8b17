/** Schedules against their closed forms. */
import assert from "node:assert/strict";
import { type Schedule, scheduleFactor, scheduleTable, WSD } from "../../model/schedule.ts";

const all = (s: Schedule, steps: number) =>
  Array.from({ length: steps }, (_, i) => scheduleFactor(s, i, steps));
const close = (a: number, b: number) => assert.ok(Math.abs(a - b) < 1e-12, `${a} for ${b}`);

Deno.test("WSD warms up to the peak, stays, and falls by equal steps to one step above 0", () => {
  assert.deepEqual(all(WSD, 20), [
    ...[1 / 2, 1],
    ...Array(15).fill(1),
    ...[3 / 4, 2 / 4, 1 / 4],
  ]);
  // closed form: peak times (warm/2 + 1/2) + stable + (decay + 1)/2
  for (const steps of [50, 100, 1000]) {
    const warm = steps / 10, decay = steps / 5, stable = steps - warm - decay;
    close(all(WSD, steps).reduce((a, b) => a + b), (warm + 1) / 2 + stable + (decay + 1) / 2);
  }
});

Deno.test("cosine falls from the peak along half a cosine; its mean after warm-up is known", () => {
  const cosine: Schedule = { kind: "cosine", warmup: 0.2, decay: 0 }, f = all(cosine, 50);
  assert.equal(f[9], 1);
  assert.equal(f[10], 1);
  close(f[30], 0.5);
  for (let i = 10; i < 50; i++) close(f[i], Math.cos(Math.PI * (i - 10) / 80) ** 2);
  // Σ_{k<n} cos(πk/n) = 1: the sum is (n + 1)/2
  close(f.slice(10).reduce((a, b) => a + b), 41 / 2);
});

Deno.test("a constant schedule is 1 at every step after its warm-up", () => {
  assert.deepEqual(all({ kind: "constant", warmup: 0, decay: 0.5 }, 7), Array(7).fill(1));
  assert.deepEqual(all({ kind: "constant", warmup: 0.5, decay: 0 }, 4), [0.5, 1, 1, 1]);
});

Deno.test("every factor lies in (0, 1], even for one step and for shares that round to nothing", () => {
  for (const kind of ["wsd", "cosine", "constant"] as const) {
    for (const steps of [1, 2, 3, 7, 10]) {
      for (const [warmup, decay] of [[0, 0], [0.1, 0.2], [0.5, 0.5], [1, 0], [0, 1]]) {
        for (const x of all({ kind, warmup, decay }, steps)) {
          assert.ok(x > 0 && x <= 1, `${kind} ${steps} ${warmup} ${decay}: ${x}`);
        }
      }
    }
  }
});

Deno.test("the table holds factor and bias corrections of step t = 1, 2, …", () => {
  const table = scheduleTable(WSD, 10, 0.9, 0.95);
  assert.equal(table.length, 40);
  assert.deepEqual(
    [...table.subarray(0, 4)],
    [1, 1 / (1 - 0.9), 1 / (1 - 0.95), 0].map(Math.fround),
  );
  const last = [0.5, 1 / (1 - 0.9 ** 10), 1 / (1 - 0.95 ** 10), 0].map(Math.fround);
  assert.deepEqual([...table.subarray(36)], last);
});
