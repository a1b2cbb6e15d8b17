// norm = sqrt(sum of partial), scale = min(1, clip_norm / (norm + 1e-6)); clip_norm 0: no clipping
//   partial (R, chunks); schedule (R, steps) vec4; state (R) u32: the step; rates vec4, whose first R
//   become (scale, norm, 0, 0) and whose next R the schedule's row of this step (see adamw.wgsl). One
//   workgroup per replica; lane i adds partials i, i + 64, …; then a tree.

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn clip(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  var sum = 0.0;
  for (var i = lane; i < dims.chunks; i += 64u) { sum += load_partial(group.z * dims.chunks + i); }
  sums[lane] = sum;
  for (var half = 32u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) {
    let norm = sqrt(sums[0]);
    let scale = select(1.0, min(1.0, dims.clip_norm / (norm + 1e-6)), dims.clip_norm > 0.0);
    store_rates(group.z, vec4<f32>(scale, norm, 0.0, 0.0));
    let step = load_state(group.z);
    store_rates(dims.replicas + group.z, load_schedule(group.z * dims.steps + step));
  }
}
