/**
 * How the lanes of a workgroup sum a row on a GPU: by halving in shared memory, or by subgroups where
 * the adapter has them and the autotuner found them right and faster.
 *
 * @module
 */
import type { DeviceProfile } from "../gpu/device.ts";
import type { KernelSpec } from "../gpu/kernel.ts";
import subgroupsSource from "./tree_subgroups.wgsl" with { type: "text" };
import treeSource from "./tree.wgsl" with { type: "text" };

/** Name of the choice in a tuning. */
export const ROW_CASE = "row sums";
/** What can be chosen, the default first. */
export const ROW_CANDIDATES = ["tree", "subgroups"] as const;

/** A kernel that includes `tree_sum` and `tree_max` as "tree", with those of the profile's choice. */
export function withRowSums(spec: KernelSpec, profile: DeviceProfile): KernelSpec {
  const tree = profile.tuning?.[ROW_CASE] === "subgroups" ? subgroupsSource : treeSource;
  return { ...spec, includes: { ...spec.includes, tree } };
}

/** WGSL whose text decides what a tuning measured; part of its key. */
export const ROW_SOURCES: string[] = [treeSource, subgroupsSource];
