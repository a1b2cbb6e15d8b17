/**
 * The suites there are.
 *
 * @module
 */
import type { Suite } from "../lab/suite.ts";
import { activatedExperts, activatedExpertsOfImages } from "./activated_experts.ts";
import { batch, batchOfImages } from "./batch.ts";
import { bridges, bridgesOfImages } from "./bridges.ts";
import { capacity, capacityOfImages } from "./capacity.ts";
import { coordinateCheck, coordinateCheckOfImages } from "./coordinate_check.ts";
import { depth } from "./depth.ts";
import { duration } from "./duration.ts";
import { fewerActive } from "./fewer_active.ts";
import { ffnWidth } from "./ffn_width.ts";
import { granularity, granularityOfImages } from "./granularity.ts";
import { hybrids, hybridsOfImages } from "./hybrids.ts";
import { initialLoss, initialLossOfImages } from "./initial_loss.ts";
import { latency } from "./latency.ts";
import { routerStability } from "./router_stability.ts";
import { routers } from "./routers.ts";
import { routingByTimestep } from "./routing_by_timestep.ts";
import { samples } from "./samples.ts";
import { scaling, scalingOfImages } from "./scaling.ts";
import { shootOut, shootOutOfImages } from "./shoot_out.ts";
import { speedup, speedupOfImages } from "./speedup.ts";
import { width, widthOfImages } from "./width.ts";

/** All suites, in the order of the paper's figures; those on images after those on text. */
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
  fewerActive,
  routers,
  shootOut,
  bridgesOfImages,
  activatedExpertsOfImages,
  initialLossOfImages,
  capacityOfImages,
  granularityOfImages,
  hybridsOfImages,
  widthOfImages,
  batchOfImages,
  scalingOfImages,
  speedupOfImages,
  coordinateCheckOfImages,
  shootOutOfImages,
  routingByTimestep,
  samples,
];

/**
 * The suites of a task.
 *
 * @param named some of all; a suite on text stands for its sibling of the same claim on images
 * @throws {RangeError} for one that no model of this task is trained in
 */
export function suitesOfTask(named: readonly Suite[], task: string): Suite[] {
  return named.map((suite) => {
    const found = suite.task === task ? suite : SUITES.find((s) => s.id === `${suite.id}-${task}`);
    if (found) return found;
    throw new RangeError(
      `Cannot run ${suite.id} for ${task}: of that task there are ${
        SUITES.filter((s) => s.task === task).map((s) => s.id).join(", ")
      }`,
    );
  });
}

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
