// gaussian: two independent standard normal numbers of 24 bits each of two random u32 (Box & Muller 1958);
// none beyond 5.8. Needs turn.wgsl.

fn gaussian(a: u32, b: u32) -> vec2<f32> {
  let radius = sqrt(-2.0 * log((f32(a >> 8u) + 1.0) * 5.9604644775390625e-8));
  return radius * turn(f32(b >> 8u) * 5.9604644775390625e-8);
}
