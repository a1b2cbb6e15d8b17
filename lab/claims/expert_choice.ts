/**
 * What the experts' choice in one block of one model follows: bits that a pick tells of the place of the patch, the time
 * and the class of the image, and how even the load is.
 *
 * A pick is one of the a experts of a token, each as likely. Under an even load its entropy is log2 N bits, and log2 a
 * of them stay whatever is known of the token: nothing tells more than log2 (N/a).
 *
 * Place varies within an image: its null are places permuted within each image. Time and class are one per image: theirs
 * are labels permuted among the images, with all tokens of an image kept together.
 *
 * @module
 */
import {
  columnSums,
  countsByLabel,
  excess,
  permutation,
  rankBins,
} from "../statistics/information.ts";
import { contrastOf, slopeWeights } from "../statistics/paired.ts";
import { mean, type Random, random, sd } from "../statistics/resample.ts";

/** What a choice may follow. */
export const VARIABLES = ["place", "time", "class"] as const;
/** One of {@link VARIABLES}. */
export type Variable = typeof VARIABLES[number];
/** The same for a reader. */
export const NAMES: Record<Variable, string> = {
  place: "position",
  time: "timestep",
  class: "class",
};

/** Picks of one block of one model over some images. */
export interface Picks {
  /** N */
  experts: number;
  /** tokens of an image */
  places: number;
  /** picks of a token, a */
  active: number;
  /** (images, places, a) */
  ids: Uint32Array;
}

/** What stands beside each image. */
export interface Labels {
  /** (images) t, 0 … 1 */
  time: Float32Array;
  /** (images) */
  classes: Uint32Array;
  /** classes there may be; times are cut into as many bins of equal size, so that neither can tell more */
  count: number;
}

/** Picks of each image by expert, (images)(N). */
export function picksByImage({ experts, places, active, ids }: Picks): Uint32Array[] {
  const each = places * active;
  return Array.from({ length: ids.length / each }, (_, i) => {
    const counts = new Uint32Array(experts);
    for (let k = i * each; k < (i + 1) * each; k++) counts[ids[k]]++;
    return counts;
  });
}

/** Picks at each place by expert, (places)(N); `order` gives the place that stands for each of an image's. */
export function picksByPlace(
  { experts, places, active, ids }: Picks,
  order?: () => Uint32Array,
): Uint32Array[] {
  const table = Array.from({ length: places }, () => new Uint32Array(experts));
  for (let at = 0; at < ids.length;) {
    const moved = order?.();
    for (let p = 0; p < places; p++) {
      const to = table[moved ? moved[p] : p];
      for (let k = 0; k < active; k++) to[ids[at++]]++;
    }
  }
  return table;
}

/** Coefficient of variation of a load: standard deviation over the experts, over the mean. */
export function variation(load: number[]): number {
  const n = load.length;
  return sd(load) * Math.sqrt((n - 1) / n) / mean(load);
}

/** What is measured of one block of one model. */
export interface Choice {
  /** bits a pick tells of each, what permuted labels tell taken off */
  bits: Record<Variable, number>;
  /** the same of places permuted within the images and of times permuted among them: nothing, but for noise */
  permuted: Record<"place" | "time", number>;
  /** coefficient of variation of the load */
  variation: number;
  /** `[bin of t]`: mean t of its images, and the share of each expert in their picks over the even one, 1/N */
  loadByTime: { time: number; load: number[] }[];
}

/** Bits that the places tell. */
function placeBits(picks: Picks, times: number, r: Random, moved?: Picks): number {
  const { places } = picks, order = () => permutation(places, r);
  return excess(picksByPlace(moved ?? picks), () => picksByPlace(picks, order), times);
}

/** The same picks, the tokens of every image in another order. */
function shuffled(picks: Picks, r: Random): Picks {
  const { places, active, ids } = picks, out = new Uint32Array(ids.length), each = places * active;
  for (let at = 0; at < ids.length; at += each) {
    permutation(places, r).forEach((to, p) => {
      for (let k = 0; k < active; k++) out[at + to * active + k] = ids[at + p * active + k];
    });
  }
  return { ...picks, ids: out };
}

/**
 * Measures the choice of one block.
 *
 * @param permutations that the null of each variable is the mean of @param seed of these
 * @throws {RangeError} when labels and picks are of different numbers of images, or there are fewer images than bins
 */
export function choiceOf(
  picks: Picks,
  { time, classes, count }: Labels,
  permutations: number,
  seed: number,
): Choice {
  const images = picksByImage(picks), n = images.length;
  if (time.length !== n || classes.length !== n) {
    throw new RangeError(
      `Cannot measure the choice: picks of ${n} images, ${time.length} times, ${classes.length} classes`,
    );
  }
  const r = random(seed), bins = rankBins(time, count);
  const moved = (labels: Uint32Array) => {
    const order = permutation(n, r);
    return labels.map((_, i) => labels[order[i]]);
  };
  const of = (labels: Uint32Array) =>
    excess(
      countsByLabel(images, labels, count),
      () => countsByLabel(images, moved(labels), count),
      permutations,
    );
  const byTime = countsByLabel(images, bins, count);
  return {
    bits: { place: placeBits(picks, permutations, r), time: of(bins), class: of(classes) },
    permuted: {
      place: placeBits(picks, permutations, r, shuffled(picks, r)),
      time: of(moved(bins)),
    },
    variation: variation(columnSums(images)),
    loadByTime: byTime.map((row, bin) => {
      const all = row.reduce((sum, x) => sum + x, 0);
      return {
        time: mean([...time].filter((_, i) => bins[i] === bin)),
        load: [...row].map((x) => x * picks.experts / all),
      };
    }),
  };
}

/** One seed after training. */
export interface TrainedChoices {
  /** block by block; null: the run diverged */
  blocks: Choice[] | null;
  /** mean training loss of the last twentieth of the steps; null: the run diverged */
  loss: number | null;
}

/** What was found: a model per seed, trained and not. */
export interface Choices {
  /** seed by seed */
  trained: TrainedChoices[];
  /** `[model][block]` */
  untrained: Choice[][];
}

/** Mean over the blocks. */
export const over = (blocks: readonly Choice[], of: (c: Choice) => number) => mean(blocks.map(of));

/** Least-squares line over the blocks: what it falls or rises from the first block to the last. */
export function changeOverDepth(values: readonly number[]): number {
  const [slope] = contrastOf(values.map((v) => [v]), slopeWeights(values.map((_, l) => l)));
  return slope * (values.length - 1);
}

/**
 * Change of log2 of the load's variation from the first block to the deepest, by the line through all blocks, octaves;
 * null where a load is even to the last token.
 */
export function evenness(blocks: readonly Choice[]): number | null {
  const change = changeOverDepth(blocks.map((c) => Math.log2(c.variation)));
  return Number.isFinite(change) ? change : null;
}
