/**
 * The axes of `scaling` at its sizes.
 *
 * @module
 */
import type { ScalingAxis, ScalingLimits, ScalingProfile } from "../lab/claims/scaling.ts";
import type { ProfileName } from "../lab/suite.ts";
import type { Widths } from "../lab/claims/scaling_widths.ts";
import { IMAGES_WIDE, paperImages, quickImages, smokeImages } from "./images.ts";
import { paperPlan, quickPlan, smokePlan } from "./plans.ts";

/** What a slope must be on: the side of 0 that the paper found. */
export const limits: ScalingLimits = { falls: { hi: 0 }, rises: { lo: 0 } };

/** An axis without its models. */
type Named = Omit<ScalingAxis, "x" | "configurations">;
const doubling = { scale: "log2", expected: "falls" } as const;
const active: Named = { name: "active", title: "active experts a", ...doubling };
const capacity: Named = { name: "capacity", title: "experts N", ...doubling };
const granularity: Named = {
  name: "granularity",
  title: "granularity (active experts at equal active width)",
  ...doubling,
};
const layers: Named = { name: "layers", title: "layers L", ...doubling };
const shared: Named = {
  name: "shared",
  title: "shared experts in the place of routed ones",
  scale: "linear",
  expected: "rises",
};

/** Models by their place on an axis, `16e4a` and what they share of a configuration. */
const along = (axis: Named, models: [x: number, name: string][], rest = ""): ScalingAxis => ({
  ...axis,
  x: models.map(([x]) => x),
  configurations: models.map(([, name]) => rest ? `${name}:${rest}` : name),
});

/** Capacity at a second width, experts as wide as at the first. */
const capacityAt = (
  models: [x: number, name: string][],
  size: string,
  names: Widths["names"],
): Widths => {
  const { name: axis, x, configurations } = along(capacity, models, size);
  return { axis, narrow: { x, configurations }, names };
};

const compare = { more: "capacity", less: "granularity" };
const QUICK = "d=48,dh=12,h=12", PAPER = "d=512,h=128,dh=64";
/** Four sets of seeds that no claim uses. */
const setsFrom = (first: number, size: number) =>
  Array.from(
    { length: 4 },
    (_, set) => Array.from({ length: size }, (_, k) => first + size * set + k),
  );

/** The axes of the claims. */
const claimed: Record<ProfileName, ScalingProfile> = {
  smoke: {
    plan: smokePlan,
    seeds: [0, 1],
    axes: [
      along(capacity, [[4, "4e2a"], [8, "8e2a"]], "d=32,h=16"),
      along(granularity, [[2, "4e2a:d=32,h=16"], [4, "8e4a:d=32,h=8"]]),
    ],
    nothing: { configuration: "4e2a:d=32,h=16", seedSets: [[2, 3], [4, 5]] },
    compare,
    limits,
  },
  quick: {
    plan: quickPlan,
    seeds: [0, 1, 2, 3, 4, 5, 6],
    axes: [
      along(active, [[2, "16e2a"], [4, "16e4a"], [16, "16e16a"]], QUICK),
      along(capacity, [[4, "4e4a"], [16, "16e4a"], [32, "32e4a"]], QUICK),
      along(granularity, [
        [2, "8e2a:d=48,dh=12,h=24"],
        [4, "16e4a:d=48,dh=12,h=12"],
        [8, "32e8a:d=48,dh=12,h=6"],
      ]),
      along(layers, [[2, `16e4a:${QUICK}`], [4, "16e4a:d=48,dh=12,L=4,h=12"]]),
      along(shared, [[0, "16e4a"], [2, "16e2a2s"]], QUICK),
    ],
    nothing: { configuration: `16e4a:${QUICK}`, seedSets: setsFrom(18, 2) },
    compare: { ...compare, seeds: [7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17] },
    limits,
  },
  paper: {
    plan: paperPlan,
    seeds: [0, 1, 2],
    axes: [
      along(active, [2, 4, 8, 16, 32, 64].map((a) => [a, `64e${a}a`]), PAPER),
      along(capacity, [4, 8, 16, 32, 64].map((N) => [N, `${N}e4a`]), PAPER),
      along(granularity, [
        [2, "32e2a:d=512,h=256,dh=64"],
        [4, `64e4a:${PAPER}`],
        [8, "128e8a:d=512,h=64,dh=64"],
        [16, "256e16a:d=512,h=32,dh=64"],
      ]),
      along(layers, [
        [4, `64e4a:${PAPER}`],
        [8, "64e4a:d=512,L=8,h=128,dh=64"],
        [16, "64e4a:d=512,L=16,h=128,dh=64"],
      ]),
      along(shared, [[0, "64e4a"], [1, "64e3a1s"], [2, "64e2a2s"]], PAPER),
    ],
    nothing: { configuration: `64e4a:${PAPER}`, seedSets: setsFrom(3, 3) },
    compare,
    limits,
  },
};

/** The suite's sizes. */
export const profiles: Record<ProfileName, ScalingProfile> = {
  smoke: {
    ...claimed.smoke,
    widths: capacityAt([[4, "4e2a"], [8, "8e2a"]], "d=16,h=16", ["d = 16", "d = 32"]),
  },
  quick: {
    ...claimed.quick,
    widths: capacityAt([[4, "4e4a"], [32, "32e4a"]], "d=24,dh=12,h=12", ["d = 24", "d = 48"]),
  },
  paper: {
    ...claimed.paper,
    widths: capacityAt([[4, "4e4a"], [64, "64e4a"]], "d=256,h=128,dh=64", ["d = 256", "d = 512"]),
  },
};

/** The suite's sizes on images: the models of the transfer suites, and two more. */
export const imageProfiles: Record<ProfileName, ScalingProfile> = {
  smoke: { ...claimed.smoke, plan: smokeImages },
  quick: {
    plan: quickImages,
    seeds: [0, 1, 2, 3],
    axes: [
      along(active, [[2, "16e2a"], [4, "16e4a"], [8, "16e8a"]], IMAGES_WIDE),
      along(capacity, [[4, "4e4a"], [16, "16e4a"], [32, "32e4a"]], IMAGES_WIDE),
      along(granularity, [
        [2, "8e2a:d=64,dh=16,h=32"],
        [4, `16e4a:${IMAGES_WIDE}`],
        [8, "32e8a:d=64,dh=16,h=8"],
      ]),
      along(layers, [[2, `16e4a:${IMAGES_WIDE}`], [4, "16e4a:d=64,dh=16,L=4,h=16"]]),
      along(shared, [[0, "16e4a"], [2, "16e2a2s"]], IMAGES_WIDE),
    ],
    nothing: { configuration: `16e4a:${IMAGES_WIDE}`, seedSets: setsFrom(4, 2) },
    compare,
    limits,
  },
  paper: { ...claimed.paper, plan: paperImages },
};
