/**
 * What `deno task bench:peers` times, and what it asks of whoever takes part: our own kernels and
 * each peer library are a {@link Contender}.
 *
 * @module
 */
import suite from "../../deno.json" with { type: "json" };
import type { Layout } from "../../kernels/gemm/gemm.ts";
import { normals } from "../../model/init.ts";
import { layoutOf, type ModelShape } from "../../model/shape.ts";
import type { Language } from "../../model/tasks/language.ts";

/** Values of a tensor on the host. */
export type Floats = Float32Array<ArrayBuffer>;

/** C (m, n) = A·B of one layout; a and b row-major as the layout stores them. */
export interface GemmCase {
  kind: "gemm";
  name: string;
  layout: Layout;
  m: number;
  n: number;
  k: number;
  /** (m, k), in TN (k, m) */
  a: Floats;
  /** (k, n), in NT (n, k) */
  b: Floats;
}

/** y = (silu(x·wgateᵀ) ⊙ (x·wupᵀ))·wdownᵀ, forward, and backward for x and the three weights. */
export interface SwigluCase {
  kind: "swiglu";
  name: string;
  tokens: number;
  width: number;
  hidden: number;
  /** (tokens, width) */
  x: Floats;
  /** (hidden, width) */
  wgate: Floats;
  wup: Floats;
  /** (width, hidden) */
  wdown: Floats;
  /** (tokens, width): gradient of the loss by y */
  dy: Floats;
}

/** A weight by its name in fixtures/parity, row-major. */
export interface Weight {
  name: string;
  shape: number[];
  values: Floats;
}

/** AdamW with clipping; no decay for names that end in `norm`. */
export interface AdamWSettings {
  lr: number;
  weightDecay: number;
  beta1: number;
  beta2: number;
  eps: number;
  clipNorm: number;
}

/** Training steps of a dense model (fixtures/parity/README.md), all on one batch. */
export interface StepCase {
  kind: "step";
  name: string;
  shape: ModelShape & { task: Language; ffn: { kind: "dense"; hidden: number } };
  sequences: number;
  seq: number;
  /** (sequences, seq) */
  tokens: Int32Array<ArrayBuffer>;
  targets: Int32Array<ArrayBuffer>;
  weights: Weight[];
  adamw: AdamWSettings;
}

/** Anything a contender may be asked to do. */
export type Case = GemmCase | SwigluCase | StepCase;

/** Results by name, row-major; of a step the loss before the last step, and every weight after it. */
export type Results = Record<string, Float32Array>;

/** A case made ready on a device. */
export interface Prepared {
  /** does the work n times; resolves when the device has finished all of it */
  run(repetitions: number): Promise<void>;
  /** reads the results of the last repetition back */
  results(): Promise<Results>;
  /**
   * Puts other values into the first input (a or x), so that a repetition has another
   * result; absent for steps, whose weights move by themselves.
   */
  renew?(values: Floats): void;
  /** frees what it holds */
  dispose(): void;
}

/** Who takes part. */
export interface Contender {
  name: string;
  version: string;
  /** the adapter it computes on, by its own device */
  adapter: string;
  /**
   * @throws {CannotError} when it has no way to do the case
   */
  prepare(c: Case): Promise<Prepared>;
  close(): void;
}

/** A contender's `prepare` by the kind of case. */
export function byKind(prepare: {
  gemm(c: GemmCase): Prepared;
  swiglu(c: SwigluCase): Prepared;
  step(c: StepCase): Prepared;
}): Contender["prepare"] {
  return (c) =>
    Promise.resolve(
      c.kind === "gemm"
        ? prepare.gemm(c)
        : c.kind === "swiglu"
        ? prepare.swiglu(c)
        : prepare.step(c),
    );
}

/** An input of a case as it lies in memory. */
export interface Input {
  values: Floats;
  shape: [number, number];
}

/** Inputs of a product (a, b) or of a layer (x, wgate, wup, wdown, dy). */
export function inputsOf(c: GemmCase | SwigluCase): Input[] {
  if (c.kind === "gemm") {
    const { layout, m, n, k, a, b } = c;
    return [
      { values: a, shape: layout === "TN" ? [k, m] : [m, k] },
      { values: b, shape: layout === "NT" ? [n, k] : [k, n] },
    ];
  }
  const { tokens, width, hidden, x, wgate, wup, wdown, dy } = c;
  return [
    { values: x, shape: [tokens, width] },
    { values: wgate, shape: [hidden, width] },
    { values: wup, shape: [hidden, width] },
    { values: wdown, shape: [width, hidden] },
    { values: dy, shape: [tokens, width] },
  ];
}

/** Results of a product or a layer, in the order in which libraries return them. */
export function resultsOf(c: GemmCase | SwigluCase): string[] {
  return c.kind === "gemm" ? ["c"] : ["y", "dx", "dwgate", "dwup", "dwdown"];
}

/** The same case on another first input (a or x): the one it has, last number first. */
export function renewed<C extends GemmCase | SwigluCase>(c: C): C {
  return c.kind === "gemm" ? { ...c, a: c.a.toReversed() } : { ...c, x: c.x.toReversed() };
}

/** Version of a package, as deno.json pins it. */
export function versionOf(name: keyof typeof suite.imports): string {
  return suite.imports[name].split("@").at(-1)!;
}

/** A peer has no way to do a case; the message goes into the table in place of a number. */
export class CannotError extends Error {
  override name = "CannotError";
}

/** Floating-point operations of a case by a stated formula; null for a whole step. */
export function flopsOf(c: Case): number | null {
  if (c.kind === "gemm") return 2 * c.m * c.n * c.k;
  // three products, each forward, for its input and for its weight
  return c.kind === "swiglu" ? 3 * 3 * 2 * c.tokens * c.width * c.hidden : null;
}

/** Normal numbers times a factor; the same ones for every contender. */
function draw(name: string, count: number, scale = 1): Floats {
  return normals(0, name, count).map((x) => x * scale);
}

/** A product m x n x k. */
export function gemmCase(layout: Layout, m: number, n: number, k: number): GemmCase {
  const name = `gemm ${layout} ${m} x ${n} x ${k}`;
  return { kind: "gemm", name, layout, m, n, k, a: draw("a", m * k), b: draw("b", n * k) };
}

/** A SwiGLU layer. */
export function swigluCase(tokens: number, width: number, hidden: number): SwigluCase {
  return {
    kind: "swiglu",
    name: `SwiGLU d=${width} H=${hidden}, ${tokens} tokens, forward + backward`,
    tokens,
    width,
    hidden,
    x: draw("x", tokens * width),
    wgate: draw("wgate", hidden * width, width ** -0.5),
    wup: draw("wup", hidden * width, width ** -0.5),
    wdown: draw("wdown", width * hidden, hidden ** -0.5),
    dy: draw("dy", tokens * width),
  };
}

/**
 * Training steps. Gains are drawn around 1, clipping is on and eps is large, so that a part left
 * out (a gain, the clipping, the decay) shows in the weights; none of it costs time.
 */
export function stepCase(shape: StepCase["shape"], sequences: number, seq: number): StepCase {
  const { width, depth, ffn, task: { facts: { vocab } } } = shape, count = sequences * seq;
  const bytes = (name: string) =>
    Int32Array.from(draw(name, count), (x) => Math.abs(x * 1e6) % vocab);
  const weights = layoutOf(shape).parameters.map(({ name, shape: sizes }): Weight => {
    const size = sizes.reduce((a, b) => a * b, 1);
    const values = name.endsWith("norm")
      ? draw(name, size, 0.1).map((x) => 1 + x)
      : draw(name, size, name === "embed" ? 1 : sizes.at(-1)! ** -0.5);
    return { name, shape: sizes, values };
  });
  return {
    kind: "step",
    name: `training step d=${width} L=${depth} T=${seq} H=${ffn.hidden}, ${count} tokens`,
    shape,
    sequences,
    seq,
    tokens: bytes("tokens"),
    targets: bytes("targets"),
    weights,
    adamw: { lr: 1e-3, weightDecay: 0.1, beta1: 0.9, beta2: 0.95, eps: 1e-4, clipNorm: 0.25 },
  };
}
