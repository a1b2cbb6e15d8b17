/**
 * The runner of each kind of suite.
 *
 * @module
 */
import type { AnySuite } from "../suites/registry.ts";
import { claimRunner } from "./claim_runner.ts";
import { latencyRunner } from "./latency_runner.ts";
import type { SuiteInputs, SuiteRunner } from "./suite_runner.ts";
import { transferRunner } from "./transfer_runner.ts";

/** What runs a suite, by its kind. */
export function runnerOf(suite: AnySuite, inputs: SuiteInputs): SuiteRunner {
  switch (suite.kind) {
    case "transfer":
      return transferRunner(suite, inputs);
    case "latency":
      return latencyRunner(suite, inputs);
    case "claims":
      return claimRunner(suite, inputs);
  }
}
