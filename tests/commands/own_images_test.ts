/** `bench --data`: every mistake is one line and exit code 2, and what is well trains, in workers too. */
import assert from "node:assert/strict";
import { encode } from "fast-png";
import { benchCommand } from "../../commands/bench.ts";
import { BUILT_IN, dataFor, type Sources } from "../../commands/data.ts";
import { workersFor } from "../../commands/workers.ts";
import type { Device } from "../../kernels/gpu/device.ts";
import { contextOf, type Job, jobOf } from "../../lab/train/job.ts";
import { TrainingPool } from "../../lab/train/pool.ts";
import { openStore } from "../../lab/train/store.ts";
import type { Run } from "../../lab/record/run.ts";
import type { Dataset } from "../../model/task.ts";
import { suiteById } from "../../suites/registry.ts";
import { idxBytes, inFolder, pngBytes } from "../fixtures/pictures.ts";
import { placed, targetCell } from "../lab/runs.ts";
import { withDevice } from "../with_device.ts";
import { said } from "./said.ts";

const SUITE = "activated-experts-diffusion";

const bench = (...args: string[]) => said(benchCommand, ...args);

/** That a path is refused by one line that says why, before there is a folder of results. */
async function refused(path: string, why: RegExp, suite = SUITE): Promise<void> {
  const out = `${await Deno.makeTempDir()}/out`;
  const { code, err } = await bench(suite, "--profile", "smoke", "--data", path, "--out", out);
  assert.equal(code, 2, err);
  assert.match(err, /^error: Cannot [^\n]+\n$/);
  assert.match(err, why);
  await assert.rejects(Deno.stat(out), Deno.errors.NotFound);
}

/** Images by name, of seeds from 0. */
const many = (count: number, make = (seed: number): Uint8Array => pngBytes(8, 3, seed)) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}.png`, make(i)]));

Deno.test("a path that is missing, empty or of another kind is one line and exit code 2", () =>
  inFolder({
    "empty/.hidden": new Uint8Array(1),
    "notes/a.txt": new Uint8Array(1),
    "notes/b.csv": new Uint8Array(1),
    "photos/a.jpg": new Uint8Array(1),
    "mixed/cat/0.png": pngBytes(8, 1, 0),
    "mixed/1.png": pngBytes(8, 1, 1),
    "deep/cat/black/0.png": pngBytes(8, 1, 0),
    "hollow/cat/0.png": pngBytes(8, 1, 0),
    "hollow/dog/a.txt": new Uint8Array(1),
    "one.png": pngBytes(8, 1, 0),
    "a.txt": new TextEncoder().encode("neither"),
    "none.txt": new Uint8Array(0),
  }, async (at) => {
    await refused(`${at}/gone`, /Cannot read \S+\/gone: no such file/);
    await refused(`${at}/empty`, /Cannot train on \S+\/empty: there is no PNG file in it$/m);
    await refused(`${at}/notes`, /there is no PNG file in it, but e\.g\. a\.txt$/m);
    await refused(`${at}/photos`, /Cannot read \S+a\.jpg: only PNG files are read, convert it/);
    await refused(`${at}/mixed`, /it holds classes, e\.g\. cat, and images of no class, e\.g\. 1/);
    await refused(`${at}/deep`, /it is a class and holds the folder black; classes lie one level/);
    await refused(`${at}/hollow`, /Cannot train on \S+\/hollow\/dog: there is no PNG file/);
    await refused(`${at}/one.png`, /it is one PNG file; give the folder it lies in/);
    await refused(`${at}/a.txt`, /it is neither a folder of PNG files nor an IDX file of images/);
    await refused(`${at}/none.txt`, /it is neither a folder of PNG files nor an IDX file/);
    if (Deno.build.os !== "windows") {
      await refused("/dev/null", /Cannot read \/dev\/null: it is neither a folder nor a file/);
    }
  }));

Deno.test("images that are broken, of several sizes or of no size that fits are named", async () => {
  const bad = (more: Record<string, Uint8Array>, why: RegExp) =>
    inFolder({ ...many(200), ...more }, (path) => refused(path, why));
  await bad({ "x.png": pngBytes(8, 3, 9).slice(0, 90) }, /Cannot read \S+\/x\.png: broken PNG: /);
  await bad({ "x.png": new Uint8Array(9) }, /Cannot read \S+\/x\.png: it is no PNG file/);
  await bad(
    { "x.png": pngBytes(12, 3, 9) },
    /\/0\.png is 8 × 8 pixels and \S+\/x\.png 12 × 12; want one size/,
  );
  const all = (side: number, height: number, why: RegExp) =>
    inFolder(many(3, (i) => pngBytes(side, 3, i, height)), (path) => refused(path, why));
  await all(10, 10, /\/0\.png, 10 × 10 pixels: want a side that patches of 4 pixels divide/);
  await all(8, 4, /\/0\.png, 8 × 4 pixels: want a square/);
});

Deno.test("too few images are counted, with how many would do", async () => {
  await inFolder(
    many(3),
    (path) =>
      refused(path, /Cannot train on \S+: 3 images to train on, want 4, as many as a step has/),
  );
  await inFolder(many(100), (path) =>
    refused(
      path,
      /Cannot validate on 16 images of \S+: 10 of 100 are held out, and of 160 split alike enough/,
    ));
});

Deno.test("an IDX file that is no such thing, cut short or compressed is one line", () => {
  const eight = Array(64).fill(1);
  return inFolder({
    "short": idxBytes([2, 8, 8], eight),
    "labels": idxBytes([4], [0, 1, 2, 3]),
    "five": idxBytes([1, 1, 1, 8, 8], eight),
    "floats": Uint8Array.from([0, 0, 13, 3, ...Array(20).fill(0)]),
    "flat": idxBytes([1, 16, 4], eight),
    "six": idxBytes([1, 6, 6], Array(36).fill(1)),
    "empty": idxBytes([0, 8, 8], []),
    "two": idxBytes([1, 2, 8, 4], eight),
    "x.gz": idxBytes([1, 8, 8], eight),
    "packed": Uint8Array.from([0x1f, 0x8b, 8, 0]),
    "a-images-idx3-ubyte": idxBytes([1, 8, 8], eight),
    "a-labels-idx1-ubyte": idxBytes([2], [0, 1]),
    "b-images-idx3-ubyte": idxBytes([1, 8, 8], eight),
    "b-labels-idx1-ubyte.gz": new Uint8Array(4),
  }, async (at) => {
    await refused(`${at}/short`, /it has 64 bytes for 2 × 8 × 8 = 128: cut short\?/);
    await refused(`${at}/labels`, /it is an IDX file of labels; give that of the images/);
    await refused(`${at}/five`, /it has 5 axes, want 3, or 4 with channels/);
    await refused(`${at}/floats`, /it is no IDX file of bytes/);
    await refused(`${at}/flat`, /images of \S+flat, 4 × 16 pixels: want a square/);
    await refused(`${at}/six`, /images of \S+six, 6 × 6 pixels: want a side that patches of 4/);
    await refused(`${at}/empty`, /there is no image in it/);
    await refused(`${at}/two`, /2 × 8 × 4 has no axis of 1 or 3 channels/);
    for (const name of ["x.gz", "packed"]) {
      await refused(`${at}/${name}`, /Cannot read \S+: it is compressed, unpack it first/);
    }
    await refused(`${at}/a-images-idx3-ubyte`, /a-labels-idx1-ubyte: 2 labels for 1 images/);
    await refused(`${at}/b-images-idx3-ubyte`, /b-labels-idx1-ubyte\.gz: it is compressed/);
  });
});

Deno.test("suites that train on no images refuse --data and name those that do", async () => {
  await refused(
    "anything",
    /Cannot use --data with width: no images are trained on; suites that do: .*width-diffusion/,
    "width",
  );
});

Deno.test("the plan follows the images' size, and is another for other images", () =>
  inFolder({ ...many(160) }, async (path) => {
    const plan = (...args: string[]) => bench(SUITE, "--profile", "smoke", "--dry-run", ...args);
    const own = await plan("--data", path), built = await plan();
    assert.deepEqual([own.code, built.code], [0, 0], own.err + built.err);
    assert.match(own.out, /20 steps of 16 tokens/);
    assert.match(built.out, /20 steps of 196 tokens/);
  }));

const SIZES = ["dense:d=16,L=1,H=16", "4e2a:d=32,L=1,h=16"];

/** A dense model and an MoE under the suite's smoke plan for some data. */
async function jobsOn(sources: Sources, device?: Device): Promise<{ jobs: Job[]; data: Dataset }> {
  const made = await dataFor([suiteById(SUITE)], "smoke", sources);
  const data = made.data.get("diffusion")!, [plan] = made.suites[0].plan("smoke").trainings;
  const { task, hash: dataHash, trainUnits } = data;
  const context = device
    ? contextOf(data, device)
    : { task, dataHash, trainUnits, adapter: "", kernelsVersion: "" };
  const jobs = SIZES.map((configuration) => {
    const cell = targetCell(configuration, -6, 1);
    return jobOf(placed(cell, plan), plan, context);
  });
  return { jobs, data };
}

/** Trains both, and gives what a run is but for its times. */
async function trained(device: Device, sources: Sources, count: number): Promise<string[]> {
  const dir = await Deno.makeTempDir();
  const workers = count > 1 ? workersFor(device, count, sources) : [];
  try {
    const { jobs, data } = await jobsOn(sources, device);
    using store = openStore(dir);
    const { signal } = new AbortController();
    const pool = new TrainingPool(device, data, store, signal, () => {}, workers);
    await pool.train(jobs);
    pool.close();
    const what = ({ wall_s: _, replicas: __, ...run }: Run) => JSON.stringify(run);
    return jobs.map((job) => what(pool.runOf(job)!));
  } finally {
    await Promise.all(workers.map((worker) => worker.close()));
    await Deno.remove(dir, { recursive: true });
  }
}

/** A bright image of 8 × 8 of one colour. */
function bright(seed: number): Uint8Array {
  const data = new Uint8Array(192).fill(180 + seed % 64).fill(seed, 0, 1);
  return encode({ width: 8, height: 8, channels: 3, depth: 8, data });
}

Deno.test("RGB images of 8 × 8 train, in two workers to the bit", () =>
  inFolder(many(160, bright), (path) =>
    withDevice({}, async (device) => {
      const sources = { ...BUILT_IN, data: path };
      const alone = await trained(device, sources, 1);
      assert.deepEqual(await trained(device, sources, 2), alone);
      for (const text of alone) {
        const { trainLoss, divergedAtStep } = JSON.parse(text) as Run;
        const mean = (of: number[]) => of.reduce((a, b) => a + b, 0) / of.length;
        const [first, last] = [trainLoss.slice(0, 4), trainLoss.slice(-4)].map(mean);
        assert.equal(divergedAtStep, null);
        assert.ok(last < 0.9 * first, `${trainLoss}`);
      }
    })));

Deno.test("the digits and the same pixels of other classes, split or shape are other runs", async () => {
  const pixels = Array.from({ length: 160 * 64 }, (_, i) => (i * i) % 253);
  const image = (i: number, side = 8) => {
    const data = Uint8Array.from(pixels.slice(64 * i, 64 * i + 64));
    return encode({ width: side, height: side, channels: 1, depth: 8, data });
  };
  const files = Object.fromEntries(
    Array.from({ length: 160 }, (_, i) => [
      [`one/${i}.png`, image(i)],
      [`two/${i % 2}/${i}.png`, image(i)],
      [`said/${i % 8 ? "train" : "test"}/${i}.png`, image(i)],
    ]).flat(),
  );
  const shapes = {
    "grey.idx": idxBytes([640, 4, 4], pixels),
    "all.idx": idxBytes([160, 8, 8], pixels),
  };
  await inFolder({ ...files, ...shapes }, async (path) => {
    const keys = async (data: string | null) =>
      (await jobsOn({ text: null, data })).jobs.map(({ key }) => key);
    const names = ["one", "two", "said", "grey.idx"].map((name) => `${path}/${name}`);
    const all = await Promise.all([null, ...names].map(keys));
    assert.equal(new Set(all.flat()).size, 2 * all.length);
    // an IDX file of the same images is the same data
    assert.deepEqual(await keys(`${path}/all.idx`), all[1]);
  });
});
