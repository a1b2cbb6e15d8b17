// out_l = sum over k of x_(block of l + LANES k): one pass over x, 16 bytes an element
//   x (groups * LANES * rounds * UNROLL) vec4, out (groups * LANES) vec4. A workgroup reads a block of
//   its own, lanes side by side; the UNROLL reads of a round do not wait for each other. Summed in the
//   order of k.

@compute @workgroup_size(${LANES})
fn roofline_read(
  @builtin(workgroup_id) group: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  var sum = vec4<f32>(0.0);
  var i = group.x * dims.rounds * ${UNROLL * LANES}u + lane;
  for (var k = 0u; k < dims.rounds; k++) {
    let x${u} = load_x(i + ${u * LANES}u);   #for u in 0..UNROLL
    sum += x${u};                            #for u in 0..UNROLL
    i += ${UNROLL * LANES}u;
  }
  store_out(group.x * ${LANES}u + lane, sum);
}
