/** Tables as people have them are read, and a cell that cannot be is named by file, line and column. */
import assert from "node:assert/strict";
import { nameIn, numberIn, TableError } from "../../../lab/table/cells.ts";
import { columnsOf, plainName } from "../../../lab/table/columns.ts";
import { parseTable } from "../../../lab/table/read.ts";
import { readRuns, type TableWords } from "../../../lab/table/runs.ts";

const read = (text: string, said: TableWords = {}, name = "t.csv") =>
  readRuns(parseTable(text, name), said);

/** Runs in short: label, log2, seed, loss. */
const brief = (text: string, said?: TableWords, name?: string) =>
  read(text, said, name).runs.map(({ cell, validationLoss }) =>
    [cell.label, Math.round(1000 * cell.log2x) / 1000, cell.seed, validationLoss].join(" ")
  );

const refused = (text: string, said: TableWords, message: RegExp, name = "t.csv") =>
  assert.throws(() => read(text, said, name), (error) => {
    assert.ok(error instanceof TableError, String(error));
    assert.match(error.message, message);
    assert.match(error.message, /^Cannot .*[^.]$/);
    assert.ok(!error.message.includes("\n"));
    return true;
  });

Deno.test("numbers in every usual form", () => {
  const cases: [unknown, number | null | undefined][] = [
    ["0.001", 0.001],
    ["1e-3", 1e-3],
    [" 1E-3 ", 1e-3],
    ["2^-6", 2 ** -6],
    ["2**-6", 2 ** -6],
    ["10^(-3)", 10 ** -3],
    ["3×10^-4", 3e-4],
    ["3*10**-4", 3e-4],
    ["1/64", 1 / 64],
    ["−5", -5],
    [".5", 0.5],
    [0.25, 0.25],
    [NaN, null],
    [Infinity, null],
    ["", null],
    [null, null],
    [undefined, null],
    ["nan", null],
    ["-inf", null],
    ["Infinity", null],
    ["None", null],
    ["N/A", null],
    ["1e999", null],
    ["0,001", undefined],
    ["1.2.3", undefined],
    ["fast", undefined],
    ["0x10", undefined],
    [true, undefined],
    [[1], undefined],
    ["1 000", undefined],
  ];
  for (const [cell, value] of cases) assert.equal(numberIn(cell, false), value, String(cell));
  assert.equal(numberIn("0,001", true), 0.001);
  assert.equal(numberIn("1,5e-3", true), 1.5e-3);
  assert.equal(numberIn("0.001", true), 0.001);
  assert.equal(numberIn("1.234,5", true), undefined);
  assert.equal(numberIn("1,234,567", true), undefined);
});

Deno.test("names: one configuration however it is written, one column whatever a logger put before it", () => {
  assert.equal(nameIn("64.0"), nameIn(64));
  assert.equal(nameIn(" tiny "), "tiny");
  for (
    const name of ["val/loss", "Val Loss", "summary.val_loss", "\uFEFFval_loss", "metrics/val-loss"]
  ) {
    assert.equal(plainName(name), "val_loss", name);
  }
  assert.equal(plainName("optim.peak_lr"), "peak_lr");
  assert.equal(plainName("model/hidden_size"), "hidden_size");
  assert.equal(plainName("model"), "model"); // with nothing below it, it is a name
});

Deno.test("CSV, semicolons with decimal commas, TSV, JSON Lines and a JSON list are one table", () => {
  const want = ["width=64 -9.966 0 3.5", "width=64 -6.644 0 3.25"];
  const tables: [text: string, name: string][] = [
    ["lr,width,val_loss\n0.001,64,3.5\n0.01,64,3.25\n", "t.csv"],
    ["\uFEFFlr;width;val_loss\r\n0,001;64;3,5\r\n0,01;64;3,25\r\n", "t.csv"],
    ["lr\twidth\tval_loss\n1e-3\t64\t3.5\n1e-2\t64\t3.25", "t.tsv"],
    [
      '{"lr":0.001,"width":64,"val_loss":3.5}\n\n{"width":64,"val_loss":3.25,"lr":0.01}\n',
      "t.jsonl",
    ],
    [
      '{"config":{"lr":"1e-3"},"config.width":64,"val/loss":3.5}\n{"config":{"lr":0.01},"config.width":64,"val/loss":3.25}',
      "runs",
    ],
    ['[{"lr":0.001,"width":64,"loss":3.5},{"lr":0.01,"width":64,"loss":3.25}]', "t.json"],
  ];
  for (const [text, name] of tables) {
    // one configuration alone varies in nothing, so nothing names it but the flag
    assert.deepEqual(brief(text, { configuration: ["width"] }, name), want, text);
  }
});

Deno.test("a comma in a number between commas is asked about, never guessed", () => {
  refused(
    'lr,val_loss\n"0,001",3\n',
    {},
    /t\.csv: line 2, column lr: "0,001" is no number; .*--decimal-comma$/,
  );
  const table = parseTable('lr,val_loss\n"0,001","3,5"\n', "t.csv", true);
  assert.equal(readRuns(table, {}).runs[0].validationLoss, 3.5);
});

Deno.test("logarithms by their column's name or by the flag", () => {
  assert.deepEqual(brief("log2_lr,loss\n-6,1\n"), ["all rows -6 0 1"]);
  assert.deepEqual(brief("log10(lr),loss\n-3,1\n"), ["all rows -9.966 0 1"]);
  assert.deepEqual(brief("lr,loss\n-3,1\n", { log: 10 }), ["all rows -9.966 0 1"]);
  refused("lr,loss\n-3,1\n", {}, /line 2, column lr: -3 is not above 0; .*--log 2 or --log 10/);
});

Deno.test("diverged runs are kept as such, runs that were never made are not there", () => {
  const { runs } = read("lr,seed,loss\n1,0,nan\n1,1,\n2,0,inf\n2,1,3\n4,1,2\n");
  assert.deepEqual(runs.map((r) => r.validationLoss), [null, null, null, 3, 2]);
  const python = read('{"lr":1,"loss":NaN}\n{"lr":2,"loss":-Infinity,"note":"NaN"}', {}, "a.jsonl");
  assert.deepEqual(python.runs.map((r) => r.validationLoss), [null, null]);
});

Deno.test("bad cells: file, line and column, with what was found", () => {
  refused(
    "lr,loss\n1,2\nfast,2\n",
    {},
    /^Cannot read t\.csv: line 3, column lr: "fast" is no number$/,
  );
  refused("lr,loss\n1,2\n0,2\n", {}, /line 3, column lr: 0 is not above 0$/);
  refused("lr,loss\n1,2\n,2\n", {}, /line 3, column lr: nothing is there/);
  refused("lr,loss\n1,2\n1,low\n", {}, /line 3, column loss: "low" is no number$/);
  // a quoted cell with lines of its own moves those after it
  refused('note,lr,loss\n"a\nb",1,2\n\nc,x,2\n', {}, /line 5, column lr: "x"/);
  refused("lr,loss\n1,2,3\n", {}, /line 2 has 3 cells, the header has 2$/);
  refused("lr,loss\n1\n", {}, /line 2 has 1 cells, the header has 2$/);
  refused('{"lr":1,"loss":2}\n{"lr":1', {}, /line 2 is not JSON, or cut short$/, "t.jsonl");
  refused('{"lr":1,"loss":2}\n[3]', {}, /line 2 is no object/, "t.jsonl");
  refused("", {}, /it is empty$/);
  refused("lr,loss\n", {}, /it has no rows$/);
  refused("\0\0", {}, /it is no text$/);
});

Deno.test("columns that are missing or may be several are asked for", () => {
  refused(
    "rate,loss\n1,2\n",
    {},
    /no column is called lr or learning_rate; .*--knob; it has rate, loss$/,
  );
  refused("lr,nll\n1,2\n", {}, /no column is called val_loss or loss; .*--loss; it has lr, nll$/);
  refused(
    "lr,val_loss,val/loss\n1,2,3\n",
    {},
    /val_loss and val\/loss may both be meant; name one by --loss$/,
  );
  refused("lr,loss\n1,2\n", { seed: "x" }, /it has no column x, but lr, loss$/);
  refused("lr,lr,loss\n1,1,2\n", { knob: "lr" }, /2 columns are called lr$/);
  refused(
    "lr,wd,loss\n1,1,2\n2,2,3\n",
    {},
    /2 columns vary \(lr, wd\) within a configuration; .*--knob$/,
  );
  assert.deepEqual(brief("rate,nll\n4,2\n", { knob: "rate", loss: "nll" }), ["all rows 2 0 2"]);
});

Deno.test("of several hyperparameters the one that varies within a configuration is swept", () => {
  const columns = (text: string) => columnsOf(parseTable(text, "t.csv"), {}, []);
  assert.equal(columns("lr,weight_decay,width,loss\n1,1,64,2\n1,2,64,2\n").swept, "weightDecay");
  // another weight decay per width is the rule's
  assert.equal(
    columns("lr,weight_decay,width,loss\n1,1,64,2\n2,1,64,2\n1,3,128,2\n2,3,128,2\n").swept,
    "lr",
  );
  assert.equal(columns("tau,loss\n1,2\n".replace("tau", "lr")).swept, "lr");
});

Deno.test("configurations: the columns that tell them apart and no more", () => {
  const text = "lr,width,params,depth,loss\n1,64,1e6,4,2\n1,128,4e6,4,2\n";
  assert.deepEqual(brief(text, { reference: "64" }), ["width=64 0 0 2", "width=128 0 0 2"]);
  const named = "lr,config.model,loss\n1,tiny,2\n1,big,2\n";
  assert.deepEqual(brief(named, { reference: "tiny" }), ["tiny 0 0 2", "big 0 0 2"]);
  const two = "lr,width,depth,loss\n1,64,2,2\n1,64,4,2\n1,128,2,2\n";
  for (const reference of ["64,2", "width=64,depth=2", "width=64 depth=2"]) {
    assert.equal(read(two, { reference }).reference, "width=64 depth=2", reference);
  }
  refused(
    text,
    {},
    /say by --reference which configuration was tuned; it has width=64, width=128$/,
  );
  refused(text, { reference: "32" }, /no configuration called 32; it has width=64, width=128$/);
  const many = "lr,width,loss\n" + Array.from({ length: 101 }, (_, i) => `1,${i},2\n`).join("");
  refused(many, { reference: "1" }, /width makes 101 configurations, more than 100/);
});

Deno.test("a run that is there twice: a log's last step, equal rows once, else both lines are named", () => {
  const log = "lr,step,loss\n1,10,9\n1,30,7\n1,20,8\n";
  const { runs, source } = read(log);
  assert.deepEqual(runs.map((r) => r.validationLoss), [7]);
  assert.deepEqual(source.notes, [
    "2 rows of earlier steps left out: of each run its last step counts",
  ]);
  assert.match(read("lr,loss\n1,2\n1,2\n").source.notes[0], /^1 row that repeat/);
  refused(
    "lr,loss\n1,2\n1,3\n",
    {},
    /line 3 is the run of line 2 again \(lr 1, all rows\) .*; name the column of seeds by --seed$/,
  );
  refused(
    "lr,seed,warmup,loss\n1,0,5,2\n1,0,9,3\n",
    {},
    /line 3 is the run of line 2 again \(lr 1, all rows, seed 0\) .* they differ in warmup: /,
  );
});

Deno.test("values a hair apart are one place", () => {
  const { runs } = read("lr,seed,loss\n0.0009765625,0,2\n0.000977,1,2\n0.00098,2,2\n0.002,0,2\n");
  assert.equal(new Set(runs.map(({ cell }) => cell.log2x)).size, 2);
});

Deno.test("controls: rows that are marked, written as they are; those of the reference are left out", () => {
  const text = "lr,width,rule,loss\n1,64,mup,2\n1,64,sp,2\n0.5,128,mup,2\n1,128,sp,2\n";
  const { runs, source } = read(text, { reference: "64", control: ["rule=sp"], scale: ["width"] });
  assert.deepEqual(
    runs.map(({ cell }) => `${cell.role} ${cell.label} ${cell.rule} ${cell.log2x}`),
    [
      "reference width=64 transferred 0",
      "target width=128 transferred 0",
      "control width=128 rule=sp 0",
    ],
  );
  assert.match(source.notes[0], /1 row of the reference marked as control/);
  refused(
    text,
    { reference: "64", control: ["rule"] },
    /--control rule: it looks like COLUMN=VALUE/,
  );
  refused(
    text,
    { reference: "64", control: ["rule=no"] },
    /no row of t\.csv has that, but mup, sp$/,
  );
  refused("lr,width,rule,loss\n1,64,sp,2\n", { control: ["rule=sp"] }, /all rows of the reference/);
});

Deno.test("scales: a factor per configuration, or a power of a column", () => {
  const text = "lr,width,loss\n8,64,2\n4,128,2\n2,256,2\n";
  const at = (...scale: string[]) =>
    read(text, { reference: "64", scale }).runs.map(({ cell }) => cell.log2x);
  assert.deepEqual(at(), [3, 2, 1]);
  assert.deepEqual(at("width"), [3, 3, 3]);
  assert.deepEqual(at("width^1"), [3, 3, 3]);
  assert.deepEqual(at("width^0.5"), [3, 2.5, 2]);
  assert.deepEqual(at("128=2", "width=256=4"), [3, 3, 3]);
  assert.deepEqual(at("128=2^1"), [3, 3, 1]);
  const bad = (scale: string, message: RegExp) =>
    refused(text, { reference: "64", scale: [scale] }, message);
  bad("512=2", /there is no configuration 512, but width=64, width=128, width=256$/);
  bad("128=-2", /-2 is no factor above 0$/);
  bad("depth", /it looks like CONFIGURATION=FACTOR or COLUMN\^POWER/);
  bad("64=2", /the reference width=64 is its own scale$/);
});

Deno.test("names that are no names of their own do no harm", () => {
  const text = "lr,__proto__,constructor,loss\n1,a,b,2\n2,c,d,3\n";
  assert.equal(read(text).runs.length, 2);
  assert.equal(read(text, { configuration: ["__proto__"], reference: "a" }).reference, "a");
  const json = read('{"__proto__":1,"lr":1,"loss":2}', {}, "x.jsonl");
  assert.equal(json.runs.length, 1);
});
