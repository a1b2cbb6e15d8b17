/**
 * How much of the host's processors others took while something was timed.
 *
 * @module
 */
import { cpus } from "node:os";
import { cpuUsage } from "node:process";

/** Processor seconds since some moment of the past. */
interface Counters {
  wall: number;
  idle: number;
  own: number;
  processors: number;
}

/** The counters now; null without the permission to read them (`--allow-sys`). */
function counters(): Counters | null {
  try {
    const all = cpus(), { user, system } = cpuUsage();
    if (!all.length) return null;
    return {
      wall: performance.now() / 1000,
      idle: all.reduce((sum, { times }) => sum + times.idle, 0) / 1000,
      own: (user + system) / 1e6,
      processors: all.length,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}

/**
 * Share of the processors' time that was neither idle nor this process's own: other programs, the
 * kernel waiting for disks, and what a hypervisor gave to other guests.
 */
export function busyShare(before: Counters, after: Counters): number {
  const all = (after.wall - before.wall) * before.processors;
  const elsewhere = all - (after.idle - before.idle) - (after.own - before.own);
  return Math.min(1, Math.max(0, elsewhere / all));
}

/**
 * Starts watching the host.
 *
 * @returns a function that says what share others took since, 0 to 1; null where it cannot be read
 * or under half a second has passed (the counters tick every 10 ms)
 */
export function watchHost(): () => number | null {
  const before = counters();
  return () => {
    const after = before && counters();
    return after && after.wall - before.wall >= 0.5 ? busyShare(before, after) : null;
  };
}
