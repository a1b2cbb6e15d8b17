// How gemm_shared.wgsl fetches A and B: blocks of 4 k by 4 rows or columns
//   A (rows, K), TN (K, rows); B (K, cols), NT (cols, K); all strides count vec4
//   tile: DEPTH k by ROWS of A, then by COLS of B, turned so that tile[k] holds vec4 along rows (A) or
//   columns (B), with one vec4 of padding per k
// A lane asks block_a or block_b once where its block lies, then fetch_a or fetch_b every DEPTH k. No
// sums here. Blocks past K are zero; those past the edge of rows or columns hold what is there.

const IDLE = 0x3fffffffu;      // a k past every end
const PITCH_A = ${ROWS / 4 + 1}u;             // vec4 per k, one of them against bank conflicts
const PITCH_B = ${COLS / 4 + 1}u;
const B_TILE = ${DEPTH * (ROWS / 4 + 1)}u;
var<workgroup> tile: array<vec4<f32>, ${DEPTH * (ROWS / 4 + COLS / 4 + 2)}>;

#include "sigmoid"

fn token_of(dims: Dims, slot: u32) -> u32 { return select(slot / dims.per_token, 0u, slot == NONE); }   #if GATHER_A || GATHER_B

#if GATED
fn gate_of(dims: Dims, replica: u32, slot: u32) -> f32 {
  return select(load_gate(replica * dims.gate_replica + min(slot, dims.gate_replica - 1u)), 0.0, slot == NONE);
}
#end if GATED

// 4 k of 4 rows of A, one column of the result per k; `at`: TN the vec4 column, else the four rows
fn fetch_a(dims: Dims, at: vec4<u32>, k: u32, last: u32, replica: u32) -> mat4x4<f32> {
  if (k >= last) { return mat4x4<f32>(); }
  #if TN
  #for i in 0..4
  let p${i} = load_perm(replica * dims.perm_replica + k * 4u + ${i}u);      #if GATHER_A || GATED
  let a${i} = load_a(at.x + token_of(dims, p${i}) * dims.a_stride);         #if GATHER_A
  let a${i} = load_a(at.x + (k * 4u + ${i}u) * dims.a_stride);              #if !GATHER_A
  #end for i
  return mat4x4<f32>(a0 * gate_of(dims, replica, p0), a1 * gate_of(dims, replica, p1), a2 * gate_of(dims, replica, p2), a3 * gate_of(dims, replica, p3));   #if GATED
  return mat4x4<f32>(a0, a1, a2, a3);                                       #if !GATED
  #end if TN
  return transpose(mat4x4<f32>(load_a(at.x + k), load_a(at.y + k), load_a(at.z + k), load_a(at.w + k)));   #if !TN
}

// 4 k of 4 columns of B, likewise; `at`: NT the four rows, else the vec4 column
fn fetch_b(dims: Dims, at: vec4<u32>, k: u32, last: u32, replica: u32) -> mat4x4<f32> {
  if (k >= last) { return mat4x4<f32>(); }
  return transpose(mat4x4<f32>(load_b(at.x + k), load_b(at.y + k), load_b(at.z + k), load_b(at.w + k)));   #if NT
  #for i in 0..4 if !NT
  let b${i} = load_b(at.x + token_of(dims, load_perm(replica * dims.perm_replica + k * 4u + ${i}u)) * dims.b_stride);   #if GATHER_B
  let b${i} = load_b(at.x + (k * 4u + ${i}u) * dims.b_stride);              #if !GATHER_B
  #end for i
  return mat4x4<f32>(b0, b1, b2, b3);                                       #if !NT
}

// a block: where it is read, its vec4 along the tile, its vec4 of k; neighbours are neighbours in memory
struct Block { at: vec4<u32>, quad: u32, kq: u32 }

fn block_a(dims: Dims, block: u32, first_row: u32, a_at: u32, replica: u32) -> Block {
  #if TN
  let quad = block % ${ROWS / 4}u;
  return Block(vec4<u32>(a_at + first_row / 4u + quad), quad, block / ${ROWS / 4}u);
  #else
  let quad = block / ${DEPTH / 4}u;
  let row = vec4<u32>(first_row + quad * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  #if GATHER_A
  let p = replica * dims.perm_replica + row;
  let at = a_at + dims.a_stride * vec4<u32>(token_of(dims, load_perm(p.x)), token_of(dims, load_perm(p.y)),
    token_of(dims, load_perm(p.z)), token_of(dims, load_perm(p.w)));
  #else
  let at = a_at + row * dims.a_stride;
  #end if GATHER_A
  return Block(at, quad, block % ${DEPTH / 4}u);
  #end if TN
}

fn block_b(dims: Dims, block: u32, first_col: u32, b_at: u32) -> Block {
  #if NT && SWIGLU
  let quad = block / ${DEPTH / 4}u;
  let up = select(0u, dims.b_up, quad >= ${COLS / 8}u);
  let col = vec4<u32>((first_col + quad % ${COLS / 8}u) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  return Block(b_at + up + col * dims.b_stride, quad, block % ${DEPTH / 4}u);
  #elif NT
  let quad = block / ${DEPTH / 4}u;
  let col = vec4<u32>((first_col + quad) * 4u) + vec4<u32>(0u, 1u, 2u, 3u);
  return Block(b_at + col * dims.b_stride, quad, block % ${DEPTH / 4}u);
  #else
  let quad = block % ${COLS / 4}u;
  return Block(vec4<u32>(b_at + first_col + quad), quad, block / ${COLS / 4}u);
  #end if NT
}
