/**
 * The self-test: parity cases from PyTorch, with every kernel variant this adapter can run. It
 * answers one question before any number is believed: do the kernels compute the model here?
 *
 * @module
 */
import { type Device, type DeviceProfile, MOST_BINDINGS } from "../../kernels/gpu/device.ts";
import { type ParityCase, type ParityLine, parseParityCase, runParityCase } from "./parity.ts";

const FOLDER = new URL("../../fixtures/parity/", import.meta.url);
/** Every feed-forward part there is: dense, all experts, top-k, shared experts, groups; and both tasks. */
export const SELF_TEST_CASES: readonly string[] = [
  "dense",
  "moe_4e4a_dense",
  "moe_5e2a",
  "moe_6e3a_shared1",
  "moe_8e4a_groups2",
  "diffusion/dit_dense",
  "diffusion/dit_8e4a_groups2_shared1_rgb",
];
/** Runs dense and grouped products, routing, combine and their gradients in one model. */
const SHORT = "moe_6e3a_shared1";
/** Side by side; the last is compared, so that a wrong replica offset shows. */
const REPLICAS = 2;

/** One case with one kernel variant. */
export interface SelfTestLine extends DeviceProfile {
  case: string;
  /** what is nearest to its bound, or farthest over it */
  worst: ParityLine | null;
  /** quantities compared */
  quantities: number;
  ok: boolean;
  /** this adapter cannot run the variant; nothing was compared and nothing failed */
  skipped: boolean;
  time_s: number;
  /** what the GPU said, or why the variant was skipped */
  note: string | null;
}

/** What the self-test covers and whom it tells. */
export interface SelfTestOptions {
  /** one case, only with the device's own profile: seconds, before every bench */
  short?: boolean;
  /** called with each line as it is done */
  onLine?: (line: SelfTestLine) => void;
  /** the text of a case by its name; absent: its file in fixtures/parity, read by Deno */
  read?: (name: string) => Promise<string>;
}

/** The text of a case of fixtures/parity. */
function readFixture(name: string): Promise<string> {
  return Deno.readTextFile(new URL(`${name}.json`, FOLDER));
}

/** The device's own profile, then every other variant of kernels and storage. */
function variants(own: DeviceProfile): DeviceProfile[] {
  const all = (["software", "gpu"] as const).flatMap((kernels) =>
    (["texture", "buffer"] as const).map((storage) => ({ kernels, storage }))
  );
  const isOwn = (p: DeviceProfile) => p.kernels === own.kernels && p.storage === own.storage;
  return [own, ...all.filter((p) => !isOwn(p))];
}

/** Why the adapter cannot hold the tensors of a kernel so, or null. */
function unsupported(device: Device, storage: DeviceProfile["storage"]): string | null {
  const { maxStorageTexturesPerShaderStage, maxStorageBuffersPerShaderStage } = device.gpu.limits;
  const most = storage === "texture"
    ? maxStorageTexturesPerShaderStage
    : maxStorageBuffersPerShaderStage;
  return most >= MOST_BINDINGS
    ? null
    : `the adapter binds ${most} storage ${storage}s, ${MOST_BINDINGS} are needed`;
}

/**
 * Runs one case with one profile. Errors of the GPU fail the case and do not reach
 * `device.errors`, so that the next variant starts clean.
 *
 * @param device its profile chooses the variant
 */
export async function selfTestCase(device: Device, c: ParityCase): Promise<SelfTestLine> {
  const start = performance.now();
  let lines: ParityLine[] = [], note: string | null = null;
  for (const scope of ["out-of-memory", "validation"] as const) device.gpu.pushErrorScope(scope);
  try {
    lines = await runParityCase(device, c, REPLICAS);
  } catch (error) {
    note = firstLine((error as Error).message);
  }
  for (let scopes = 2; scopes > 0; scopes--) {
    const error = await device.gpu.popErrorScope();
    if (error) note = firstLine(error.message);
  }
  const strain = (l: ParityLine) => l.error / l.bound;
  return {
    ...device.profile,
    case: c.name,
    worst: lines.length ? lines.reduce((a, b) => strain(b) > strain(a) ? b : a) : null,
    quantities: lines.length,
    ok: note === null && lines.length > 0 && lines.every((l) => l.error <= l.bound),
    skipped: false,
    time_s: (performance.now() - start) / 1000,
    note,
  };
}

function firstLine(text: string): string {
  return text.trim().split("\n")[0];
}

/**
 * Compares the kernels with float64 on this adapter.
 *
 * @param device the variants share it; its own profile comes first
 * @returns one line per case and variant; ok when none failed and the own profile was not skipped
 * Error bounds: fixtures/parity/README.md
 */
export async function selfTest(
  device: Device,
  options: SelfTestOptions = {},
): Promise<{ ok: boolean; lines: SelfTestLine[] }> {
  const { short = false, onLine = () => {}, read = readFixture } = options;
  const lines: SelfTestLine[] = [];
  const add = (line: SelfTestLine) => {
    lines.push(line);
    onLine(line);
  };
  const names = short ? [SHORT] : SELF_TEST_CASES;
  const cases = await Promise.all(
    names.map(async (name) => parseParityCase(await read(name), name)),
  );
  for (const [i, profile] of variants(device.profile).entries()) {
    if (short && i > 0) break;
    const reason = unsupported(device, profile.storage);
    if (reason && i > 0) {
      const nothing = { worst: null, quantities: 0, time_s: 0 };
      add({ ...profile, case: "all", ...nothing, ok: true, skipped: true, note: reason });
      continue;
    }
    for (const c of cases) add(await selfTestCase({ ...device, profile }, c));
  }
  return { ok: lines.every((line) => line.ok) && device.errors.length === 0, lines };
}
