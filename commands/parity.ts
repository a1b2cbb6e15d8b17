/**
 * `deno task parity FILE...`: models given with their weights, run here and compared with what
 * PyTorch computed in float64.
 *
 * @module
 */
import { DeviceError, openDevice } from "../kernels/gpu/device.ts";
import { readText } from "../lab/record/bounds.ts";
import { causeOf } from "../lab/record/failure.ts";
import { AdapterLimitError } from "../kernels/gpu/tensor.ts";
import {
  type ParityCase,
  ParityCaseError,
  type ParityLine,
  parseParityCase,
  runParityCase,
} from "../model/check/parity.ts";
import { UsageError } from "./arguments.ts";
import { ADAPTER_FLAGS, command } from "./command.ts";
import { printingJson } from "./exit_codes.ts";
import { ensureAdapter } from "./setup.ts";

const HELP = `parity: compare loss, gradients and some AdamW steps with PyTorch's

  deno task parity FILE... [options]

A FILE is a parity case (fixtures/parity/*.json, and diffusion/*.json there): a model, its weights,
tokens or images, and what PyTorch made of them in float64. One line per quantity: its worst error,
the bound, ok or FAIL.

  --json         one JSON object instead of the lines
  --no-install   install no driver when there is no adapter

Exit codes: 0 all within their bounds, 1 one is not, 2 a file or flag cannot be used, 3 no adapter,
70 a defect of mue-bench.

  deno task parity fixtures/parity/dense.json fixtures/parity/moe_5e2a.json`;

/** A case's file, its name, and what came out. */
interface Outcome {
  file: string;
  name: string;
  lines: (ParityLine & { ok: boolean })[];
}

/** The command; gives its exit code. Every file is read before the first case runs. */
export function parityCommand(args: string[]): Promise<number> {
  const config = { args, options: ADAPTER_FLAGS, allowPositionals: true } as const;
  return command(HELP, config, async ({ values, positionals }) => {
    if (!positionals.length) {
      throw new UsageError("Cannot compare nothing: name a parity case, or try --help");
    }
    const cases: { file: string; parsed: ParityCase }[] = [];
    for (const file of positionals) cases.push({ file, parsed: await readCase(file) });
    const adapter = await ensureAdapter({ install: !values["no-install"] });
    const outcomes: Outcome[] = [];
    const all = () => outcomes.flatMap(({ lines }) => lines);
    const over = () => all().filter(({ ok }) => !ok).length;
    let done = false;
    const results = () => ({
      adapter: adapter.description,
      ok: done && over() === 0,
      cases: outcomes,
    });
    await printingJson(values.json, results, async () => {
      for (const { file, parsed } of cases) {
        const outcome = await compare(file, parsed);
        outcomes.push(outcome);
        if (!values.json) console.log(`${block(outcome)}\n`);
      }
      done = true;
    });
    if (!values.json) {
      const counts = `${outcomes.length} cases, ${all().length} quantities`;
      console.log(`${counts}, ${over()} over their bound`);
    }
    return over() === 0 ? 0 : 1;
  });
}

async function readCase(file: string): Promise<ParityCase> {
  let text: string;
  try {
    text = await readText(file);
  } catch (error) {
    const why = error instanceof Deno.errors.NotFound ? "there is no such file" : causeOf(error);
    throw new UsageError(`Cannot read the parity case ${file}: ${why}`);
  }
  try {
    return parseParityCase(text, file);
  } catch (error) {
    if (!(error instanceof ParityCaseError)) throw error;
    throw new UsageError(error.message);
  }
}

/** One case on a device of its own, so that one case's GPU error is not another's. */
async function compare(file: string, parsed: ParityCase): Promise<Outcome> {
  const device = await openDevice();
  try {
    const lines = await runParityCase(device, parsed);
    return {
      file,
      name: parsed.name,
      lines: lines.map((line) => ({ ...line, ok: line.error <= line.bound })),
    };
  } catch (error) {
    // a size that does not fit the case's own shape is its author's mistake too
    if (error instanceof ParityCaseError || error instanceof RangeError) {
      throw error instanceof AdapterLimitError ? error : new UsageError(error.message);
    }
    // a lost device rejects its maps with a DOMException
    if (!(error instanceof DOMException)) throw error;
    throw new DeviceError(`Cannot run the parity case ${file}: ${error.message}`);
  } finally {
    device.close();
  }
}

function block({ file, name, lines }: Outcome): string {
  const width = Math.max(...lines.map(({ quantity }) => quantity.length));
  return [
    `${name} (${file})`,
    ...lines.map(({ quantity, error, bound, unit, ok }) =>
      `  ${quantity.padEnd(width)}  error ${error.toExponential(1)}  ` +
      `bound ${bound.toExponential(1)}  ${ok ? "ok  " : "FAIL"}  ${unit}`
    ),
  ].join("\n");
}

if (import.meta.main) Deno.exit(await parityCommand(Deno.args));
