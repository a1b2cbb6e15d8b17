// perm[row] = slot, place[slot] = row: slots (token*per_token + pick) sorted by expert, tokens ascending
//   ids (R, rows*per_token), bits, start, off: see plan_tiles.wgsl. One lane per slot, O(1) each.
//   SPARSE: a slot without expert, or whose pick was dropped, has no row: place NONE.

#if SPARSE
#include "none"
#end if SPARSE

@compute @workgroup_size(64)
fn scatter(@builtin(global_invocation_id) id: vec3<u32>) {
  let slot = lane_of(id);
  if (slot >= dims.tokens * dims.per_token) { return; }
  let t = slot / dims.per_token;
  let s = id.z * dims.rows * dims.per_token + slot;
  let e = load_ids(s);
  #if SPARSE
  if (e == NONE) {
    store_place(s, NONE);
    return;
  }
  #end if SPARSE
  let at = (id.z * dims.blocks + t / 32u) * dims.experts + e;
  #if SPARSE
  if (((load_bits(at) >> (t & 31u)) & 1u) == 0u) {
    store_place(s, NONE);
    return;
  }
  #end if SPARSE
  let before = countOneBits(load_bits(at) & ((1u << (t & 31u)) - 1u));
  let row = load_off(id.z * (dims.experts + 1u) + e) + load_start(at) + before;
  store_perm(id.z * dims.perm_replica + row, slot);
  store_place(s, row);
}
