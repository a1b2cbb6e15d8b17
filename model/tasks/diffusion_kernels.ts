/**
 * The diffusion task's kernels on one network, in the order of a step; the equations stand in diffusion.ts.
 *
 * @module
 */
import type { Program } from "../../kernels/gpu/program.ts";
import { download, downloadFloats, type Tensor, upload } from "../../kernels/gpu/tensor.ts";
import { silu, siluBackward, timeFeatures, turnTable } from "../../kernels/image/condition.ts";
import { type Images, imagesOf, patchLength } from "../../kernels/image/images.ts";
import { velocityLoss } from "../../kernels/image/loss.ts";
import { modulationSums } from "../../kernels/norm/modulation.ts";
import { type Modulated, rmsNorm, rmsNormBackward } from "../../kernels/norm/norm.ts";
import { roundUp, vec4s } from "../../kernels/sizes.ts";
import { embedBackward } from "../../kernels/text/embedding.ts";
import type { Network } from "../network.ts";
import type {
  Counters,
  Modulation,
  TaskData,
  TaskKernels,
  TaskLayout,
  TaskNetwork,
} from "../task.ts";
import { SLOT_STRIDE, SLOTS } from "../workspace.ts";
import { type DiffusionFacts, positionTable, tokensOf } from "./image_facts.ts";
import { drawHeldOutImages, drawTrainingImages } from "./images.ts";

/** The diffusion task on a network. */
export class DiffusionKernels implements TaskKernels {
  /** noisy patches and what the velocity should be, (R, rows, p4) vec4 */
  readonly batch: { xt: Tensor; target: Tensor };
  /** of each image, (R, images rounded up to 4): its number, its time (f32) and its class */
  readonly of: { picked: Tensor; time: Tensor; classes: Tensor };
  /** (R, rows, p4) vec4, the multiplier included */
  readonly velocity: Tensor;
  readonly loss: Tensor;
  readonly result: TaskKernels["result"];
  readonly ids = null;
  readonly gains = [];
  /** images of a step */
  readonly images: Images;
  readonly #fixed: { positions: Tensor; turns: Tensor };
  /** features, first layer before and after SiLU, second layer, condition, modulation */
  readonly #condition: Record<"features" | "pre" | "hidden" | "sum" | "c" | "m", Tensor>;
  readonly #final: { u: Tensor; rstd: Tensor };
  readonly #layout: TaskLayout;
  #backward: Record<"dm" | "dv" | "dc" | "dsum" | "first" | "order", Tensor> | null = null;

  /** @throws {RangeError} for sequences that are not one image */
  constructor(readonly net: TaskNetwork, readonly facts: DiffusionFacts) {
    const { sizes, layout: { width: d, shape: { depth } } } = net, { rows, seq, replicas } = sizes;
    if (seq !== tokensOf(facts)) {
      throw new RangeError(
        `Cannot build the model: sequences of ${seq} tokens for images of ${
          tokensOf(facts)
        } patches`,
      );
    }
    this.images = imagesOf(sizes);
    const { rows: images } = this.images, length = patchLength(facts), p4 = vec4s(length);
    const row = (name: string, width4: number) => net.alloc(name, "f32x4", images * width4);
    this.batch = {
      xt: net.alloc("xt", "f32x4", rows * p4),
      target: net.alloc("target", "f32x4", rows * p4),
    };
    this.of = {
      picked: net.alloc("picked", "u32", images),
      time: net.alloc("time", "f32", images),
      classes: net.alloc("classes", "u32", images),
    };
    this.velocity = net.alloc("velocity", "f32x4", rows * p4);
    this.loss = net.alloc("loss", "f32", rows);
    this.#condition = {
      features: row("features", facts.timeFeatures / 4),
      pre: row("time.pre", d / 4),
      hidden: row("time.hidden", d / 4),
      sum: row("time.sum", d / 4),
      c: row("c", d / 4),
      m: row("m", (6 * depth + 2) * d / 4),
    };
    this.#final = {
      u: net.alloc("u", "f32x4", rows * d / 4),
      rstd: net.alloc("rstd", "f32", rows),
    };
    this.#fixed = {
      positions: net.alloc("positions", "f32x4", rows * d / 4),
      turns: net.allocShared("turns", "f32x4", facts.timeFeatures / 4),
    };
    const table = positionTable(facts.side / facts.patch, d);
    const positions = new Float32Array(replicas * rows * d);
    for (let z = 0; z < replicas; z++) {
      for (let t = 0; t < sizes.tokens; t += seq) positions.set(table, (z * rows + t) * d);
    }
    upload(net.device, this.#fixed.positions, positions);
    upload(net.device, this.#fixed.turns, turnTable(facts.timeFeatures));
    this.result = { tensor: this.velocity, cols: length, stride: 4 * p4 };
    this.#layout = net.layout.task;
  }

  /** Tensors only the backward pass needs; made on first use. */
  get #scratch() {
    const { net, images: { rows }, facts } = this, { width: d, shape } = net.layout;
    const row = (name: string, width4: number) => net.alloc(`back.${name}`, "f32x4", rows * width4);
    return this.#backward ??= {
      dm: row("dm", (6 * shape.depth + 2) * d / 4),
      dv: net.alloc("back.dv", "f32x4", net.sizes.rows * vec4s(patchLength(facts))),
      dc: row("dc", d / 4),
      dsum: row("dsum", d / 4),
      first: net.alloc("back.first", "u32", facts.classes + 2),
      order: net.alloc("back.order", "u32", rows),
    };
  }

  get modulation(): Modulation {
    const { images: { rows }, net } = this, { width: d, shape } = net.layout;
    const scratch = () => this.#scratch.dm;
    return {
      m: this.#condition.m,
      get dm() {
        return scratch();
      },
      rows,
      m4: (6 * shape.depth + 2) * d / 4,
    };
  }

  /** Columns of the modulation that the last stream is shifted and scaled by. */
  get #last(): Modulated {
    const { m, rows, m4 } = this.modulation, d4 = this.net.layout.width / 4;
    return { m, rows, m4, shift: m4 - 2 * d4, scale: m4 - d4 };
  }

  draw(program: Program, data: TaskData, at: Counters): void {
    drawTrainingImages(program, this.net.sizes, this.facts, data, at, this);
  }

  heldOut(program: Program, data: TaskData, batches: number, at: Pick<Counters, "state">): void {
    drawHeldOutImages(program, this.net.sizes, this.facts, data, batches, at, this);
  }

  /** A matrix of a row per image. */
  #rows(tensor: Tensor, cols: number) {
    return this.net.rows(tensor, cols, this.images.rows);
  }

  /** The class table and the class of each image. */
  get #classes() {
    return { classes: this.of.classes, table: this.net.inParameters(this.#layout.class) };
  }

  input(program: Program, x: Tensor): void {
    const { net, images, facts } = this, { sizes, layout: { width: d } } = net;
    const { patch, time1, time2, mod } = this.#layout, { batch, of } = this, t = this.#condition;
    const length = roundUp(patchLength(facts), 4), features = facts.timeFeatures;
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: d,
      k: length,
      a: net.rows(batch.xt, length),
      b: net.weight(patch),
      ...net.onto(this.#fixed.positions, x, d),
    });
    timeFeatures(program, images, features, {
      time: of.time,
      turns: this.#fixed.turns,
      features: t.features,
    });
    net.product(program, {
      layout: "NT",
      rows: images.images,
      cols: d,
      k: features,
      a: this.#rows(t.features, features),
      b: net.weight(time1),
      c: this.#rows(t.pre, d),
    });
    silu(program, images, d / 4, null, { x: t.pre, y: t.hidden });
    net.product(program, {
      layout: "NT",
      rows: images.images,
      cols: d,
      k: d,
      a: this.#rows(t.hidden, d),
      b: net.weight(time2),
      c: this.#rows(t.sum, d),
    });
    silu(program, images, d / 4, this.#classes, { x: t.sum, y: t.c });
    net.product(program, {
      layout: "NT",
      rows: images.images,
      cols: mod.rows,
      k: d,
      a: this.#rows(t.c, d),
      b: net.weight(mod),
      c: this.#rows(t.m, mod.rows),
    });
  }

  output(program: Program, z: Tensor, dz: Tensor | null): void {
    const { net, facts, loss, velocity: v, batch: { target } } = this, { sizes } = net;
    const d = net.layout.width, length = patchLength(facts), stride = roundUp(length, 4);
    const { velocity } = this.#layout, { u, rstd } = this.#final, last = this.#last;
    rmsNorm(program, sizes, d, d / 4, last, { x: z, y: u, rstd });
    net.product(program, {
      layout: "NT",
      rows: sizes.tokens,
      cols: stride,
      k: d,
      a: net.rows(u, d),
      b: net.weight(velocity),
      c: net.rows(v, stride),
    }, SLOTS.output);
    const scale = { slot: SLOTS.output, stride: SLOT_STRIDE }, { scales } = net;
    if (!dz) {
      velocityLoss(program, sizes, length, scale, { v, target, scales, loss });
      return;
    }
    const { dv, dm } = this.#scratch, [du] = net.scratch.du;
    velocityLoss(program, sizes, length, scale, { v, target, scales, loss, dv });
    net.product(program, {
      layout: "NN",
      rows: sizes.tokens,
      cols: d,
      k: stride,
      a: net.rows(dv, stride),
      b: net.weight(velocity),
      c: net.rows(du, d),
    });
    net.product(program, {
      layout: "TN",
      rows: stride,
      cols: d,
      k: sizes.tokens,
      a: net.rows(dv, stride),
      b: net.rows(u, d),
      c: net.weight(velocity, "g"),
    });
    rmsNormBackward(program, sizes, d, d / 4, last, { x: z, dy: du, rstd, dz });
    modulationSums(program, sizes, d / 4, last, { x: z, dy: du, rstd, dm });
  }

  inputGradient(program: Program, dx: Tensor): void {
    const { net, images, facts } = this, { sizes, layout: { width: d } } = net;
    const { patch, time1, time2, class: table, mod } = this.#layout, t = this.#condition;
    const s = this.#scratch, length = roundUp(patchLength(facts), 4), features = facts.timeFeatures;
    const ofWeight = (a: Tensor, rows: number, b: Tensor, cols: number, to: typeof patch) =>
      net.product(program, {
        layout: "TN",
        rows,
        cols,
        k: images.images,
        a: this.#rows(a, rows),
        b: this.#rows(b, cols),
        c: net.weight(to, "g"),
      });
    const back = (dy: Tensor, k: number, weight: typeof patch, to: Tensor) =>
      net.product(program, {
        layout: "NN",
        rows: images.images,
        cols: d,
        k,
        a: this.#rows(dy, k),
        b: net.weight(weight),
        c: this.#rows(to, d),
      });
    net.product(program, {
      layout: "TN",
      rows: d,
      cols: length,
      k: sizes.tokens,
      a: net.rows(dx, d),
      b: net.rows(this.batch.xt, length),
      c: net.weight(patch, "g"),
    });
    ofWeight(s.dm, mod.rows, t.c, d, mod);
    back(s.dm, mod.rows, mod, s.dc);
    siluBackward(program, images, d / 4, this.#classes, { x: t.sum, dy: s.dc, dx: s.dsum });
    embedBackward(
      program,
      { replicas: sizes.replicas, tokens: images.images, rows: images.rows, seq: 1 },
      d / 4,
      facts.classes + 1,
      net.inParameters(table, "g"),
      { tokens: this.of.classes, first: s.first, order: s.order, dx: s.dsum },
    );
    ofWeight(s.dsum, d, t.hidden, d, time2);
    back(s.dsum, d, time2, s.dc);
    siluBackward(program, images, d / 4, null, { x: t.pre, dy: s.dc, dx: s.dsum });
    ofWeight(s.dsum, d, t.features, features, time1);
  }
}

/**
 * The diffusion task's part of a network, for what writes patches or reads velocities itself, or times and classes.
 *
 * @throws {TypeError} for a network of another task
 */
export function diffusionOf(net: Network): DiffusionKernels {
  if (net.task instanceof DiffusionKernels) return net.task;
  throw new TypeError(`Cannot read velocities: the model is for ${net.layout.shape.task.id}`);
}

/** What stands beside each image of a batch. */
export interface ImageConditions {
  /** (images) f32, t in 0 … 1: 0 is the image, 1 noise alone */
  time: Float32Array;
  /** (images) u32 */
  classes: Uint32Array;
}

/**
 * Times and classes of the images of the last forward pass.
 *
 * @returns one per replica
 * @throws {TypeError} for a network of another task
 */
export async function readConditions(net: Network): Promise<ImageConditions[]> {
  const { of, images: { replicas, images, rows } } = diffusionOf(net);
  const time = await downloadFloats(net.device, of.time);
  const classes = new Uint32Array(await download(net.device, of.classes));
  return Array.from({ length: replicas }, (_, z) => ({
    time: time.slice(z * rows, z * rows + images),
    classes: classes.slice(z * rows, z * rows + images),
  }));
}
