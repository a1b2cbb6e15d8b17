// y[t] = r[t] + alpha * sum_j gate[t, j] * x[place[t, j]]      (FORWARD)
// y[t] = r[t] + sum_j x[place[t, j]]                            (otherwise); ALONE: without r
//   x (R, expert rows, d4) vec4, place, gate (R, rows*per_token), r, y (R, rows, d4).
//   One lane per (token, vec4 column); picks in selection order.
//   SPARSE: slots without a row (place NONE) add nothing.

#if SPARSE
#include "none"
#end if SPARSE

@compute @workgroup_size(64)
fn combine(@builtin(global_invocation_id) id: vec3<u32>) {
  let t = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (t >= dims.tokens) { return; }
  let slot = (id.z * dims.rows + t) * dims.per_token;
  var sum = vec4<f32>(0.0);
  for (var j = 0u; j < dims.per_token; j++) {
    if (load_place(slot + j) == NONE) { continue; }   #if SPARSE
    let x = load_x(id.z * dims.x_replica + load_place(slot + j) * dims.d4 + c);
    sum = fma(x, vec4<f32>(load_gate(slot + j)), sum);   #if FORWARD
    sum += x;                                            #if !FORWARD
  }
  let at = (id.z * dims.rows + t) * dims.d4 + c;
  store_y(at, load_r(at) + load_scales(id.z * dims.scale_stride + dims.scale_slot) * sum);   #if FORWARD && !ALONE
  store_y(at, load_scales(id.z * dims.scale_stride + dims.scale_slot) * sum);                #if FORWARD && ALONE
  store_y(at, load_r(at) + sum);                                                             #if !FORWARD
}
