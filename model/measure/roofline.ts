/**
 * The ceilings of an adapter, measured: how fast it multiplies and adds when nothing waits for
 * memory, and how fast it reads and copies more than its caches hold, in the storage kind that the
 * kernels use here. They are the denominators of every "% of ceiling"; none is taken from a data sheet.
 *
 * What each leaves out: the FMA rate is that of WGSL's `fma` through this driver, vector units only
 * (no matrix units, and a driver may make two instructions of it). The streams are what a kernel gets
 * through this storage kind, which on a software adapter is bound by the cost of an access and not by
 * the memory.
 *
 * @module
 */
import { type Device, DeviceError, settle } from "../../kernels/gpu/device.ts";
import type { Interval3 } from "../../kernels/gpu/order_statistics.ts";
import { Program } from "../../kernels/gpu/program.ts";
import {
  createTensor,
  destroyTensor,
  downloadFloats,
  type Tensor,
  upload,
} from "../../kernels/gpu/tensor.ts";
import { rateOf, timeInterleaved, type Work } from "../../kernels/gpu/timer.ts";
import {
  fma,
  fmaExpected,
  fmaFlops,
  fmaLanes,
  type FmaSize,
  streamCopy,
  streamElements,
  streamFill,
  streamRead,
  type StreamSize,
  streamSum,
  streamValue,
} from "../../kernels/roofline/roofline.ts";

/** Ceilings with their 95% intervals. */
export interface Roofline {
  /** operations per second, a multiply-add counted as two */
  fma_flops: Interval3;
  /** bytes read per second */
  read_bytes_s: Interval3;
  /** bytes read plus bytes written per second */
  copy_bytes_s: Interval3;
  /** what held the streams' tensors */
  storage: "texture" | "buffer";
  /** the timer's, each after the name of its measurement */
  warnings: string[];
}

/** What appends the kernels of the streams to a program. */
export interface StreamKernels {
  read: typeof streamRead;
  copy: typeof streamCopy;
}

/** How much to measure; tests take less. */
export interface RooflineOptions {
  samples?: number;
  sample_s?: number;
  /** shapes of a loop that are tried, from the first; compiling one takes seconds on a software adapter */
  variants?: number;
  /** vec4 elements of each of the four streamed tensors, a multiple of 16384 */
  elements?: number;
  /** what is timed as a stream; tests give kernels that leave work out */
  kernels?: StreamKernels;
}

/** A look that takes seconds, not a measurement: caches hold what it streams. */
export const SHORT: RooflineOptions = { samples: 6, sample_s: 0.04, elements: 1 << 16 };

/** Multiply-adds of a chain. */
const STEPS = 1024;
/** Shapes of the loop tried: too few chains leave the units waiting, too many spill registers. */
const LOOPS = [[4, 4], [8, 4], [16, 4], [24, 4], [8, 8]] as const;
/** Seconds that one dispatch of multiply-adds should last, and most workgroups for that. */
const DISPATCH_S = 0.04, MOST_GROUPS = 32768;
/** Blocks of a stream tried: lanes of a workgroup, and rounds of 8 elements of a lane. */
const BLOCKS = [[8, 32], [64, 8], [256, 2]] as const;
/** Tensors of 128 MiB, which every adapter can bind: passes go over 512 MiB in turn. */
const STREAMED = 4, ELEMENTS = 1 << 23;
/** Streams differ by this: sums of 256 elements stay whole in float32. */
const OFFSET = 1000;
/** Elements of a stream looked at after timing it, from its beginning and from its end. */
const LOOKED_AT = 997;

/** Bytes that a pass of reading goes over before it comes back to where it began. */
export const WORKING_SET_BYTES: number = STREAMED * 16 * ELEMENTS;

/**
 * Throws unless the first and last elements of a tensor are exactly those wanted.
 *
 * @throws {DeviceError} naming the rate that cannot be trusted, the element, and what was found
 */
export async function mustBe(
  device: Device,
  what: string,
  tensor: Tensor,
  elements: number,
  wanted: (i: number) => number[],
): Promise<void> {
  const from = Math.max(0, elements - LOOKED_AT);
  for (const start of new Set([0, from])) {
    const count = Math.min(LOOKED_AT, elements - start);
    const found = await downloadFloats(device, tensor, start, count);
    for (let i = 0; i < count; i++) {
      wanted(start + i).forEach((value, c) => {
        if (found[4 * i + c] !== value) {
          throw new DeviceError(
            `Cannot trust the ${what} rate: element ${start + i} is ${
              found[4 * i + c]
            }, not ${value}`,
          );
        }
      });
    }
  }
}

/** Tensors and a program of multiply-adds. */
class FmaRun {
  readonly program: Program;
  #factors: Tensor;
  #out: Tensor;

  constructor(readonly device: Device, readonly size: FmaSize) {
    this.program = new Program(device);
    this.#factors = createTensor(device, "factors", "f32", 2);
    this.#out = createTensor(device, "out", "f32x4", fmaLanes(size));
    upload(device, this.#factors, Float32Array.of(1, 1));
    fma(this.program, size, { factors: this.#factors, out: this.#out });
  }

  check(): Promise<void> {
    return mustBe(
      this.device,
      "multiply-add",
      this.#out,
      fmaLanes(this.size),
      (i) => fmaExpected(this.size, i),
    );
  }

  destroy(): void {
    this.program.destroy();
    [this.#factors, this.#out].forEach(destroyTensor);
  }
}

/** A program as something to time. */
function workOf(device: Device, name: string, program: Program): Work {
  return {
    name,
    async run(n, stamps) {
      program.submit(n, 0, undefined, stamps);
      await settle(device);
    },
  };
}

/** Workgroups with which a dispatch lasts long enough that its start and end do not count. */
async function groupsThatLast(device: Device): Promise<number> {
  const [[chains, unroll]] = LOOPS;
  for (let groups = 64;; groups *= 4) {
    const run = new FmaRun(device, { groups, chains, unroll, steps: STEPS });
    const { run: once } = workOf(device, "fma", run.program);
    await once(1); // compiles
    const t0 = performance.now();
    await once(1);
    const seconds = (performance.now() - t0) / 1000;
    run.destroy();
    if (seconds >= DISPATCH_S || groups * 4 > MOST_GROUPS) return groups;
  }
}

/**
 * The variant that does most per second, found on samples of its own: were the best of several kept
 * with the samples that chose it, its rate would be flattered.
 *
 * @param amounts what one repetition of each does
 */
async function best(
  device: Device,
  programs: Program[],
  amounts: number[],
  sample_s: number,
): Promise<number> {
  const works = programs.map((program, i) => workOf(device, `variant ${i}`, program));
  const timings = await timeInterleaved(device, works, { samples: 3, sample_s: sample_s / 3 });
  const rates = timings.map((t, i) => amounts[i] / t.median_s);
  return rates.indexOf(Math.max(...rates));
}

/** The fastest loop of multiply-adds. */
async function fastestFma(device: Device, sample_s: number, variants: number): Promise<FmaRun> {
  const groups = await groupsThatLast(device);
  const runs = LOOPS.slice(0, variants).map(([chains, unroll]) =>
    new FmaRun(device, { groups, chains, unroll, steps: STEPS })
  );
  const amounts = runs.map((run) => fmaFlops(run.size));
  const at = await best(device, runs.map((run) => run.program), amounts, sample_s);
  runs.forEach((run, i) => i === at || run.destroy());
  return runs[at];
}

/** Streams over four tensors, in the block sizes tried. */
class Streams {
  readonly sizes: StreamSize[];
  readonly reads: Program[];
  readonly copies: Program[];
  #tensors: Tensor[] = [];
  #x: Tensor[];
  /** by block size, then by stream: a read that is left out leaves its sums unwritten */
  #sums: Tensor[][];
  #fill: Program;

  constructor(
    readonly device: Device,
    readonly elements: number,
    variants: number,
    { read, copy }: StreamKernels,
  ) {
    const own = (name: string, length: number) => {
      this.#tensors.push(createTensor(device, name, "f32x4", length));
      return this.#tensors.at(-1)!;
    };
    this.sizes = BLOCKS.slice(0, variants).map(([lanes, rounds]) => ({
      lanes,
      rounds,
      groups: elements / streamElements({ groups: 1, lanes, rounds }),
    }));
    this.#x = Array.from({ length: STREAMED }, (_, i) => own(`stream${i}`, elements));
    this.#sums = this.sizes.map(({ groups, lanes }) =>
      this.#x.map((_, s) => own(`sums${s}`, groups * lanes))
    );
    const program = (add: (p: Program) => void) => {
      const made = new Program(device);
      add(made);
      return made;
    };
    this.#fill = program((p) =>
      this.#x.forEach((x, s) => streamFill(p, this.sizes[0], x, s * OFFSET))
    );
    this.reads = this.sizes.map((size, i) =>
      program((p) => this.#x.forEach((x, s) => read(p, size, x, this.#sums[i][s])))
    );
    this.copies = this.sizes.map((size) =>
      program((p) => {
        copy(p, size, this.#x[0], this.#x[1]);
        copy(p, size, this.#x[2], this.#x[3]);
      })
    );
  }

  /** Gives every stream values of its own, the copies' destinations too. */
  async fill(): Promise<void> {
    this.#fill.submit();
    await settle(this.device);
  }

  /**
   * Checks what the copies timed since {@link fill} left, then one more pass of the timed reads: over
   * streams filled anew, since a timed one finds a destination as it was or copied over.
   */
  async check(read: number): Promise<void> {
    for (const from of [0, 2]) {
      const value = (i: number) => streamValue(i, from * OFFSET);
      await mustBe(this.device, "copy", this.#x[from + 1], this.elements, value);
    }
    await this.fill();
    this.reads[read].submit();
    await settle(this.device);
    const size = this.sizes[read];
    for (const [s, sums] of this.#sums[read].entries()) {
      const sum = (i: number) => streamSum(size, i, s * OFFSET);
      await mustBe(this.device, "read", sums, size.groups * size.lanes, sum);
    }
  }

  destroy(): void {
    [this.#fill, ...this.reads, ...this.copies].forEach((program) => program.destroy());
    this.#tensors.forEach(destroyTensor);
  }
}

/**
 * Measures the ceilings of a device: about half a minute, 560 MiB on the device. Each is the fastest of a few
 * variants, chosen on samples of its own. What the kernels compute is checked after they were timed.
 *
 * @throws {DeviceError} when the GPU refused work or computed something else
 * @throws {RangeError} when the adapter cannot hold the tensors
 */
export async function measureRoofline(
  device: Device,
  {
    samples = 9,
    sample_s = 0.3,
    elements = ELEMENTS,
    variants = LOOPS.length,
    kernels = { read: streamRead, copy: streamCopy },
  }: RooflineOptions = {},
): Promise<Roofline> {
  const streams = new Streams(device, elements, variants, kernels);
  let compute: FmaRun | null = null;
  try {
    await streams.fill();
    compute = await fastestFma(device, sample_s, variants);
    const same = streams.sizes.map(() => 1);
    const read = await best(device, streams.reads, same, sample_s);
    const copy = await best(device, streams.copies, same, sample_s);
    const works = [
      workOf(device, "fma", compute.program),
      workOf(device, "read", streams.reads[read]),
      workOf(device, "copy", streams.copies[copy]),
    ];
    await streams.fill(); // what another variant copied must not speak for the one timed
    const timings = await timeInterleaved(device, works, { samples, sample_s });
    await compute.check();
    await streams.check(read);
    const [fmaTime, readTime, copyTime] = timings;
    return {
      fma_flops: rateOf(fmaTime, fmaFlops(compute.size)),
      read_bytes_s: rateOf(readTime, STREAMED * 16 * elements),
      copy_bytes_s: rateOf(copyTime, 2 * 2 * 16 * elements),
      storage: device.profile.storage,
      warnings: works.flatMap(({ name }, i) => timings[i].warnings.map((w) => `${name}: ${w}`)),
    };
  } finally {
    compute?.destroy();
    streams.destroy();
  }
}
