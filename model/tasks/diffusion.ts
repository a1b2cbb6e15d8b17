/**
 * The diffusion task: the velocity of a noisy image from its patches, its time and its class.
 *
 *     x_t = (1 − t) x0 + t eps,  target = eps − x0
 *     x = patches(x_t) patchᵀ + positions
 *     c = silu( silu(features(t) time1ᵀ) time2ᵀ + class[y] ),  m = c modᵀ, by which the blocks are modulated
 *     v = multiplier · (unit(z)·(1 + scale) + shift) velocityᵀ,  shift and scale the last columns of m
 *     loss = mean over patches and their numbers of (v − target)²
 *
 * Bidirectional attention, fixed 2-D positions. Equations as in fixtures/parity/README.md; where the
 * images come from is in images.ts.
 *
 * Source: DiT, arXiv 2212.09748; flow matching, arXiv 2210.02747.
 *
 * @module
 */
import { patchLength } from "../../kernels/image/images.ts";
import { roundUp } from "../../kernels/sizes.ts";
import { type LayoutBuilder, rowRuns } from "../layout_builder.ts";
import { type Dataset, type Task, unturned } from "../task.ts";
import { DiffusionKernels } from "./diffusion_kernels.ts";
import { checkFacts, type DiffusionFacts, DIGITS, tokensOf } from "./image_facts.ts";
import { checkImages, type Images, uploadImages } from "./images.ts";

/** The diffusion task at its sizes. */
export interface Diffusion extends Task {
  readonly facts: Task["facts"] & DiffusionFacts;
}

/**
 * The sizes of a task that is the diffusion task.
 *
 * @throws {TypeError} for another
 */
export function diffusionFacts({ id, facts }: Pick<Task, "id" | "facts">): DiffusionFacts {
  if (id !== "diffusion") throw new TypeError(`Cannot draw images: the models are for ${id}`);
  return facts as Diffusion["facts"];
}

/** `rows` rows of `cols`, stored with padding. */
function matrix(
  all: LayoutBuilder,
  name: string,
  kind: Parameters<LayoutBuilder["store"]>[0],
  rows: number,
  cols: number,
) {
  const stride = roundUp(cols, 4), made = all.store(kind, roundUp(rows, 4), stride);
  all.name(name, kind, [rows, cols], rowRuns(rows, cols, (r) => made.offset + r * stride));
  return made;
}

/**
 * The task for images of a size.
 *
 * @throws {RangeError} for sizes that do not fit together
 */
export function diffusion(facts: DiffusionFacts = DIGITS): Diffusion {
  checkFacts(facts);
  const { classes, timeFeatures: features } = facts, length = patchLength(facts);
  return {
    id: "diffusion",
    facts: { ...facts },
    tensors: "diffusion",
    // 1 / sqrt(fan-in), as every matrix starts at the reference
    init: { patchInitStd: 1 / Math.sqrt(length), timeInitStd: 1 / Math.sqrt(features) },
    output: "velocities",
    loss: { name: "mean squared error of the velocity", unit: "mse", title: "validation loss" },
    // who says 0 everywhere is 2 off at most, and spikes of a few times that are overcome
    divergedAbove: 20,
    causal: false,
    modulated: true,
    ids: false,
    positions: unturned,
    parameters: {
      input(all, { width: d, depth }) {
        if (d % 4) {
          throw new RangeError(
            `Cannot build the model: width = ${d} is no multiple of 4, which positions in two dimensions need`,
          );
        }
        const patch = matrix(all, "patch", "patch", d, length);
        const time1 = matrix(all, "time.w1", "time1", d, features);
        const time2 = matrix(all, "time.w2", "time2", d, d);
        const table = matrix(all, "class", "class", classes + 1, d);
        // all modulations in one, so that one product makes them
        const mod = all.store("mod", (6 * depth + 2) * d, d);
        const rows = (first: number, count: number) =>
          rowRuns(count, d, (r) => mod.offset + (first + r) * d);
        for (let l = 0; l < depth; l++) {
          all.name(`blocks.${l}.mod`, "mod", [6 * d, d], rows(6 * d * l, 6 * d));
        }
        all.name("final.mod", "mod", [2 * d, d], rows(6 * d * depth, 2 * d));
        return { patch, time1, time2, class: table, mod };
      },
      output: (all, { width: d }) => ({ velocity: matrix(all, "out", "velocity", length, d) }),
    },
    cost: ({ width: d, depth }) => ({
      work: 2 * d * length +
        (d * features + d * d + (6 * depth + 2) * d * d) / tokensOf(facts),
      floats: roundUp(length, 4),
    }),
    open: (net) => new DiffusionKernels(net, facts),
  };
}

/** Images as data of the diffusion task, in patches of `patch` pixels. */
export function imageDataset(of: Images, patch = DIGITS.patch): Dataset {
  const { name, hash, licence, file, channels, side, classes, labels, trained } = of;
  const task = diffusion({ ...DIGITS, channels, side, classes, patch });
  return {
    task,
    name,
    hash,
    licence,
    file,
    unit: "images",
    trainUnits: trained,
    heldOutUnits: labels.length - trained,
    check: (draws) => checkImages(of, tokensOf(task.facts), draws),
    upload: (device) => uploadImages(device, of),
  };
}
