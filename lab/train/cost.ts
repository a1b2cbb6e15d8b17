/**
 * What a bench costs in time and memory.
 *
 * @module
 */
import { resourceUsage } from "node:process";
import type { Device } from "../../kernels/gpu/device.ts";
import type { Cost } from "../record/record.ts";

/** What something cost that trained nothing. */
export function costSince(started_ms: number, device: Device): Cost {
  return {
    wall_s: (performance.now() - started_ms) / 1000,
    trainedRuns: 0,
    reusedRuns: 0,
    trainedTokens: 0,
    peakDevice_bytes: device.memory.peak_bytes,
    peakRss_bytes: peakRss(),
  };
}

/** Largest resident set of this process so far, bytes; null off Linux, where its unit is not known. */
export function peakRss(): number | null {
  return Deno.build.os === "linux" ? resourceUsage().maxRSS * 1024 : null;
}
