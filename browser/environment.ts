/**
 * The machine as a browser tells it, for the record.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { KERNELS_VERSION } from "../kernels/version.ts";
import { type Environment, profileName } from "../lab/record/record.ts";
import { adapterIdentity, limitsOf } from "../lab/train/job.ts";
import type { Given } from "./given.ts";

/** What a browser may know of its system. */
interface Told {
  userAgent: string;
  platform?: string;
  userAgentData?: { platform?: string };
  hardwareConcurrency: number;
}

/** Operating system as far as the browser tells it. */
export function systemOf({ platform, userAgentData }: Told): string {
  return userAgentData?.platform || platform || "not told";
}

/** The machine, for the record. */
export function environmentHere(
  device: Device,
  { version, gitCommit, deno }: Given,
  told: Told = navigator,
): Environment {
  const { adapter, profile } = device;
  return {
    adapter: adapter.description,
    vendor: adapter.vendor,
    architecture: adapter.architecture,
    software: adapter.software,
    backend: adapter.backend,
    profile: profileName(profile),
    tuning: profile.tuning ?? "none",
    identity: adapterIdentity(device),
    driver: null,
    features: adapter.features,
    limits: limitsOf(device),
    deno,
    v8: null,
    browser: told.userAgent,
    lock: null,
    load: null,
    os: systemOf(told),
    cpus: told.hardwareConcurrency,
    gitCommit,
    version,
    kernelsVersion: KERNELS_VERSION,
  };
}
