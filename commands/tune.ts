/**
 * The autotuner as the commands that train or measure start it.
 *
 * @module
 */
import type { Device } from "../kernels/gpu/device.ts";
import { type Tuned, tuneDevice, type TuneOptions } from "../kernels/tuning/tuning_cache.ts";
import { duration } from "../reports/words/format.ts";
import type { ProgressLine } from "./progress.ts";

/** The flag's line in a `--help`. */
export const NO_TUNE_HELP =
  "  --no-tune        every kernel's default variant, also on a GPU (see docs/performance.md)";

/**
 * Chooses kernel variants for a device and says on stderr what it does; nothing on a software adapter.
 *
 * @param wanted false: `--no-tune`
 * @returns the device to go on with
 * @throws {DeviceError} when the GPU was lost
 */
export async function tuneFor(
  device: Device,
  wanted: boolean,
  line: ProgressLine,
  options: TuneOptions = {},
): Promise<Tuned> {
  if (!wanted) return { device, from: "off", cases: {}, warnings: [] };
  const start = performance.now();
  const tuned = await tuneDevice(device, {
    ...options,
    onCase: (done, count, name) =>
      line.show(`choosing kernel variants, once for this adapter: ${done + 1}/${count} ${name}`),
  });
  line.end();
  if (tuned.from === "measured") {
    const count = Object.keys(tuned.cases).length, time = (performance.now() - start) / 1000;
    line.note(`kernel variants chosen for ${count} cases in ${duration(time)}`);
  }
  for (const warning of tuned.warnings) line.note(`warning: ${warning}`);
  return tuned;
}
