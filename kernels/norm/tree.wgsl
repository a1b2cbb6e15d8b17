// Sum and maximum over the LANES lanes of a workgroup, by halving in shared memory; included
// by the kernels that need them. Lane i takes in lane i + LANES/2, then i + LANES/4, …: a fixed order, so
// bitwise repeatable. Every lane of the workgroup must call, and every lane gets the result.

var<workgroup> tree: array<f32, ${LANES}>;

fn tree_sum(lane: u32, value: f32) -> f32 {
  tree[lane] = value;
  workgroupBarrier();
  for (var half = ${LANES / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { tree[lane] += tree[lane + half]; }
    workgroupBarrier();
  }
  let sum = tree[0];
  workgroupBarrier();          // all have read before the next use writes
  return sum;
}

fn tree_max(lane: u32, value: f32) -> f32 {
  tree[lane] = value;
  workgroupBarrier();
  for (var half = ${LANES / 2}u; half > 0u; half >>= 1u) {
    if (lane < half) { tree[lane] = max(tree[lane], tree[lane + half]); }
    workgroupBarrier();
  }
  let peak = tree[0];
  workgroupBarrier();
  return peak;
}
