/** A store in memory, for pools whose runs no test reads from the disk. */
import type { Run } from "../../lab/record/run.ts";
import type { Store } from "../../lab/train/store.ts";

/** An empty one. */
export function memoryStore(): Store & { items: Map<string, Run> } {
  const items = new Map<string, Run>();
  return {
    items,
    warnings: [],
    append: (run) => void items.set(run.key, run),
    close() {},
    [Symbol.dispose]() {},
  };
}
