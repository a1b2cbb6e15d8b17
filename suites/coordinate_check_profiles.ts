/**
 * The axes of the coordinate check at its sizes.
 *
 * @module
 */
import type { CheckAxis, CheckProfile } from "../lab/claims/coordinate_check.ts";
import type { RoutingVarianceCase } from "../lab/claims/routing_variance.ts";
import type { Variant } from "../lab/claims/probe_models.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { TensorKind } from "../rule/rule.ts";
import { probeAt } from "./plans.ts";

const OTHER_HEAD: Variant = {
  name: "complete-mue, completed-p head",
  rule: "complete-mue",
  options: { unembedding: "completed-p" },
};

/** All that a block-0 FFN output depends on but the FFN itself. */
const BELOW = ["embed", "wq", "wk", "wv", "wo", "attnNorm", "qNorm", "kNorm", "ffnNorm"] as const;

/** The change of the FFN's output in parts: through W_down, and through W_gate and W_up, with all below held. */
const parts = (below: readonly TensorKind[]): Variant[] => [
  { name: "W_down alone moves", rule: "complete-mue", frozen: ["wgate", "wup", ...below] },
  { name: "W_gate, W_up alone move", rule: "complete-mue", frozen: ["wdown", ...below] },
];

/** What `standard` must fail on along an axis; N is in no rule here. */
const CONTROLS: Record<CheckAxis["size"], CheckAxis["controls"]> = {
  d: ["delta"],
  H: ["delta"],
  h: ["delta"],
  a: ["init"],
  N: [],
};

const axis = (
  name: string,
  size: CheckAxis["size"],
  values: number[],
  configuration: (value: number) => string,
): CheckAxis => ({
  name,
  size,
  configurations: values.map(configuration),
  controls: CONTROLS[size],
  asides: size === "d" ? ["outputDelta"] : [],
  also: size === "d" ? [OTHER_HEAD] : size === "H" ? parts(BELOW) : [],
});
const dense = (d: number) => `dense:d=${d},H=${d}`;

const shared = {
  ...probeAt(2 ** -7),
  steps: 4,
  rule: { name: "complete-mue", rule: "complete-mue" },
  control: { name: "standard", rule: "standard" },
  others: [{ name: "mup", rule: "mup" }],
  limits: { init: 1 / 8, change: 1 / 4 },
} satisfies Partial<CheckProfile>;

/** The axes. */
const axes: Record<ProfileName, CheckProfile> = {
  smoke: {
    ...shared,
    reference: "dense:d=16,L=1,H=16",
    sequences: 4,
    seq: 16,
    seeds: [0, 1, 2],
    sideBySide: 9,
    axes: [
      axis("H (dense)", "H", [16, 64, 256], (H) => `dense:d=16,H=${H}`),
      axis("a (8 experts)", "a", [2, 4, 8], (a) => `8e${a}a:d=16,h=16`),
    ],
  },
  quick: {
    ...shared,
    reference: "dense:d=16,L=2,H=16",
    sequences: 4,
    seq: 32,
    seeds: [0, 1, 2, 3, 4, 5],
    sideBySide: 30,
    axes: [
      axis("d (dense, H = d)", "d", [16, 32, 48, 64, 96, 128], dense),
      axis("d (16e4a, h = 16)", "d", [16, 32, 48, 64, 96, 128], (d) => `16e4a:d=${d},h=16`),
      axis("H (dense)", "H", [16, 32, 64, 128, 256, 512, 1024], (H) => `dense:d=16,H=${H}`),
      axis("a (16 experts)", "a", [2, 3, 4, 6, 8, 12, 16], (a) => `16e${a}a:d=16,h=16`),
      axis("h (16e4a)", "h", [8, 16, 32, 64, 128, 256], (h) => `16e4a:d=16,h=${h}`),
      axis("N (a = 4)", "N", [4, 6, 8, 12, 16, 24, 32], (N) => `${N}e4a:d=16,h=16`),
    ],
  },
  paper: {
    ...shared,
    reference: "dense:d=64,L=2,H=64,dh=64",
    sequences: 8,
    seq: 128,
    seeds: [0, 1, 2],
    sideBySide: 3,
    axes: [
      axis("d (dense, H = d)", "d", [64, 128, 192, 256, 384, 512, 1024], dense),
      axis("d (64e8a, h = 64)", "d", [64, 128, 192, 256, 384, 512], (d) => `64e8a:d=${d},h=64`),
      axis("H (dense)", "H", [64, 128, 256, 512, 1024, 2048, 4096], (H) => `dense:d=64,H=${H}`),
      axis("a (64 experts)", "a", [2, 4, 8, 16, 32, 64], (a) => `64e${a}a:d=64,h=64`),
      axis("h (64e8a)", "h", [16, 32, 64, 128, 256], (h) => `64e8a:d=64,h=${h}`),
      axis("N (a = 8)", "N", [8, 16, 32, 64, 128], (N) => `${N}e8a:d=64,h=64`),
    ],
  },
};

/** Most that the gates' unevenness may add to the variance of the routed sum, 5%: 2.5% of its size. */
const LIMIT = 0.05;

/** The authors' init, 0.01·√128, and that of the suites here, 1/√d* (suites/plans.ts). */
const INITS = [{ name: "the authors' init", logitStd: 0.113 }, {
  name: "the suites' init",
  logitStd: 1,
}];

/** The routing variance of `[N, a]`, and of which softmax is the control. Experts are narrow: only gates count. */
const routing = (
  sizes: [experts: number, active: number][],
  [experts, active]: [experts: number, active: number],
  size: string,
): RoutingVarianceCase => {
  const mixtures = sizes.map(([experts, active]) => ({ experts, active }));
  return {
    mixtures,
    size,
    gates: ["sigmoid", "softmax", "softmax-all", "sigmoid-raw"],
    inits: INITS,
    control: { experts, active, gate: "softmax", init: INITS[1].name },
    limit: LIMIT,
  };
};

/** The suite's sizes. */
export const profiles: Record<ProfileName, CheckProfile> = {
  smoke: { ...axes.smoke, routing: routing([[4, 2], [8, 8]], [4, 2], "d=16,L=1,h=4") },
  quick: {
    ...axes.quick,
    routing: routing(
      [[4, 4], [64, 4], [16, 2], [16, 4], [16, 8], [16, 16]],
      [16, 4],
      "d=16,L=1,h=4",
    ),
  },
  paper: {
    ...axes.paper,
    routing: routing(
      [[8, 8], [256, 8], [64, 2], [64, 4], [64, 8], [64, 64]],
      [64, 8],
      "d=64,L=1,h=8",
    ),
  },
};

/** The same of images. */
const BELOW_IMAGES: TensorKind[] = [
  ...["patch", "time1", "time2", "class", "mod"] as const,
  ...["wq", "wk", "wv", "wo", "qNorm", "kNorm"] as const,
];

/**
 * On images. Modulations start at zero in training, where the FFN would put out nothing; here at 1/4, which makes a
 * gate of d = 16 about 1/2.
 */
const onImages = (p: CheckProfile, sequences: number): CheckProfile => ({
  ...p,
  task: "diffusion",
  base: { ...p.base, embedInitStd: 0.1, modInitStd: 1 / 4 },
  sequences,
  seq: 49,
  axes: p.axes.map((axis) => ({
    ...axis,
    also: axis.size === "H" ? parts(BELOW_IMAGES) : axis.also,
  })),
});

/** The suite's sizes on images. */
export const imageProfiles: Record<ProfileName, CheckProfile> = {
  smoke: onImages(axes.smoke, 2),
  quick: onImages(axes.quick, 3),
  paper: onImages(axes.paper, 16),
};
