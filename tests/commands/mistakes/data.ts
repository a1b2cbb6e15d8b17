/** Mistakes with what is trained on: `bench --text`, `--data`, `--histogram`. */
import { encode } from "fast-png";
import { fixtureRecord } from "../../reports/fixture.ts";
import { idxBytes, pngBytes } from "../../fixtures/pictures.ts";
import type { Chapter, Files, Mistake } from "./mistake.ts";

const plan = (did: string, args: string[], files: Files): Mistake => ({
  did,
  args: ["bench", ...args, "--dry-run", "--profile", "smoke"],
  files,
});
const text = (did: string, files: Files, path = "DIR/a.txt"): Mistake =>
  plan(did, ["capacity", "--text", path], files);
const data = (did: string, files: Files, path = "DIR", suite = "capacity-diffusion"): Mistake =>
  plan(did, [suite, "--data", path], files);
const histogram = (did: string, files: Files, path = "DIR/a.json"): Mistake =>
  plan(did, ["latency", "--histogram", path], files);

/** A folder of images. */
const images = (count: number, folder = "", of = (seed: number) => pngBytes(8, 1, seed)): Files =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${folder}${i}.png`, of(i)]));

/** An image with one transparent pixel. */
const transparent = encode({
  width: 8,
  height: 8,
  channels: 2,
  data: Uint8Array.from({ length: 128 }, (_, i) => i === 1 ? 0 : 255),
});

/** A picture that says it is of this size; its checksums do not matter, since it is refused before. */
function saying(side: number): Uint8Array {
  const file = pngBytes(8, 1, 0);
  new DataView(file.buffer, file.byteOffset).setUint32(16, side);
  return file;
}

export const TEXT: Chapter = {
  title: "`bench --text`",
  mistakes: [
    text("a text that is not there", {}),
    text("an empty text", { "a.txt": "" }),
    text("a text too short for one sequence", { "a.txt": "too short" }),
    text("a folder as the text", {}, "DIR"),
    text("a device that never ends", {}, "/dev/zero"),
    text("a text of four gigabytes", { "a.txt": 2 ** 32 }),
  ],
};

export const IMAGES: Chapter = {
  title: "`bench --data`",
  mistakes: [
    data("images that are not there", {}, "DIR/gone"),
    data("an empty folder", { "empty": null }, "DIR/empty"),
    data("a folder of other files", { "a.txt": "a" }),
    data("photographs", { "a.jpg": "a" }),
    data("a device that never ends", {}, "/dev/zero"),
    data("one PNG file", images(1), "DIR/0.png"),
    data("a text", { "a.txt": "neither" }, "DIR/a.txt"),
    data("images of two sizes", { ...images(8), "big.png": pngBytes(16, 1, 0) }),
    data("images that are not square", { "a.png": pngBytes(8, 1, 0, 4) }),
    data("images that patches do not divide", images(8, "", (seed) => pngBytes(9, 1, seed))),
    data("a broken image", { ...images(8), "8.png": pngBytes(8, 3, 9).slice(0, 90) }),
    data("a text called PNG", { "0.png": "not an image" }),
    data("an image that says it is of 4 billion pixels a side", { "0.png": saying(2 ** 32 - 1) }),
    data("transparent pixels", { "a.png": transparent }),
    data("three images", images(3)),
    data("too few images to hold some out", images(100)),
    data("classes two levels deep", images(8, "cat/black/")),
    data("images beside classes", { ...images(8), ...images(8, "cat/") }),
    data("a class without images", { ...images(8, "cat/"), "dog": null }),
    data("held-out images of a class of their own", {
      ...images(8, "train/cat/"),
      ...images(8, "test/dog/"),
    }),
    data("an IDX file that is cut short", {
      "a.idx": idxBytes([160, 8, 8], []).slice(0, 99),
    }, "DIR/a.idx"),
    data("an IDX file that says it has 10¹⁸ images", { "a.idx": huge() }, "DIR/a.idx"),
    data("an IDX file of labels", { "a.idx": idxBytes([4], [0, 1, 2, 3]) }, "DIR/a.idx"),
    data("a compressed IDX file", { "a.gz": new Uint8Array([31, 139, 8, 0]) }, "DIR/a.gz"),
  ],
};

/** The head of an IDX file with sizes beyond any file. */
function huge(): Uint8Array {
  return new Uint8Array([0, 0, 8, 3, ...Array(12).fill(255), 1, 2, 3]);
}

const record = fixtureRecord();

export const HISTOGRAM: Chapter = {
  title: "`bench latency --histogram`",
  mistakes: [
    histogram("a record that is not there", {}),
    histogram("a folder as the record", {}, "DIR"),
    histogram("a record without the loads that the profile times", { "a.json": record }),
    histogram("a file that is no record", { "a.json": { mine: true } }),
  ],
};
