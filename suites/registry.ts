/**
 * The suites there are.
 *
 * @module
 */
import type { Suite } from "../lab/suite.ts";
import { activatedExperts } from "./activated_experts.ts";
import { batch } from "./batch.ts";
import { bridges } from "./bridges.ts";
import { capacity } from "./capacity.ts";
import { coordinateCheck } from "./coordinate_check.ts";
import { depth } from "./depth.ts";
import { duration } from "./duration.ts";
import { ffnWidth } from "./ffn_width.ts";
import { granularity } from "./granularity.ts";
import { hybrids } from "./hybrids.ts";
import { initialLoss } from "./initial_loss.ts";
import { latency } from "./latency.ts";
import { routerStability } from "./router_stability.ts";
import { samples } from "./samples.ts";
import { scaling } from "./scaling.ts";
import { shootOut } from "./shoot_out.ts";
import { speedup } from "./speedup.ts";
import { width } from "./width.ts";

/** All suites, in the order of the paper's figures. */
export const SUITES: Suite[] = [
  bridges,
  activatedExperts,
  initialLoss,
  capacity,
  granularity,
  hybrids,
  ffnWidth,
  width,
  depth,
  batch,
  duration,
  scaling,
  latency,
  speedup,
  coordinateCheck,
  routerStability,
  shootOut,
  samples,
];

/**
 * The suite of an id.
 *
 * @throws {RangeError} listing the ids there are
 */
export function suiteById(id: string): Suite {
  const found = SUITES.find((s) => s.id === id);
  if (found) return found;
  throw new RangeError(
    `Cannot run suite ${id}: not one of ${SUITES.map((s) => s.id).join(", ")}`,
  );
}
