/**
 * What fixes a diffusion model beside its blocks: the images' sizes, how they are trained on, and what follows from
 * that alone.
 *
 * @module
 */
import type { ImageSizes } from "../../kernels/image/images.ts";

/** What fixes a diffusion model and what it is trained on, beside the blocks. */
export interface DiffusionFacts extends ImageSizes {
  /** classes of the images; one more entry of the table stands for no class */
  classes: number;
  /** features of the time, a multiple of 8 */
  timeFeatures: number;
  /** how times are drawn: t = sigmoid(normal), or uniform in (0, 1) */
  times: "logit-normal" | "uniform";
  /** share of the images that are trained without their class */
  classDropout: number;
}

/** Digits of 28 × 28 in patches of 4: 49 tokens an image. */
export const DIGITS: DiffusionFacts = {
  channels: 1,
  side: 28,
  patch: 4,
  classes: 10,
  timeFeatures: 256,
  times: "logit-normal",
  classDropout: 0.1,
};

/** Tokens of an image. */
export function tokensOf({ side, patch }: ImageSizes): number {
  return (side / patch) ** 2;
}

/**
 * Checks that sizes fit together.
 *
 * @throws {RangeError} naming what does not
 */
export function checkFacts(f: DiffusionFacts): void {
  const fail = (what: string): never => {
    throw new RangeError(`Cannot build the model: ${what}`);
  };
  for (const name of ["channels", "side", "patch", "classes", "timeFeatures"] as const) {
    if (!Number.isInteger(f[name]) || f[name] < 1) {
      fail(`${name} = ${f[name]} is not a whole number >= 1`);
    }
  }
  if (f.side % f.patch) fail(`patches of ${f.patch} pixels do not divide a side of ${f.side}`);
  if (f.timeFeatures % 8) fail(`timeFeatures = ${f.timeFeatures} is no multiple of 8`);
  if (!(f.classDropout >= 0 && f.classDropout <= 1)) {
    fail(`classDropout = ${f.classDropout} is no share of 1`);
  }
}

/**
 * Fixed positions (T, d): the first half of the columns from the row of the patch, the second from its column;
 * of each half sin, then cos, of index · 10000^(−2k/(d/2)), k = 0 … d/4 − 1.
 */
export function positionTable(across: number, d: number): Float32Array {
  const table = new Float32Array(across * across * d), quarter = d / 4;
  for (let t = 0; t < across * across; t++) {
    [Math.floor(t / across), t % across].forEach((index, half) => {
      for (let k = 0; k < quarter; k++) {
        const angle = index * 10000 ** (-2 * k / (d / 2)), at = t * d + half * d / 2 + k;
        table[at] = Math.sin(angle);
        table[at + quarter] = Math.cos(angle);
      }
    });
  }
  return table;
}
