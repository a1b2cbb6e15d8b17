/**
 * Depth (paper Fig. 4).
 *
 * Left as it was when the quick profile was chosen anew: at L = 8 rule and control miss by the same −0.4 octaves, which
 * three seeds cannot tell from 0, so that no number of seeds would show the control to fail.
 *
 * @module
 */
import { defineTransfer } from "../lab/transfer/suite.ts";
import { transfer, transferProfiles } from "./plans.ts";

/** The suite of Fig. 4, depth. */
export const depth = defineTransfer({
  id: "depth",
  version: "3",
  title: "Depth",
  figure: "Fig. 4 (depth)",
  claim:
    "The learning rate tuned on a shallow dense reference stays near-optimal on dense and MoE models of up to four times its depth",
  heldFixed:
    "data, tokens per step, steps, seeds, width; of the MoE: its experts (16e4a; smoke: 4e2a), expert width h = d*",
  varied: "depth L: 2 L*, 4 L*, dense and MoE; the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 4 (depth)",
  control: {
    rule: "mup",
    on: "the deepest dense target",
    caution: "has no correction for depth",
  },
  profiles: transferProfiles({
    smoke: [transfer(["dense:L=2", "4e2a:L=2,h=16"], ["dense:L=2"])],
    quick: [transfer(["dense:L=4", "dense:L=8", "16e4a:L=4,h=12"], ["dense:L=8"])],
    paper: [
      transfer(
        ["dense:L=8", "dense:L=16", "16e4a:L=8,h=128", "16e4a:L=16,h=128"],
        ["dense:L=16", "16e4a:L=16,h=128"],
      ),
    ],
  }),
});
