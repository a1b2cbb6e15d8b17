/**
 * The autotuner's memory: one JSON file per adapter, Deno version and kernels, in the user's cache
 * directory; and {@link tuneDevice}, which reads it or measures.
 *
 * WebGPU tells no driver's version, so that a new driver finds the old one's file. Choices read from
 * it are therefore checked against the reference again (not timed) before they are used.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { SHARED_SOURCES } from "../gemm/gemm_shared.ts";
import type { Device } from "../gpu/device.ts";
import { ROW_SOURCES } from "../norm/tree.ts";
import { type CaseResult, recheckCase, tuneCase, type TuningCase, warningsOf } from "./tuning.ts";
import { tuningCases } from "./tuning_cases.ts";
import { KERNELS_VERSION } from "../version.ts";

/** Version of the file. */
const FORMAT = "mue-bench/tuning/2";

/** What a measurement depends on, as far as it can be known; another key is another file. */
export interface TuningKey {
  vendor: string;
  architecture: string;
  device: string;
  description: string;
  backend: string;
  /** where tensors are held */
  storage: string;
  deno: string;
  /** hash of the kernels' sources, their version, and every case's candidates */
  kernels: string;
}

function hash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** The key of a device and its cases. */
export function tuningKey(device: Device, cases: TuningCase[]): TuningKey {
  const { vendor, architecture, description, backend } = device.adapter;
  const choices = cases.map(({ name, candidates }) => [name, candidates]);
  return {
    vendor,
    architecture,
    device: device.adapter.device ?? "",
    description,
    backend,
    storage: device.profile.storage,
    deno: Deno.version.deno,
    kernels: hash(JSON.stringify([KERNELS_VERSION, SHARED_SOURCES, ROW_SOURCES, choices])),
  };
}

/** The user's cache directory; null where none is named. */
export function cacheDirectory(): string | null {
  const { os } = Deno.build, home = Deno.env.get("HOME");
  if (os === "windows") return Deno.env.get("LOCALAPPDATA") ?? null;
  if (os === "darwin") return home ? `${home}/Library/Caches` : null;
  return Deno.env.get("XDG_CACHE_HOME") || (home ? `${home}/.cache` : null);
}

/** Where a key's file lies. */
export function tuningFile(directory: string, key: TuningKey): string {
  return `${directory}/mue-bench/tuning-${hash(JSON.stringify(key))}.json`;
}

/** A key beside its file. */
const keptIn = (directory: string, key: TuningKey) => ({ key, file: tuningFile(directory, key) });

/** The cases of a file; null when there is none, it is damaged, of another key or unknown choices. */
export async function readTuning(
  file: string,
  key: TuningKey,
  cases: TuningCase[],
): Promise<Record<string, CaseResult> | null> {
  try {
    const stored = JSON.parse(await Deno.readTextFile(file));
    const same = stored.format === FORMAT && JSON.stringify(stored.key) === JSON.stringify(key);
    const found: Record<string, CaseResult> = stored.cases;
    const known = (c: TuningCase) =>
      c.candidates.includes(found[c.name].choice) &&
      Object.values(found[c.name].rejected).every((why) => typeof why === "string");
    const whole = same && Object.keys(found).length === cases.length && cases.every(known);
    return whole ? found : null;
  } catch {
    return null;
  }
}

/** Writes a file as a whole or not at all. */
async function writeTuning(
  file: string,
  key: TuningKey,
  cases: Record<string, CaseResult>,
): Promise<void> {
  await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
  const part = `${file}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(part, JSON.stringify({ format: FORMAT, key, cases }, null, 2));
  await Deno.rename(part, file);
}

/** How {@link tuneDevice} goes about it; tests put their own in its place. */
export interface TuneOptions {
  /** the user's cache directory; null: neither read nor written */
  directory?: string | null;
  cases?: TuningCase[];
  /** seconds */
  clock?: () => number;
  /** told before each case that is measured */
  onCase?: (done: number, count: number, name: string) => void;
}

/** A device with its choices, and where they are from. */
export interface Tuned {
  /** the same device; its profile holds the choices, if any were made */
  device: Device;
  /** `off`: a software adapter or software kernels, nothing to choose */
  from: "off" | "cache" | "measured";
  cases: Record<string, CaseResult>;
  /** rejected candidates, cached choices among them, and a cache that could not be written */
  warnings: string[];
}

/**
 * Chooses kernel variants for a GPU: from the cache, else by measuring (about a minute, once per
 * adapter, Deno version and kernels). A cached choice that is no longer right gives way to the
 * default; the file stays, so that it is tried again next time. Software adapters are left alone.
 *
 * @throws {DeviceError} when the GPU was lost
 */
export async function tuneDevice(device: Device, options: TuneOptions = {}): Promise<Tuned> {
  if (device.adapter.software || device.profile.kernels !== "gpu") {
    return { device, from: "off", cases: {}, warnings: [] };
  }
  const tuned = await tune(device, options);
  device.memory.resetPeak(); // a run's peak is its own
  return tuned;
}

/** {@link tuneDevice} whatever the adapter, for tests. */
export async function tune(device: Device, options: TuneOptions = {}): Promise<Tuned> {
  const {
    directory = cacheDirectory(),
    cases = tuningCases(device),
    clock = () => performance.now() / 1000,
    onCase = () => {},
  } = options;
  const kept = directory === null ? null : keptIn(directory, tuningKey(device, cases));
  const known = kept ? await readTuning(kept.file, kept.key, cases) : null;
  const results: Record<string, CaseResult> = {}, failed: string[] = [];
  if (known) {
    for (const c of cases) {
      try {
        results[c.name] = await recheckCase(c, known[c.name]);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        results[c.name] = { ...known[c.name], choice: c.candidates[0] };
        failed.push(`autotuner: ${c.name}: not checked: ${error.message}`);
      }
    }
  } else {
    for (const [i, c] of cases.entries()) {
      onCase(i, cases.length, c.name);
      try {
        results[c.name] = await tuneCase(c, clock);
      } catch (error) {
        // a case this adapter is too small for; a lost device is another matter
        if (!(error instanceof RangeError)) throw error;
        results[c.name] = { choice: c.candidates[0], times_s: {}, rejected: {} };
        failed.push(`autotuner: ${c.name}: not measured: ${error.message}`);
      }
    }
    try {
      if (kept) await writeTuning(kept.file, kept.key, results);
    } catch (error) {
      failed.push(`autotuner: cannot keep its choices: ${(error as Error).message.split("\n")[0]}`);
    }
  }
  const tuning = Object.fromEntries(
    Object.keys(results).sort().map((name) => [name, results[name].choice]),
  );
  return {
    device: { ...device, profile: { ...device.profile, tuning } },
    from: known ? "cache" : "measured",
    cases: results,
    warnings: [...warningsOf(results), ...failed],
  };
}
