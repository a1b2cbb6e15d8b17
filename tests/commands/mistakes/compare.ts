/** Mistakes with `compare`, whose records come from anywhere. */
import { sealed } from "../../../lab/record/hash.ts";
import { fixtureRecord } from "../../reports/fixture.ts";
import { latencyFixture } from "../../reports/latency_fixture.ts";
import type { Chapter, Files, Mistake } from "./mistake.ts";

const record = latencyFixture(), { plan, findings } = record;
const text = JSON.stringify(record);

/** Compares a good record with another, which whoever changed it has sealed again. */
const beside = (did: string, other: Files[string], more: Files = {}): Mistake => ({
  did,
  args: ["compare", "DIR/good.json", "DIR/other.json"],
  files: {
    "good.json": record,
    "other.json": other !== null && typeof other === "object" && "checksum" in other
      ? sealed(other)
      : other,
    ...more,
  },
});

/** Compares with these arguments; two records that can be are there. */
const given = (did: string, ...args: string[]): Mistake => ({
  did,
  args: ["compare", ...args],
  files: { "a.json": record, "b.json": record },
});

/** A record in which every panel has another name. */
const renamed = {
  ...record,
  findings: {
    ...findings,
    panels: findings.panels.map((panel) => ({ ...panel, name: "__proto__" })),
  },
};

/** A record that is whole but for what was decided, a list in a list in a list. */
const deep = JSON.stringify({ ...record, plan: { ...plan, decided: 0 } })
  .replace('"decided":0', `"decided":${"[".repeat(1e5)}${"]".repeat(1e5)}`);

export const COMPARE: Chapter = {
  title: "`compare`",
  mistakes: [
    given("no record"),
    given("one record", "DIR/a.json"),
    given("a record twice", "DIR/a.json", "DIR/a.json"),
    given("two records of one name", "x=DIR/a.json", "x=DIR/b.json"),
    given("a record that is not there", "DIR/a.json", "DIR/none.json"),
    given("an option that there is not", "DIR/a.json", "DIR/b.json", "--colour"),
    given("a file as the folder to write to", "DIR/a.json", "DIR/b.json", "--out", "DIR/a.json"),
    given("a folder below a file", "DIR/a.json", "DIR/b.json", "--out", "DIR/a.json/out"),
    given("an empty folder's name", "DIR/a.json", "DIR/b.json", "--out", ""),
    given("a device that never ends", "DIR/a.json", "/dev/zero"),
    beside("a folder without a record", null),
    beside("an empty record", ""),
    beside("a record that is cut short", text.slice(0, text.length / 2)),
    beside("a record of a gigabyte", 2 ** 30),
    beside("a list a hundred thousand deep", "[".repeat(1e5)),
    beside("a record of lists a hundred thousand deep", deep),
    beside("JSON that is no record", [1]),
    beside("a record of another kind of suite", fixtureRecord()),
    beside("a record of an earlier version", { ...record, schema: "mue-bench/latency/1" }),
    beside("a record of a later version", { ...record, schema: "mue-bench/record/99" }),
    beside("a record with a field that is damaged", { ...record, warnings: [1] }),
    beside("a record with a number beyond all", text.replace(/"wall_s":[^,]+/, '"wall_s":1e999')),
    beside("a record whose judgements are of no panel of it", renamed),
    beside("a record with a verdict changed by hand", {
      ...record,
      verdict: record.verdict === "fail" ? "pass" : "fail",
    }),
    beside("a record of another version of the suite", {
      ...record,
      plan: { ...plan, version: "0", hash: "fedcba9876543210" },
    }),
    {
      ...given("a record that was changed after it was written", "DIR/a.json", "DIR/b.json"),
      files: { "a.json": record, "b.json": { ...record, warnings: [] } },
    },
    beside("a record of another plan", { ...record, plan: { ...plan, hash: "0123456789abcdef" } }),
  ],
};
