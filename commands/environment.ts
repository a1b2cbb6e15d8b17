/**
 * The machine and the checkout, for the record.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { type Environment, profileName } from "../lab/record/record.ts";
import { KERNELS_VERSION } from "../kernels/version.ts";
import denoConfig from "../deno.json" with { type: "json" };

/** What git says in the checkout, or null outside one. */
async function git(...args: string[]): Promise<string | null> {
  try {
    const { code, stdout } = await new Deno.Command("git", {
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
  const commit = await git("rev-parse", "HEAD");
  return commit && (await git("status", "--porcelain") ? `${commit}-dirty` : commit);
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
    features: device.adapter.features,
    deno: Deno.version.deno,
    os: `${Deno.build.os} ${Deno.build.arch} ${Deno.osRelease()}`,
    cpus: navigator.hardwareConcurrency,
    gitCommit: await gitCommit(),
    version: denoConfig.version,
    kernelsVersion: KERNELS_VERSION,
  };
}
