// pcg3d: three counters to three random numbers, a permutation of 96 bits: no two inputs meet.
//   Source: Jarzynski & Olano 2020, Hash Functions for GPU Rendering, JCGT 9(3).

fn pcg3d(seed: vec3<u32>) -> vec3<u32> {
  var v = seed * 1664525u + 1013904223u;
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  v ^= v >> vec3<u32>(16u);
  v.x += v.y * v.z; v.y += v.z * v.x; v.z += v.x * v.y;
  return v;
}
