/** The plans of all suites are pinned to their versions: records are compared by version. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/bench.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";
import { width } from "../../suites/width.ts";

/** Version of each suite, and the hash of its plan at each profile. */
const PINNED: Record<string, string[]> = {
  "bridges": ["3", "7f24c0dacbc59a13", "cf30a1d5e4f366bb", "edd22af3545c8804"],
  "activated-experts": ["2", "d03c94d90435248d", "4ccb8ccd4cf65ece", "66053170b34fe124"],
  "initial-loss": ["3", "3ca3ecd57515cf6a", "543efd0f1ef7186a", "f3b09ff91b443b0a"],
  "capacity": ["2", "66912864aed9950d", "bf89ac27bff00481", "687df2cd2d5f42af"],
  "granularity": ["2", "99e2c93bed39ae26", "6bf344a72d838d7d", "2dc276abf71526f1"],
  "hybrids": ["2", "0f4c3f6d05517f13", "19013c36961f80eb", "7d09e9a09aade05c"],
  "ffn-width": ["2", "912e8aadbb306cae", "b44946fc425e15ba", "9816312e4f601011"],
  "width": ["2", "dede73fb87871bad", "c2aaaa958fdaa99f", "74dfd68d9dde5292"],
  "depth": ["2", "e3570d57dd930373", "ec7b5a1c731bc1a5", "993b0b4b7b38418e"],
  "batch": ["2", "0d12ad5c3f9be91d", "fc2a44290865e306", "ae8bfca74c6548da"],
  "duration": ["2", "406285cecdc58a2c", "14533c42f83384d5", "c45b8e98b8a8e633"],
  "scaling": ["2", "13fc293d75278852", "f4ced27a650fced2", "1d5cc667c010988d"],
  "latency": ["4", "82772decf7938908", "f530dfde96e7b9ec", "f0495e1de84ac405"],
  "speedup": ["2", "adfbd08ab72e0041", "143c0cfe3e52f6bd", "021f637465541e6b"],
  "coordinate-check": ["3", "8f8fb8df03d1fa61", "a1e9e080c8b4fa55", "10a7d4682690ef19"],
  "router-stability": ["2", "b0953f2ae22e5453", "ec1b6a624cf39223", "b76dfba19b4470c7"],
  "shoot-out": ["2", "becd43f617c6d7d3", "c0ee83ce61cd14ff", "84c48b518761b4b5"],
};

const hashesOf = (suite: Suite) => PROFILES.map((name) => planOf(suite, name, null).hash);

for (const suite of SUITES) {
  Deno.test(`the plans of ${suite.id} are those of its pinned version`, () => {
    const found = [suite.version, ...hashesOf(suite)];
    assert.deepEqual(
      found,
      PINNED[suite.id],
      "what the suite measures or how it judges changed: raise its version, run again, then pin\n" +
        `  "${suite.id}": [${found.map((part) => `"${part}"`).join(", ")}],`,
    );
  });
}

Deno.test("no pin is left of a suite that is gone", () => {
  assert.deepEqual(Object.keys(PINNED), SUITES.map(({ id }) => id));
});

Deno.test("another version, seed or limit is another plan, and other words are not", () => {
  const { profiles } = width, { smoke } = profiles, pinned = hashesOf(width as Suite)[0];
  const hash = (words: Partial<Suite>, own: Partial<typeof smoke>) =>
    planOf(
      { ...width.changed({}, { ...profiles, smoke: { ...smoke, ...own } }), ...words } as Suite,
      "smoke",
      null,
    ).hash;
  assert.equal(hash({ claim: "other words" }, {}), pinned);
  assert.notEqual(hash({ version: "next" }, {}), pinned);
  assert.notEqual(hash({}, { seeds: [0, 2] }), pinned);
  assert.notEqual(hash({}, { limits: { ...smoke.limits, minRegret: 0.02 } }), pinned);
});
