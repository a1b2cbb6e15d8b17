/**
 * Shoot-out of the rules (our own comparison, beyond the paper).
 *
 * Rivals are ranked by regret and decide nothing: the verdict is that of Complete-muE and of the
 * control. Each rule's own optimum lies on the reference's scale, so that the shift is what a user of
 * the rule would have missed.
 *
 * @module
 */
import type { TransferDeclaration, TransferPanel } from "../lab/transfer/declaration.ts";
import { defineTransfer } from "../lab/transfer/suite.ts";
import { IMAGES_WIDE, onImages } from "./images.ts";
import { BY_WIDTH, SURER, SURER_CAUTION, transfer, transferProfiles } from "./plans.ts";

const RIVALS = ["mup", "moe-dmft", "moe-mup", "embedding-lr-only", "sqrt-sparsity"];
const rules = (target: string, more: Partial<TransferPanel> = {}): TransferPanel[] => [
  transfer([target], [target], { name: "rules", rivals: RIVALS, ...more }),
];

const SHOOT_OUT: TransferDeclaration = {
  id: "shoot-out",
  version: "5",
  title: "Shoot-out of the rules",
  figure: "none (our own comparison)",
  claim:
    "Complete-muE carries the learning rate of a narrow dense reference to a wide MoE without measurable regret; the other rules are ranked beside it by the regret they leave",
  heldFixed:
    "data, tokens per step, steps, seeds, depth and initial random numbers; target MoE (quick: 16e4a of width 4 d*)",
  varied: "the rule; the reference's learning rate",
  source: "our own comparison; the rules: docs/rule.md",
  cautions: [SURER_CAUTION],
  control: { rule: "standard", on: "the same target", caution: BY_WIDTH },
  profiles: transferProfiles({
    smoke: rules("4e2a:d=32,h=16", { rivals: ["mup", "moe-dmft"] }),
    quick: rules("16e4a:d=48,dh=12,h=12", SURER),
    paper: rules("64e8a:d=512,h=128,dh=64"),
  }),
};

/** The comparison of all rules. */
export const shootOut = defineTransfer(SHOOT_OUT);

/** The same claim on images. */
export const shootOutOfImages = defineTransfer(onImages(SHOOT_OUT, {
  version: "4",
  figure: "none (our own comparison)",
  quick: rules(`16e4a:${IMAGES_WIDE}`, { rivals: ["mup", "moe-mup", "embedding-lr-only"] }),
}));
