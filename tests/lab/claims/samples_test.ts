/** What is said of drawn images: it must be able to fail, and its classifier to tell classes apart. */
import { trainClassifier } from "../../../lab/claims/classifier.ts";
import type { Drawn, SamplesProfile } from "../../../lab/claims/drawn.ts";
import { binned, judgeSamples, measureSamples } from "../../../lab/claims/samples.ts";
import type { Workbench } from "../../../lab/claims/models.ts";
import { decide } from "../../../lab/judge/decide.ts";
import { findingsSchema } from "../../../lab/record/findings.ts";
import { contextOf } from "../../../lab/train/job.ts";
import { imageDataset } from "../../../model/tasks/diffusion.ts";
import type { Images } from "../../../model/tasks/images.ts";
import { samples } from "../../../suites/samples.ts";
import { smokeImages } from "../../../suites/images.ts";
import { uniforms } from "../../random.ts";
import { withDevice } from "../../with_device.ts";
import { assert, assertEquals, throws } from "../assert.ts";

const QUICK = { ...samples.profiles.quick, perClass: 24 };
const drawn = (name: string): Drawn => ({
  name,
  guided: [],
  withheld: [],
  looks: [],
  timed: [],
  diverged: [false],
});
/** Classes read: the one asked for in `right` of 24 images, else one that is neither it nor the next. */
const read = (right: number, each = QUICK.perClass) =>
  Array.from({ length: 10 * each }, (_, i) => {
    const c = i % 10;
    return Math.floor(i / 10) % 24 < right ? c : (c + 5) % 10;
  });
/** One class for all images, as of a model that is told none. */
const blind = Array.from({ length: 10 * QUICK.perClass }, (_, i) => Math.floor(i / 10) % 10);

function judged(p: SamplesProfile, moe: number[], withheld: number[]) {
  const { judgements, table } = judgeSamples(
    p,
    [drawn("dense"), drawn("16e4a")],
    [{ guided: [read(17)], withheld: [] }, { guided: [moe], withheld: [withheld] }],
    { yes: 90, all: 100 },
    10,
  );
  return { judgements, table, verdict: decide(judgements).verdict };
}

Deno.test("images of their class pass, of others fail, about half are left open", () => {
  assertEquals(judged(QUICK, read(20), blind).verdict, "pass");
  assertEquals(judged(QUICK, read(7), blind).verdict, "fail");
  assertEquals(judged(QUICK, blind, blind).verdict, "fail");
  assertEquals(judged(QUICK, read(12), blind).verdict, "inconclusive");
});

Deno.test("images that are of their class without being asked leave nothing to tell", () => {
  assertEquals(judged(QUICK, read(20), read(20)).verdict, "cannot tell at this size");
  // against the next class they cannot but fail, which decides nothing
  const { judgements } = judged(QUICK, read(20), blind);
  assertEquals(judgements.map(({ role, verdict }) => [role, verdict]), [
    ["claim", "pass"],
    ["control", "fail"],
    ["aside", "fail"],
    ["aside", "pass"],
    ["aside", "pass"],
  ]);
});

Deno.test("the table has shares by class, and the difference of the models paired by noise", () => {
  const { table: { rows, columns } } = judged(QUICK, read(20), blind);
  assertEquals(rows.map((row) => row.length), Array(3).fill(columns.length));
  const near = (cell: unknown, percent: number) =>
    assert(Math.abs((cell as number) - percent) < 1e-9, `${cell} is not ${percent}`);
  near(rows[0][2], 100 * 17 / 24);
  near(rows[1][11], 100 * 20 / 24);
  const all = rows[2][1] as { estimate: number; lo: number };
  near(all.estimate, 100 * 3 / 24);
  // 30 of 240 images that only one model has right
  assert(all.lo > 8 && all.lo < all.estimate, `from ${all.lo}`);
});

Deno.test("too few images of a class are shown and not judged", () => {
  const p = { ...QUICK, perClass: 2 };
  const { verdict, judgements } = judged(p, read(22, 2), blind.slice(0, 20));
  assertEquals(verdict, "inconclusive");
  assertEquals(judgements[0].measures[0].missing, "2 images of each class are too few");
});

Deno.test("losses fall into bins of t, each image averaged over trainings", () => {
  const time = Float32Array.of(0.1, 0.9, 0.3, 1);
  const of = (...loss: number[]) => ({ time, loss: Float32Array.from(loss) });
  assertEquals(binned([of(1, 2, 3, 4), of(3, 4, 5, 6)], 4), [[2], [4], [], [3, 5]]);
});

/** Images that are bright in one class and dark in the other. */
function shades(count: number, trained: number): Images {
  const u = uniforms(3), labels = Uint8Array.from({ length: count }, () => +(u() < 0.5));
  const pixels = Uint8Array.from({ length: count * 64 }, (_, i) => {
    const bright = labels[Math.floor(i / 64)] === 0;
    return Math.floor((bright ? 200 : 10) + 40 * u());
  });
  const about = { name: "shades", channels: 1, side: 8, classes: 2, hash: "h", licence: "none" };
  return { ...about, pixels, labels, trained };
}

Deno.test("the classifier tells classes apart, not what has none, and wants enough images", () => {
  const of = shades(300, 200), plan = { images: 200, epochs: 2, batch: 10, rate: 0.1 };
  const reads = trainClassifier(of, 64, 2, plan), held = of.pixels.subarray(200 * 64);
  assertEquals(reads(held), [...of.labels.subarray(200)]);
  const u = uniforms(9), made = { ...of, labels: Uint8Array.from(of.labels, () => +(u() < 0.5)) };
  const wrong = trainClassifier(made, 64, 2, plan)(held);
  const right = wrong.filter((c, i) => c === of.labels[200 + i]).length;
  assert(right < 90, `${right} of 100 by labels that say nothing`);
  throws(
    () => trainClassifier(of, 64, 2, { ...plan, images: 500 }),
    /on 500 images: there are 300/,
  );
});

Deno.test("models draw what they learnt, bright or dark by class, with pictures and losses by time", () =>
  withDevice({}, async (device) => {
    const set = imageDataset(shades(400, 300), 4), data = set.upload(device);
    const { task } = set, { id, loss } = task;
    const p: SamplesProfile = {
      ...QUICK,
      plan: {
        ...smokeImages,
        seq: 4,
        sequences: 10,
        steps: 200,
        evaluationBatches: 5,
        base: { ...smokeImages.base, lr: 2 ** -5 },
      },
      dense: "dense:d=16,H=16",
      moe: "4e2a:d=16,h=8",
      sampling: { solver: "heun", steps: 6, guidance: 3 },
      perClass: 12,
      looks: [20],
      bins: 2,
      classifier: { images: 200, epochs: 2, batch: 10, rate: 0.1 },
    };
    const at = {
      device,
      pool: { data, task: { id, loss }, context: contextOf(set, device) },
      signal: new AbortController().signal,
      progress() {},
    } as unknown as Workbench;
    const findings = await measureSamples(p, at);
    assertEquals(findingsSchema.parse(JSON.parse(JSON.stringify(findings))), findings);
    const [moe, none, next] = findings.judgements.map(({ measures }) => measures[0].value!);
    assert(moe.estimate > 80, `${moe.estimate}% of 24 images are of their class`);
    assert(none.estimate < 80 && next.estimate < 20, `${none.estimate}% and ${next.estimate}%`);
    const [grid, looks] = findings.pictures!;
    assertEquals(grid.rows.map(({ images }) => images.length), Array(7).fill(2));
    assertEquals(looks.rows.map(({ label }) => label), ["step 20", "step 200"]);
    const first = grid.rows.findIndex(({ label }) => label === "4e2a");
    assertEquals(grid.rows[first].images, looks.rows[1].images);
    assertEquals(findings.points.filter(({ panel }) => panel === "loss by time").length, 4);
    const broken = structuredClone(findings);
    broken.pictures![0].rows[0].images[0] = "AAAA";
    assert(!findingsSchema.safeParse(broken).success, "an image of three bytes is accepted");
    data.destroy();
  }));
