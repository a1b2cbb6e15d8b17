/** The judge of every kernel test must be able to say no. */
import assert from "node:assert/strict";
import { assertApart, assertClose, relativeError } from "./close.ts";
import { gaussians } from "./random.ts";
import { TOLERANCES } from "./tolerances.ts";

const draw = gaussians(1), reference = Array.from({ length: 1000 }, draw);

Deno.test("equal numbers and rounding within the bound pass the comparison", () => {
  assertClose("equal", reference, reference, 0);
  assertClose("rounded", reference.map((x) => x * (1 + 5e-7)), reference, 1e-6);
  assertClose("zeros", [0, 0], [0, 0], 0);
});

Deno.test("one wrong element, a NaN, a missing element and a zero result fail the comparison", () => {
  const bound = Math.max(...Object.values(TOLERANCES).map((t) => t.bound));
  const spoil = (value: number) => reference.map((x, i) => i === 500 ? value : x);
  assertApart(
    "off by one part in a hundred",
    spoil(reference[500] * 1.01 + 0.01),
    reference,
    bound,
  );
  assertApart("NaN", spoil(NaN), reference, bound);
  assertApart("infinite", spoil(Infinity), reference, bound);
  assertApart("short", reference.slice(1), reference, bound);
  assertApart("long", [...reference, 0], reference, bound);
  assertApart("zero", reference.map(() => 0), reference, bound);
  assertApart("scaled", reference.map((x) => x * 1.001), reference, bound);
  assertApart("NaN in the reference", reference, spoil(NaN), bound);
  assertApart("against zeros", [1e-3], [0], bound);
});

Deno.test("the twin itself fails when a wrong reference would pass", () => {
  assert.throws(
    () => assertApart("the same", reference, reference, 1e-6),
    /wrong reference passed/,
  );
});

Deno.test("the relative error is the quotient of the norms", () => {
  assert.equal(relativeError([3, 4], [0, 4]), 3 / 4);
  assert.ok(Number.isNaN(relativeError([NaN], [1])));
});

Deno.test("every tolerance is positive, small and has a reason", () => {
  for (const [name, { bound, reason }] of Object.entries(TOLERANCES)) {
    assert.ok(bound > 0 && bound < 1e-3, name);
    assert.ok(reason.length > 20, name);
  }
});
