/**
 * The shape of a model and how its parameters lie in memory: the task's tensors before the blocks, the
 * blocks, the task's tensors after them.
 *
 * Matrices are [out, in], rows padded to vec4 and rows of a head or an expert padded to 4; padding is
 * zero and stays zero. q, k, v are one matrix; so are gate and up.
 *
 * @module
 */
import { checkRouter } from "../kernels/routing/router.ts";
import { roundUp } from "../kernels/sizes.ts";
import { type FfnShape, LayoutBuilder, rowRuns, storeFfn } from "./layout_builder.ts";
import type { BlockLayout, Parameter, Stored } from "./stored.ts";
import type { Task, TaskLayout } from "./task.ts";

/** Everything that fixes a model's parameters and arithmetic, but not its values. */
export interface ModelShape {
  /** what it is trained on, at its sizes */
  task: Task;
  width: number;
  depth: number;
  /** even: RoPE turns pairs */
  headWidth: number;
  ffn: FfnShape;
}

/** Where everything lies: padded sizes in floats, offsets in floats. */
export interface Layout {
  shape: ModelShape;
  width: number;
  heads: number;
  headWidth: number;
  attention: number;
  experts: number;
  blocks: BlockLayout[];
  /** the task's own tensors */
  task: TaskLayout;
  stored: Stored[];
  parameters: Parameter[];
  /** stored floats per replica, a multiple of 64 */
  floats: number;
  /** floats that are real parameters */
  count: number;
}

/**
 * Checks a shape.
 *
 * @throws {RangeError} naming the field and what was found
 */
export function checkShape(s: ModelShape): void {
  const whole = (name: string, n: number, least = 1) => {
    if (!Number.isInteger(n) || n < least) {
      throw new RangeError(
        `Cannot build the model: ${name} = ${n} is not a whole number >= ${least}`,
      );
    }
  };
  whole("width", s.width);
  whole("depth", s.depth);
  whole("headWidth", s.headWidth, 2);
  if (s.headWidth % 2 || s.width % s.headWidth) {
    throw new RangeError(
      `Cannot build the model: heads of width ${s.headWidth} in width ${s.width} (want an even divisor)`,
    );
  }
  if (s.ffn.kind === "dense") whole("hidden", s.ffn.hidden);
  else {
    const { experts, active, expertWidth, shared, groups } = s.ffn;
    whole("experts", experts);
    whole("active", active);
    whole("expertWidth", expertWidth);
    whole("shared", shared, 0);
    whole("groups", groups);
    checkRouter(s.ffn);
    if (s.ffn.pick === "hash" && !s.task.ids) {
      throw new RangeError(
        `Cannot build the model: router=hash routes by the ids of tokens, and ${s.task.id} has none`,
      );
    }
  }
  checkHolds(s);
}

/** Floats of the largest storage binding there can be: WebGPU counts its bytes in 32 bits. */
const MOST_FLOATS = 2 ** 30;
/** Most rows of all parameters: each is an entry of the layout in the host's memory. */
const MOST_ROWS = 2 ** 24;

/** Refuses, before anything of it is made, a model that no adapter or no host can hold. */
function checkHolds({ width: d, depth, headWidth, ffn }: ModelShape): void {
  const { n, h, all } = ffn.kind === "dense"
    ? { n: 0, h: ffn.hidden, all: 1 }
    : { n: ffn.experts, h: ffn.expertWidth, all: ffn.experts + ffn.shared };
  const floats = depth * d * (4 * d + 3 * all * h + n);
  const rows = depth * (3 * d + d * d / headWidth + all * (2 * h + d) + n);
  const refuse = (count: number, what: string, most: number): never => {
    throw new RangeError(
      `Cannot build the model: its blocks have ${
        count.toPrecision(3)
      } ${what}, ${most} is the most`,
    );
  };
  if (floats > MOST_FLOATS) {
    refuse(floats, "parameters, of which one binding holds all", MOST_FLOATS);
  }
  if (rows > MOST_ROWS) refuse(rows, "rows of parameters", MOST_ROWS);
}

/** Lays a model out. */
export function layoutOf(shape: ModelShape): Layout {
  checkShape(shape);
  const { task, width: d, depth, headWidth: dh, ffn } = shape;
  const dp = roundUp(d, 4), dhp = roundUp(dh, 4), heads = d / dh, hd = heads * dhp;
  const all = new LayoutBuilder();
  const before = task.parameters.input(all, shape);
  const blocks: BlockLayout[] = [];
  for (let l = 0; l < depth; l++) {
    const p = `blocks.${l}.`;
    const attnNorm = task.modulated ? null : all.vector(p + "attn.norm", "attnNorm", d, dp);
    const wqkv = all.store("wq", 3 * hd, dp);
    (["wq", "wk", "wv"] as const).forEach((kind, part) =>
      all.name(
        `${p}attn.${kind}`,
        kind,
        [d, d],
        rowRuns(d, d, (r) => wqkv.offset + (part * hd + Math.floor(r / dh) * dhp + r % dh) * dp),
      )
    );
    const wo = all.store("wo", dp, hd);
    all.name(
      p + "attn.wo",
      "wo",
      [d, d],
      Array.from({ length: d * heads }, (_, i) => {
        const r = Math.floor(i / heads), head = i % heads;
        return [r * d + head * dh, wo.offset + r * hd + head * dhp, dh];
      }),
    );
    const qNorm = all.vector(p + "attn.qnorm", "qNorm", dh, dhp);
    const kNorm = all.vector(p + "attn.knorm", "kNorm", dh, dhp);
    const ffnNorm = task.modulated ? null : all.vector(p + "ffn.norm", "ffnNorm", d, dp);
    const branches = storeFfn(all, p + "ffn.", d, ffn);
    blocks.push({ attnNorm, wqkv, wo, qNorm, kNorm, ffnNorm, ...branches });
  }
  const after = task.parameters.output(all, shape);
  return {
    shape,
    width: dp,
    heads,
    headWidth: dh,
    attention: hd,
    experts: ffn.kind === "moe" ? roundUp(ffn.experts, 4) : 0,
    blocks,
    task: { ...before, ...after },
    stored: all.stored,
    parameters: all.parameters,
    floats: all.floats,
    count: all.count,
  };
}
