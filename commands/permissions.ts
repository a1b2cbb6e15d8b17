/**
 * What the processes that a command starts may do; `deno.json` says it of the commands themselves. None
 * gets the network, none may start another, and none may write.
 *
 * @module
 */

/** Settings of Deno and of the driver that are read, or set where they are missing, before there is a device. */
const DEVICE_ENV = ["DENO_WEBGPU_BACKEND", "XDG_RUNTIME_DIR"];

/** Flags of `deno run` for a process that only looks for an adapter. */
export const PROBE_FLAGS: readonly string[] = [
  "--quiet",
  "--no-prompt",
  `--allow-env=${DEVICE_ENV}`,
];

/**
 * The same for one that computes on a device. It reads what it trains on, wherever the user has it; how
 * busy the processors are goes into timings.
 */
export const DEVICE_FLAGS: readonly string[] = [...PROBE_FLAGS, "--allow-read", "--allow-sys=cpus"];
