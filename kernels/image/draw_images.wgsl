// Which images a batch has, and for each its time t and class
//   seeds, state (R) u32; labels (images in all) u32; picked, classes (R, image_rows) u32, time (R,
//   image_rows) f32. By (seed, step, row) alone: an image of `range` from `first`, t = sigmoid of a
//   normal number (LOGIT_NORMAL) or uniform in (0, 1), the class `none` for a share of `drop` / 2^32.
//   EVALUATE: image first + number * spacing, number = step * images + row; t by the number, so the
//   same for every replica and however held-out images are cut into batches; no class dropped.
//   Generator: pcg3d.wgsl; the remainder's bias is below range / 2^32. One lane per image.

#include "pcg3d"
#include "turn"
#include "gaussian"

@compute @workgroup_size(64)
fn draw_images(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = lane_of(id);
  if (row >= dims.images) { return; }
  let at = id.z * dims.image_rows + row;
  #if EVALUATE
  let number = load_state(id.z) * dims.images + row;
  let image = dims.first + number * dims.spacing;
  let noise = pcg3d(vec3<u32>(${HELD_OUT}u, number, 0x40000000u));
  #else
  let step = load_state(id.z);
  let choice = pcg3d(vec3<u32>(load_seeds(id.z), step, row));
  let image = dims.first + choice.x % dims.range;
  let noise = pcg3d(vec3<u32>(load_seeds(id.z), step, row | 0x40000000u));
  #end if EVALUATE
  let t = 1.0 / (1.0 + exp(-gaussian(noise.x, noise.y).x));                  #if LOGIT_NORMAL
  let t = (f32(noise.x >> 8u) + 0.5) * 5.9604644775390625e-8;                              #if !LOGIT_NORMAL
  let label = load_labels(image);
  store_classes(at, label);                                                  #if EVALUATE
  store_classes(at, select(label, dims.none, choice.y < dims.drop));         #if !EVALUATE
  store_picked(at, image);
  store_time(at, t);
}
