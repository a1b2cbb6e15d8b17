/**
 * Routing by timestep: two findings of DiT-MoE that no suite on text can show. Limits, set before the first measured run:
 *
 * - where the load of every expert varies by a share s of itself (root mean square) from one value of a variable to the
 *   next, a pick tells s²/(2 ln 2) bits of it. A quarter is a preference that is plain to see in a bar chart: 0.045 bits.
 *   By so much the place and the time must tell more than the class, and the class less than it. An even load of 16
 *   experts, 4 of them active, leaves 2 bits that can be told at most
 * - half an octave of the load's variation from the first block to the deepest halves log2 N less the entropy of the load, which
 *   is as its square. Less than that is no change of kind
 *
 * As many bins of time as classes, all of one size, so that neither has more that could be told. Information is the mean
 * over the blocks; what permuted labels tell on average is taken off, labels of an image moving together
 * (lab/statistics/information.ts).
 *
 * A pilot on seeds 100 to 103 (quick, 480 images each) set the seeds and left the limits as they were: time less class
 * 0.052 ± 0.017 bits, place less class 0.351 ± 0.035, class 0.005 ± 0.002, change of the load −0.2 ± 1.2 octaves. By that
 * noise time stands so near to its limit that some 24 seeds would tell, and the load's change takes more than 50; the
 * quick profile has twelve, which take three and a half minutes.
 *
 * @module
 */
import { ROUTING_BY_TIMESTEP, type RoutingProfile } from "../lab/claims/routing_by_timestep.ts";
import { defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { profiles } from "./routing_by_timestep_profiles.ts";

const { limits: { follows_bits, evener_octaves }, base } = profiles.quick;
const PILOT = "a pilot on seeds 100 to 103";
const bits = follows_bits.toFixed(3);

/** The suite of DiT-MoE's routing. */
export const routingByTimestep: Suite<RoutingProfile> = defineClaims({
  id: "routing-by-timestep",
  version: "1",
  title: "Routing by timestep",
  figure: "none (DiT-MoE's claims)",
  claim:
    "The choice of experts in a diffusion model follows the position of a patch and the timestep and hardly the class; the load of deeper blocks is more even",
  heldFixed: `one MoE model, rule, learning rate (2^−${-Math.log2(
    base.lr,
  )} at the reference), images, steps, balance loss`,
  varied: "position, timestep and class of held-out patches; block; seed",
  measured:
    "information that a pick has of each, bits, mean over the blocks; change of log2 of the load's variation (standard deviation over mean of the experts) along the blocks, octaves",
  passesIf:
    `position and timestep each tell at least ${bits} bits more than the class, the class at most ${bits}, and the variation falls by at least ${evener_octaves} octaves from the first block to the deepest, whole 95% intervals over seeds`,
  control:
    `positions permuted within the images and times permuted among them must not tell ${bits} bits more than the class; the timestep must miss the class's limit; the load of models that are not trained must not get evener by so much`,
  source: "arXiv 2407.11633, abstract and the analysis of expert specialization",
  probes_s: { smoke: 8, quick: 210, paper: 3600 },
  cautions: [
    "the controls that permute are the null of the measure, and the timestep in the class's place follows from the first claim; that untrained models tell nearly as much of the timestep stands beside it",
  ],
  method: ROUTING_BY_TIMESTEP,
  assumed: {
    quick: [
      { what: "timestep less class", unit: "bits", sd: 0.011, distance: 0.0064, from: PILOT },
      { what: "the load's change", unit: "octaves", sd: 0.73, distance: 0.29, from: PILOT },
    ],
  },
  profiles,
});
