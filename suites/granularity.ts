/**
 * Granularity (paper Fig. 3).
 *
 * a = 1 is left out: its one gate is always 1, so its router gets no gradient from the task.
 *
 * @module
 */
import type { TransferDeclaration } from "../lab/transfer/declaration.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { onImages } from "./images.ts";
import { BY_WIDTH, SURER, SURER_CAUTION, transfer, transferProfiles } from "./plans.ts";

const GRANULARITY: TransferDeclaration = {
  id: "granularity",
  version: "4",
  title: "Granularity",
  figure: "Fig. 3 (granularity)",
  claim:
    "The learning rate tuned on a narrow dense reference stays near-optimal on MoE models however finely the same active and total width is split into experts",
  heldFixed:
    "data, tokens per step, steps, seeds, depth, width d = 4 d* (smoke: 2 d*), active width a h and total width N h",
  varied: "granularity: N and a times g, h / g; the reference's learning rate",
  source: "arXiv 2605.23893, Fig. 3 (granularity)",
  cautions: [SURER_CAUTION],
  control: { rule: "standard", on: "one of the targets", caution: BY_WIDTH },
  profiles: transferProfiles({
    smoke: [transfer(["4e2a:d=32,h=16", "8e4a:d=32,h=8"], ["4e2a:d=32,h=16"])],
    quick: [
      transfer(
        ["8e2a:d=48,dh=12,h=24", "16e4a:d=48,dh=12,h=12", "32e8a:d=48,dh=12,h=6"],
        ["16e4a:d=48,dh=12,h=12"],
        SURER,
      ),
    ],
    paper: [
      transfer(
        [
          "8e2a:d=512,h=256,dh=64",
          "16e4a:d=512,h=128,dh=64",
          "32e8a:d=512,h=64,dh=64",
          "64e16a:d=512,h=32,dh=64",
        ],
        ["16e4a:d=512,h=128,dh=64"],
      ),
    ],
  }),
};

/** The suite of Fig. 3, granularity. */
export const granularity = defineTransfer(GRANULARITY);

/** The same claim on images. */
export const granularityOfImages = defineTransfer(onImages(GRANULARITY, {
  version: "3",
  figure: "none (Fig. 3, granularity, on images)",
  quick: [transfer(["8e2a:d=64,dh=16,h=32", "16e4a:d=64,dh=16,h=16", "32e8a:d=64,dh=16,h=8"], [
    "16e4a:d=64,dh=16,h=16",
  ])],
}));
