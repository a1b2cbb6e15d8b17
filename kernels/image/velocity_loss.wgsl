// loss[t] = mean over the patch of (v - target)^2,  dv = 2 (v - target) / (tokens * patch) * multiplier
//   v, target, dv (R, rows, p4) vec4, loss (R, rows). v is already times the multiplier; dv is the gradient of the
//   product before it. Columns past the patch are 0 in both. One lane per row, columns ascending.

@compute @workgroup_size(64)
fn velocity_loss(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let row = id.z * dims.rows + t;
  var squares = vec4<f32>(0.0);
  let scale = 2.0 * load_scales(id.z * dims.scale_stride + dims.scale_slot) * dims.inv_tokens * dims.inv_patch;   #if GRADIENT
  for (var c = 0u; c < dims.p4; c++) {
    let at = row * dims.p4 + c;
    let d = load_v(at) - load_target(at);
    squares = fma(d, d, squares);
    store_dv(at, d * scale);   #if GRADIENT
  }
  store_loss(row, (squares.x + squares.y + squares.z + squares.w) * dims.inv_patch);
}
