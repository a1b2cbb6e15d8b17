// C = epilogue(alpha[replica] * opA(A) opB(B)), f32: gemm.wgsl for GPUs, with tiles in shared memory.
//   The layouts, groupings and dims are those of gemm.wgsl, where they are explained.
//
//   One workgroup makes ROWS x COLS of C (SWIGLU: half the columns are gate, half up), DEPTH k at a
//   time. The lanes fetch A and B in blocks of 4 x 4 (operands.wgsl), block by block until both are
//   there. The next blocks are fetched while these are multiplied. A lane owns 4 * VR rows and VC vec4
//   of columns, LY vec4 of rows and LX of columns apart. CUT: k is cut into `parts`.
//
// Each output sums k in ascending order: bitwise repeatable, and as long as k is not cut the same
// bits for every tile. Where it is (CUT), each part sums its k in ascending order and the parts are
// added afterwards (gemm_reduce.wgsl): repeatable too, but the bits depend on where the cuts are. A
// workgroup has one expert (ROWS divides tile_rows), so that every lane of it meets the same barriers.

#include "none"
#include "operands"

@compute @workgroup_size(${LANES})
fn gemm_shared(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
  let first_row = group.y * ${ROWS}u;
  let first_col = group.x * ${LX * CV}u;       // vec4
  let z = group.z / dims.parts;                                               #if CUT
  let z = group.z;                                                            #if !CUT
  #if GROUPED_K
  let replica = z / dims.experts;
  let expert = z % dims.experts;
  let begin = load_off(replica * dims.off_replica + expert) / 4u;
  let end = load_off(replica * dims.off_replica + expert + 1u) / 4u;
  #else
  let replica = z;
  let expert = load_tile_expert(replica * dims.tiles + first_row / dims.tile_rows);   #if GROUPED_ROWS
  if (expert == NONE) { return; }             // the whole workgroup          #if GROUPED_ROWS
  let expert = 0u;                                                            #if !GROUPED_ROWS
  let begin = 0u;
  let end = dims.k4;
  #end if GROUPED_K
  #if CUT
  let step = ${DEPTH / 4}u * dims.parts;
  let share = (end - begin + step - 1u) / step * ${DEPTH / 4}u;   // whole depths
  let first = min(end, begin + group.z % dims.parts * share);
  let last = min(end, first + share);
  #else
  let first = begin;
  let last = end;
  #end if CUT
  let a_at = dims.a_base + replica * dims.a_replica;
  let b_at = dims.b_base + replica * dims.b_replica + expert * dims.b_expert;

  // the blocks this lane fetches: of A, of B, or in one round of some lanes A and of others B
  #for f in 0..FETCH
  let number${f} = lane + ${f * LANES}u;
  var block${f}: Block;
  let is_a${f} = true;                          #if (f + 1) * LANES <= A_BLOCKS
  let is_a${f} = false;                         #if f * LANES >= A_BLOCKS
  let is_a${f} = number${f} < ${A_BLOCKS}u;     #if f * LANES < A_BLOCKS && (f + 1) * LANES > A_BLOCKS
  if (is_a${f}) { block${f} = block_a(dims, number${f}, first_row, a_at, replica); }
  else { block${f} = block_b(dims, number${f} - ${A_BLOCKS}u, first_col, b_at); }
  let slot${f} = block${f}.quad + block${f}.kq * 4u * select(PITCH_B, PITCH_A, is_a${f}) + select(B_TILE, 0u, is_a${f});
  let pitch${f} = select(PITCH_B, PITCH_A, is_a${f});
  let busy${f} = number${f} < ${A_BLOCKS + B_BLOCKS}u;      #if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
  if (!busy${f}) { block${f}.kq = IDLE; }                   #if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
  var next${f}: mat4x4<f32>;
  if (is_a${f}) { next${f} = fetch_a(dims, block${f}.at, first + block${f}.kq, last, replica); }
  else { next${f} = fetch_b(dims, block${f}.at, first + block${f}.kq, last, replica); }
  #end for f
  let x = lane % ${LX}u;
  let y = lane / ${LX}u;
  var c${i}_${j} = vec4<f32>(0.0);                                            #for i in 0..VR * 4, j in 0..VC

  // share, fetch ahead, multiply
  for (var k = first; k < last; k += ${DEPTH / 4}u) {
    #for f in 0..FETCH
    if (busy${f}) {                                         #if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
    tile[slot${f} + ${i}u * pitch${f}] = next${f}[${i}];                      #for i in 0..4
    }                                                       #if (f + 1) * LANES > A_BLOCKS + B_BLOCKS
    #end for f
    workgroupBarrier();
    #for f in 0..FETCH
    let ahead${f} = k + ${DEPTH / 4}u + block${f}.kq;
    if (is_a${f}) { next${f} = fetch_a(dims, block${f}.at, ahead${f}, last, replica); }
    else { next${f} = fetch_b(dims, block${f}.at, ahead${f}, last, replica); }
    #end for f
    for (var q = 0u; q < ${DEPTH}u; q++) {
      let a${i} = tile[q * PITCH_A + y + ${i * LY}u];                         #for i in 0..VR
      let b${j} = tile[B_TILE + q * PITCH_B + x + ${j * LX}u];                #for j in 0..VC
      c${i * 4 + e}_${j} = fma(vec4<f32>(a${i}[${e}]), b${j}, c${i * 4 + e}_${j});   #for i in 0..VR, e in 0..4, j in 0..VC
    }
    workgroupBarrier();
  }

  #include "shared_epilogue"
}
