// x = eps, normal numbers by (seed, number of the image, vec4 of the image) alone: the same for every model
// and replica, however images are cut into rounds.
//   x (R, rows, p4) vec4; image first + row of the batch; columns past the patch are 0.
//   Generator: pcg3d.wgsl. One lane per (patch, vec4).

#include "pcg3d"
#include "turn"
#include "gaussian"

@compute @workgroup_size(64)
fn sample_noise(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = lane_of(id);
  if (number >= dims.tokens * dims.p4) { return; }
  let each = dims.seq * dims.p4;
  let key = vec2<u32>(dims.seed, dims.first + number / each);
  let at_noise = 0xc0000000u | (2u * (number % each));
  let a = pcg3d(vec3<u32>(key, at_noise));
  let b = pcg3d(vec3<u32>(key, at_noise + 1u));
  let eps = vec4<f32>(gaussian(a.x, a.y), gaussian(b.x, b.y));
  let column = vec4<u32>(0u, 1u, 2u, 3u) + 4u * (number % dims.p4);
  let real = column < vec4<u32>(dims.length);
  store_x(id.z * dims.rows * dims.p4 + number, select(vec4<f32>(0.0), eps, real));
}
