/** What a choice follows is found, and nothing is found where it follows nothing. */
import {
  changeOverDepth,
  type Choice,
  choiceOf,
  evenness,
  type Labels,
  type Picks,
  picksByImage,
  picksByPlace,
  variation,
} from "../../../lab/claims/expert_choice.ts";
import { type Random, random } from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

const IMAGES = 200, PLACES = 9, ACTIVE = 2, EXPERTS = 8;

/** Picks that follow a label, and labels: time in four quarters, four classes. */
function made(follow: (of: { place: number; bin: number; label: number }, r: Random) => number) {
  const r = random(11);
  const time = Float32Array.from({ length: IMAGES }, () => r.uniform());
  const classes = Uint32Array.from({ length: IMAGES }, () => r.below(4));
  const ids = Uint32Array.from({ length: IMAGES * PLACES * ACTIVE }, (_, k) => {
    const i = Math.floor(k / (PLACES * ACTIVE)), place = Math.floor(k / ACTIVE) % PLACES;
    // one of the two experts of a pair: log2 8 − log2 2 = 2 bits can be told
    return 2 * follow({ place, bin: Math.floor(4 * time[i]), label: classes[i] }, r) + k % 2;
  });
  const picks: Picks = { experts: EXPERTS, places: PLACES, active: ACTIVE, ids };
  const labels: Labels = { time, classes, count: 4 };
  return choiceOf(picks, labels, 10, 1);
}

Deno.test("a choice that follows one variable is told by it alone", () => {
  const time = made(({ bin }) => bin), one = made(({ label }) => label);
  const place = made(({ place }) => place % 4);
  // bins by rank are not quite the quarters that were followed
  assert(time.bits.time > 1.7 && time.bits.time < 2, `${time.bits.time}`);
  assertNear(one.bits.class, 2, 0.05);
  // places 0 and 4 and 8 follow the first pair: H of (3, 2, 2, 2)
  assertNear(place.bits.place, 1.975, 0.02);
  for (const [choice, own] of [[time, "time"], [one, "class"], [place, "place"]] as const) {
    for (const name of ["time", "class", "place"] as const) {
      if (name !== own) assertNear(choice.bits[name], 0, 0.06);
    }
    assertNear(choice.permuted.time, 0, 0.06);
    assertNear(choice.permuted.place, 0, 0.02);
  }
});

Deno.test("a choice by chance tells of nothing, and its load by time is even", () => {
  const { bits, permuted, loadByTime, variation } = made((_, r) => r.below(4));
  for (const value of [...Object.values(bits), ...Object.values(permuted)]) {
    assertNear(value, 0, 0.02);
  }
  assert(variation < 0.1, `${variation}`);
  assertEquals([loadByTime.length, loadByTime[0].load.length], [4, EXPERTS]);
  for (const { load } of loadByTime) assertNear(load.reduce((a, b) => a + b) / EXPERTS, 1, 1e-12);
  // all picks of the first quarter are the first pair's
  const followed = made(({ bin }) => bin).loadByTime[0];
  assert(followed.load[0] > 3.5 && followed.load[7] < 0.2, `${followed.load}`);
  assert(followed.time > 0.05 && followed.time < 0.2, `${followed.time}`);
});

Deno.test("picks are counted by image and by place, and what belongs to nobody is not", () => {
  const ids = Uint32Array.of(0, 1, 2, 1, /**/ 2, 0xffffffff, 1, 2);
  const picks = { experts: 3, places: 2, active: 2, ids };
  assertEquals(picksByImage(picks).map((row) => [...row]), [[1, 2, 1], [0, 1, 2]]);
  assertEquals(picksByPlace(picks).map((row) => [...row]), [[1, 1, 1], [0, 2, 2]]);
  const swapped = picksByPlace(picks, () => Uint32Array.of(1, 0));
  assertEquals(swapped.map((row) => [...row]), [[0, 2, 2], [1, 1, 1]]);
});

Deno.test("variation and its change over depth have their closed forms", () => {
  assertNear(variation([1, 3]), 0.5, 1e-12);
  assertEquals(variation([2, 2, 2]), 0);
  assertNear(changeOverDepth([1, 3, 5, 7]), 6, 1e-12);
  const blocks = (values: number[]) => values.map((variation) => ({ variation }) as Choice);
  assertNear(evenness(blocks([0.8, 0.4, 0.2]))!, -2, 1e-12);
  assertEquals(evenness(blocks([0.8, 0])), null);
});

Deno.test("labels of another number of images are refused", () => {
  const picks = { experts: 2, places: 1, active: 1, ids: Uint32Array.of(0, 1) };
  const labels = { time: Float32Array.of(0.5), classes: Uint32Array.of(0), count: 1 };
  throws(() => choiceOf(picks, labels, 1, 0), /picks of 2 images, 1 times, 1 classes/);
});
