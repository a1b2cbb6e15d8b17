// log[step] = (mean loss, balance loss, z-loss, gradient norm); state = step + 1
//   loss (R, rows), aux (layers, R, rows) vec4, clip (R) vec4, log (R, steps) vec4, state (R) u32.
//   One workgroup per replica; lane i adds rows i, i + 64, …; then a tree.

var<workgroup> sums: array<vec4<f32>, 64>;

@compute @workgroup_size(64)
fn log_step(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  var sum = vec4<f32>(0.0);
  for (var t = lane; t < dims.tokens; t += 64u) { sum.x += load_loss(group.z * dims.rows + t); }
  #if AUX
  for (var layer = 0u; layer < dims.layers; layer++) {
    for (var t = lane; t < dims.tokens; t += 64u) {
      let aux = load_aux((layer * dims.replicas + group.z) * dims.rows + t);
      sum.y += aux.x;
      sum.z += aux.y;
    }
  }
  #end if AUX
  sums[lane] = sum;
  for (var half = 32u; half > 0u; half >>= 1u) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0u) {
    let total = sums[0];
    let step = load_state(group.z);
    let norm = load_clip(group.z).y;   #if GRADIENT
    let norm = 0.0;                    #if !GRADIENT
    store_log(group.z * dims.steps + step, vec4<f32>(total.x / f32(dims.tokens), total.y, total.z, norm));
    store_next(group.z, step + 1u);
  }
}
