import assert from "node:assert/strict";
import { ranksOf } from "../../../lab/statistics/ranks.ts";

Deno.test("a rank is the range that what beats what allows", () => {
  // intervals on a line: a before b and c, which overlap; d after all
  const at: Record<string, [lo: number, hi: number]> = {
    a: [0, 1],
    b: [2, 4],
    c: [3, 5],
    d: [6, 7],
  };
  const ranks = ranksOf(Object.keys(at), (one, other) => at[one][1] < at[other][0]);
  const said = [...ranks].map(([name, { rank, tied }]) => `${name} ${rank} ${tied.join()}`);
  assert.deepEqual(said, ["a 1 ", "b 2–3 c", "c 2–3 b", "d 4 "]);
  assert.equal(ranksOf(["alone"], () => false).get("alone")!.rank, "1");
});
