/**
 * Set-up: a WebGPU adapter to run on, installed if need be and always named.
 *
 * A process that has once looked for a Vulkan driver in vain does not find one that is installed
 * later, so every look happens in a process of its own (this file with `--probe`).
 *
 * @module
 */
import {
  type AdapterFacts,
  type Device,
  NoAdapterError,
  openDevice,
  UnfitAdapterError,
} from "../kernels/gpu/device.ts";
import { command, HELP_FLAG } from "./command.ts";
import { PROBE_FLAGS } from "./permissions.ts";

const PACKAGE = "mesa-vulkan-drivers";

/** Keeps apt-get from asking. */
const QUIET = ["DEBIAN_FRONTEND", "noninteractive"] as const;

const HELP = `setup: find a WebGPU adapter, and install a software one where there is none

  deno task setup [--no-install]

On a Debian-like Linux, as root or with a sudo that asks nothing, it installs ${PACKAGE}
(Vulkan on the CPU) with apt-get. With --no-install, or elsewhere, it prints what to type and
exits with 3. The last line names the adapter and says whether it is a software one.`;

/** What a look for an adapter found: the adapter, or why there is none. */
export type Probe =
  | { adapter: AdapterFacts }
  /** unfit: there is one, and no other driver would make it do */
  | { problem: string; unfit?: boolean };

/** The machine as the set-up sees it; tests put their own in its place. */
export interface Machine {
  os: typeof Deno.build.os;
  /** looks for an adapter in a new process */
  probe(): Promise<Probe>;
  /** whether a program is installed */
  has(program: string): boolean;
  /** whether this user is root */
  isRoot(): boolean;
  /** runs a command silently; returns its exit code and what it printed */
  run(command: string[]): Promise<{ code: number; output: string }>;
  /** settings of the Vulkan loader and of Deno that can hide a driver, as `NAME=value` */
  overrides(): string[];
}

/** How {@link ensureAdapter} goes about it. */
export interface SetupOptions {
  /** may install a driver (true) */
  install?: boolean;
  /** takes the lines for the user (standard error, so that output stays clean) */
  print?: (line: string) => void;
  /** this machine unless told otherwise */
  machine?: Machine;
}

/**
 * Finds a WebGPU adapter, installing a software one where that is possible, and prints its name.
 *
 * @returns the adapter that `openDevice` will get
 * @throws {NoAdapterError} with the commands to type, when there is none and none was installed
 * @throws {UnfitAdapterError} when there is one that cannot run the kernels
 */
export async function ensureAdapter(options: SetupOptions = {}): Promise<AdapterFacts> {
  const { install = true, print = console.error, machine = thisMachine } = options;
  let found = await machine.probe();
  if ("problem" in found) {
    if (found.unfit) throw new UnfitAdapterError(found.problem);
    const prefix = install ? await installPrefix(machine) : null;
    if (!prefix) throw new NoAdapterError(`${found.problem}\n${advice(machine)}`);
    await installDriver(machine, prefix, print);
    found = await machine.probe();
    if ("problem" in found) {
      throw new NoAdapterError(`${found.problem}, although ${PACKAGE} is now installed`);
    }
  }
  print(describeAdapter(found.adapter));
  return found.adapter;
}

/**
 * Works on the adapter that {@link ensureAdapter} finds; the device is closed after.
 *
 * @param install may install a driver
 */
export async function withAdapter<T>(
  install: boolean,
  work: (device: Device) => Promise<T>,
): Promise<T> {
  await ensureAdapter({ install });
  const device = await openDevice();
  try {
    return await work(device);
  } finally {
    device.close();
  }
}

/** One line, e.g. `adapter: llvmpipe (LLVM 15.0.6, 256 bits), software, vulkan`. */
export function describeAdapter(a: AdapterFacts): string {
  return `adapter: ${a.description}, ${a.software ? "software" : "hardware"}, ${a.backend}`;
}

/** What goes before a command so that root runs it; null where nothing can or should be installed. */
async function installPrefix(machine: Machine): Promise<string[] | null> {
  if (machine.os !== "linux" || !machine.has("apt-get") || machine.overrides().length) return null;
  if (machine.isRoot()) return [];
  const sudo = ["sudo", "-n"];
  return machine.has("sudo") && (await machine.run([...sudo, "true"])).code === 0 ? sudo : null;
}

/** `apt-get update`, then the driver; a failed update matters only if the install fails too. */
async function installDriver(
  machine: Machine,
  prefix: string[],
  print: (line: string) => void,
): Promise<void> {
  // sudo passes no environment on; root's own is that of `run`
  const apt = prefix.length ? [...prefix, "env", QUIET.join("="), "apt-get"] : ["apt-get"];
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  print(`No WebGPU adapter: installing ${PACKAGE} with apt-get (--no-install prevents this)`);
  const update = await machine.run([...apt, ...wait, "update"]);
  const install = await machine.run(
    [...apt, ...wait, "install", "-y", "--no-install-recommends", PACKAGE],
  );
  if (install.code === 0) return;
  const reasons = [errorLine(install.output)];
  if (update.code !== 0) reasons.push(`apt-get update had failed: ${errorLine(update.output)}`);
  throw new NoAdapterError(`Cannot install ${PACKAGE}: ${reasons.join("; ")}`);
}

/** apt's last `E:` line, else its last line. */
function errorLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim()).filter(Boolean);
  return lines.findLast((line) => line.startsWith("E:")) ?? lines.at(-1) ?? "apt-get said nothing";
}

const GUIDE: [program: string, ...commands: string[]][] = [
  ["apt-get", "apt-get update", `apt-get install -y ${PACKAGE}`],
  ["dnf", `dnf install -y ${PACKAGE} vulkan-loader`],
  ["pacman", "pacman -S --needed vulkan-swrast vulkan-icd-loader"],
  ["brew", "brew install mesa vulkan-loader", 'export LD_LIBRARY_PATH="$(brew --prefix)/lib"'],
];

/** What to type where nothing is installed for the user. */
function advice(machine: Machine): string {
  const overrides = machine.overrides();
  const unset = overrides.length ? [`First unset what hides it: ${overrides.join(", ")}`] : [];
  if (machine.os !== "linux") {
    return [...unset, `No package helps on ${machine.os}: it takes a machine with a GPU`].join(
      "\n",
    );
  }
  const here = GUIDE.filter(([program]) => machine.has(program)).slice(0, 1);
  const commands = (here.length ? here : GUIDE).flatMap(([program, ...lines]) =>
    lines.map((line) => program === "brew" || machine.isRoot() ? `  ${line}` : `  sudo ${line}`)
  );
  return [...unset, "To install Vulkan on the CPU (a GPU has its own driver), type:", ...commands]
    .join("\n");
}

const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

const thisMachine: Machine = {
  os: Deno.build.os,
  async probe() {
    const { stdout, stderr, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["run", ...PROBE_FLAGS, import.meta.url, "--probe"],
    }).output();
    // Ctrl-C reaches the child too: that is no missing driver, and nothing is to be installed
    if (signal === "SIGINT" || signal === "SIGTERM") Deno.exit(130);
    const line = decode(stdout).trim().split("\n").at(-1);
    if (line?.startsWith("{")) return JSON.parse(line) as Probe;
    return { problem: `No WebGPU adapter: the driver ended Deno: ${errorLine(decode(stderr))}` };
  },
  has(program) {
    return (Deno.env.get("PATH") ?? "").split(":").some((folder) => {
      try {
        return Deno.statSync(`${folder}/${program}`).isFile;
      } catch {
        return false;
      }
    });
  },
  isRoot: () => Deno.uid() === 0,
  async run([program, ...args]) {
    const env = Object.fromEntries([QUIET]);
    const { code, stdout, stderr } = await new Deno.Command(program, { args, env }).output();
    return { code, output: decode(stdout) + decode(stderr) };
  },
  overrides() {
    const backend = Deno.env.get("DENO_WEBGPU_BACKEND");
    return [
      ...["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].flatMap((name) => {
        const value = Deno.env.get(name);
        return value ? [`${name}=${value}`] : [];
      }),
      ...backend && backend !== "vulkan" ? [`DENO_WEBGPU_BACKEND=${backend}`] : [],
    ];
  },
};

/** The look itself: prints one line of JSON. */
async function probe(): Promise<Probe> {
  try {
    const device = await openDevice();
    device.close();
    return { adapter: device.adapter };
  } catch (error) {
    const { message } = error as Error;
    return {
      problem: error instanceof NoAdapterError
        ? message
        : `No WebGPU adapter: it gives no device: ${message.split("\n")[0]}`,
      ...error instanceof UnfitAdapterError ? { unfit: true } : {},
    };
  }
}

/** The command; gives its exit code, 3 without an adapter. */
function setupCommand(args: string[]): Promise<number> {
  const options = { "no-install": { type: "boolean", default: false }, ...HELP_FLAG } as const;
  return command(HELP, { args, options }, async ({ values }) => {
    await ensureAdapter({ install: !values["no-install"], print: console.log });
  });
}

if (import.meta.main) {
  if (Deno.args[0] === "--probe") {
    console.log(JSON.stringify(await probe()));
    Deno.exit(0); // the driver's threads end with the process
  }
  Deno.exit(await setupCommand(Deno.args));
}
