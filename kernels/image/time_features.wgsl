// features = cos, then sin, of 1000 t * 10000^(-k / (F/2)), k = 0 ... F/2 - 1
//   time (R, image_rows) f32, features (R, image_rows, 2 half4) vec4, half4 = F / 8; turns (half4, 2)
//   vec4: 1000 * 10000^(-k / (F/2)) / (2 pi), its first 12 bits and the rest. t in two parts of 12 bits
//   makes the large part of the product exact, so that whole turns leave without an error.
//   One lane per (image, 4 k).

#include "turn"

@compute @workgroup_size(64)
fn time_features(@builtin(global_invocation_id) id: vec3<u32>) {
  let image = lane_of(id) / dims.half4;
  let k = lane_of(id) % dims.half4;
  if (image >= dims.images) { return; }
  let t = load_time(id.z * dims.image_rows + image);
  let coarse = floor(t * 4096.0) / 4096.0;
  let hi = load_turns(2u * k);
  let lo = load_turns(2u * k + 1u);
  let phase = fract(coarse * hi) + coarse * lo + (t - coarse) * (hi + lo);
  let whole = fract(phase);
  let at = (id.z * dims.image_rows + image) * 2u * dims.half4 + k;
  let a = turn(whole.x);
  let b = turn(whole.y);
  let c = turn(whole.z);
  let d = turn(whole.w);
  store_features(at, vec4<f32>(a.x, b.x, c.x, d.x));
  store_features(at + dims.half4, vec4<f32>(a.y, b.y, c.y, d.y));
}
