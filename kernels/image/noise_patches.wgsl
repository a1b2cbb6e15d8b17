// x_t = (1 - t) x0 + t eps,  target = eps - x0, cut into patches
//   corpus: bytes, 4 a u32, little end first, images one after the other, in each channel, row,
//   column; x0 = byte / 127.5 - 1. picked (R, image_rows) u32, time (R, image_rows); xt, target (R, rows,
//   p4) vec4: patches row by row, in each channel, row, column; columns past the patch are 0.
//   eps: normal numbers by (seed, step, patch, vec4); EVALUATE: by (number of the held-out image, patch, vec4).
//   One lane per (patch, vec4).

#include "pcg3d"
#include "turn"
#include "gaussian"

#include "byte"

@compute @workgroup_size(64)
fn noise_patches(@builtin(global_invocation_id) id: vec3<u32>) {
  let number = lane_of(id);
  let token = number / dims.p4;
  let c = number % dims.p4;
  if (token >= dims.tokens) { return; }
  let row = token / dims.seq;
  let image = id.z * dims.image_rows + row;
  let patch_row = token % dims.seq / dims.across * dims.patch_side;
  let patch_col = token % dims.seq % dims.across * dims.patch_side;
  let area = dims.patch_side * dims.patch_side;
  let first = load_picked(image) * dims.channels;
  var x0 = vec4<f32>(0.0);
  var real = vec4<f32>(0.0);
  for (var i = 0u; i < 4u; i++) {
    let e = c * 4u + i;
    let channel = e / area;
    let inside = e % area;
    if (channel < dims.channels) {
      let y = patch_row + inside / dims.patch_side;
      let x = patch_col + inside % dims.patch_side;
      x0[i] = f32(byte(((first + channel) * dims.side + y) * dims.side + x)) / 127.5 - 1.0;
      real[i] = 1.0;
    }
  }
  #if EVALUATE
  let key = vec2<u32>(${HELD_OUT}u, load_state(id.z) * dims.tokens / dims.seq + row);
  let at_noise = 0x80000000u | (2u * (number - row * dims.seq * dims.p4));
  #else
  let key = vec2<u32>(load_seeds(id.z), load_state(id.z));
  let at_noise = 0x80000000u | (2u * number);
  #end if EVALUATE
  let a = pcg3d(vec3<u32>(key, at_noise));
  let b = pcg3d(vec3<u32>(key, at_noise + 1u));
  let eps = real * vec4<f32>(gaussian(a.x, a.y), gaussian(b.x, b.y));
  let t = load_time(image);
  let at = id.z * dims.rows * dims.p4 + number;
  store_xt(at, (1.0 - t) * x0 + t * eps);
  store_target(at, eps - x0);
}
