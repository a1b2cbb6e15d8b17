/** Each axis of a probing suite varies one size. */
import assert from "node:assert/strict";
import { sizeOf } from "../../lab/claims/coordinate_check.ts";
import { PROFILES } from "../../lab/suite.ts";
import { parseConfiguration } from "../../rule/configuration.ts";
import { bridges } from "../../suites/bridges.ts";
import { coordinateCheck } from "../../suites/coordinate_check.ts";

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
    const p = coordinateCheck.profiles[name];
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
    const p = bridges.profiles[name], { configurations, steps } = p.sparsity;
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
