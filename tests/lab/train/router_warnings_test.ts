/** Warnings of a run's routers: each appears on what it names, and on nothing else. */
import assert from "node:assert/strict";
import { runSchema } from "../../../lab/record/run.ts";
import { ROUTER_WARNINGS, routerWarnings } from "../../../lab/train/router_warnings.ts";
import { runWith } from "../runs.ts";

/** A run of a configuration with this load. */
function runOf(configuration: string, expertLoad: number[][] | null) {
  const run = runWith("0");
  return { ...run, cell: { ...run.cell, configuration }, expertLoad };
}

/** A run whose two blocks drop and leave unserved these shares. */
function dropping(configuration: string, dropRate: number[], unserved: number[], load: number[][]) {
  const facts = { gateEntropy_nats: [0.6, 0.6], maxLogit: [3, 3], deadExperts: [0, 0] };
  return { ...runOf(configuration, load), router: { ...facts, dropRate, unserved } };
}

const names = (configuration: string, load: number[][] | null, gate?: string) =>
  routerWarnings(runOf(configuration, load), gate).map((w) => w.name);

Deno.test("a healthy router and a dense model have no warning", () => {
  assert.deepEqual(names("4e2a:d=64,L=2,h=16", [[0.5, 0.5, 0.5, 0.5], [0.9, 0.1, 0.6, 0.4]]), []);
  assert.deepEqual(names("dense:d=64,L=2,H=16", null), []);
  // a = N: every token picks all, which is no collapse
  assert.deepEqual(names("2e2a:d=64,L=2,h=16", [[1, 1], [1, 1]]), []);
  assert.deepEqual(names("4e2a:d=64,L=2,h=16", null), []);
});

Deno.test("an expert below a tenth of the mean load is dead, one at it is not", () => {
  // the mean of 4e2a is 0.5: the limit is 0.05
  assert.deepEqual(names("4e2a", [[0.9, 0.6, 0.45, 0.05]]), []);
  const [warning, ...rest] = routerWarnings(runOf("4e2a", [
    [0.5, 0.5, 0.5, 0.5],
    [0.9, 0.61, 0.45, 0.04],
  ]));
  assert.deepEqual(rest, []);
  assert.equal(warning.name, "dead-expert");
  assert.match(warning.text, /^1 of 8 experts got less than 0.1 of the mean load \(block 1\)/);
});

Deno.test("a router that gives all tokens to the same experts has collapsed, and its others are dead", () => {
  assert.deepEqual(names("4e2a", [[1, 0, 1, 0]]), ["dead-expert", "collapsed-router"]);
  // one expert that all tokens share is no collapse
  assert.deepEqual(names("4e2a", [[1, 0.4, 0.3, 0.3]]), []);
  const [, { text }] = routerWarnings(runOf("4e2a", Array(6).fill([1, 0, 1, 0])));
  assert.match(text, /same 2 of 4 experts in blocks 0, 1, 2, 3 and 2 more/);
});

Deno.test("one expert per token has a router gradient only under a gate that is not normalized", () => {
  const even = [[0.25, 0.25, 0.25, 0.25]];
  assert.deepEqual(names("4e1a:d=64", even), ["no-router-gradient"]);
  assert.deepEqual(names("4e1a:d=64,gate=softmax", even), ["no-router-gradient"]);
  assert.deepEqual(names("4e1a:d=64,gate=softmax-all", even), []);
  assert.deepEqual(names("4e1a:d=64", even, "sigmoid-raw"), []);
  assert.deepEqual(names("4e1a:d=64,gate=sigmoid", even, "sigmoid-raw"), ["no-router-gradient"]);
  // a hash has no router to teach, and chosen tokens have several gates
  assert.deepEqual(names("4e1a:d=64,router=hash", even), []);
  assert.deepEqual(names("4e1a:d=64,router=expert-choice", even), ["sees-the-future"]);
  assert.deepEqual(names("1e1a:d=64", [[1]]), []);
  // an image's patches all see each other
  const chosen = runOf("4e1a:d=64,router=expert-choice", even);
  assert.deepEqual(routerWarnings(chosen, "sigmoid", false), []);
});

const EVEN = Array(2).fill([0.5, 0.5, 0.5, 0.5]);
const DEAD = [[0.9, 0.61, 0.45, 0.04], [0.5, 0.5, 0.5, 0.5]];

Deno.test("a capacity that drops most tokens is said, with its share and what it must be", () => {
  const [warning, ...rest] = routerWarnings(
    dropping("4e2a:d=64,cf=0.1", [0.91, 0.91], [0.83, 0.83], EVEN),
  );
  assert.deepEqual(rest, []);
  assert.equal(warning.name, "dropped-tokens");
  assert.equal(
    warning.text,
    "91% of the picks are dropped and 83% of the tokens get no routed expert (above 10% in blocks " +
      "0, 1): an expert serves cf = 0.1 of the mean load at most, so that about 90% is lost even if " +
      "picks are balanced; take cf = 1 or more",
  );
});

Deno.test("dropped tokens come before dead experts, and instead of them where cf < 1", () => {
  const of = (configuration: string) =>
    routerWarnings(dropping(configuration, [0.6, 0.1], [0.2, 0], DEAD));
  const [only, ...none] = of("4e2a:d=64,cf=0.5");
  assert.deepEqual(none, []);
  assert.match(
    only.text,
    /^35% of the picks .* in block 0\).*; 1 of 8 experts got less than 0\.1 /,
  );
  assert.deepEqual(of("4e2a:d=64,cf=1.25").map((w) => w.name), ["dropped-tokens", "dead-expert"]);
  assert.match(of("4e2a:d=64,cf=1.25")[0].text, /a larger cf, a balance loss or bias= may help$/);
});

Deno.test("a tenth that is dropped or unserved is not said, more of either is", () => {
  const of = (drop: number, unserved: number, configuration = "4e2a:d=64,cf=1") =>
    routerWarnings(dropping(configuration, [drop, 0], [unserved, 0], EVEN)).map((w) => w.name);
  assert.deepEqual(of(0.1, 0.1), []);
  assert.deepEqual(of(0.11, 0), ["dropped-tokens"]);
  assert.deepEqual(of(0, 0.11), ["dropped-tokens"]);
  // where experts choose nothing is dropped, but tokens may have none
  const chosen = "4e2a:d=64,router=expert-choice";
  assert.deepEqual(of(0, 0.3, chosen), ["sees-the-future", "dropped-tokens"]);
  assert.deepEqual(of(0, 0.05, chosen), ["sees-the-future"]);
  // a diverged run has no facts, an old one has no field
  assert.deepEqual(names("4e2a:d=64,cf=0.1", EVEN), []);
});

Deno.test("the names are a closed list, and the facts of routers are optional in a record", () => {
  assert.deepEqual(ROUTER_WARNINGS, [
    "dropped-tokens",
    "dead-expert",
    "collapsed-router",
    "no-router-gradient",
    "sees-the-future",
  ]);
  const old = runWith("0");
  assert.deepEqual(runSchema.parse(JSON.parse(JSON.stringify(old))), old);
  const router = {
    gateEntropy_nats: [0.6],
    maxLogit: [3],
    dropRate: [0],
    unserved: [0],
    deadExperts: [1],
  };
  const run = { ...old, router, trainZLoss: [4.3, 4.2] };
  assert.deepEqual(runSchema.parse(JSON.parse(JSON.stringify(run))), run);
  assert.equal(
    runSchema.safeParse({ ...run, router: { ...router, deadExperts: [0.5] } }).success,
    false,
  );
});
