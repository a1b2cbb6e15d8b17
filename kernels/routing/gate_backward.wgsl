// dgate[t, j] = alpha * dz[t] . x[place[t, j]]
//   dz (R, rows, d4), x (R, expert rows, d4): the experts' outputs. One lane per slot.
//   SPARSE: 0 for slots without a row (place NONE).

#if SPARSE
#include "none"
#end if SPARSE

@compute @workgroup_size(64)
fn gate_backward(@builtin(global_invocation_id) id: vec3<u32>) {
  let slot = lane_of(id);
  if (slot >= dims.tokens * dims.per_token) { return; }
  let s = id.z * dims.rows * dims.per_token + slot;
  #if SPARSE
  if (load_place(s) == NONE) {
    store_dgate(s, 0.0);
    return;
  }
  #end if SPARSE
  let dz = (id.z * dims.rows + slot / dims.per_token) * dims.d4;
  let x = id.z * dims.x_replica + load_place(s) * dims.d4;
  var sum = vec4<f32>(0.0);
  for (var c = 0u; c < dims.d4; c++) { sum = fma(load_dz(dz + c), load_x(x + c), sum); }
  store_dgate(s, load_scales(id.z * dims.scale_stride + dims.scale_slot) * (sum.x + sum.y + sum.z + sum.w));
}
