import assert from "node:assert/strict";
import type { Suite } from "../../lab/suite.ts";
import { suiteById, SUITES } from "../../suites/registry.ts";
import { withRouter } from "../../suites/with_router.ts";

Deno.test("another router reaches every MoE of a suite and nothing else", () => {
  const routed = withRouter(suiteById("capacity"), "gate=softmax-all,cf=1.25", "smoke") as Suite;
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
    if (suite.kind === "latency" || suite.id === "bridges") {
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
    () => withRouter(hybrids, "router=hash", "quick"),
    /only tokens that pick know groups/,
  );
});
