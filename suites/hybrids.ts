/**
 * Hybrids: shared experts and group-balanced routing (paper Fig. 3).
 *
 * @module
 */
import type { TransferDeclaration } from "../lab/transfer/declaration.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { IMAGES_WIDE, onImages } from "./images.ts";
import {
  at,
  BY_WIDTH,
  PAPER_WIDE,
  QUICK_WIDE,
  SURER,
  SURER_CAUTION,
  transfer,
  transferProfiles,
} from "./plans.ts";

const HYBRIDS: TransferDeclaration = {
  id: "hybrids",
  version: "4",
  title: "Hybrids",
  figure: "Fig. 3 (shared experts, groups)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on MoE models with shared experts and with group-balanced routing",
  heldFixed:
    "data, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*), number of experts (quick: 16, 4 active per token, shared ones included), expert width h = d*",
  varied:
    "shared experts 0 and 2 of the four (smoke: 1; paper: 1, 2); routing in 4 groups (paper: both); the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 3 (shared experts, groups)",
  cautions: [SURER_CAUTION],
  control: { rule: "standard", on: "the plain MoE", caution: BY_WIDTH },
  profiles: transferProfiles({
    smoke: [transfer(at(["4e2a", "4e1a1s", "4e2a2g"], "d=32,h=16"), at(["4e2a"], "d=32,h=16"))],
    quick: [
      transfer(at(["16e4a", "16e2a2s", "16e4a4g"], QUICK_WIDE), at(["16e4a"], QUICK_WIDE), SURER),
    ],
    paper: [
      transfer(
        at(["64e8a", "64e7a1s", "64e6a2s", "64e8a4g", "64e8a4g1s"], PAPER_WIDE),
        at(["64e8a"], PAPER_WIDE),
      ),
    ],
  }),
};

/** The suite of Fig. 3, shared experts and groups. */
export const hybrids = defineTransfer(HYBRIDS);

/** The same claim on images. */
export const hybridsOfImages = defineTransfer(onImages(HYBRIDS, {
  version: "3",
  figure: "none (Fig. 3, hybrids, on images)",
  quick: [transfer(at(["16e4a", "16e2a2s", "16e4a4g"], IMAGES_WIDE), at(["16e4a"], IMAGES_WIDE))],
}));
