/**
 * `deno task bench roofline`: the ceilings of this machine's adapter.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import type { Interval3 } from "../kernels/gpu/order_statistics.ts";
import { measureRoofline, SHORT, WORKING_SET_BYTES } from "../model/measure/roofline.ts";
import { ADAPTER_FLAGS, command } from "./command.ts";
import { printingJson } from "./exit_codes.ts";
import { withAdapter } from "./setup.ts";

const HELP = `bench roofline: measure the ceilings of this machine's adapter

  deno task bench roofline [options]

Three rates, the denominators of every "% of ceiling" (median of 9 samples of 0.3 s, 95% interval;
about half a minute):

  multiply-adds  independent chains of fma() in registers, 2 operations each; what the vector units
                 give through this driver, matrix units left out
  read           one pass over ${WORKING_SET_BYTES / 2 ** 20} MiB, more than caches hold
  copy           the same, bytes read and bytes written counted

Reads and writes go through the storage that the kernels use on this adapter: storage textures on a
software adapter, storage buffers on a GPU. Each rate is that of the fastest of a few variants. What
was computed is checked.

  --short        a look that takes seconds: short samples over 4 MiB, which caches hold
  --json         one JSON object on stdout; after a failure with an error in it
  --no-install   never install a Vulkan driver
  --help         this text

Exit codes: 0 measured, 2 a flag cannot be used, 3 no adapter, or it refused work or computed wrong,
70 a defect of mue-bench.
Measure on a quiet machine: nothing else running.`;

const OPTIONS = {
  short: { type: "boolean", default: false },
  ...ADAPTER_FLAGS,
} as const;

/** `multiply-adds   85.5 GFLOP/s [84.5, 92.8]`. */
function row(name: string, { estimate, lo, hi }: Interval3, unit: string): string {
  const giga = (x: number) => (x / 1e9).toFixed(x < 1e12 ? 1 : 0);
  return `${name.padEnd(14)} ${giga(estimate).padStart(8)} ${unit} [${giga(lo)}, ${giga(hi)}]`;
}

/** Measures and prints. */
async function run(device: Device, short: boolean, json: boolean): Promise<void> {
  const { adapter, profile } = device;
  let found = {};
  const roofline = await printingJson(
    json,
    () => ({ adapter, profile, short, ...found }),
    async () => {
      const rates = await measureRoofline(device, short ? SHORT : {});
      found = rates;
      return rates;
    },
  );
  if (json) return;
  console.log(row("multiply-adds", roofline.fma_flops, "GFLOP/s"));
  console.log(`${row("read", roofline.read_bytes_s, "GB/s")}, storage ${roofline.storage}s`);
  console.log(`${row("copy", roofline.copy_bytes_s, "GB/s")}, storage ${roofline.storage}s`);
  for (const warning of roofline.warnings) console.log(`warning: ${warning}`);
}

/** The command; gives its exit code. */
export function rooflineCommand(args: string[]): Promise<number> {
  return command(
    HELP,
    { args, options: OPTIONS },
    ({ values }) =>
      withAdapter(!values["no-install"], (device) => run(device, values.short, values.json)),
  );
}
