/**
 * One step of drawing images from noise: the velocity v is integrated from t = 1, noise, to t = 0.
 *
 *     dx/dt = v(x, t, class),  k = v_none + guidance (v_class − v_none)
 *     Euler: x' = x + h k(x, t);  Heun: x' = x + h/2 (k(x, t) + k(x + h k(x, t), t + h))
 *
 * Source: flow matching, arXiv 2210.02747; guidance, arXiv 2207.12598.
 *
 * @module
 */
import conditionSource from "./sample_condition.wgsl" with { type: "text" };
import gaussian from "./gaussian.wgsl" with { type: "text" };
import guideSource from "./sample_guide.wgsl" with { type: "text" };
import moveSource from "./sample_move.wgsl" with { type: "text" };
import noiseSource from "./sample_noise.wgsl" with { type: "text" };
import turn from "./turn.wgsl" with { type: "text" };
import pcg3d from "../pcg3d.wgsl" with { type: "text" };
import { f32, type KernelSpec, u32, vec4, when } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import { lanes, type Sizes, u32s, vec4s } from "../sizes.ts";
import { imagesOf } from "./images.ts";

const ROWS = vec4("R", "rows", "p4");
const STATE = u32("R");
const TIMES = f32("steps + 1");

const SAMPLE_NOISE: KernelSpec = {
  name: "sample_noise",
  source: noiseSource,
  includes: { pcg3d, turn, gaussian },
  inputs: {},
  outputs: { x: ROWS },
  dims: u32s("tokens rows seq p4 length seed first"),
};

const SAMPLE_CONDITION: KernelSpec = {
  name: "sample_condition",
  source: conditionSource,
  inputs: { times: TIMES, asked: when("!NONE", u32("image_rows")), state: STATE },
  outputs: { time: f32("R", "image_rows"), classes: u32("R", "image_rows") },
  dims: u32s("images image_rows none stage steps"),
};

const SAMPLE_GUIDE: KernelSpec = {
  name: "sample_guide",
  source: guideSource,
  inputs: { v: ROWS, none: when("GUIDED", ROWS) },
  outputs: { k: ROWS },
  dims: u32s("tokens rows p4", "guidance"),
};

const SAMPLE_MOVE: KernelSpec = {
  name: "sample_move",
  source: moveSource,
  inputs: {
    x: ROWS,
    k1: when("SLOPES > 0", ROWS),
    k2: when("SLOPES > 1", ROWS),
    times: when("SLOPES > 0", TIMES),
    state: STATE,
  },
  outputs: { y: ROWS, next: when("LAST", STATE) },
  dims: u32s("tokens rows p4 steps"),
};

const patches = ({ tokens, rows }: Sizes, length: number) => ({ tokens, rows, p4: vec4s(length) });

/**
 * x = noise, by (seed, number of the image) alone.
 *
 * @param length numbers in a patch
 * @param from the seed, and the number of the batch's first image
 * @param x (R, rows, vec4s(length)) vec4, 0 past the patch
 * Error: 2e-6 against float64 (tests/kernels/image/sample_test.ts)
 */
export function sampleNoise(
  program: Program,
  sizes: Sizes,
  length: number,
  from: { seed: number; first: number },
  x: Bound,
): void {
  const dims = patches(sizes, length);
  program.add(
    SAMPLE_NOISE,
    { x },
    { ...dims, seq: sizes.seq, length, ...from },
    lanes(sizes.tokens * dims.p4, sizes.replicas),
  );
}

/**
 * Writes the time and the class a velocity is taken at.
 *
 * @param of steps of the whole way; the class that stands for none; whether a class is asked for; stage 1: at the step's end
 * @param t times (steps + 1) f32, asked (image rows) u32, state (R) u32; time f32, classes u32 (R, image rows)
 */
export function sampleCondition(
  program: Program,
  sizes: Sizes,
  of: { steps: number; none: number; asked: boolean; stage: 0 | 1 },
  t: { times: Bound; asked: Bound; state: Bound; time: Bound; classes: Bound },
): void {
  const { images, rows: image_rows, replicas } = imagesOf(sizes);
  const { steps, none, stage } = of;
  program.add(
    SAMPLE_CONDITION,
    { ...t, asked: of.asked ? t.asked : undefined },
    { images, image_rows, none, stage, steps },
    lanes(images, replicas),
    { NONE: +!of.asked },
  );
}

/**
 * k = v, or none + guidance (v − none).
 *
 * @param length numbers in a patch
 * @param t v, none, k (R, rows, vec4s(length)) vec4; without none v is copied
 */
export function sampleGuide(
  program: Program,
  sizes: Sizes,
  length: number,
  guidance: number,
  t: { v: Bound; none?: Bound; k: Bound },
): void {
  const dims = patches(sizes, length);
  program.add(
    SAMPLE_GUIDE,
    t,
    { ...dims, guidance },
    lanes(sizes.tokens * dims.p4, sizes.replicas),
    { GUIDED: +(t.none !== undefined) },
  );
}

/**
 * y = x + h · mean of the slopes given, h the length of the step; y = x for none of them.
 *
 * @param length numbers in a patch @param steps of the whole way
 * @param t x, k1, k2, y (R, rows, vec4s(length)) vec4, times (steps + 1) f32, state (R) u32
 * @param last whether the step ends here: state, which alternates, is counted
 */
export function sampleMove(
  program: Program,
  sizes: Sizes,
  length: number,
  steps: number,
  t: { x: Bound; k1?: Bound; k2?: Bound; times: Bound; state: Bound; y: Bound },
  last: boolean,
): void {
  const dims = { ...patches(sizes, length), steps };
  const slopes = +(t.k1 !== undefined) + +(t.k2 !== undefined);
  program.add(
    SAMPLE_MOVE,
    { ...t, times: slopes > 0 ? t.times : undefined, next: last ? t.state : undefined },
    dims,
    lanes(sizes.tokens * dims.p4, sizes.replicas),
    { SLOPES: slopes, LAST: +last },
  );
}
