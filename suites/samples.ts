/**
 * Images drawn from a dense and an MoE model of one active width, both at the hyperparameters of a small dense reference.
 *
 * The limit, stated before the first image was scored: chance names one image in ten, and the classifier names nine in ten of
 * real images. Half of them is the middle, and what most images must be for a grid to show what its columns say.
 * A classifier can name what no eye would take for a digit, which is why the grid stands beside the number.
 *
 * The control is judged by the same limit: images of no class, drawn from the same noise, say what a sampler that ignores
 * the class would be given. The images themselves against the next class stand beside it: where the claim holds they
 * cannot but fail.
 *
 * @module
 */
import type { SamplesProfile } from "../lab/claims/drawn.ts";
import { SAMPLES } from "../lab/claims/samples.ts";
import { defineClaims } from "../lab/claims/suite.ts";
import type { Suite } from "../lab/suite.ts";
import { profiles } from "./samples_profiles.ts";

const { limits, sampling, perClass, classifier } = profiles.quick;

/** The suite that stands in for Fig. 9. */
export const samples: Suite<SamplesProfile> = defineClaims({
  id: "samples",
  version: "2",
  title: "Samples",
  figure: "Fig. 9 (stand-in: digits instead of video)",
  claim:
    "At the hyperparameters of a small dense reference an MoE model draws images of the class that it is asked for",
  heldFixed:
    "the reference's hyperparameters, images per step, steps, active width, starting noise, sampler",
  varied: "dense or MoE; the class asked for",
  measured:
    `share of the images that a softmax regression on ${classifier.images} training images reads as the class asked for, ${perClass} images a class, guidance ${sampling.guidance}; held-out loss by time beside it`,
  passesIf:
    `more than ${limits.named_percent}% of the MoE model's images are read as their class, with the whole 95% interval`,
  control: "images of the same model and noise drawn without a class must stay below the limit",
  source: "arXiv 2605.23893, Fig. 9; arXiv 2212.09748 (DiT); arXiv 2207.12598 (guidance)",
  probes_s: { smoke: 4, quick: 240, paper: 20000 },
  cautions: [
    "no wrong rule is tried: it says that the model draws what is asked for, not that the rule is why",
    "the quick profile was cut from 3600 steps to 3000 for its time, after a run that passed too",
    "the classifier is more lenient than an eye: after the quick profile's steps some digits can be read in the grid and others cannot",
  ],
  method: SAMPLES,
  profiles,
});
