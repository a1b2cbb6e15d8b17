/**
 * Token embedding, its gradient, and the batch that is drawn on the device.
 *
 * @module
 */
import drawSource from "./draw_batch.wgsl" with { type: "text" };
import embedSource from "./embed.wgsl" with { type: "text" };
import backwardSource from "./embed_backward.wgsl" with { type: "text" };
import indexSource from "../routing/token_index.wgsl" with { type: "text" };
import { type KernelSpec, u32, vec4 } from "../gpu/kernel.ts";
import type { Bound, Program } from "../gpu/program.ts";
import byte from "../byte.wgsl" with { type: "text" };
import pcg3d from "../pcg3d.wgsl" with { type: "text" };
import { type InParameters, lanes, type Sizes, u32s } from "../sizes.ts";

const DRAW_BATCH: KernelSpec = {
  name: "draw_batch",
  source: drawSource,
  includes: { pcg3d, byte },
  inputs: {
    // the last byte is a target; where an evaluation ends depends on its steps
    corpus: u32("(first + (EVALUATE ? (tokens / seq - 1) * spacing : range - 1) + seq) / 4 + 1"),
    seeds: u32("R"),
    state: u32("R"),
  },
  outputs: { tokens: u32("R", "rows"), targets: u32("R", "rows") },
  dims: u32s("tokens rows seq first range spacing"),
};

const EMBED: KernelSpec = {
  name: "embed",
  source: embedSource,
  inputs: { tokens: u32("R", "rows"), p: vec4("R", "p_replica") },
  outputs: { x: vec4("R", "rows", "d4") },
  dims: u32s("tokens rows d4 p_replica embed_base"),
};

const TOKEN_INDEX: KernelSpec = {
  name: "token_index",
  source: indexSource,
  inputs: { tokens: u32("R", "rows") },
  outputs: { first: u32("R", "vocab + 1"), order: u32("R", "rows") },
  dims: u32s("tokens rows vocab"),
};

const EMBED_BACKWARD: KernelSpec = {
  name: "embed_backward",
  source: backwardSource,
  inputs: {
    first: u32("R", "vocab + 1"),
    order: u32("R", "rows"),
    dx: vec4("R", "rows", "d4"),
  },
  outputs: { g: vec4("(R - 1) * p_replica + embed_base + vocab * d4") },
  dims: u32s("rows d4 vocab p_replica embed_base"),
};

/** Where a replica's batch comes from. */
export interface Draw {
  /** first byte of the region */
  first: number;
  /** number of start positions to draw from (training) */
  range: number;
  /** evaluation: bytes from one window's start to the next; 0 draws at random */
  spacing: number;
}

/**
 * Fills tokens and targets from the corpus; see draw_batch.wgsl.
 *
 * @param t corpus u32 (4 bytes each), seeds (R), state (R) the step, tokens and targets (R, rows)
 */
export function drawBatch(
  program: Program,
  sizes: Sizes,
  draw: Draw,
  t: { corpus: Bound; seeds: Bound; state: Bound; tokens: Bound; targets: Bound },
): void {
  program.add(
    DRAW_BATCH,
    { ...t },
    { tokens: sizes.tokens, rows: sizes.rows, seq: sizes.seq, ...draw },
    lanes(sizes.tokens, sizes.replicas),
    { EVALUATE: +(draw.spacing > 0) },
  );
}

/** x[t] = embed[token[t]]: x (R, rows, d4) vec4. */
export function embed(
  program: Program,
  sizes: Sizes,
  d4: number,
  table: InParameters,
  t: { tokens: Bound; x: Bound },
): void {
  program.add(
    EMBED,
    { tokens: t.tokens, p: table.tensor, x: t.x },
    {
      tokens: sizes.tokens,
      rows: sizes.rows,
      d4,
      p_replica: table.replica,
      embed_base: table.base,
    },
    lanes(sizes.tokens * d4, sizes.replicas),
  );
}

/**
 * Gradient of {@link embed}: sums dx over the positions of each entry, in ascending order.
 *
 * @param t tokens; first (R, vocab+1) and order (R, rows) are scratch; dx (R, rows, d4)
 */
export function embedBackward(
  program: Program,
  sizes: Sizes,
  d4: number,
  vocab: number,
  gradient: InParameters,
  t: { tokens: Bound; first: Bound; order: Bound; dx: Bound },
): void {
  program.add(
    TOKEN_INDEX,
    { tokens: t.tokens, first: t.first, order: t.order },
    { tokens: sizes.tokens, rows: sizes.rows, vocab },
    // small groups: there are few lanes with much to do
    [Math.ceil((vocab + 1) / 32), 1, sizes.replicas],
  );
  program.add(
    EMBED_BACKWARD,
    { first: t.first, order: t.order, dx: t.dx, g: gradient.tensor },
    {
      rows: sizes.rows,
      d4,
      vocab,
      p_replica: gradient.replica,
      embed_base: gradient.base,
    },
    lanes(vocab * d4, sizes.replicas),
  );
}
