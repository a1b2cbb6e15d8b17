/** Each warning appears when it must, and only then. */
import assert from "node:assert/strict";
import {
  CLOCKS,
  TIMING_WARNINGS,
  type TimingFacts,
  type TimingWarning,
  warningsOf,
} from "../../../kernels/gpu/timing_warnings.ts";
import { random } from "../../../lab/statistics/resample.ts";

/** Nine quiet samples around 10 ms, 40 repetitions each. */
const QUIET: TimingFacts = {
  samples: [10.02, 9.97, 10.05, 9.95, 10, 10.03, 9.99, 10.01, 9.96].map((ms) => ms / 1000),
  repetitions: 40,
  device: [9.9, 9.85, 9.93, 9.83, 9.88, 9.91, 9.87, 9.89, 9.84].map((ms) => ms / 1000),
  warm: true,
  busyElsewhere: 0.02,
};

/** The words that the warnings open with. */
const wordsOf = (facts: Partial<TimingFacts>) =>
  warningsOf({ ...QUIET, ...facts }).map((w) => w.split(":")[0]);
/** The quiet samples, each times a factor of its index. */
const times = (factor: (i: number) => number) => {
  const samples = QUIET.samples.map((s, i) => s * factor(i));
  return { samples, device: samples.map((s) => 0.99 * s) };
};

Deno.test("quiet samples deserve no warning, with timestamps or without, host load known or not", () => {
  assert.deepEqual(wordsOf({}), []);
  assert.deepEqual(wordsOf({ device: null, busyElsewhere: null }), []);
});

Deno.test("each warning appears alone where it must, and not at half the offence", () => {
  const cases: [TimingWarning, Partial<TimingFacts>, Partial<TimingFacts>][] = [
    [
      "too few samples",
      { samples: QUIET.samples.slice(0, 5), device: null },
      { samples: QUIET.samples.slice(0, 6), device: null },
    ],
    [
      "wide interval",
      times((i) => 1 + 0.15 * [0, 1, -1, 1, -1, 0, 1, -1, 0][i]),
      times((i) => 1 + 0.07 * [0, 1, -1, 1, -1, 0, 1, -1, 0][i]),
    ],
    ["outliers", times((i) => i === 3 ? 1.3 : 1), times((i) => i === 3 ? 1.08 : 1)],
    ["slowing down", times((i) => 1 + 0.015 * i), times((i) => 1 + 0.004 * i)],
    ["speeding up", times((i) => 1 - 0.015 * i), times((i) => 1 - 0.004 * i)],
    ["not warm", { warm: false }, { warm: true }],
    ["short samples", { repetitions: 9, device: null }, { repetitions: 11, device: null }],
    ["host busy", { busyElsewhere: 0.12 }, { busyElsewhere: 0.08 }],
    [
      "clocks disagree",
      { device: QUIET.samples.map((s) => 0.8 * s) },
      { device: QUIET.samples.map((s) => 0.9 * s) },
    ],
  ];
  for (const [words, offence, less] of cases) {
    assert.deepEqual(wordsOf(offence), [words]);
    assert.deepEqual(wordsOf(less), [], `${words} at half the offence`);
  }
  assert.deepEqual(new Set(cases.map(([words]) => words)), new Set(Object.keys(TIMING_WARNINGS)));
});

Deno.test("clocks may differ by the queue's wait, and either way round counts", () => {
  const sample = 0.1, facts = { samples: Array(9).fill(sample), repetitions: 1 };
  const gap = CLOCKS.wait_s + CLOCKS.share * sample;
  const device = (d: number) => ({ ...facts, device: Array(9).fill(sample - d) });
  assert.deepEqual(wordsOf(device(0.95 * gap)), []);
  assert.deepEqual(wordsOf(device(1.05 * gap)), ["clocks disagree"]);
  assert.deepEqual(wordsOf(device(-1.05 * gap)), ["clocks disagree"]);
});

Deno.test("a warning names its finding and its advice in one line", () => {
  const [line] = warningsOf({ ...QUIET, ...times((i) => i === 3 ? 1.3 : 1) });
  assert.match(line, /^outliers: 1 of 9 samples, the farthest 1\.29 of the median; the .+$/);
  for (const advice of Object.values(TIMING_WARNINGS)) assert.doesNotMatch(advice, /\n|\.$/);
});

Deno.test("plain noise of 2% seldom gets a warning", () => {
  const stream = random(3);
  let warned = 0;
  for (let t = 0; t < 1000; t++) {
    const samples = Array.from({ length: 9 }, () => 0.01 * (1 + 0.02 * stream.normal()));
    warned += +(wordsOf({ samples, device: null }).length > 0);
  }
  assert.ok(warned < 30, `${warned} of 1000`);
});
