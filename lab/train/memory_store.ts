/**
 * A store in memory: for what no disk keeps, and where there is none.
 *
 * @module
 */
import type { StoreOf } from "./store.ts";

/**
 * An empty one.
 *
 * @param check what an item must be, as a store on a disk asks of it; absent: anything
 */
export function memoryStore<T extends { key: string }>(
  check: (item: T) => T = (item) => item,
): StoreOf<T> & { items: Map<string, T> } {
  const items = new Map<string, T>(), close = () => {};
  const append = (item: T) => void items.set(item.key, check(item));
  return { items, warnings: [], append, close, [Symbol.dispose]: close };
}
