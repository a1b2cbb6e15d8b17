/**
 * `deno task bench:peers`: our kernels beside other WebGPU libraries on the same adapter.
 *
 * @module
 */
import { type Device, DeviceError } from "../kernels/gpu/device.ts";
import { language } from "../model/tasks/language.ts";
import { digits, interval, milliseconds } from "../reports/words/format.ts";
import { UsageError } from "./arguments.ts";
import { ADAPTER_FLAGS, command } from "./command.ts";
import { printingJson } from "./exit_codes.ts";
import { compare, type PeerRow } from "./peers/compare.ts";
import { ours } from "./peers/ours.ts";
import { type Case, type Contender, gemmCase, stepCase, swigluCase } from "./peers/peer.ts";
import { withAdapter } from "./setup.ts";

const HELP = `bench:peers: time other WebGPU libraries beside our kernels

  deno task bench:peers [options]

Three works, each on our kernels, jax-js and TensorFlow.js, on the same adapter, float32:
  gemm     products 512 x 512 x 512, layouts NN, NT, TN
  swiglu   one SwiGLU layer, d = 64, H = 128, 1024 tokens, forward and backward
  step     a training step: d = 64, L = 2, 4 heads, T = 64, 1024 tokens, V = 256, H = 128; the
           model of fixtures/parity/README.md with clipped AdamW, always on the same batch

Before it is timed each result is compared with float64 (a step's loss and weights after 3 steps
with ours, which deno task parity holds to PyTorch), and the kernels it dispatches are counted: 3
repetitions must dispatch 3 times those of one. They are counted in every timed call too, and after
the last the result is compared again, also on another input. Who fails, or cannot do a work, gets
the reason in place of a time. Samples of all are taken in turn, and each ends when the device has
done the work. Ratios are a library's time over ours, round by round; brackets are 95% intervals of
the median.
Warnings of the timer stand under a line (!); --json has them in full.

  --only WORK     one of gemm, swiglu, step (all)
  --samples N     rounds, at least 6 for intervals at 95% (7)
  --tiny          toy sizes, to see that everything works; the times mean nothing
  --json          one JSON object on stdout; after a failure what was finished, and an error
  --no-install    never install a Vulkan driver
  --help          this text

Exit codes: 0 done, also where a peer failed; 2 a flag cannot be used; 3 no adapter, or our own
result was wrong; 70 a defect of mue-bench. Measure on a quiet machine: nothing else running.`;

const OPTIONS = {
  only: { type: "string" },
  samples: { type: "string", default: "7" },
  tiny: { type: "boolean", default: false },
  ...ADAPTER_FLAGS,
} as const;

const KINDS = ["gemm", "swiglu", "step"];

/** The cases, full size or tiny. */
export function peerCases(tiny: boolean): Case[] {
  const layouts = ["NN", "NT", "TN"] as const;
  const model = (width: number, headWidth: number, vocab: number, hidden: number) => ({
    task: language(vocab),
    width,
    depth: 2,
    headWidth,
    ffn: { kind: "dense" as const, hidden },
  });
  if (tiny) {
    return [
      ...layouts.map((layout) => gemmCase(layout, 24, 16, 20)),
      swigluCase(24, 8, 12),
      stepCase(model(16, 8, 20, 12), 2, 8),
    ];
  }
  return [
    ...layouts.map((layout) => gemmCase(layout, 512, 512, 512)),
    swigluCase(1024, 64, 128),
    stepCase(model(64, 16, 256, 128), 16, 64),
  ];
}

/**
 * The peers. They are loaded only here, so that no other command pays for them.
 *
 * @param adapter the adapter all must compute on
 * @throws {DeviceError} when one is on another adapter
 */
export async function openPeers(adapter: string): Promise<Contender[]> {
  const peers = [
    await (await import("./peers/jax.ts")).jaxJs(),
    await (await import("./peers/tfjs.ts")).tensorflowJs(),
  ];
  for (const peer of peers) {
    if (peer.adapter !== adapter) {
      throw new DeviceError(`Cannot compare ${peer.name}: it is on ${peer.adapter}`);
    }
  }
  return peers;
}

/** The command; gives its exit code. */
export function benchPeersCommand(args: string[]): Promise<number> {
  return command(HELP, { args, options: OPTIONS }, async ({ values }) => {
    const { only } = values, samples = Number(values.samples);
    if (only !== undefined && !KINDS.includes(only)) {
      throw new UsageError(`Cannot time ${only}: the works are ${KINDS.join(", ")}`);
    }
    if (!Number.isInteger(samples) || samples < 1) {
      throw new UsageError(`Cannot take ${values.samples} samples: want a whole number from 1`);
    }
    const cases = peerCases(values.tiny).filter((c) => only === undefined || c.kind === only);
    await withAdapter(
      !values["no-install"],
      (device) => run(device, cases, samples, values.json),
    );
  });
}

async function run(device: Device, cases: Case[], samples: number, json: boolean): Promise<void> {
  const { adapter, profile } = device, mine = ours(device), rows: PeerRow[] = [];
  const peers = await openPeers(adapter.description);
  const contenders = [mine, ...peers].map(({ name, version }) => ({ name, version }));
  if (!json) {
    console.log(contenders.map(({ name, version }) => `${name} ${version}`).join(", "));
    console.log(`Deno ${Deno.version.deno}, ${samples} rounds\n`);
  }
  const results = () => ({
    adapter: adapter.description,
    software: adapter.software,
    profile,
    deno: Deno.version.deno,
    contenders,
    samples,
    rows,
  });
  await printingJson(json, results, async () => {
    for (const c of cases) {
      const some = await compare(device, c, mine, peers, { samples });
      rows.push(...some);
      if (!json) console.log(tableOf(c.name, some));
    }
  });
  for (const peer of peers) peer.close();
}

/** The rows of one case, at most 100 columns. */
export function tableOf(name: string, rows: PeerRow[]): string {
  const lines = [
    name,
    `  ${"".padEnd(10)}${"ms".padEnd(26)}${"GFLOP/s".padEnd(9)}${"time / ours".padEnd(26)}` +
    `${"kernels".padEnd(9)}error`,
  ];
  for (const row of rows) {
    const { time_s, gflops, timeOverOurs, worst } = row;
    lines.push(
      `  ${row.contender.padEnd(10)}` + (time_s
        ? interval(time_s, milliseconds).padEnd(26) +
          (gflops ? digits(gflops.estimate) : "").padEnd(9) +
          (timeOverOurs ? interval(timeOverOurs, digits) : "1").padEnd(26) +
          String(row.dispatches).padEnd(9) +
          (worst ? worst.error.toExponential(1) : "reference")
        : `no time: ${row.reason}`),
    );
    const warnings = row.warnings.map((warning) => warning.split(":")[0]);
    if (warnings.length) lines.push(`            ! ${warnings.join(", ")}`);
  }
  return lines.join("\n") + "\n";
}

if (import.meta.main) Deno.exit(await benchPeersCommand(Deno.args));
