/**
 * Data of every task that is made here and never changes, too small to learn from: what the canary (canary.ts) trains
 * on, so that its digest depends on nothing but the machine and the kernels.
 *
 * @module
 */
import type { Dataset } from "../../model/task.ts";
import { imageDataset } from "../../model/tasks/diffusion.ts";
import { textDataset } from "../../model/tasks/language.ts";

/** Bytes that look random and are the same everywhere: the high bits of x ← 1103515245 x + 12345 mod 2^31. */
function bytesOf(count: number, seed: number): Uint8Array {
  let x = seed;
  return Uint8Array.from({ length: count }, () => {
    x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff;
    return x >>> 16;
  });
}

const LICENCE = "made here";

/** Each with a letter that follows from the one before, so that there is something to learn. */
function text(): Dataset {
  let last = 0;
  const bytes = bytesOf(1200, 1).map((noise) => last = 97 + (last + 1 + noise % 3) % 26);
  return textDataset({
    name: "letters",
    bytes,
    trainBytes: 1000,
    hash: "known-letters-1",
    licence: LICENCE,
  });
}

/** Squares of 12 × 12 in patches of 4: nine tokens an image. */
function images(): Dataset {
  const count = 48, side = 12;
  return imageDataset({
    name: "squares",
    channels: 1,
    side,
    classes: 3,
    pixels: bytesOf(count * side * side, 2),
    labels: Uint8Array.from({ length: count }, (_, i) => i % 3),
    trained: 32,
    hash: "known-squares-1",
    licence: LICENCE,
  });
}

const KNOWN: Readonly<Record<string, () => Dataset>> = { language: text, diffusion: images };

/** The known data of a task; null where it has none. */
export function knownData(task: string): Dataset | null {
  return Object.hasOwn(KNOWN, task) ? KNOWN[task]() : null;
}
