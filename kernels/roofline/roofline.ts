/**
 * The kernels behind the ceilings of model/measure/roofline.ts: multiply-adds that wait for nothing, and
 * streams over memory.
 *
 * @module
 */
import copySource from "./roofline_copy.wgsl" with { type: "text" };
import fillSource from "./roofline_fill.wgsl" with { type: "text" };
import fmaSource from "./roofline_fma.wgsl" with { type: "text" };
import readSource from "./roofline_read.wgsl" with { type: "text" };
import { f32, type KernelSpec, vec4 } from "../gpu/kernel.ts";
import type { Program } from "../gpu/program.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Lanes of a workgroup of multiply-adds. */
const FMA_LANES = 64;
/** Reads of a lane in flight. */
const STREAM_UNROLL = 8;

const FMA: KernelSpec = {
  name: "roofline_fma",
  source: fmaSource,
  inputs: { factors: f32("2") },
  outputs: { out: vec4("X", "LANES") },
  dims: { steps: "u32" },
  constants: { LANES: FMA_LANES },
};

/** Elements of a stream. */
const STREAM = vec4("X", "LANES", "rounds", "UNROLL");

const FILL: KernelSpec = {
  name: "roofline_fill",
  source: fillSource,
  inputs: {},
  outputs: { out: STREAM },
  dims: { rounds: "u32", offset: "u32" },
  constants: { UNROLL: STREAM_UNROLL },
};

const READ: KernelSpec = {
  name: "roofline_read",
  source: readSource,
  inputs: { x: STREAM },
  outputs: { out: vec4("X", "LANES") },
  dims: { rounds: "u32" },
  constants: { UNROLL: STREAM_UNROLL },
};

const COPY: KernelSpec = {
  ...READ,
  name: "roofline_copy",
  source: copySource,
  outputs: { out: STREAM },
};

/** Size of a multiply-add kernel. */
export interface FmaSize {
  /** workgroups of 64 lanes */
  groups: number;
  /** independent chains of vec4 in a lane */
  chains: number;
  /** multiply-adds of a chain in one turn of the loop */
  unroll: number;
  /** multiply-adds of a chain, a multiple of `unroll` */
  steps: number;
}

/** Operations of one dispatch: a multiply and an add, 4 wide, per chain and step. */
export function fmaFlops({ groups, chains, steps }: FmaSize): number {
  return 8 * groups * FMA_LANES * chains * steps;
}

/** Lanes, and so vec4 elements of the output. */
export function fmaLanes({ groups }: FmaSize): number {
  return groups * FMA_LANES;
}

/**
 * Appends the multiply-add kernel.
 *
 * @param factors (2) f32: m and b @param out (lanes) vec4
 * @throws {RangeError} when steps are no multiple of the unrolling, or sums would leave the whole
 * numbers that float32 holds
 */
export function fma(program: Program, size: FmaSize, t: { factors: Tensor; out: Tensor }): void {
  const { groups, chains, unroll, steps } = size;
  if (steps % unroll || fmaExpected(size, 7)[3] >= 2 ** 24) {
    throw new RangeError(`Cannot check ${steps} steps of ${chains} chains, ${unroll} in a turn`);
  }
  program.add(
    FMA,
    { factors: t.factors, out: t.out },
    { steps },
    [groups, 1, 1],
    { CHAINS: chains, UNROLL: unroll },
  );
}

/** What lane `lane` must store when both factors are 1: Σ over chains of start + steps. */
export function fmaExpected({ chains, steps }: FmaSize, lane: number): number[] {
  const start = chains * (lane % 8 + steps) + chains * (chains - 1) / 2;
  return [0, 1, 2, 3].map((component) => start + chains * component);
}

/** Size of a stream. */
export interface StreamSize {
  groups: number;
  /** lanes of a workgroup */
  lanes: number;
  /** 8 vec4 elements of a lane each */
  rounds: number;
}

/** vec4 elements of a stream. */
export function streamElements({ groups, lanes, rounds }: StreamSize): number {
  return groups * lanes * rounds * STREAM_UNROLL;
}

/** Appends the kernel that fills a tensor with what {@link streamValue} says. */
export function streamFill(program: Program, size: StreamSize, out: Tensor, offset: number): void {
  const { groups, lanes, rounds } = size;
  program.add(FILL, { out }, { rounds, offset }, [groups, 1, 1], { LANES: lanes });
}

/** Appends one pass over x; `out` (groups * lanes) vec4 takes the sums. */
export function streamRead(program: Program, size: StreamSize, x: Tensor, out: Tensor): void {
  const { groups, lanes, rounds } = size;
  program.add(READ, { x, out }, { rounds }, [groups, 1, 1], { LANES: lanes });
}

/** Appends a copy of x to `out`. */
export function streamCopy(program: Program, size: StreamSize, x: Tensor, out: Tensor): void {
  const { groups, lanes, rounds } = size;
  program.add(COPY, { x, out }, { rounds }, [groups, 1, 1], { LANES: lanes });
}

/** Element i of a tensor filled with an offset. */
export function streamValue(i: number, offset: number): number[] {
  return [0, 1, 2, 3].map((component) => i % 251 + offset + component);
}

/** What output element `at` of a read must be, of a tensor filled with an offset. */
export function streamSum({ lanes, rounds }: StreamSize, at: number, offset: number): number[] {
  const group = Math.floor(at / lanes), count = rounds * STREAM_UNROLL, sum = [0, 0, 0, 0];
  for (let k = 0; k < count; k++) {
    streamValue((group * count + k) * lanes + at % lanes, offset).forEach((v, c) => sum[c] += v);
  }
  return sum;
}
