import {
  halfWidth,
  MOST_SEEDS,
  needsOf,
  noiseOfInterval,
  noiseOfSeed,
  resolves,
  type SeedNoise,
  seedsFor,
} from "../../../lab/statistics/power.ts";
import { meanInterval } from "../../../lab/statistics/paired.ts";
import { random, tQuantile80, tQuantile975 } from "../../../lab/statistics/resample.ts";
import { assumedLine } from "../../../lab/statistics/assumed.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

/** Share of benches of n seeds whose interval keeps clear of a limit at this distance. */
function decided(n: number, sd: number, distance: number, trials = 2000): number {
  const stream = random(n + 7);
  let clear = 0;
  for (let trial = 0; trial < trials; trial++) {
    const { lo, hi } = meanInterval(
      Array.from({ length: n }, () => distance + sd * stream.normal()),
    )!;
    if (lo > 0 || hi < 0) clear++;
  }
  return clear / trials;
}

Deno.test("the 80% point of Student's t is the table's", () => {
  const table = [[1, 1.3764], [2, 1.0607], [3, 0.9785], [5, 0.9195], [10, 0.8791], [30, 0.8538]];
  for (const [freedom, t] of table) assertNear(tQuantile80(freedom), t, 0.025);
  throws(() => tQuantile80(0.5), RangeError);
});

Deno.test("the seeds that are named decide in four of five benches, and half of them do not", () => {
  for (const [sd, distance] of [[1, 2], [1, 1], [0.5, 0.3], [0.2, 0.05]]) {
    const n = seedsFor(distance, noiseOfSeed(sd, 3))!;
    const share = decided(n, sd, distance), fewer = decided(Math.ceil(n / 2), sd, distance);
    assert(share >= 0.77 && share <= 0.92, `${n} seeds decide in ${share}`);
    assert(fewer < 0.62, `${Math.ceil(n / 2)} seeds decide in ${fewer}`);
    assert(resolves(noiseOfSeed(sd, 3), n) <= distance);
    assert(resolves(noiseOfSeed(sd, 3), n - 1) > distance);
  }
});

Deno.test("noise that is measured on eight seeds names seeds that decide in three of four benches", () => {
  const stream = random(5), sd = 1, distance = 0.6;
  let sum = 0;
  for (let trial = 0; trial < 300; trial++) {
    const first = meanInterval(Array.from({ length: 8 }, () => sd * stream.normal()))!;
    const n = seedsFor(distance, noiseOfInterval(first, 8)) ?? MOST_SEEDS;
    const own = meanInterval(Array.from({ length: n }, () => distance + sd * stream.normal()))!;
    if (own.lo > 0) sum++;
  }
  assert(sum / 300 > 0.68, `${sum / 300}`);
});

Deno.test("an interval gives back the noise it was made of, and its half width", () => {
  const values = [1, 2, 4], interval = meanInterval(values)!, noise = noiseOfInterval(interval, 3);
  assertNear(noise.error, Math.sqrt(7 / 3) / Math.sqrt(3), 1e-9);
  assertNear(halfWidth(noise), interval.hi - interval.estimate, 1e-9);
  assertNear(halfWidth(noise, 12), tQuantile975(11) * noise.error / 2, 1e-9);
  // pooled noise has more degrees of freedom, which grow with the seeds
  const pooled = noiseOfInterval(interval, 3, 6);
  assertNear(halfWidth(pooled), interval.hi - interval.estimate, 1e-9);
  assertNear(halfWidth(pooled, 5), tQuantile975(12) * pooled.error * Math.sqrt(3 / 5), 1e-9);
});

Deno.test("what is no noise stays, and no number of seeds tells what lies within it or on the limit", () => {
  const noise = noiseOfSeed(1, 3, 0.4);
  assertNear(halfWidth(noise, MOST_SEEDS), 0.4, 1e-9);
  assertEquals(seedsFor(0.4, noise), null);
  const wide = noiseOfSeed(1, 3, 0.55);
  assert(seedsFor(0.7, wide)! > seedsFor(0.7, noiseOfSeed(1, 3))!);
  assertEquals(seedsFor(0, noiseOfSeed(1, 3)), null);
  assertEquals(seedsFor(0.01, noiseOfSeed(1, 3)), null);
  assertEquals(seedsFor(0.01, noiseOfSeed(0, 3)), 2);
});

const at = (estimate: number, noise: SeedNoise, hi = 1) => ({
  value: { estimate, lo: estimate - halfWidth(noise), hi: estimate + halfWidth(noise) },
  limits: { lo: null, hi },
  noise,
});

Deno.test("a judgement of several quantities is decided by the one that decides it alone", () => {
  const noise = noiseOfSeed(1, 3), inside = at(0, noise), near = at(0.9, noise), out = at(2, noise);
  const n = (distance: number) => seedsFor(distance, noise)!;
  const both = needsOf([inside, out], "all");
  assertEquals([both.verdict, both.decisive], ["fail", n(1)]);
  const all = needsOf([inside, at(0.5, noise)], "all");
  assertEquals([all.verdict, all.decisive], ["pass", n(0.5)]);
  assertEquals(needsOf([inside, near], "all").decisive, n(0.1) ?? null);
  const any = needsOf([at(0.5, noise), out], "any");
  assertEquals([any.verdict, any.decisive], ["pass", n(0.5)]);
  assertEquals(needsOf([out, at(1.5, noise)], "any").verdict, "fail");
  assertEquals(needsOf([out, at(1.5, noise)], "any").decisive, n(0.5));
  // between two limits it is the nearer that must be told
  const between = { ...at(0.2, noise), limits: { lo: 0, hi: 1 } };
  assertEquals(needsOf([between], "all").decisive, n(0.2));
  assertEquals([both.seeds, both.rest, both.tried], [3, 0, MOST_SEEDS]);
});

Deno.test("the noise of a geometric mean is measured on the log2 of value and limit", () => {
  const noise = { ...noiseOfSeed(0.3, 4), log2: true };
  const value = { estimate: 1.5, lo: 1, hi: 2.2 };
  const found = needsOf([{ value, limits: { lo: 1, hi: null }, noise }], "all");
  assertEquals(found.decisive, seedsFor(Math.log2(1.5), noise));
});

Deno.test("nonsense is refused", () => {
  const good = noiseOfSeed(1, 3), interval = { lo: 0, hi: 1 };
  throws(() => noiseOfSeed(1, 1), /1 seeds have no noise/);
  throws(() => noiseOfSeed(-1, 3), /standard error is -/);
  throws(() => noiseOfSeed(NaN, 3), /standard error is NaN/);
  throws(() => noiseOfSeed(1, 3, -1), /rest of the interval is -1/);
  throws(() => noiseOfInterval(interval, 2.5), /2.5 seeds/);
  throws(() => noiseOfInterval({ lo: 1, hi: 0 }, 3), /standard error is -/);
  throws(() => noiseOfInterval({ lo: -Infinity, hi: 0 }, 3), /standard error is Infinity/);
  throws(() => noiseOfInterval(interval, 3, 0), /0 degrees of freedom/);
  throws(() => halfWidth(good, 1), /1 seeds have no noise/);
  throws(() => seedsFor(-1, good), /distance is -1/);
  throws(() => seedsFor(NaN, good), /distance is NaN/);
  throws(() => needsOf([], "all"), /nothing was measured/);
  const none = { ...at(0, good), limits: { lo: null, hi: null } };
  throws(() => needsOf([none], "all"), /no distance/);
  throws(() => needsOf([at(NaN, good)], "all"), /no distance/);
});

Deno.test("a plan says what its seeds tell and how many would be enough", () => {
  const assumed = { what: "a gap", unit: "nats", sd: 0.1, from: "here" };
  assert(/^power: 4 seeds give a gap to ±0.16 nats and tell it/.test(assumedLine(assumed, 4)));
  const line = assumedLine({ ...assumed, distance: 0.1 }, 4);
  assert(line.includes(`${seedsFor(0.1, noiseOfSeed(0.1, 4))} are enough`), line);
  const bent = assumedLine({ ...assumed, rest: 0.2, distance: 0.1 }, 4);
  assert(bent.includes("no number of seeds is enough") && bent.includes("no seed takes away ±0.2"));
  throws(() => assumedLine(assumed, 1), /1 seeds have no noise/);
});

/** Share of trials without any effect in which a look at one of these numbers of nested seeds decides. */
function looks(seeds: number[], trials = 20_000): number {
  const stream = random(31);
  let decidedOnce = 0;
  for (let trial = 0; trial < trials; trial++) {
    const all = Array.from({ length: Math.max(...seeds) }, () => stream.normal());
    if (
      seeds.some((n) => {
        const { lo, hi } = meanInterval(all.slice(0, n))!;
        return lo > 0 || hi < 0;
      })
    ) decidedOnce++;
  }
  return decidedOnce / trials;
}

Deno.test("seeds added after a look decide more often by chance, as docs/verdicts.md says", () => {
  assertNear(looks([10]), 0.05, 0.005);
  for (const seeds of [[3, 10], [4, 8], [3, 8], [3, 6]]) assertNear(looks(seeds), 0.09, 0.01);
  assertNear(looks([3, 7, 18]), 0.13, 0.01);
});
