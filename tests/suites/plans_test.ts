/** The plans of all suites are pinned to their versions: records are compared by version. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/assemble.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";
import { width } from "../../suites/width.ts";

/** Version of each suite, and the hash of its plan at each profile. */
const PINNED: Record<string, string[]> = {
  "bridges": ["4", "39f79e7b472d730a", "ce26bf976867cae4", "238d7bdb271686e6"],
  "activated-experts": ["5.1", "a4154f5a0c808116", "ad953530d7d3af51", "bb947bbf51562b27"],
  "initial-loss": ["4", "5b0c88186e13fa73", "2c82d297c76f59ad", "b04a01a3b510a324"],
  "capacity": ["4.1", "090ba6583819f9bc", "d4454f9b07524478", "273bc0b7da5d2c2f"],
  "granularity": ["4.1", "960cb2db7b516354", "46250f6040ea4ede", "6b03a61a7eda8164"],
  "hybrids": ["4.1", "97bebf89edf9859e", "ae75b552efa8dbc7", "74e24a3cc6db5e9c"],
  "ffn-width": ["4.1", "c40be0fc020e1c5d", "791852b5a14e0d1f", "cde5d8f1510543bb"],
  "width": ["4.1", "c73a48f8e28c0f2c", "98f3fdfe447577c2", "1721f737d9e9a0cd"],
  "depth": ["3.1", "2f3746520c0e6f97", "e23d99a5a6bddc0b", "409824e061a5525a"],
  "batch": ["4.1", "9065cf0aca1731d5", "c81463e631434114", "0d92fd22ea14b83a"],
  "duration": ["3.1", "db4c1577fdd5fc12", "329046099d07870f", "d48549a85676ce85"],
  "scaling": ["5", "92f0ef8783f9b5a0", "10d442f7d7a11cd2", "4757927af0885061"],
  "latency": ["4", "82772decf7938908", "f530dfde96e7b9ec", "f0495e1de84ac405"],
  "speedup": ["5", "c200523470d2cdd8", "4181f217f1872dd8", "c15228f618ad81ec"],
  "coordinate-check": ["6", "605ac87218527181", "f80c26905a3b36a1", "0cdf7f92f7d024b4"],
  "router-stability": ["3", "3371c4c804d1fc12", "5e45612755a4f4a5", "56d600c929bdf783"],
  "fewer-active": ["1", "349680d25bd00efa", "7784e94ba7a3406f", "2227fb1109fdcac2"],
  "routers": ["2", "323ff68bb59b808e", "c3c49ffcdff112c6", "37792039b1e419dd"],
  "shoot-out": ["5.1", "17c272d0a3a5e7d7", "31ec805eace4df1f", "35552fe18e40d87a"],
  "bridges-diffusion": ["1", "e55c57d5d1c1c125", "cf43892937d5974a", "8f79e266c82fa18b"],
  "activated-experts-diffusion": [
    "3.1",
    "2dffca1791d7615a",
    "007be36bab416336",
    "f3ea4c1e2e04ce95",
  ],
  "initial-loss-diffusion": ["1", "6088f7a85d21300b", "2d402fe2b78821c2", "1ed324aaae0cbb16"],
  "capacity-diffusion": ["3.1", "4df5f9f12ce85050", "d5f572d2d0a486b2", "9f4120206506f9ac"],
  "granularity-diffusion": ["3.1", "e0115cd07ab8151d", "630b6acc3ba55bb3", "4f5a026436489804"],
  "hybrids-diffusion": ["3.1", "59048a76f04a7416", "14b40eaa8050aa66", "a14326a4d1716799"],
  "width-diffusion": ["3.1", "216aef238ccc38f2", "f2062124a6fb4536", "fb1f48a261866fa0"],
  "batch-diffusion": ["3.1", "6224930b882db9ec", "3b8ed0b9639008ca", "da66681047a96cfc"],
  "scaling-diffusion": ["1", "86c8738f78aaaf08", "b0a2b319be7cc98c", "cda9cd689f0231e1"],
  "speedup-diffusion": ["1", "8282fa6c67946081", "2aac55be5121086f", "45c41c034b6425c8"],
  "coordinate-check-diffusion": ["1", "94709ce197aa1ef1", "4026df85e2e64245", "f417b46300b24eae"],
  "shoot-out-diffusion": ["4.1", "48079d39d76cee95", "26f8a41340d9815c", "2daedaf69218e65b"],
  "routing-by-timestep": ["1", "dd7093080c0aa7ca", "0ef2dd8daa040b2a", "b0ded022406474fa"],
  "samples": ["2", "92219f92fdbffdc4", "719a8cef7e3065ce", "de7ae10c1ec0dc72"],
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
