/** Shares: Wilson's interval by its closed form and its rate, over trainings by Student's. */
import { shareInterval, shareOver } from "../../../lab/statistics/share.ts";
import { random } from "../../../lab/statistics/resample.ts";
import { assert, assertEquals, assertNear, throws } from "../assert.ts";

Deno.test("Wilson's interval is that of its closed form, within 0 and 1", () => {
  // 8 of 10: the roots of (0.8 − p)² = z² p (1 − p) / 10
  const { estimate, lo, hi } = shareInterval(8, 10)!, z2 = 1.959963984540054 ** 2;
  assertEquals(estimate, 0.8);
  for (const p of [lo, hi]) assertNear((0.8 - p) ** 2, z2 * p * (1 - p) / 10, 1e-12);
  assert(lo < 0.8 && hi > 0.8 && hi < 1, `${lo} ${hi}`);
  const none = shareInterval(0, 20)!, all = shareInterval(20, 20)!;
  assertEquals([none.estimate, none.lo, all.estimate, all.hi], [0, 0, 1, 1]);
  assertNear(none.hi, z2 / (20 + z2), 1e-12);
  assertEquals(shareInterval(0, 0), null);
  throws(() => shareInterval(3, 2), /Cannot take a share: 3 of 2/);
  throws(() => shareInterval(0.5, 2), /Cannot take a share/);
});

Deno.test("Wilson's interval holds the truth at about its rate", () => {
  for (const truth of [0.1, 0.5, 0.9]) {
    const stream = random(Math.round(100 * truth));
    let held = 0;
    for (let round = 0; round < 4000; round++) {
      let yes = 0;
      for (let i = 0; i < 100; i++) yes += +(stream.uniform() < truth);
      const { lo, hi } = shareInterval(yes, 100)!;
      held += +(lo <= truth && truth <= hi);
    }
    assert(Math.abs(held / 4000 - 0.95) < 0.025, `${truth}: ${held / 4000}`);
  }
});

Deno.test("over several trainings the interval is theirs, of one that of its answers", () => {
  const answers = (yes: number, all: number) => Array.from({ length: all }, (_, i) => i < yes);
  assertEquals(shareOver([answers(8, 10)]), shareInterval(8, 10));
  const { estimate, lo, hi } = shareOver([answers(6, 10), answers(8, 10), answers(7, 10)])!;
  assertNear(estimate, 0.7, 1e-12);
  // 4.303 standard errors of 0.1 / √3
  assertNear(hi - lo, 2 * 4.3026527 * 0.1 / Math.sqrt(3), 1e-6);
  assertEquals([shareOver([]), shareOver([answers(1, 1), []])], [null, null]);
});
