import assert from "node:assert/strict";
import { tUpper } from "../../../lab/statistics/student.ts";

Deno.test("points of Student's t are those of the tables, far out too", () => {
  const table: [p: number, freedom: number, t: number][] = [
    [0.5, 3, 0],
    [0.025, 1, 12.706205],
    [0.025, 10, 2.228139],
    [0.01, 4, 3.746947],
    [0.0005, 8, 5.041305],
    [0.0005, 1, 636.619249],
    [0.0001, 5, 9.677566],
    [0.00001, 30, 5.054032],
  ];
  for (const [p, freedom, t] of table) {
    const found = tUpper(p, freedom);
    assert.ok(Math.abs(found - t) <= 1e-5 * Math.max(1, t), `${p}, ${freedom}: ${found}, not ${t}`);
  }
});

Deno.test("a share that is none and no freedom are refused", () => {
  for (const [p, freedom] of [[0, 3], [0.6, 3], [NaN, 3], [0.1, 0.5], [0.1, NaN]]) {
    assert.throws(() => tUpper(p, freedom), RangeError);
  }
});
