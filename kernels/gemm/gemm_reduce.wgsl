// C = alpha[replica] * sum over parts of slab: the second half of a product whose k was split
//   slab (replicas * experts, parts, rows, cols4) vec4; C as in gemm.wgsl; z = replica * experts + expert.
//   One lane per vec4 of C. Parts are summed in ascending order: bitwise repeatable.

@compute @workgroup_size(64)
fn gemm_reduce(@builtin(global_invocation_id) id: vec3<u32>) {
  let at = lane_of(id);
  let size = dims.rows * dims.cols4;
  if (at >= size) { return; }
  let first = id.z * dims.parts * size + at;
  var sum = load_slab(first);
  for (var part = 1u; part < dims.parts; part++) { sum += load_slab(first + part * size); }
  let replica = id.z / dims.experts;
  let expert = id.z % dims.experts;
  let alpha = load_scales(replica * dims.scale_stride + dims.scale_slot);
  let row = at / dims.cols4;
  store_c(dims.c_base + replica * dims.c_replica + expert * dims.c_expert + row * dims.c_stride + at % dims.cols4, alpha * sum);
}
