/** Plans of the suites of claims, pinned to their versions; and each axis of a probing suite varies one size. */
import assert from "node:assert/strict";
import { sizeOf } from "../../lab/claims/coordinate_check.ts";
import { planOf } from "../../lab/bench.ts";
import { PROFILES, type Suite } from "../../lab/suite.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { bridgesSuite } from "../../suites/bridges.ts";
import { coordinateCheckSuite } from "../../suites/coordinate_check.ts";
import { initialLoss } from "../../suites/initial_loss.ts";
import { routerStabilitySuite } from "../../suites/router_stability.ts";
import { scaling } from "../../suites/scaling.ts";
import { speedup } from "../../suites/speedup.ts";

/** Version of each suite of claims, and the hash of its plan at each profile. */
const PINNED: Record<string, { version: string; hashes: string[] }> = {
  "bridges": { version: "3", hashes: ["7f24c0dacbc59a13", "cf30a1d5e4f366bb", "edd22af3545c8804"] },
  "coordinate-check": {
    version: "3",
    hashes: ["8f8fb8df03d1fa61", "a1e9e080c8b4fa55", "10a7d4682690ef19"],
  },
  "initial-loss": {
    version: "3",
    hashes: ["3ca3ecd57515cf6a", "543efd0f1ef7186a", "f3b09ff91b443b0a"],
  },
  "router-stability": {
    version: "2",
    hashes: ["b0953f2ae22e5453", "ec1b6a624cf39223", "b76dfba19b4470c7"],
  },
  "scaling": { version: "2", hashes: ["13fc293d75278852", "f4ced27a650fced2", "1d5cc667c010988d"] },
  "speedup": { version: "2", hashes: ["adfbd08ab72e0041", "143c0cfe3e52f6bd", "021f637465541e6b"] },
};

for (
  const suite of [
    bridgesSuite,
    coordinateCheckSuite,
    initialLoss,
    routerStabilitySuite,
    scaling,
    speedup,
  ] as Suite[]
) {
  Deno.test(`the plans of ${suite.id} are those of its pinned version`, () => {
    const hashes = PROFILES.map((name) => planOf(suite, name, null).hash), { version } = suite;
    assert.deepEqual(
      { version, hashes },
      PINNED[suite.id],
      `what the suite measures changed: raise version, then pin it here (${hashes})`,
    );
  });
}

/** All sizes of a configuration but one. */
function rest(text: string, reference: string, size: string): string {
  const { width, depth, ffn } = parseConfiguration(text, parseConfiguration(reference));
  const all = ffn.kind === "dense"
    ? { d: width, H: ffn.hidden }
    : { d: width, h: ffn.expertWidth, a: ffn.active, N: ffn.experts };
  return JSON.stringify({ ...all, [size]: 0, depth });
}

Deno.test("an axis of the coordinate check varies one size, or d with H = d, at three places or more", () => {
  for (const name of PROFILES) {
    const p = coordinateCheckSuite.profiles[name];
    for (const { size, configurations, name: axis } of p.axes) {
      const parsed = configurations.map((c) =>
        parseConfiguration(c, parseConfiguration(p.reference))
      );
      const sizes = parsed.map((c) => sizeOf(c, size));
      assert.ok(sizes.length >= 3 && sizes.every((s, i) => i === 0 || s > sizes[i - 1]), axis);
      if (parsed[0].ffn.kind === "dense" && size === "d") {
        for (const c of parsed) assert.equal(sizeOf(c, "H"), c.width);
      } else assert.equal(new Set(configurations.map((c) => rest(c, p.reference, size))).size, 1);
    }
    const controls = p.axes.flatMap((a) => a.controls.map((c) => `${a.size} ${c}`));
    const wanted = ["H delta", "a init", "d delta", "d delta", "h delta"];
    assert.deepEqual(
      controls.sort(),
      wanted.filter((w) => name !== "smoke" || !/^[dh] /.test(w)).sort(),
    );
  }
});

Deno.test("Bridge II varies a alone up to N, sparsest first, and Bridge I keeps H = N h", () => {
  for (const name of PROFILES) {
    const p = bridgesSuite.profiles[name], { configurations, steps } = p.sparsity;
    assert.equal(new Set(configurations.map((c) => rest(c, p.reference, "a"))).size, 1);
    const reference = parseConfiguration(p.reference);
    const active = configurations.map((c) => sizeOf(parseConfiguration(c, reference), "a"));
    assert.ok(active.every((a, i) => i === 0 || a > active[i - 1]) && active[0] >= 2);
    assert.equal(active.at(-1), sizeOf(parseConfiguration(configurations[0], reference), "N"));
    assert.equal(steps % 4, 0);
    const moe = parseConfiguration(p.identity.moe, reference);
    const H = sizeOf(parseConfiguration(p.identity.dense, reference), "H");
    assert.equal(H, sizeOf(moe, "N") * sizeOf(moe, "h"));
    assert.equal(sizeOf(moe, "a"), sizeOf(moe, "N"));
    assert.ok(p.identity.unembedInitStd > 0 && p.sparsity.unembedInitStd > 0);
  }
});
