// loss[t] = mean over 4 of (v - y)^2,  dv = (v - y) / 2 / tokens * multiplier
//   v, y, dv (R, rows) vec4; v is already times the multiplier, dv is the gradient of the product before it.
//   One lane per row.

@compute @workgroup_size(64)
fn squared_error(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id);
  if (t >= dims.tokens) { return; }
  let row = id.z * dims.rows + t;
  let e = load_v(row) - load_y(row);
  store_loss(row, dot(e, e) / 4.0);
  #if GRADIENT
  let scale = load_scales(id.z * dims.scale_stride + dims.scale_slot) * dims.inv_tokens;
  store_dv(row, e * (0.5 * scale));
  #end if GRADIENT
}
