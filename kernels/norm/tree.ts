/**
 * How the lanes of a workgroup sum a row on a GPU: by halving in shared memory, or by subgroups where
 * the adapter has them and the autotuner found them right and faster.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/device.ts";
import subgroupsSource from "./tree_subgroups.wgsl" with { type: "text" };
import treeSource from "./tree.wgsl" with { type: "text" };

/** Name of the choice in a tuning. */
export const ROW_CASE = "row sums";
/** What can be chosen, the default first. */
export const ROW_CANDIDATES = ["tree", "subgroups"] as const;

/** WGSL of `tree_sum` and `tree_max`. */
export function rowSource(profile: DeviceProfile): string {
  return profile.tuning?.[ROW_CASE] === "subgroups" ? subgroupsSource : treeSource;
}

/** WGSL whose text decides what a tuning measured; part of its key. */
export const ROW_SOURCES: string[] = [treeSource, subgroupsSource];
