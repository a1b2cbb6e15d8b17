/**
 * Width (paper Fig. 4).
 *
 * @module
 */
import type { TransferDeclaration } from "../lab/transfer/declaration.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { onImages } from "./images.ts";
import { SURER, SURER_CAUTION, transfer, transferProfiles } from "./plans.ts";

const WIDTH: TransferDeclaration = {
  id: "width",
  version: "4",
  title: "Width",
  figure: "Fig. 4 (width)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on dense and MoE models of up to four times its width",
  heldFixed:
    "data, tokens per step, steps, seeds, depth; of the MoE: its experts (16e4a; smoke: 4e2a), expert width h = d*",
  varied: "width d: 2 d*, 4 d*, dense (H = d) and MoE; the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 4 (width)",
  cautions: [SURER_CAUTION],
  control: { rule: "standard", on: "the widest dense target and the widest MoE" },
  profiles: transferProfiles({
    smoke: [transfer(["dense:d=32,H=32", "4e2a:d=32,h=16"], ["dense:d=32,H=32"])],
    quick: [
      transfer(
        [
          "dense:d=24,dh=12,H=24",
          "dense:d=48,dh=12,H=48",
          "16e4a:d=24,dh=12,h=12",
          "16e4a:d=48,dh=12,h=12",
        ],
        ["dense:d=48,dh=12,H=48", "16e4a:d=48,dh=12,h=12"],
        SURER,
      ),
    ],
    paper: [
      transfer(
        [
          "dense:d=256,H=256,dh=64",
          "dense:d=512,H=512,dh=64",
          "16e4a:d=256,h=128,dh=64",
          "16e4a:d=512,h=128,dh=64",
        ],
        ["dense:d=512,H=512,dh=64", "16e4a:d=512,h=128,dh=64"],
      ),
    ],
  }),
};

/** The suite of Fig. 4, width. */
export const width = defineTransfer(WIDTH);

/** The same claim on images. */
export const widthOfImages = defineTransfer(onImages(WIDTH, {
  version: "3",
  figure: "none (Fig. 4, width, on images)",
  control: { rule: "standard", on: "the widest MoE (smoke, paper: and the widest dense target)" },
  quick: [transfer(["dense:d=32,dh=16,H=32", "dense:d=64,dh=16,H=64", "16e4a:d=64,dh=16,h=16"], [
    "16e4a:d=64,dh=16,h=16",
  ])],
}));
