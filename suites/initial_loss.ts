/**
 * Initial loss. The authors use it as the check of an implementation. In a figure as high as the fall a
 * line is about 1% thick: up to two widths apart two lines are one to the eye, which is what Fig. 2d
 * shows. The final projection starts at zero, so that every gap does; one that grows evenly and is 2% on
 * average has grown by 4%.
 *
 * Decided before the first run of these seeds and after a pilot (d = 64, h = 16) on seeds 100 and
 * 101. There, against one dense model for all, what a wider FFN learns faster (16e16a: 1.0 and 2.0%
 * of the fall) hid a missing R (2.0 and 2.1%); against dense of equal active width it is 0.4 and
 * 0.5% with R, 3.6 and 2.8% without. A missing A was 0.9 and 3.3%, 16e2a under the whole rule 1.5
 * and 2.3%: too near the limit for three seeds. The limit of the mean was kept, that of the growth
 * was 2% until then.
 *
 * Moved after looking: mean and growth are one judgement since version 3, and both must
 * hold. Before, each was judged alone, and so `standard`, a control, passed by its growth (−45%: it
 * falls away from the dense model rather than towards it) while it failed by its mean. A control must leave
 * one limit, a claim keep both, so this makes no claim easier.
 *
 * Version 4, after three seeds could not tell 17 of 18 measures: eight seeds of a plan that ends after the
 * 100 steps, at the cost of two whole ones. And the gap has its sign. The mean of |gap| over seeds holds the
 * seeds' noise however many there are: a Dense MoE, Bridge I, had 1.15% and 3.6% of it. This is easier for a model whose gap
 * has no sign, and harder for one that learns faster or slower than dense. By a
 * pilot on seeds 100 to 105 the Dense MoE has −0.1 and −1.2% (0.9 and 2.4% of |gap|), sparse models learn
 * faster than dense, 16e4a by −1.7 and −7.4% (2.1 and 5.8%): expected is `fail`, of the growth, by either. The limits are
 * as they were, up and down now.
 *
 * @module
 */
import { INITIAL_LOSS, type InitialLossProfile } from "../lab/claims/initial_loss.ts";
import { type Declaration, defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { claimsOnImages } from "./images.ts";
import { lookedBefore } from "./plans.ts";
import { imageProfiles, limits, profiles } from "./initial_loss_profiles.ts";

const { steps, windows } = profiles.quick;

const ON_TEXT: Declaration<InitialLossProfile> = {
  id: "initial-loss",
  version: "4",
  title: "Initial loss",
  figure: "Fig. 2d (language model)",
  claim:
    `At the transferred hyperparameters dense and MoE models learn alike during the first ${steps} steps`,
  heldFixed: "text, tokens per step, steps, seeds, depth, the reference's hyperparameters",
  varied:
    "number, width and share of active experts, shared experts, groups; the width of the model",
  measured:
    `training loss (nats) minus that of the dense model of the same width and active width, paired by seed, averaged over windows of ${
      steps / windows
    } steps`,
  passesIf:
    `the gap is within ±${limits.gap_percent}% of the dense model's fall over these steps on average and changes by at most ${limits.growth_percent}% of it (95% intervals)`,
  control:
    "R = 1, A put on the wrong tensor (the logits, where 1/rho_d stands already; quick), A = 1 (paper) and the standard parametrization must each leave the limits",
  source: "arXiv 2605.23893, Fig. 2d",
  method: INITIAL_LOSS,
  cautions: [
    "comparator and growth limit were settled after a pilot on other seeds and a larger size, and mean and growth joined in one judgement after looking (suites/initial_loss.ts says what was seen)",
    lookedBefore(["three"], "eight"),
    "the gap was given its sign when seeds were added, which is easier for a model whose gap has none and harder for one that learns faster or slower than dense",
  ],
  assumed: {
    quick: [
      {
        what: "a Dense MoE's growth of the gap",
        unit: "% of the fall",
        sd: 3.9,
        distance: 2.8,
        from: "a pilot on seeds 100 to 105",
      },
      {
        what: "16e4a's growth of the gap",
        unit: "% of the fall",
        sd: 2.2,
        distance: 3.4,
        from: "the same pilot, beyond the limit",
      },
    ],
  },
  profiles,
};

/** The suite of Fig. 2d. */
export const initialLoss: Suite<InitialLossProfile> = defineClaims(ON_TEXT);

/** The same claim on images. */
export const initialLossOfImages: Suite<InitialLossProfile> = defineClaims(claimsOnImages(ON_TEXT, {
  version: "1",
  figure: "Fig. 2d (diffusion)",
  varied: "number and share of active experts, a Dense MoE (smoke and paper: the sibling's models)",
  control:
    "R = 1, A put on the wrong tensor (the velocities, where 1/rho_d stands already; quick), A = 1 (paper) and the standard parametrization must each leave the limits",
  cautions: [
    "limits, and one judgement of mean and growth, were settled on text",
  ],
  profiles: imageProfiles,
}));
