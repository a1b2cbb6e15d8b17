/** The plans of all suites are pinned to their versions: records are compared by version. */
import assert from "node:assert/strict";
import { planOf } from "../../lab/bench.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";
import { width } from "../../suites/width.ts";

/** Version of each suite, and the hash of its plan at each profile. */
const PINNED: Record<string, string[]> = {
  "bridges": ["4", "39f79e7b472d730a", "ce26bf976867cae4", "238d7bdb271686e6"],
  "activated-experts": ["4", "4f35361a8d7ae174", "e1155a02d96ed367", "33cf3c1d18a3ae37"],
  "initial-loss": ["4", "5b0c88186e13fa73", "2c82d297c76f59ad", "b04a01a3b510a324"],
  "capacity": ["3", "7265a311fa671e68", "4183151d1f91ffe6", "41593d2da0f74ece"],
  "granularity": ["3", "5ff06cd159b87e40", "72b62d6210dd9ed1", "3b43ce3fb1711c9d"],
  "hybrids": ["3", "986c61861006d82b", "8b3744c279b03378", "357af417e435652b"],
  "ffn-width": ["3", "38efadccb1e9b01e", "182da0a9ac9388ee", "12a773e1b26bee4a"],
  "width": ["3", "61552914946a4cfa", "d6999191ee341e48", "6ecfca620d558e0b"],
  "depth": ["2", "e3570d57dd930373", "ec7b5a1c731bc1a5", "993b0b4b7b38418e"],
  "batch": ["3", "707fcdc6d2d94934", "b2fe5781c24cbe7b", "130b5e143fbb0e50"],
  "duration": ["2", "406285cecdc58a2c", "14533c42f83384d5", "c45b8e98b8a8e633"],
  "scaling": ["4", "94fca3f5524c3a2d", "9886bca9fed44469", "77b044210167061d"],
  "latency": ["4", "82772decf7938908", "f530dfde96e7b9ec", "f0495e1de84ac405"],
  "speedup": ["4", "dacc9988b4b7b6cc", "ca6fad32d0ada2d0", "7ae94bb9d3fdc5ba"],
  "coordinate-check": ["4", "a89dd39796b80139", "e69f4023fac76b2d", "f9cf528a37e346ba"],
  "router-stability": ["3", "3371c4c804d1fc12", "5e45612755a4f4a5", "56d600c929bdf783"],
  "shoot-out": ["3", "9a11e7f6b58fae73", "2ee1027802f404fe", "62ec468ea35649a7"],
  "bridges-diffusion": ["1", "e55c57d5d1c1c125", "cf43892937d5974a", "8f79e266c82fa18b"],
  "activated-experts-diffusion": ["1", "ea086b5e8218c54d", "2d3c9f220c7a31d4", "01f52d189be85ee4"],
  "initial-loss-diffusion": ["1", "d039d4833e482b1b", "2d402fe2b78821c2", "1ed324aaae0cbb16"],
  "capacity-diffusion": ["1", "3129f26dee4280ed", "3258fa0a6e3703bd", "7ad7523ce3815625"],
  "granularity-diffusion": ["1", "eb72a5852447bf1d", "24cca51f1d0ff8b8", "7a13a5ca2119de98"],
  "hybrids-diffusion": ["1", "07ecad9f2927af90", "2a5d51da279fba74", "711110158be2735a"],
  "width-diffusion": ["1", "c46ed9204a7bd52d", "ede6d5252ca6ae9d", "69bf7ec70b8db94d"],
  "batch-diffusion": ["1", "ee22dade80e013e7", "4e1d05c66ba3f612", "776d33e63b5141d3"],
  "scaling-diffusion": ["1", "86c8738f78aaaf08", "b0a2b319be7cc98c", "cda9cd689f0231e1"],
  "speedup-diffusion": ["1", "8282fa6c67946081", "2aac55be5121086f", "45c41c034b6425c8"],
  "coordinate-check-diffusion": ["1", "94709ce197aa1ef1", "4026df85e2e64245", "f417b46300b24eae"],
  "shoot-out-diffusion": ["1", "eaff08fef29e4194", "03b305814576c4f4", "200fa31da17e1756"],
  "routing-by-timestep": ["1", "dd7093080c0aa7ca", "0ef2dd8daa040b2a", "b0ded022406474fa"],
  "samples": ["1", "62ddeca7d18468a0", "d4259ae2451ec669", "77b164ceda8b2c38"],
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
