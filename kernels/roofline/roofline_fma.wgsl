// x <- x m + b, `steps` times (UNROLL in a turn of the loop), in CHAINS independent chains of vec4 a lane
//   factors (2) = m, b: read from memory, so that the compiler cannot know they are 1 and x + n
//   out (lanes) vec4: the chains' sum; exact, whether the driver fuses or not.
// 8 CHAINS steps operations a lane (a multiply and an add, 4 wide).

@compute @workgroup_size(64)
fn roofline_fma(@builtin(global_invocation_id) id: vec3<u32>) {
  let m = vec4<f32>(load_factors(0u));
  let b = vec4<f32>(load_factors(1u));
  let start = vec4<f32>(0.0, 1.0, 2.0, 3.0) + f32(id.x % 8u);
  var x${c} = start + ${c}.0;   #for c in 0..CHAINS
  for (var k = 0u; k < dims.steps; k += ${UNROLL}u) {
    x${c} = fma(x${c}, m, b);   #for u in 0..UNROLL, c in 0..CHAINS
  }
  x0 += x${c};   #for c in 1..CHAINS
  store_out(id.x, x0);
}
