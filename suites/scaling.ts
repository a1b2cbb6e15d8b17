/**
 * Scaling at fixed hyperparameters. Granularity is finer experts at equal active and total width; shared
 * experts stand in the place of routed ones, and the paper found that they raise the loss.
 *
 * Cost: 45 runs on 2 CPU cores (quick), many of which other suites train too.
 *
 * @module
 */
import { SCALING, type ScalingProfile } from "../lab/claims/scaling.ts";
import { defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { limits, profiles } from "./scaling_profiles.ts";

/** The suite of Fig. 6. */
export const scaling: Suite<ScalingProfile> = defineClaims({
  id: "scaling",
  version: "2",
  title: "Scaling at fixed hyperparameters",
  figure: "Fig. 6 (language model); shared experts: Fig. 3",
  claim:
    "At the transferred hyperparameters the loss falls along active experts, capacity, granularity and depth, along capacity more than along granularity, and rises with shared experts in the place of routed ones",
  heldFixed: "the reference's hyperparameters, text, tokens per step, steps, seeds, width",
  varied: "one axis at a time",
  measured: "validation loss (nats) and its slope over log2 of the axis, paired by seed",
  passesIf:
    `the 95% interval of each slope, and of capacity's minus granularity's, lies wholly on the side of ${limits.falls.hi} that the paper found`,
  control:
    "an axis that changes nothing (one model over sets of other seeds) must be seen not to lower the loss as capacity does",
  source: "arXiv 2605.23893, Figs. 3 and 6",
  method: SCALING,
  profiles,
});
