import { shiftLines } from "../../../lab/transfer/power.ts";
import { assert, assertEquals } from "../assert.ts";

Deno.test("a plan says how far seeds bound a shift where that is known", () => {
  const [line] = shiftLines("quick", 3, 1);
  assert(line.startsWith("power: 3 seeds give a shift to about ±0.52 octaves"), line);
  assertEquals([shiftLines("paper", 3, 1), shiftLines("quick", 1, 1)], [[], []]);
});
