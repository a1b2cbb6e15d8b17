/**
 * `deno task bench:kernels`: times training steps, grouped products, replicas and matrix products on
 * this adapter.
 *
 * @module
 */
import type { parseArgs } from "node:util";
import { type Device, DeviceError, openDevice } from "../kernels/gpu/device.ts";
import { rateOf, type Timing } from "../kernels/gpu/timer.ts";
import { GROUPED_CONFIGS, timeGrouped, timeReplicas } from "../model/measure/ratio_bench.ts";
import {
  firstStep,
  STEPS,
  taskRatios,
  timeGemms,
  timeKernels,
  timeSteps,
} from "../model/measure/step_bench.ts";
import { UsageError } from "./arguments.ts";
import { ADAPTER_FLAGS, command } from "./command.ts";
import { printingJson } from "./exit_codes.ts";
import { DEVICE_FLAGS } from "./permissions.ts";
import { ProgressLine } from "./progress.ts";
import { withAdapter } from "./setup.ts";
import { type SweepTime, timeSweep } from "./sweep.ts";
import { tuneFor } from "./tune.ts";
import { mainOf, workersOf } from "./workers.ts";

const PARTS = ["step", "grouped", "replicas", "gemm", "sweep"] as const;

const HELP = `deno task bench:kernels [options]

Times, each a median with its 95% interval, and what is compared in the same rounds:

  step      one training step of two small models (d = 64, L = 2, 4 heads, T = 64, 1024 tokens,
            V = 256): dense H = 128 and 16e4a h = 32; the same of the diffusion task (21 digits of
            49 patches, 1029 tokens), and its tokens a second as a share of the language step's.
            The cold first step, timed once, is from WGSL text to the end of the first step in a
            fresh process with the driver's shader cache off (Mesa; other drivers may keep a cache
            of their own)
  grouped   the experts' products of one layer (forward, dX and dW; h = 32, d = 64, 1024 tokens) as
            a share of the dense products with as many operations, routing uniform and Zipf
  replicas  8 models (d = 32, L = 2, H = 32, 512 tokens of T = 32) side by side against the same 8
            one after the other
  gemm      f32 products in the three layouts
  sweep     tokens a second of a sweep (the first round of activated-experts, quick, in runs of 48
            steps) by as many worker processes as a bench takes, and how busy they keep the cores

and the most bytes alive on the device at one time while it did. Warnings (drift, outliers, a busy
host, clocks that disagree) go to stderr and into the JSON.

  --only PART     just this part; may be given several times
  --workers N     processes of the sweep (as many as a bench takes)
  --by-kernel     also the time of each kernel of the steps by itself
  --storage       also a 512^3 product with tensors in storage buffers instead of textures
  --json          one JSON object on stdout; what was not measured is an empty list;
                  after a failure what was finished, and an error
  --no-install    never install a Vulkan driver
  --no-tune       every kernel's default variant, also on a GPU; coldFirstStep_s is always so
  --help          this text

Exit codes: 0 measured, 2 a flag cannot be used, 3 no adapter, or it refused work,
70 a defect of mue-bench.
Measure on a quiet machine: nothing else running; bench roofline gives the ceilings.
`;

const OPTIONS = {
  only: { type: "string", multiple: true },
  "by-kernel": { type: "boolean", default: false },
  storage: { type: "boolean", default: false },
  workers: { type: "string" },
  cold: { type: "string" },
  "no-tune": { type: "boolean", default: false },
  ...ADAPTER_FLAGS,
} as const;

type Asked = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

const SHAPES = [[512, 512, 512], [1024, 64, 64], [1024, 256, 64]] as const;

/** The first step of a shape in a fresh process without a shader cache. */
async function coldFirstStep(name: string): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...DEVICE_FLAGS, mainOf(import.meta.url), "bench-kernels", "--cold", name],
    env: { MESA_SHADER_CACHE_DISABLE: "true" },
  }).output();
  if (code !== 0) {
    const why = `Cannot time the first step of ${name}: ${new TextDecoder().decode(stderr).trim()}`;
    throw code === 3 ? new DeviceError(why) : new Error(why);
  }
  return Number(new TextDecoder().decode(stdout));
}

/** Where results go: lines for people unless JSON is asked for, warnings to stderr and kept. */
class Output {
  readonly warnings: string[] = [];
  constructor(readonly json: boolean) {}

  say(text: string): void {
    if (!this.json) console.log(text);
  }

  warn(what: string, found: string[]): void {
    for (const warning of found) {
      this.warnings.push(`${what}: ${warning}`);
      console.error(`warning: ${what}: ${warning}`);
    }
  }
}

/** Steps, and their first ones in processes of their own. */
async function steps(
  device: Device,
  out: Output,
  rows: object[],
  ratios: object[],
): Promise<void> {
  const cold = new Map<string, number>();
  for (const name of Object.keys(STEPS)) cold.set(name, await coldFirstStep(name));
  const timings = await timeSteps(device);
  for (const [name, t] of timings) {
    const [ms, lo_ms, hi_ms] = [t.median_s, t.lo_s, t.hi_s].map((s) => 1000 * s);
    const device_ms = t.device_s === null ? null : 1000 * t.device_s;
    const coldFirstStep_s = cold.get(name)!, samples = t.samples.length;
    rows.push({ name, ms, lo_ms, hi_ms, device_ms, coldFirstStep_s, samples });
    const interval = `[${lo_ms.toFixed(1)}, ${hi_ms.toFixed(1)}]`;
    const first = `cold first step ${coldFirstStep_s.toFixed(1)} s`;
    out.say(`step ${name.padEnd(20)} ${ms.toFixed(1)} ms ${interval}, ${first}`);
    out.warn(`step ${name}`, t.warnings);
  }
  for (const row of taskRatios(timings)) {
    ratios.push(row);
    const [share, lo, hi] = [row.tokensRatio, row.lo, row.hi].map((x) => x.toFixed(3));
    out.say(`tasks ${row.name}: diffusion ${share} of the language step's tokens/s [${lo}, ${hi}]`);
  }
}

/** Grouped products against dense ones. */
async function grouped(device: Device, out: Output, rows: object[]): Promise<void> {
  for (const config of GROUPED_CONFIGS) {
    for (const { warnings, ...row } of await timeGrouped(device, config)) {
      rows.push(row);
      const [percent, lo, hi] = [row.percentOfDense, row.lo, row.hi].map((x) => x.toFixed(0));
      const skew = row.timeOverUniform?.estimate.toFixed(2);
      out.say(
        `grouped ${config} ${row.routing.padEnd(7)} ${percent}% of dense [${lo}, ${hi}]${
          skew === undefined ? "" : `, ${skew} of the time with a uniform router`
        }`,
      );
      out.warn("grouped", warnings);
    }
  }
}

/** Replicas side by side against one after the other. */
async function replicas(device: Device, out: Output, rows: object[]): Promise<void> {
  const { warnings, ...row } = await timeReplicas(device);
  rows.push(row);
  const [ratio, lo, hi] = [row.timeOverSeparate, row.lo, row.hi].map((x) => x.toFixed(2));
  out.say(
    `replicas ${row.replicas} side by side: ${ratio} of the time one after the other [${lo}, ${hi}]`,
  );
  out.warn("replicas", warnings);
}

/** Matrix products. */
async function gemms(device: Device, out: Output, rows: object[]): Promise<void> {
  for (const [m, n, k] of SHAPES) {
    for (const [layout, t] of Object.entries<Timing>(await timeGemms(device, m, n, k))) {
      const name = `gemm ${layout} ${m} x ${n} x ${k}`;
      const { estimate: gflops, lo, hi } = rateOf(t, 2 * m * n * k / 1e9);
      rows.push({ layout, m, n, k, gflops, lo, hi });
      out.say(`${name}: ${gflops.toFixed(1)} GFLOP/s [${lo.toFixed(1)}, ${hi.toFixed(1)}]`);
      out.warn(name, t.warnings);
    }
  }
}

/** Steps of a run of the sweep, and how often all runs are trained. */
const SWEEP = { steps: 48, rounds: 3 };

/** A sweep by all workers. */
async function sweep(device: Device, out: Output, workers: string | undefined): Promise<SweepTime> {
  const count = workers === undefined ? null : workersOf(workers);
  const found = await timeSweep(device, count, SWEEP.steps, SWEEP.rounds);
  const runs = found.runs.reduce((sum, { count }) => sum + count, 0);
  const [lo, hi] = [Math.min(...found.rounds), Math.max(...found.rounds)].map(Math.round);
  out.say(
    `sweep of ${runs} runs, ${found.workers} process${found.workers > 1 ? "es" : ""}: ` +
      `${Math.round(found.tokensPerSecond)} tokens/s (rounds ${lo} to ${hi}), ` +
      `cores ${Math.round(100 * found.coresBusy)}% busy`,
  );
  return found;
}

/** Each kernel of the steps by itself. */
async function byKernel(device: Device, out: Output, rows: object[]): Promise<void> {
  for (const [step, shape] of Object.entries(STEPS)) {
    for (const { kernel, dispatches, median_s } of await timeKernels(device, shape)) {
      const ms = median_s * 1000;
      rows.push({ step, kernel, dispatches, ms });
      out.say(`kernel ${step} ${kernel.padEnd(24)} ${ms.toFixed(2)} ms in ${dispatches}`);
    }
  }
}

/** One product in each kind of storage. */
async function byStorage(out: Output, rows: object[]): Promise<void> {
  for (const storage of ["texture", "buffer"] as const) {
    const device = await openDevice({ storage });
    const { NN } = await timeGemms(device, 512, 512, 512);
    const { estimate: gflops } = rateOf(NN, 2 * 512 ** 3 / 1e9);
    rows.push({ storage, gflops });
    out.say(`gemm NN 512 x 512 x 512, tensors in ${storage}s: ${gflops.toFixed(1)} GFLOP/s`);
    device.close();
  }
}

/** Prints the seconds of one first step: what {@link coldFirstStep} reads. */
async function cold(name: string): Promise<void> {
  const shape = Object.hasOwn(STEPS, name) ? STEPS[name] : null;
  if (!shape) throw new UsageError(`Cannot time ${name}: not a named step`);
  const device = await openDevice();
  console.log(await firstStep(device, shape));
  device.close();
}

/** What was asked, measured on one device. */
async function measure(opened: Device, asked: Asked): Promise<void> {
  const out = new Output(asked.json);
  const tuned = await tuneFor(opened, !asked["no-tune"], new ProgressLine()), { device } = tuned;
  const results = {
    adapter: device.adapter.description,
    software: device.adapter.software,
    profile: device.profile,
    tuning: device.profile.tuning ?? "none",
    tuner: { from: tuned.from, cases: tuned.cases, warnings: tuned.warnings },
    steps: [] as object[],
    tasks: [] as object[],
    kernels: [] as object[],
    grouped: [] as object[],
    replicas: [] as object[],
    gemm: [] as object[],
    storage: [] as object[],
    sweep: null as SweepTime | null,
    warnings: out.warnings,
  };
  const finished = () => ({ ...results, peakDevice_bytes: device.memory.peak_bytes });
  const { only = PARTS } = asked;
  await printingJson(asked.json, finished, async () => {
    if (only.includes("step")) await steps(device, out, results.steps, results.tasks);
    if (asked["by-kernel"]) await byKernel(device, out, results.kernels);
    if (only.includes("grouped")) await grouped(device, out, results.grouped);
    if (only.includes("replicas")) await replicas(device, out, results.replicas);
    if (only.includes("gemm")) await gemms(device, out, results.gemm);
    if (only.includes("sweep")) results.sweep = await sweep(device, out, asked.workers);
    if (asked.storage) await byStorage(out, results.storage);
  });
  out.say(`memory: at most ${(device.memory.peak_bytes / 2 ** 20).toFixed(0)} MiB on the device`);
}

/** The command; gives its exit code. */
export function benchKernelsCommand(args: string[]): Promise<number> {
  return command(HELP, { args, options: OPTIONS }, async ({ values }) => {
    if (values.cold !== undefined) return await cold(values.cold);
    const unknown = values.only?.find((part) => !PARTS.some((one) => one === part));
    if (unknown !== undefined) {
      throw new UsageError(`Cannot time ${unknown}: not one of ${PARTS.join(", ")}`);
    }
    if (values.workers !== undefined) workersOf(values.workers); // refused now, not after the steps
    await withAdapter(!values["no-install"], (device) => measure(device, values));
  });
}
