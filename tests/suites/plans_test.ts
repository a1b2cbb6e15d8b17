/** The plans of all suites are pinned to their versions: records are compared by version. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/assemble.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";
import { width } from "../../suites/width.ts";

/** Version of each suite, and the hash of its plan at each profile. */
const PINNED: Record<string, string[]> = {
  "bridges": ["4", "39f79e7b472d730a", "ce26bf976867cae4", "238d7bdb271686e6"],
  "activated-experts": ["5", "be81be8cb509d4d8", "8f74b408fbedc57d", "ac31b90c05f94f9b"],
  "initial-loss": ["4", "5b0c88186e13fa73", "2c82d297c76f59ad", "b04a01a3b510a324"],
  "capacity": ["4", "2e8e3b03e408f298", "7b7e3e608ff0ef7d", "39096cba48394396"],
  "granularity": ["4", "d162810dfbe19ead", "593dc044e6ae1395", "3b8b5a912c4d45c1"],
  "hybrids": ["4", "944c114cb9b64c0c", "d9c1eb00a831fbe8", "dc664e5d225ae1e7"],
  "ffn-width": ["4", "133e9d4b8cb8fa7b", "58ced01cf1181464", "1bacf1a8ca7e24bc"],
  "width": ["4", "adda996efad5f4e3", "291952f3389e6710", "e271495c7fad681c"],
  "depth": ["3", "8d2843664bb101cf", "74011a48de92db52", "1587faef6cb1135c"],
  "batch": ["4", "bbc144ca570a7a9d", "3852b8844f8ba4d3", "ecb701aa01816f2b"],
  "duration": ["3", "ecdd304b9cc20d08", "270b2b4e1ad687b3", "9f5395cc1218f38c"],
  "scaling": ["5", "92f0ef8783f9b5a0", "10d442f7d7a11cd2", "4757927af0885061"],
  "latency": ["4", "82772decf7938908", "f530dfde96e7b9ec", "f0495e1de84ac405"],
  "speedup": ["5", "c200523470d2cdd8", "4181f217f1872dd8", "c15228f618ad81ec"],
  "coordinate-check": ["5", "b50ce9687c6953a2", "81f6dc3d57159e59", "29ff1f505b5fe1f3"],
  "router-stability": ["3", "3371c4c804d1fc12", "5e45612755a4f4a5", "56d600c929bdf783"],
  "fewer-active": ["1", "349680d25bd00efa", "7784e94ba7a3406f", "2227fb1109fdcac2"],
  "routers": ["1", "6b3dac5ccea8b5bf", "79a54da8a9cbcc49", "c2490ea50b74999c"],
  "shoot-out": ["5", "700e4d797df15bcb", "cbdc172b515a9f69", "db2c497dc56cd9a3"],
  "bridges-diffusion": ["1", "e55c57d5d1c1c125", "cf43892937d5974a", "8f79e266c82fa18b"],
  "activated-experts-diffusion": ["3", "8d7f2cb0864a778f", "1f81673cf083cc37", "d15ca4533acf0c31"],
  "initial-loss-diffusion": ["1", "6088f7a85d21300b", "2d402fe2b78821c2", "1ed324aaae0cbb16"],
  "capacity-diffusion": ["3", "4452a621f50ba4c6", "2437a21f5e4aab50", "66d668eda8b2a40f"],
  "granularity-diffusion": ["3", "cba30a91eae87056", "3db50651a581bd57", "6e88dd0d9a06775b"],
  "hybrids-diffusion": ["3", "990f22a2a4912772", "f4c09f7b474481bb", "c4f92accdb838ae9"],
  "width-diffusion": ["3", "d7cb2d167fde8aec", "76487105afd85d4e", "f90f5f1bc3033538"],
  "batch-diffusion": ["3", "b50959454833b02a", "795ef5e0169fa6e1", "e4bd5d6ba971de2c"],
  "scaling-diffusion": ["1", "86c8738f78aaaf08", "b0a2b319be7cc98c", "cda9cd689f0231e1"],
  "speedup-diffusion": ["1", "8282fa6c67946081", "2aac55be5121086f", "45c41c034b6425c8"],
  "coordinate-check-diffusion": ["1", "94709ce197aa1ef1", "4026df85e2e64245", "f417b46300b24eae"],
  "shoot-out-diffusion": ["4", "d8b7bba32061eed0", "327c9eb6e62a3df4", "52358bc6aed801f4"],
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
