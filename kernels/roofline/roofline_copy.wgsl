// out = x: 16 bytes read and 16 written an element
//   x, out (groups * LANES * rounds * UNROLL) vec4. A workgroup copies a block of its own, lanes side
//   by side.

@compute @workgroup_size(${LANES})
fn roofline_copy(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var i = group.x * dims.rounds * ${UNROLL * LANES}u + lane;
  for (var k = 0u; k < dims.rounds; k++) {
    let x${u} = load_x(i + ${u * LANES}u);   #for u in 0..UNROLL
    store_out(i + ${u * LANES}u, x${u});     #for u in 0..UNROLL
    i += ${UNROLL * LANES}u;
  }
}
