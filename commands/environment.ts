/**
 * The machine and the checkout, for the record.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { hashOf } from "../lab/record/hash.ts";
import { type Environment, profileName } from "../lab/record/record.ts";
import { adapterIdentity, limitsOf } from "../lab/train/job.ts";
import { KERNELS_VERSION } from "../kernels/version.ts";
import denoConfig from "../deno.json" with { type: "json" };

/** What a program says in the checkout, or null where there is none. */
async function said(program: string, ...args: string[]): Promise<string | null> {
  try {
    const { code, stdout } = await new Deno.Command(program, {
      args,
      cwd: import.meta.dirname,
      stderr: "null",
    }).output();
    return code === 0 ? new TextDecoder().decode(stdout).trim() : null;
  } catch {
    return null;
  }
}

/** The commit of the checkout, with `-dirty` when files differ from it; null outside one. */
export async function gitCommit(): Promise<string | null> {
  const commit = await said("git", "rev-parse", "HEAD");
  return commit && (await said("git", "status", "--porcelain") ? `${commit}-dirty` : commit);
}

/** What `of` gives, or null where it cannot be had. */
function ifAny<T>(of: () => T): T | null {
  try {
    return of();
  } catch {
    return null;
  }
}

/** WebGPU tells no driver's version; a Debian system tells Mesa's, and NVIDIA's kernel module its own. */
async function driverOf(adapter: string): Promise<string | null> {
  if (Deno.build.os !== "linux") return null;
  if (/nvidia/i.test(adapter)) {
    const text = ifAny(() => Deno.readTextFileSync("/proc/driver/nvidia/version"));
    return text?.match(/\b\d+\.\d+(\.\d+)?\b/)?.[0] ?? null;
  }
  const mesa = await said("dpkg-query", "-W", "-f", "${Version}", "mesa-vulkan-drivers");
  return mesa && `Mesa ${mesa}`;
}

/** Hash of the frozen lock, whatever its line ends. */
function lockHash(): string | null {
  const text = ifAny(() => Deno.readTextFileSync(new URL("../deno.lock", import.meta.url)));
  return text && hashOf(JSON.parse(text));
}

/** The machine, for the record. */
export async function environmentOf(device: Device): Promise<Environment> {
  return {
    adapter: device.adapter.description,
    vendor: device.adapter.vendor,
    architecture: device.adapter.architecture,
    software: device.adapter.software,
    backend: device.adapter.backend,
    profile: profileName(device.profile),
    tuning: device.profile.tuning ?? "none",
    identity: adapterIdentity(device),
    driver: await driverOf(device.adapter.description),
    features: device.adapter.features,
    limits: limitsOf(device),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    lock: lockHash(),
    load: Deno.build.os === "windows" ? null : ifAny(() => Deno.loadavg()[0]),
    os: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
    cpus: navigator.hardwareConcurrency,
    gitCommit: await gitCommit(),
    version: denoConfig.version,
    kernelsVersion: KERNELS_VERSION,
  };
}
