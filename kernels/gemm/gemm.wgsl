// C = epilogue(alpha[replica] * opA(A) opB(B)), f32, for software adapters: one register tile of TILE_ROWS
// rows and TILE_COLS columns per lane, no barriers.
//
//   NT: A (rows, K)   B (cols, K)   forward,          y  = x W^T       product.wgsl
//   NN: A (rows, K)   B (K, cols)   input gradient,   dx = dy W        product.wgsl
//   TN: A (K, rows)   B (K, cols)   weight gradient,  dW = dy^T x      transposed.wgsl
//   C (rows, cols); alpha is scales[replica]
//   GROUPED_ROWS: rows are sorted by expert in tiles of tile_rows; tile_expert names B's expert
//   GROUPED_K:    the K rows off[e] .. off[e+1] belong to expert e = z mod experts
//   GATHER_A/B:   row r of A/B is the token perm[r] / per_token; a padding row reads token 0
//   GATED:        row r is scaled by gate[perm[r]], 0 for a padding row
//   SWIGLU, DSWIGLU, RESIDUAL: what is stored, see epilogue.wgsl
//
// Lanes are numbered through the tiles of C side by side (`across`), then down (`each` a C), then
// through the Cs (`count`). All offsets and strides count vec4. Each output sums k in ascending order: bitwise repeatable.
// Rows and columns past the edge are computed and not stored; K is padded with zeros to 4.

#include "none"
#include "sigmoid"

@compute @workgroup_size(${LANES})
fn gemm(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let number = (group.y * ${FOLD}u + group.x) * ${LANES}u + lane;
  let z = number / dims.each;
  if (z >= dims.count) { return; }
  let tile = number % dims.each;
  let row = tile / dims.across * ${TILE_ROWS}u;
  let col = tile % dims.across * ${CV}u;
  #if GROUPED_K
  let replica = z / dims.experts;
  let expert = z % dims.experts;
  #elif GROUPED_ROWS
  let replica = z;
  let expert = load_tile_expert(replica * dims.tiles + row / dims.tile_rows);
  if (expert == NONE) { return; }
  #else
  let replica = z;
  let expert = 0u;
  #end if GROUPED_K
  let a_at = dims.a_base + replica * dims.a_replica;
  let b_at = dims.b_base + replica * dims.b_replica + expert * dims.b_expert;
  let perm_at = replica * dims.perm_replica;    #if GATHER_A || GATHER_B

  // one register row per output row
  var c${i}_${j} = vec4<f32>(0.0);              #for i in 0..TILE_ROWS, j in 0..NV
  #if TN
  #include "transposed"
  #else
  #include "product"
  #end if TN

  #include "epilogue"
}
