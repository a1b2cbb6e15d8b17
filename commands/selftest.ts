/**
 * `deno task selftest`: every kernel variant on this machine's adapter against float64.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { selfTest, type SelfTestLine } from "../model/check/selftest.ts";
import { ADAPTER_FLAGS, command } from "./command.ts";
import { printingJson } from "./exit_codes.ts";
import { withAdapter } from "./setup.ts";

const HELP = `selftest: check the kernels on this machine's adapter

  deno task selftest [options]

Runs small models from PyTorch (fixtures/parity) with every kernel variant: the adapter's own
first, then the others. One line per case: the quantity nearest to its bound (loss, logits, load, a
gradient, or ten AdamW steps), its error, the bound, and the time, shaders' compilation included.

  --short        one case, only the adapter's own variant: what runs before every bench
  --json         one JSON object instead of the lines
  --no-install   install no driver when there is no adapter

Exit codes: 0 all within their bounds, 2 a flag cannot be used, 3 a case failed or no adapter,
70 a defect of mue-bench.`;

const OPTIONS = {
  short: { type: "boolean", default: false },
  ...ADAPTER_FLAGS,
} as const;

/** The command; gives its exit code. */
export function selftestCommand(args: string[]): Promise<number> {
  const start = performance.now();
  return command(
    HELP,
    { args, options: OPTIONS },
    ({ values }) =>
      withAdapter(!values["no-install"], (device) => run(device, values.short, values.json, start)),
  );
}

/** @param start when the command began, in the milliseconds of `performance.now()` */
async function run(device: Device, short: boolean, json: boolean, start: number): Promise<number> {
  const { adapter, profile } = device;
  if (!json) {
    const kind = adapter.software ? "software adapter" : "GPU";
    console.log(`${adapter.description}, ${kind}, ${adapter.backend}`);
    console.log(`own variant: ${profile.kernels} kernels on storage ${profile.storage}s\n`);
  }
  const lines: SelfTestLine[] = [];
  const onLine = (line: SelfTestLine) => {
    lines.push(line);
    if (!json) console.log(row(line));
  };
  let ok = false;
  const time_s = () => (performance.now() - start) / 1000;
  const results = () => ({ ok, adapter, profile, time_s: time_s(), lines });
  await printingJson(json, results, async () => {
    ({ ok } = await selfTest(device, { short, onLine }));
  });
  if (!json) console.log(`\n${summary(lines)}, ${time_s().toFixed(1)} s`);
  return ok ? 0 : 3;
}

/** One line of at most 100 columns, notes of the GPU aside. */
function row(line: SelfTestLine): string {
  const variant = `${line.kernels.padEnd(8)}  ${line.storage.padEnd(7)}  `;
  if (line.skipped) return `${variant}skipped: ${line.note}`;
  const { worst, note, ok } = line;
  const cells = [
    line.case.padEnd(16),
    `${line.time_s.toFixed(1).padStart(4)} s`,
    ok ? "ok  " : "FAIL",
    worst
      ? `${worst.error.toExponential(1)} of ${worst.bound.toExponential(1)}  ${worst.quantity}`
      : "nothing compared",
  ];
  return variant + cells.join("  ") + (note ? `\n          ${note}` : "");
}

function summary(lines: SelfTestLine[]): string {
  const done = lines.filter((l) => !l.skipped), failed = done.filter((l) => !l.ok).length;
  const quantities = done.reduce((sum, l) => sum + l.quantities, 0);
  return `${done.length} cases, ${quantities} quantities, ${failed} failed`;
}

if (import.meta.main) Deno.exit(await selftestCommand(Deno.args));
