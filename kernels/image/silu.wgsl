// y = silu(x), or (CLASS) silu(x + table[class])
//   x, y (R, image_rows, d4) vec4, classes (R, image_rows) u32, p: parameters holding the table.
//   One lane per (image, vec4 column).

#include "sigmoid"

@compute @workgroup_size(64)
fn silu(@builtin(global_invocation_id) id: vec3<u32>) {
  let image = lane_of(id) / dims.d4;
  let c = lane_of(id) % dims.d4;
  if (image >= dims.images) { return; }
  let at = (id.z * dims.image_rows + image) * dims.d4 + c;
  let entry = load_classes(id.z * dims.image_rows + image);                            #if CLASS
  let x = load_x(at) + load_p(id.z * dims.p_replica + dims.table_base + entry * dims.d4 + c);   #if CLASS
  let x = load_x(at);                                                                  #if !CLASS
  store_y(at, x * sigmoid(x));
}
