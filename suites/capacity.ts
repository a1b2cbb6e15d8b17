/**
 * Capacity (paper Fig. 3).
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

const CAPACITY: TransferDeclaration = {
  id: "capacity",
  version: "4",
  title: "Capacity",
  figure: "Fig. 3 (capacity)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on sparse MoE models, whatever the number of experts in total",
  heldFixed:
    "data, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*), active experts a = 4 (smoke: 2), expert width h = d*",
  varied: "number of experts N; the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 3 (capacity)",
  cautions: [SURER_CAUTION],
  control: { rule: "standard", on: "one of the targets", caution: BY_WIDTH },
  profiles: transferProfiles({
    smoke: [transfer(at(["4e2a", "8e2a"], "d=32,h=16"), at(["4e2a"], "d=32,h=16"))],
    quick: [transfer(at(["4e4a", "16e4a", "32e4a"], QUICK_WIDE), at(["16e4a"], QUICK_WIDE), SURER)],
    paper: [
      transfer(
        at(["4e4a", "8e4a", "16e4a", "32e4a", "64e4a"], PAPER_WIDE),
        at(["16e4a"], PAPER_WIDE),
      ),
    ],
  }),
};

/** The suite of Fig. 3, capacity. */
export const capacity = defineTransfer(CAPACITY);

/** The same claim on images. */
export const capacityOfImages = defineTransfer(onImages(CAPACITY, {
  version: "3",
  figure: "none (Fig. 3, capacity, on images)",
  quick: [transfer(at(["4e4a", "16e4a", "32e4a"], IMAGES_WIDE), at(["16e4a"], IMAGES_WIDE))],
}));
