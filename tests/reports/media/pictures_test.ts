/** Pictures of a record: pixels as they are in a PNG without text, words beside it, a file that the others name. */
import assert from "node:assert/strict";
import { decode } from "fast-png";
import type { Picture } from "../../../lab/record/findings.ts";
import { type BenchRecord, recordSchema } from "../../../lab/record/record.ts";
import { dataUri, gridPng } from "../../../reports/media/grid.ts";
import { tablesLatex } from "../../../reports/media/latex.ts";
import { summaryMarkdown } from "../../../reports/media/markdown.ts";
import { reportPage } from "../../../reports/media/page.ts";
import { terminalSummary } from "../../../reports/media/terminal.ts";
import { reportOf } from "../../../reports/sections/index.ts";
import { writeReport } from "../../../reports/write.ts";
import { claimFixture } from "../claim_fixture.ts";
import { assertLoadsNothing } from "../golden.ts";

const image = (...bytes: number[]) => btoa(String.fromCharCode(...bytes));
const GREY: Picture = {
  name: "grid",
  title: "A <grid>",
  note: "Made up.",
  channels: 1,
  side: 2,
  rows: [
    { label: "first & only", images: [image(0, 50, 100, 150), image(1, 2, 3, 4)] },
    { label: "second", images: [image(9, 8, 7, 6)] },
  ],
};

function withPicture(picture = GREY): BenchRecord {
  const record = claimFixture();
  return { ...record, findings: { ...record.findings, pictures: [picture] } };
}

Deno.test("a grid has every pixel in its place, grey where no image is", () => {
  const { width, height, data, channels } = decode(gridPng(GREY));
  assert.deepEqual([width, height, channels], [7, 7, 1]);
  const row = (y: number) => [...data.subarray(7 * y, 7 * y + 7)];
  assert.deepEqual(row(0), Array(7).fill(128));
  assert.deepEqual(row(1), [128, 0, 50, 128, 1, 2, 128]);
  assert.deepEqual(row(2), [128, 100, 150, 128, 3, 4, 128]);
  assert.deepEqual(row(4), [128, 9, 8, 128, 128, 128, 128]);
  assert.deepEqual(gridPng(GREY), gridPng(GREY));
  const large = decode(gridPng(GREY, 3));
  assert.deepEqual([large.width, large.height], [21, 21]);
  for (let y = 0; y < 21; y++) {
    for (let x = 0; x < 21; x++) {
      assert.equal(large.data[21 * y + x], data[7 * Math.floor(y / 3) + Math.floor(x / 3)]);
    }
  }
});

Deno.test("colours come channel by channel", () => {
  const rows = [{ label: "", images: [image(1, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24)] }];
  const { data, channels } = decode(gridPng({ ...GREY, channels: 3, rows }));
  assert.equal(channels, 3);
  // 4 pixels wide with its frame: row 1, columns 1 and 2
  assert.deepEqual([...data.subarray(3 * 5, 3 * 7)], [1, 11, 21, 2, 12, 22]);
  assert.throws(
    () => gridPng({ ...GREY, rows: [] }),
    /Cannot make grid.png: the picture has no images/,
  );
});

Deno.test("the page holds the grid itself with words beside it; other media name its file", () => {
  const record = withPicture(), report = reportOf(record);
  const page = reportPage(report, { charts: [], scripts: [], problems: [] });
  assertLoadsNothing(page);
  assert.ok(page.includes(`<img alt="A &lt;grid&gt;" src="${dataUri(gridPng(GREY))}">`));
  assert.ok(page.includes("<span>first &amp; only</span><span>second</span>"));
  assert.match(
    summaryMarkdown(report),
    /!\[A &lt;grid>\]\(grid\.png\)\n\nRows from the top: first &amp; only; second\. Made up\./,
  );
  assert.match(terminalSummary(report), /A <grid>: in grid\.png and report\.html\./);
  assert.match(tablesLatex(report), /^% A <grid>: \\includegraphics\{grid\.png\}$/m);
  const none = reportOf(claimFixture());
  assert.doesNotMatch(reportPage(none, { charts: [], scripts: [], problems: [] }), /<img/);
});

Deno.test("a report writes the file of a picture", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const paths = await writeReport(withPicture(), folder);
    assert.ok(paths.includes(`${folder}/grid.png`));
    assert.deepEqual(await Deno.readFile(`${folder}/grid.png`), gridPng(GREY, 4));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a record with pictures is read back, and one with an image of another size is refused", () => {
  const record = withPicture();
  assert.deepEqual(recordSchema.parse(JSON.parse(JSON.stringify(record))), record);
  const refused = (changed: Partial<Picture>) =>
    assert.ok(!recordSchema.safeParse(withPicture({ ...GREY, ...changed })).success);
  refused({ side: 3 });
  refused({ channels: 3 });
  refused({ name: "../grid" });
  refused({ rows: [{ label: "", images: ["no base64!"] }] });
});
