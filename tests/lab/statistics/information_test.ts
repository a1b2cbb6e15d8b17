/** Mutual information: closed forms, its bias, and what is left when permuted labels are taken off. */
import {
  countsByLabel,
  entropy,
  excess,
  mutualInformation,
  permutation,
  rankBins,
} from "../../../lab/statistics/information.ts";
import { mean, random, sd } from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

Deno.test("entropy and information have their closed forms", () => {
  assertNear(entropy([5, 5, 5, 5]), 2, 1e-12);
  assertNear(entropy([1, 3]), 0.25 * 2 + 0.75 * Math.log2(4 / 3), 1e-12);
  assertEquals([entropy([7, 0]), entropy([]), mutualInformation([]), mutualInformation([[0, 0]])], [
    0,
    0,
    0,
    0,
  ]);
  // independent; one names the other; a binary channel that errs one time in ten: 1 − H(0.1)
  assertNear(mutualInformation([[2, 4], [3, 6]]), 0, 1e-12);
  assertNear(mutualInformation([[4, 0, 0, 0], [0, 4, 0, 0], [0, 0, 4, 0], [0, 0, 0, 4]]), 2, 1e-12);
  assertNear(mutualInformation([[90, 10], [10, 90]]), 1 - entropy([1, 9]), 1e-12);
  const table = [[3, 1, 4], [1, 5, 9]], turned = [[3, 1], [1, 5], [4, 9]];
  assertNear(mutualInformation(table), mutualInformation(turned), 1e-12);
  throws(() => mutualInformation([[1, 2], [3]]), /rows have different lengths/);
});

/** Picks of images: each image prefers one of 4 experts, by its label in a share of the images. */
function clusters(seed: number, images: number, share: number) {
  const r = random(seed), labels = Uint32Array.from({ length: images }, () => r.below(4));
  const rows = [...labels].map((label) => {
    const liked = r.uniform() < share ? label : r.below(4), row = new Uint32Array(4);
    for (let t = 0; t < 50; t++) row[r.uniform() < 0.5 ? liked : r.below(4)]++;
    return row;
  });
  return { labels, rows, r };
}

/** Plain and corrected information over many draws. */
function estimates(images: number, share: number, draws = 60) {
  const found = Array.from({ length: draws }, (_, seed) => {
    const { labels, rows, r } = clusters(seed, images, share);
    const moved = () => {
      const order = permutation(images, r);
      return countsByLabel(rows, labels.map((_, i) => labels[order[i]]), 4);
    };
    const table = countsByLabel(rows, labels, 4);
    return { plain: mutualInformation(table), corrected: excess(table, moved, 10) };
  });
  return { plain: found.map((f) => f.plain), corrected: found.map((f) => f.corrected) };
}

Deno.test("labels that tell nothing have plain information by their clusters, and none when it is taken off", () => {
  const { plain, corrected } = estimates(60, 0), error = sd(corrected) / Math.sqrt(60);
  // 3000 tokens alone would have (4 − 1)(4 − 1) / (2 · 3000 ln 2) = 0.002 bits
  assert(mean(plain) > 0.01, `${mean(plain)}`);
  assert(Math.abs(mean(corrected)) < 3 * error + 1e-4, `${mean(corrected)} ± ${error}`);
});

Deno.test("with few clusters the corrected estimate is nearer to what labels tell a little of than the plain one", () => {
  for (const share of [0.15, 0.25, 0.4]) {
    // the label's expert is liked with probability share + (1 − share)/4, and then has half of the tokens for itself
    const liked = share + (1 - share) / 4, other = (1 - liked) / 3;
    const truth = 2 - entropy([liked, other, other, other].map((p) => 0.5 * p + 0.5 / 4));
    const { plain, corrected } = estimates(60, share);
    const off = [plain, corrected].map((found) => Math.abs(mean(found) - truth));
    assert(off[1] < 0.5 * off[0], `${share}: ${off} of ${truth}`);
  }
});

Deno.test("what fixes a pick is told too low by its correction, by less than labels without meaning tell", () => {
  const rows = Array.from({ length: 40 }, (_, i) => [0, 1, 2, 3].map((e) => +(e === i % 4)));
  const labels = Uint32Array.from({ length: 40 }, (_, i) => i % 4), r = random(2);
  const none = Array.from({ length: 50 }, () => {
    const order = permutation(40, r);
    return mutualInformation(countsByLabel(rows, labels.map((_, i) => labels[order[i]]), 4));
  });
  const moved = () => {
    const order = permutation(40, r);
    return countsByLabel(rows, labels.map((_, i) => labels[order[i]]), 4);
  };
  const found = excess(countsByLabel(rows, labels, 4), moved, 50);
  assert(found < 2, `${found}`);
  assertNear(2 - found, mean(none), 0.05);
});

Deno.test("a permutation has every place once, and each order comes as often", () => {
  const r = random(3), seen = new Map<string, number>();
  for (let i = 0; i < 6000; i++) {
    const order = permutation(3, r).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  assertEquals([...seen.keys()].sort(), ["012", "021", "102", "120", "201", "210"]);
  for (const count of seen.values()) assert(Math.abs(count - 1000) < 120, `${count}`);
});

Deno.test("bins by rank are of equal size whatever the values, and ties keep their order", () => {
  assertEquals([...rankBins([0.9, 0.1, 0.5, 0.2], 2)], [1, 0, 1, 0]);
  assertEquals([...rankBins([1, 1, 1, 1, 1], 2)], [0, 0, 0, 1, 1]);
  throws(() => rankBins([1, 2], 3), /Cannot cut 2 values into 3 bins/);
  throws(() => excess([[1]], () => [[1]], 0), /0 permutations/);
});
