/** The plans of all suites are pinned to their versions: records are compared by version. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/bench.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";
import { width } from "../../suites/width.ts";

/** Version of each suite, and the hash of its plan at each profile. */
const PINNED: Record<string, string[]> = {
  "bridges": ["4", "39f79e7b472d730a", "ce26bf976867cae4", "238d7bdb271686e6"],
  "activated-experts": ["3", "480e631127d11a50", "321bc0852514322a", "191dc7f31ae88287"],
  "initial-loss": ["4", "5b0c88186e13fa73", "2c82d297c76f59ad", "b04a01a3b510a324"],
  "capacity": ["2", "66912864aed9950d", "bf89ac27bff00481", "687df2cd2d5f42af"],
  "granularity": ["2", "99e2c93bed39ae26", "6bf344a72d838d7d", "2dc276abf71526f1"],
  "hybrids": ["2", "0f4c3f6d05517f13", "19013c36961f80eb", "7d09e9a09aade05c"],
  "ffn-width": ["3", "38efadccb1e9b01e", "182da0a9ac9388ee", "12a773e1b26bee4a"],
  "width": ["2", "dede73fb87871bad", "c2aaaa958fdaa99f", "74dfd68d9dde5292"],
  "depth": ["2", "e3570d57dd930373", "ec7b5a1c731bc1a5", "993b0b4b7b38418e"],
  "batch": ["3", "707fcdc6d2d94934", "b2fe5781c24cbe7b", "130b5e143fbb0e50"],
  "duration": ["2", "406285cecdc58a2c", "14533c42f83384d5", "c45b8e98b8a8e633"],
  "scaling": ["4", "94fca3f5524c3a2d", "9886bca9fed44469", "77b044210167061d"],
  "latency": ["4", "82772decf7938908", "f530dfde96e7b9ec", "f0495e1de84ac405"],
  "speedup": ["4", "dacc9988b4b7b6cc", "ca6fad32d0ada2d0", "7ae94bb9d3fdc5ba"],
  "coordinate-check": ["3", "8f8fb8df03d1fa61", "a1e9e080c8b4fa55", "10a7d4682690ef19"],
  "router-stability": ["3", "3371c4c804d1fc12", "5e45612755a4f4a5", "56d600c929bdf783"],
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
