/**
 * `deno task selftest`: every kernel variant on this machine's adapter against float64.
 *
 * @module
 */
import { openDevice } from "../kernels/gpu/device.ts";
import { selfTest, type SelfTestLine } from "../model/check/selftest.ts";
import { readArguments } from "./arguments.ts";
import { printingJson, reportError } from "./exit_codes.ts";
import { ensureAdapter } from "./setup.ts";

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
  json: { type: "boolean", default: false },
  "no-install": { type: "boolean", default: false },
  help: { type: "boolean", short: "h", default: false },
} as const;

/**
 * Runs the command.
 *
 * @param args what follows `deno task selftest`
 * @returns exit code: 0 all within bounds, 2 bad usage, 3 a case failed or there is no adapter
 */
export async function selftestCommand(args: string[]): Promise<number> {
  try {
    const { values } = readArguments({ args, options: OPTIONS });
    if (values.help) {
      console.log(HELP);
      return 0;
    }
    return await run(values.short, values.json, !values["no-install"]);
  } catch (error) {
    return reportError(error);
  }
}

async function run(short: boolean, json: boolean, install: boolean): Promise<number> {
  const start = performance.now();
  await ensureAdapter({ install });
  const device = await openDevice();
  try {
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
  } finally {
    device.close();
  }
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
