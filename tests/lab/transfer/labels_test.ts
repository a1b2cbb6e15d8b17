import assert from "node:assert/strict";
import { labelsOf } from "../../../lab/transfer/labels.ts";
import { parseConfiguration } from "../../../rule/configuration.ts";

const reference = parseConfiguration("dense:d=16,L=2,H=16,B=512,D=307200");
const labels = (...texts: string[]) =>
  labelsOf(texts.map((text) => parseConfiguration(text, reference)), reference);

Deno.test("configurations of different names keep their plain names", () => {
  assert.deepEqual(
    labels("dense", "16e2a:d=64", "16e4a:d=64", "16e4a4g1s:d=64"),
    ["dense", "16e2a", "16e4a", "16e4a4g1s"],
  );
});

Deno.test("two of one name are told apart by the keys that differ, and no more", () => {
  assert.deepEqual(labels("16e4a:d=64,h=16", "16e4a:d=64,h=32"), ["16e4a h=16", "16e4a h=32"]);
  assert.deepEqual(labels("dense:L=4", "dense:L=8"), ["dense L=4", "dense L=8"]);
  assert.deepEqual(labels("dense:d=32,H=32", "dense:d=64,H=64"), ["dense d=32", "dense d=64"]);
  assert.deepEqual(
    labels("16e4a:d=64,L=2", "16e4a:d=64,L=4", "16e4a:d=32,L=4"),
    ["16e4a d=64 L=2", "16e4a d=64 L=4", "16e4a d=32 L=4"],
  );
});

Deno.test("a target of the reference's name never gets the reference's label", () => {
  assert.deepEqual(labels("dense", "dense:B=1024"), ["dense", "dense B=1024"]);
  assert.deepEqual(labels("dense:d=64,H=256"), ["dense d=64"]);
  assert.deepEqual(
    labels("dense:d=64,H=64", "dense:d=64,H=16"),
    ["dense d=64 H=64", "dense d=64 H=16"],
  );
});

Deno.test("equal configurations get equal labels, whatever way they are written", () => {
  assert.deepEqual(labels("16e4a:d=64", "16e4a:d=64,h=16", "8e2a:d=64"), [
    "16e4a",
    "16e4a",
    "8e2a",
  ]);
});
