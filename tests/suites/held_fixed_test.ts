import assert from "node:assert/strict";
import { PROFILES } from "../../lab/suite.ts";
import { SUITES } from "../../suites/registry.ts";

Deno.test("no suite changes the head width between a reference and its targets", () => {
  for (const suite of SUITES) {
    for (const profile of PROFILES) {
      const { jobs } = suite.estimate(profile);
      const widths = new Set(jobs.map(({ job }) => job.shape.headWidth));
      assert.ok(widths.size <= 1, `${suite.id}, ${profile}: heads of ${[...widths].join(", ")}`);
    }
  }
});
