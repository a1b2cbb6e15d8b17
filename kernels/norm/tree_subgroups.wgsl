// Sum and maximum over the LANES lanes of a workgroup, by subgroups and then over them in shared
// memory: tree.wgsl with 2 barriers instead of 7 or 8, where the adapter has subgroups. Included by
// the kernels that need them as "tree"; every lane of the workgroup must call, and every lane gets the result.
// Lanes of a subgroup are taken to be neighbours, as every known adapter numbers them (WGSL does not
// promise it): the autotuner checks the sums before it chooses this. The order within a subgroup is the
// adapter's; subgroups are taken in ascending order. No `enable subgroups;`: Deno's compiler knows the
// functions and refuses the directive.

var<workgroup> tree: array<f32, ${LANES}>;

fn tree_sum(lane: u32, value: f32) -> f32 {
  let size = subgroupAdd(1u);
  let part = subgroupAdd(value);
  if (lane % size == 0u) { tree[lane / size] = part; }
  workgroupBarrier();
  var sum = tree[0];
  for (var i = 1u; i < ${LANES}u / size; i++) { sum += tree[i]; }
  workgroupBarrier();          // all have read before the next use writes
  return sum;
}

fn tree_max(lane: u32, value: f32) -> f32 {
  let size = subgroupAdd(1u);
  let part = subgroupMax(value);
  if (lane % size == 0u) { tree[lane / size] = part; }
  workgroupBarrier();
  var peak = tree[0];
  for (var i = 1u; i < ${LANES}u / size; i++) { peak = max(peak, tree[i]); }
  workgroupBarrier();
  return peak;
}
