// Where each expert's rows go: counts, offsets padded to whole tiles, the expert of every tile.
//   bits (R, blocks, experts) -> start (R, blocks, experts): rows of e before the block;
//   counts (R, experts); off (R, experts + 1); tile_expert (R, tiles), NONE where unused;
//   perm (R, tiles*tile_rows): NONE in the padding rows. One workgroup per replica.

#include "none"
var<workgroup> tiles_of: array<u32, ${EXPERTS}>;

@compute @workgroup_size(64)
fn plan_tiles(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let z = group.z;
  let n = dims.experts;
  for (var e = lane; e < n; e += 64u) {
    var count = 0u;
    for (var block = 0u; block < dims.blocks; block++) {
      let at = (z * dims.blocks + block) * n + e;
      store_start(at, count);
      count += countOneBits(load_bits(at));
    }
    store_counts(z * n + e, count);
    tiles_of[e] = (count + dims.tile_rows - 1u) / dims.tile_rows * 65536u + count % dims.tile_rows;
  }
  workgroupBarrier();
  for (var e = lane; e < n; e += 64u) {
    var first = 0u;
    for (var q = 0u; q < e; q++) { first += tiles_of[q] >> 16u; }
    let mine = tiles_of[e] >> 16u;
    let rest = tiles_of[e] & 65535u;
    store_off(z * (n + 1u) + e, first * dims.tile_rows);
    for (var q = first; q < first + mine; q++) { store_tile_expert(z * dims.tiles + q, e); }
    // padding rows of the last tile
    if (rest > 0u) {
      let row = z * dims.tiles * dims.tile_rows + (first + mine - 1u) * dims.tile_rows;
      for (var i = rest; i < dims.tile_rows; i++) { store_perm(row + i, NONE); }
    }
    if (e + 1u == n) {
      store_off(z * (n + 1u) + n, (first + mine) * dims.tile_rows);
      for (var q = first + mine; q < dims.tiles; q++) { store_tile_expert(z * dims.tiles + q, NONE); }
    }
  }
}
