import assert from "node:assert/strict";
import type { Suite } from "../../lab/suite.ts";
import type { TransferProfile } from "../../lab/transfer/declaration.ts";
import { suiteById, SUITES } from "../../suites/registry.ts";
import { withRouter } from "../../suites/with_router.ts";

Deno.test("another router reaches every MoE of a suite and nothing else", () => {
  const routed = withRouter(suiteById("capacity"), "gate=softmax-all,cf=1.25", "smoke") as Suite<
    TransferProfile
  >;
  const { plan, panels } = routed.profiles.smoke;
  assert.equal(plan.reference, "dense:d=16,L=1,H=16");
  assert.deepEqual(panels[0].targets, [
    "4e2a:d=32,h=16,gate=softmax-all,cf=1.25",
    "8e2a:d=32,h=16,gate=softmax-all,cf=1.25",
  ]);
  assert.match(routed.heldFixed, /gate=softmax-all,cf=1.25, not the paper's/);
});

Deno.test("every suite but those whose routing is their claim takes another gate", () => {
  for (const suite of SUITES) {
    if (suite.ownRouting !== null) {
      assert.throws(
        () => withRouter(suite, "gate=softmax", "quick"),
        /routing is part of its claim/,
      );
    } else if (suite.id === "duration") {
      assert.throws(() => withRouter(suite, "gate=softmax", "quick"), /it trains no MoE/);
    } else assert.notDeepEqual(withRouter(suite, "gate=softmax", "quick").profiles, suite.profiles);
  }
});

Deno.test("keys that name no router, or one a model cannot have, are refused", () => {
  const capacity = suiteById("capacity"), hybrids = suiteById("hybrids");
  assert.throws(() => withRouter(capacity, "h=64", "quick"), /h=64 is none of gate=, router=/);
  assert.throws(
    () => withRouter(capacity, "gate=foo", "quick"),
    /capacity, profile quick: .*gates are sigmoid/,
  );
  assert.throws(
    () => withRouter(hybrids, "router=hash,bias=0.1", "quick"),
    /hybrids, profile quick: no MoE of it takes all of .*router=hash knows no bias/,
  );
  for (const id of ["coordinate-check", "routing-by-timestep"]) {
    assert.throws(
      () => withRouter(suiteById(id), "router=expert-choice", "quick"),
      /its probe reads a picks per token/,
    );
  }
  // a key that no model of the suite can have
  assert.throws(() => withRouter(capacity, "limit=2", "quick"), /limit=2 in 4e4a: no groups/);
  assert.throws(() => withRouter(hybrids, "cf=0", "quick"), /cf=0 in 16e4a: not above 0/);
  assert.throws(() => withRouter(hybrids, "limit=5", "quick"), /limit=5 in /);
  for (const keys of ["gate=softmax,gate=sigmoid", "router=expert-choice,cf=1", "cf=x"]) {
    assert.throws(() => withRouter(capacity, keys, "quick"), RangeError, keys);
  }
});

Deno.test("a key reaches the models that can have it; the caption names the others and why", () => {
  const routed = (keys: string) =>
    withRouter(suiteById("hybrids"), keys, "quick") as Suite<TransferProfile>;
  const sizes = "d=48,dh=12,h=12";
  const limited = routed("gate=softmax,limit=2");
  assert.deepEqual(limited.profiles.quick.panels[0].targets, [
    `16e4a:${sizes},gate=softmax`,
    `16e2a2s:${sizes},gate=softmax`,
    `16e4a4g:${sizes},gate=softmax,limit=2`,
  ]);
  // a control must stay a target, word for word
  assert.deepEqual(limited.profiles.quick.panels[0].controls, [`16e4a:${sizes},gate=softmax`]);
  assert.match(
    limited.heldFixed,
    /router of every MoE that can have it: gate=softmax,limit=2, not the paper's; 16e4a, 16e2a2s without limit=2 \(no groups\)$/,
  );
  assert.equal(limited.options, "--router gate=softmax,limit=2");
  for (const keys of ["router=hash", "router=expert-choice"]) {
    const { heldFixed, profiles } = routed(keys);
    assert.deepEqual(profiles.quick.panels[0].targets, [
      `16e4a:${sizes},${keys}`,
      `16e2a2s:${sizes},${keys}`,
      `16e4a4g:${sizes}`,
    ]);
    assert.match(heldFixed, /16e4a4g without router=\S+ \(only tokens that pick know groups\)/);
  }
});

Deno.test("the caption says what R holds under, and ranks no rule made for another gate", () => {
  const heldFixed = (id: string, keys: string) =>
    withRouter(suiteById(id), keys, "quick").heldFixed;
  assert.match(
    heldFixed("hybrids", "gate=softmax-all"),
    /16e4a: gate=softmax-all does not sum to 1 .*R = a \/ S = 6\.75 .*of std 1.*\(likewise 16e2a2s, 16e4a4g, /,
  );
  assert.match(heldFixed("coordinate-check", "gate=sigmoid-raw"), /at router logits of std 1, /);
  assert.match(heldFixed("initial-loss", "cf=1.25"), /what is dropped is missing/);
  for (const keys of ["gate=softmax", "router=hash", "bias=0.01"]) {
    assert.doesNotMatch(heldFixed("capacity", keys), /R = a|missing/);
  }
  const rivals = (keys: string) => {
    const suite = withRouter(suiteById("shoot-out"), keys, "quick") as Suite<TransferProfile>;
    return { ids: suite.profiles.quick.panels[0].rivals!, heldFixed: suite.heldFixed };
  };
  for (const keys of ["gate=sigmoid", "gate=softmax-all", "router=hash"]) {
    const { ids, heldFixed } = rivals(keys);
    assert.deepEqual(ids, ["mup", "moe-mup", "embedding-lr-only", "sqrt-sparsity"]);
    assert.match(heldFixed, /not ranked, being made for another gate: moe-dmft/);
  }
  assert.ok(rivals("gate=sigmoid-raw").ids.includes("moe-dmft"));
  assert.ok(rivals("cf=1.25").ids.includes("moe-dmft"));
});

Deno.test("a hash is refused where what is trained on has no ids", () => {
  assert.throws(
    () => withRouter(suiteById("width-diffusion"), "router=hash", "smoke"),
    /^RangeError: Cannot run width-diffusion with --router router=hash: a hash routes by ids/,
  );
  withRouter(suiteById("width"), "router=hash", "smoke");
});
