// time = times[step + stage], classes = what is asked for, or (NONE) no class: what a velocity is taken at
//   times (steps + 1) f32, asked (image_rows) u32, state (R) u32: the step; time (R, image_rows) f32,
//   classes (R, image_rows) u32. One lane per image.

@compute @workgroup_size(64)
fn sample_condition(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = lane_of(id);
  if (row >= dims.images) { return; }
  let at = id.z * dims.image_rows + row;
  store_time(at, load_times(load_state(id.z) + dims.stage));
  store_classes(at, dims.none);          #if NONE
  store_classes(at, load_asked(row));    #if !NONE
}
