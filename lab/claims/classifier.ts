/**
 * A classifier that reads images: softmax regression on bytes, trained on the host. It knows nothing of the models
 * whose images it reads.
 *
 *     p = softmax(W x + b),  x = bytes / 255;  W, b −= rate · mean over a batch of (p − onehot) x
 *
 * @module
 */

/** Images of one size with their classes. */
export interface Labelled {
  /** (images, length) bytes */
  pixels: Uint8Array;
  /** a class of each */
  labels: ArrayLike<number>;
}

/** How it is trained. */
export interface ClassifierPlan {
  /** training images, the first of the data */
  images: number;
  /** passes over them, in their order */
  epochs: number;
  /** images of a step */
  batch: number;
  rate: number;
}

/** Names the class of each image. */
export type Classifier = (pixels: Uint8Array) => number[];

/**
 * Trains it.
 *
 * @param length bytes of an image @param classes how many there are
 * @throws {RangeError} for fewer images than planned
 */
export function trainClassifier(
  { pixels, labels }: Labelled,
  length: number,
  classes: number,
  plan: ClassifierPlan,
): Classifier {
  if (labels.length < plan.images || pixels.length < plan.images * length) {
    throw new RangeError(
      `Cannot train a classifier on ${plan.images} images: there are ${labels.length}`,
    );
  }
  const weights = new Float64Array(classes * length), bias = new Float64Array(classes);
  const scores = (of: Uint8Array, at: number): Float64Array => {
    const out = Float64Array.from(bias);
    for (let j = 0; j < length; j++) {
      const x = of[at + j];
      if (x === 0) continue;
      for (let c = 0; c < classes; c++) out[c] += weights[c * length + j] * x / 255;
    }
    return out;
  };
  for (let epoch = 0; epoch < plan.epochs; epoch++) {
    for (let from = 0; from < plan.images; from += plan.batch) {
      const to = Math.min(from + plan.batch, plan.images), step = plan.rate / (to - from);
      const errors = Array.from({ length: to - from }, (_, i) => {
        const s = scores(pixels, (from + i) * length), top = Math.max(...s);
        const e = s.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b, 0);
        return e.map((v, c) => v / sum - +(labels[from + i] === c));
      });
      errors.forEach((error, i) => {
        const at = (from + i) * length;
        for (let j = 0; j < length; j++) {
          const x = pixels[at + j];
          if (x === 0) continue;
          for (let c = 0; c < classes; c++) weights[c * length + j] -= step * error[c] * x / 255;
        }
        for (let c = 0; c < classes; c++) bias[c] -= step * error[c];
      });
    }
  }
  return (of) =>
    Array.from({ length: of.length / length }, (_, i) => {
      const s = scores(of, i * length);
      return s.indexOf(Math.max(...s));
    });
}
