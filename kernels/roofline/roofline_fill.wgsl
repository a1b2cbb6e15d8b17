// out_i = i mod 251 + offset + (0, 1, 2, 3): what the streams read, whole numbers so that sums are
// exact; an offset of its own tells a stream from the others
//   out (groups * LANES * rounds * UNROLL) vec4. A workgroup writes a block of its own.

@compute @workgroup_size(${LANES})
fn roofline_fill(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let block = dims.rounds * ${UNROLL * LANES}u;
  for (var k = lane; k < block; k += ${LANES}u) {
    let i = group.x * block + k;
    store_out(i, vec4<f32>(0.0, 1.0, 2.0, 3.0) + f32(i % 251u + dims.offset));
  }
}
