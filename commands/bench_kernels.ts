/**
 * `deno task bench:kernels`: times two training steps and the matrix products on this adapter.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DeviceError, NoAdapterError, openDevice } from "../kernels/gpu/device.ts";
import { firstStep, STEPS, timeGemm, timeKernels, timeStep } from "../model/step_bench.ts";
import { ProgressLine } from "./progress.ts";
import { ensureAdapter } from "./setup.ts";
import { tuneFor } from "./tune.ts";

const HELP = `deno task bench:kernels [--json]

Times one training step of two small models (d = 64, L = 2, 4 heads, T = 64, 1024 tokens, V = 256:
dense H = 128 and 16e4a h = 32) and f32 products in the three layouts. Medians of 7 samples of
0.6 s after a warm-up; the quartiles stand beside them. coldFirstStep_s is from WGSL text to the
end of the first step in a fresh process with the driver's shader cache off (Mesa; other drivers
may keep a cache of their own).

  --by-kernel     also the time of each kernel of the two steps by itself
  --storage       also a 512^3 product with tensors in storage buffers instead of textures
  --json          one JSON object on stdout
  --no-install    never install a Vulkan driver
  --no-tune       every kernel's default variant, also on a GPU; coldFirstStep_s is always so
  --help          this text

Measure on a quiet machine: nothing else running.
`;

const SHAPES = [[512, 512, 512], [1024, 64, 64], [1024, 256, 64]] as const;

/** The first step of a shape in a fresh process without a shader cache. */
async function coldFirstStep(name: string): Promise<number> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      `${import.meta.dirname}/../main.ts`,
      "bench-kernels",
      "--cold",
      name,
    ],
    env: { MESA_SHADER_CACHE_DISABLE: "true" },
  }).output();
  if (code !== 0) {
    throw new DeviceError(
      `Cannot time the first step of ${name}: ${new TextDecoder().decode(stderr).trim()}`,
    );
  }
  return Number(new TextDecoder().decode(stdout));
}

/**
 * The command.
 *
 * @returns the process exit code: 0, 2 bad usage, 3 no adapter or the GPU refused work
 */
export async function benchKernelsCommand(args: string[]): Promise<number> {
  let values;
  try {
    values = parseArgs({
      args,
      options: {
        json: { type: "boolean", default: false },
        "by-kernel": { type: "boolean", default: false },
        storage: { type: "boolean", default: false },
        cold: { type: "string" },
        "no-install": { type: "boolean", default: false },
        "no-tune": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    console.error(`error: ${(error as Error).message.split(". ")[0]}; see --help`);
    return 2;
  }
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  try {
    if (values.cold !== undefined) {
      const shape = STEPS[values.cold];
      if (!shape) throw new DeviceError(`Cannot time ${values.cold}: not a named step`);
      const device = await openDevice();
      console.log(await firstStep(device, shape));
      device.close();
      return 0;
    }
    await ensureAdapter({ install: !values["no-install"] });
    const tuned = await tuneFor(await openDevice(), !values["no-tune"], new ProgressLine());
    const { device } = tuned, say = (text: string) => values.json || console.log(text);
    const steps = [], gemm = [], kernels = [], storage = [];
    for (const [name, shape] of Object.entries(STEPS)) {
      const coldFirstStep_s = await coldFirstStep(name), t = await timeStep(device, shape);
      const ms = t.median_s * 1000, lo_ms = t.lo_s * 1000, hi_ms = t.hi_s * 1000;
      steps.push({ name, ms, lo_ms, hi_ms, coldFirstStep_s, samples: t.samples.length });
      say(
        `step ${name.padEnd(12)} ${ms.toFixed(1)} ms [${lo_ms.toFixed(1)}, ${
          hi_ms.toFixed(1)
        }], cold first step ${coldFirstStep_s.toFixed(1)} s`,
      );
    }
    if (values["by-kernel"]) {
      for (const [step, shape] of Object.entries(STEPS)) {
        for (const { kernel, dispatches, median_s } of await timeKernels(device, shape)) {
          const ms = median_s * 1000;
          kernels.push({ step, kernel, dispatches, ms });
          say(`kernel ${step} ${kernel.padEnd(24)} ${ms.toFixed(2)} ms in ${dispatches}`);
        }
      }
    }
    for (const [m, n, k] of SHAPES) {
      for (const layout of ["NN", "NT", "TN"] as const) {
        const t = await timeGemm(device, layout, m, n, k), flops = 2 * m * n * k;
        const gflops = flops / t.median_s / 1e9;
        gemm.push({ layout, m, n, k, gflops, lo: flops / t.hi_s / 1e9, hi: flops / t.lo_s / 1e9 });
        say(`gemm ${layout} ${m} x ${n} x ${k}: ${gflops.toFixed(1)} GFLOP/s`);
      }
    }
    if (values.storage) {
      for (const kind of ["texture", "buffer"] as const) {
        const other = await openDevice({ storage: kind });
        const t = await timeGemm(other, "NN", 512, 512, 512);
        const gflops = 2 * 512 ** 3 / t.median_s / 1e9;
        storage.push({ storage: kind, gflops });
        say(`gemm NN 512 x 512 x 512, tensors in ${kind}s: ${gflops.toFixed(1)} GFLOP/s`);
        other.close();
      }
    }
    const { description, software } = device.adapter;
    if (values.json) {
      console.log(
        JSON.stringify({
          adapter: description,
          software,
          profile: device.profile,
          tuning: device.profile.tuning ?? "none",
          tuner: { from: tuned.from, cases: tuned.cases, warnings: tuned.warnings },
          steps,
          gemm,
          kernels,
          storage,
        }),
      );
    }
    device.close();
    return 0;
  } catch (error) {
    if (!(error instanceof NoAdapterError || error instanceof DeviceError)) throw error;
    console.error(`error: ${error.message}`);
    return 3;
  }
}
