/** Random valid configurations for property tests. */

import fc from "fast-check";
import type { Configuration } from "../../rule/configuration.ts";
import { GATE_NAMES, type RouterChoice } from "../../rule/router.ts";

const size = (max: number) => fc.integer({ min: 1, max });

const dense = fc.record({ kind: fc.constant("dense" as const), hidden: size(4096) })
  .map((ffn) => ({ ...ffn })); // a plain prototype, as deepEqual wants

const rate = fc.double({ min: 1e-6, max: 4, noNaN: true });

/** Nothing, or a part of what a router may differ in. */
const choice: fc.Arbitrary<RouterChoice> = fc.oneof(
  fc.constant({}),
  fc.record({
    gate: fc.constantFrom(...GATE_NAMES),
    capacity: rate,
    biasRate: rate,
  }, { requiredKeys: [] }).map((r) => ({ ...r })),
);

const moe = fc.record({
  g: size(4),
  perGroup: size(8),
  more: size(16),
  h: size(512),
  s: fc.nat(3),
  hs: fc.option(size(512)),
  r: choice,
})
  .map(({ g, perGroup, more, h, s, hs, r }) => ({
    kind: "moe" as const,
    experts: g * (perGroup + more - 1),
    active: g * perGroup,
    expertWidth: h,
    shared: s,
    groups: g,
    ...(s > 0 && hs !== null && hs !== h ? { sharedWidth: hs } : {}),
    ...r,
  }));

/** Dense and MoE, with and without B and D, heads of their own, KV heads, a vocabulary, tied tables. */
export const anyConfiguration: fc.Arbitrary<Configuration> = fc.record({
  heads: size(32),
  headWidth: size(32).map((n) => 2 * n),
  depth: size(64),
  ffn: fc.oneof(dense, moe),
  batchTokens: fc.option(size(1 << 20)),
  tokens: fc.option(size(1 << 30)),
  kv: fc.option(size(4)),
  times: fc.constantFrom(1, 1, 2, 3),
  vocab: fc.option(size(1 << 18)),
  tied: fc.boolean(),
}).map(({ heads, kv, times, vocab, tied, ...c }) => ({
  ...c,
  width: heads * c.headWidth,
  ...(times === 1 ? {} : { heads: heads * times }),
  ...(kv !== null && kv > 1 && heads % kv === 0 ? { kvHeads: heads * times / kv } : {}),
  ...(vocab === null ? {} : { vocab }),
  ...(tied ? { tied: true as const } : {}),
}));

/** The same with B and D always known, so that rho_B and rho_D compose. */
export const trainedConfiguration: fc.Arbitrary<Configuration> = fc.tuple(
  anyConfiguration,
  size(1 << 20),
  size(1 << 30),
).map(([c, batchTokens, tokens]) => ({ ...c, batchTokens, tokens }));
