/** Mistakes with what goes on after a bench: shards, merging, checking, training again, packing. */
import { sealed } from "../../../lab/record/hash.ts";
import type { BenchRecord } from "../../../lab/record/record.ts";
import { SHARD_SCHEMA, type ShardFacts } from "../../../lab/record/shard.ts";
import { suiteById } from "../../../suites/registry.ts";
import { COST, madeUpRecord } from "../../lab/made_up.ts";
import { ENVIRONMENT, runWith } from "../../lab/runs.ts";
import { latencyFixture } from "../../reports/latency_fixture.ts";
import type { Chapter, Mistake } from "./mistake.ts";

const call = (did: string, args: string[], files: Mistake["files"] = {}): Mistake => ({
  did,
  args,
  files,
});

const record = await madeUpRecord(suiteById("activated-experts"), "smoke");
const changed = { ...record, verdict: record.verdict === "pass" ? "fail" : "pass" };
const stopped = sealed({ ...record, incomplete: true } as Omit<BenchRecord, "checksum">);

/** A shard of two. */
function shard(index: number, change: Partial<ShardFacts> = {}): object {
  const suites: ShardFacts["suites"] = [
    { id: "activated-experts", options: null, plan: "0123456789abcdef", share: "runs" },
  ];
  return sealed({
    schema: SHARD_SCHEMA,
    index,
    count: 2,
    profile: "smoke",
    suites,
    environment: ENVIRONMENT,
    finished: true,
    costs: { "activated-experts": COST },
    exploratory: [],
    trust: {},
    warnings: [],
    ...change,
  });
}

const runs = "";

/** Both shards, the second with changes. */
const two = (change: Partial<ShardFacts> = {}, index = 2): Mistake["files"] => ({
  "1/shard.json": shard(1),
  "1/runs.jsonl": runs,
  "2/shard.json": shard(index, change),
  "2/runs.jsonl": runs,
});

const merge = (did: string, files: Mistake["files"], ...more: string[]) =>
  call(did, ["merge", "DIR/1", "DIR/2", "--out", "DIR/all", ...more], files);

export const SHARDS: Chapter = {
  title: "`bench --shard`, `merge`",
  mistakes: [
    call("a share of nothing", ["bench", "--shard", "1/0"]),
    call("a share beyond the last", ["bench", "--shard", "5/4"]),
    call("a share that is none", ["bench", "--shard", "half"]),
    call("a share of a budget", ["bench", "--shard", "1/4", "--budget", "20m"]),
    call("a share against a baseline", ["bench", "--shard", "1/4", "--baseline", "DIR"]),
    call(
      "the folder of another share",
      ["bench", "capacity", "--profile", "smoke", "--shard", "1/4", "--out", "DIR"],
      { "shard.json": shard(2) },
    ),
    call(
      "a whole bench into a share's folder",
      ["bench", "capacity", "--profile", "smoke", "--out", "DIR"],
      { "shard.json": shard(2) },
    ),
    merge("more shards than there can be", { ...two(), "2/shard.json": shard(2, { count: 4e9 }) }),
    call("nothing to merge", ["merge", "--out", "DIR/all"]),
    call("no place to merge to", ["merge", "DIR"]),
    call("an empty folder to merge into", ["merge", "DIR", "--out", ""]),
    call("a folder that is no shard's", ["merge", "DIR", "--out", "DIR/all"]),
    merge("a shard that is damaged", { ...two(), "2/shard.json": "{" }),
    merge("a shard that was changed", {
      ...two(),
      "2/shard.json": { ...shard(2), finished: false },
    }),
    merge("a shard that is not finished", two({ finished: false })),
    merge("the same shard twice", two({}, 1)),
    call("too few shards", ["merge", "DIR/1", "--out", "DIR/all"], two()),
    merge("shards of two profiles", two({ profile: "quick" })),
    merge(
      "shards of two plans",
      two({ suites: [{ id: "capacity", options: null, plan: "0", share: "none" }] }),
    ),
    merge(
      "shards of two machines",
      two({ environment: { ...ENVIRONMENT, identity: "H100/gpu/buffer" } }),
    ),
    merge("a shard without its runs", { "1/shard.json": shard(1), "2/shard.json": shard(2) }),
    merge("a place that holds something", { ...two(), "all/mine.txt": "mine" }),
    merge("shards of another version's plan", two()),
  ],
};

const against = (did: string, files: Mistake["files"], ...more: string[]) =>
  call(did, ["bench", "capacity", "--profile", "smoke", "--out", "DIR/new", ...more], files);

export const BASELINE: Chapter = {
  title: "`bench --baseline`",
  mistakes: [
    against("a baseline that is not there", {}, "--baseline", "DIR/none"),
    against("a baseline without a record", {}, "--baseline", "DIR"),
    against("a baseline that was changed", { "a.json": changed }, "--baseline", "DIR/a.json"),
    against(
      "a baseline in the folder that is written to",
      { "new/capacity/record.json": record },
      ...["--baseline", "DIR/new"],
    ),
    against("a baseline of other suites", { "a.json": record }, "--baseline", "DIR/a.json"),
    against("`--strict` with a baseline", {}, "--baseline", "DIR", "--strict"),
  ],
};

export const RECORDS: Chapter = {
  title: "`check`, `reproduce`, `pack`",
  mistakes: [
    call("nothing to check", ["check"]),
    call("a folder that is not there", ["check", "DIR/none"]),
    call("a folder without a record", ["check", "DIR"]),
    call("a file that is no record", ["check", "DIR/a.json"], { "a.json": "{}" }),
    call("a record of an earlier format", ["check", "DIR/a.json"], {
      "a.json": { ...record, schema: "mue-bench/record/2" },
    }),
    call("a record that gzip packed, cut short", ["check", "DIR/a.gz"], {
      "a.gz": Uint8Array.of(0x1f, 0x8b, 8, 0, 0),
    }),
    call("a record of a suite that there is not", ["check", "DIR/a.json"], {
      "a.json": sealed({ ...record, suite: { ...record.suite, id: "none" } }),
    }),
    call("a record of data that is not given", ["check", "DIR/a.json"], { "a.json": record }),
    call("a run that was changed", ["check", "DIR"], {
      "runs.jsonl": JSON.stringify(sealed(runWith("a"))).replace("5.5,", "0.5,") + "\n",
    }),
    call("nothing to train again", ["reproduce"]),
    call("two records to train again", ["reproduce", "a", "b"]),
    call("no number of runs", ["reproduce", "DIR/a.json", "--cells", "0"], { "a.json": record }),
    call("a record of times", ["reproduce", "DIR/a.json"], { "a.json": latencyFixture() }),
    call("a record that was changed", ["reproduce", "DIR/a.json"], { "a.json": changed }),
    call("a record of other data", ["reproduce", "DIR/a.json"], { "a.json": record }),
    call("nothing to pack", ["pack"]),
    call("an empty file to pack to", ["pack", "DIR", "--out", ""]),
    call("a folder to pack that is not there", ["pack", "DIR/none"]),
    call("a folder to pack without a record", ["pack", "DIR"]),
    call("a bench that was stopped", ["pack", "DIR"], { "record.json": stopped }),
    call("a record to pack that was changed", ["pack", "DIR"], { "record.json": changed }),
  ],
};
