/** The zod schema accepts exactly the configurations that checkConfiguration does. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { checkConfiguration, type Configuration } from "../../rule/configuration.ts";
import { configurationSchema } from "../../rule/schema.ts";
import { anyConfiguration } from "./arbitrary.ts";

function accepted(c: unknown): boolean {
  try {
    checkConfiguration(c as Configuration);
    return true;
  } catch {
    return false;
  }
}

Deno.test("the schema accepts every valid configuration unchanged", () => {
  fc.assert(fc.property(anyConfiguration, (c) => {
    assert.deepEqual(configurationSchema.parse(c), c);
  }));
});

Deno.test("the schema and the hand check agree on damaged configurations", () => {
  const damage = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, -1, 1.5, NaN, Infinity, 2 ** 53, "4", null);
  const keys = ["width", "depth", "batchTokens", "tokens", "headWidth"];
  const inner = ["hidden", "experts", "active", "expertWidth", "shared", "groups"];
  let refused = 0, kept = 0;
  fc.assert(
    fc.property(anyConfiguration, fc.constantFrom(...keys, ...inner), damage, (c, key, value) => {
      if (inner.includes(key) && !(key in c.ffn)) return;
      const damaged = keys.includes(key)
        ? { ...c, [key]: value }
        : { ...c, ffn: { ...c.ffn, [key]: value } };
      const verdict = accepted(damaged);
      if (verdict) kept++;
      else refused++;
      assert.equal(configurationSchema.safeParse(damaged).success, verdict);
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 100 && kept > 100, `refused ${refused}, kept ${kept}`);
});

Deno.test("the schema's message is the check's own", () => {
  const result = configurationSchema.safeParse({
    width: 64,
    depth: 2,
    ffn: { kind: "moe", experts: 10, active: 3, expertWidth: 8, shared: 0, groups: 3 },
    batchTokens: null,
    tokens: null,
    headWidth: 16,
  });
  assert.equal(
    result.error?.issues[0].message,
    "Cannot route 10e3a into 3 groups: 10 experts do not divide by 3",
  );
});
