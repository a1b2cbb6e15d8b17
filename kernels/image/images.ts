/**
 * Batches of noisy images, cut into patches, drawn on the device.
 *
 *     x_t = (1 − t) x0 + t eps,  target = eps − x0
 *
 * Source: flow matching, arXiv 2210.02747; t = sigmoid of a normal number, arXiv 2403.03206.
 *
 * @module
 */
import drawSource from "./draw_images.wgsl" with { type: "text" };
import gaussian from "./gaussian.wgsl" with { type: "text" };
import patchesSource from "./noise_patches.wgsl" with { type: "text" };
import turn from "./turn.wgsl" with { type: "text" };
import byte from "../byte.wgsl" with { type: "text" };
import pcg3d from "../pcg3d.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4 } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, roundUp, type Sizes, u32s, vec4s } from "../sizes.ts";

/** In the place of a seed where noise must be the same for every replica. */
const HELD_OUT = 0x9e3779b9;

/** Images and the patches they are cut into; a sequence of tokens is one image. */
export interface ImageSizes {
  channels: number;
  /** pixels */
  side: number;
  /** pixels of a patch's side; divides `side` */
  patch: number;
}

/** Numbers in a patch. */
export function patchLength({ channels, patch }: ImageSizes): number {
  return channels * patch * patch;
}

/** Sizes of what there is once an image: images in a batch, rounded up to 4. */
export interface Images {
  replicas: number;
  images: number;
  rows: number;
}

/** The images of a batch. */
export function imagesOf({ replicas, tokens, seq }: Sizes): Images {
  const images = tokens / seq;
  return { replicas, images, rows: roundUp(images, 4) };
}

/** Where a batch's images come from. */
export interface ImageDraw {
  /** first image of the region */
  first: number;
  /** images to draw from (training) */
  range: number;
  /** evaluation: images from one held-out image to the next; 0 draws at random */
  spacing: number;
  /** the class of an image whose class is dropped */
  none: number;
  /** share of images whose class is dropped in training, 0 … 1 */
  drop: number;
  /** t = sigmoid(normal) or uniform */
  times: "logit-normal" | "uniform";
}

const DRAW_IMAGES: KernelSpec = {
  name: "draw_images",
  source: drawSource,
  includes: { pcg3d, turn, gaussian },
  inputs: {
    // where an evaluation ends depends on its steps
    labels: u32("first + (EVALUATE ? (images - 1) * spacing + 1 : range)"),
    seeds: u32("R"),
    state: u32("R"),
  },
  outputs: {
    picked: u32("R", "image_rows"),
    time: f32("R", "image_rows"),
    classes: u32("R", "image_rows"),
  },
  dims: u32s("images image_rows first range spacing none drop"),
  constants: { HELD_OUT },
};

const NOISE_PATCHES: KernelSpec = {
  name: "noise_patches",
  source: patchesSource,
  includes: { byte, pcg3d, turn, gaussian },
  inputs: {
    corpus: u32("(last_image + 1) * channels * side * side / 4"),
    picked: u32("R", "image_rows"),
    time: f32("R", "image_rows"),
    seeds: u32("R"),
    state: u32("R"),
  },
  outputs: { xt: vec4("R", "rows", "p4"), target: vec4("R", "rows", "p4") },
  dims: u32s("tokens rows seq p4 across patch_side channels side image_rows last_image"),
  constants: { HELD_OUT },
};

/**
 * Fills a batch: which images, their times and classes, their noisy patches and targets.
 *
 * @param t corpus u32 (4 bytes each) and labels (images in all) u32; seeds, state (R) u32; picked, classes (R, image rows)
 *   u32, time (R, image rows) f32; xt, target (R, rows, p4) vec4
 */
export function drawImages(
  program: Program,
  sizes: Sizes,
  of: ImageSizes,
  draw: ImageDraw,
  t: {
    corpus: Bound;
    labels: Bound;
    seeds: Bound;
    state: Bound;
    picked: Bound;
    time: Bound;
    classes: Bound;
    xt: Bound;
    target: Bound;
  },
): void {
  const { images, rows: image_rows, replicas } = imagesOf(sizes), p4 = vec4s(patchLength(of));
  const { first, range, spacing, none } = draw, constants = { EVALUATE: +(spacing > 0) };
  const { seeds, state, picked, time } = t;
  program.add(
    DRAW_IMAGES,
    { labels: t.labels, seeds, state, picked, time, classes: t.classes },
    {
      images,
      image_rows,
      first,
      range,
      spacing,
      none,
      drop: Math.min(0xffffffff, Math.round(draw.drop * 2 ** 32)),
    },
    lanes(images, replicas),
    { ...constants, LOGIT_NORMAL: +(draw.times === "logit-normal") },
  );
  program.add(
    NOISE_PATCHES,
    { corpus: t.corpus, picked, time, seeds, state, xt: t.xt, target: t.target },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      seq: sizes.seq,
      p4,
      across: of.side / of.patch,
      patch_side: of.patch,
      channels: of.channels,
      side: of.side,
      image_rows,
      last_image: first + (spacing > 0 ? (images - 1) * spacing : range - 1),
    },
    lanes(sizes.tokens * p4, replicas),
    constants,
  );
}
